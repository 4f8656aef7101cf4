"""Reading the trail and proving it."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from tongxin.foundation.access import Viewer
from tongxin.foundation.audit import rules, signing
from tongxin.foundation.audit.models import Entry, Head
from tongxin.foundation.audit.terms import READERS, Fault
from tongxin.foundation.clock import as_utc
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.pages import Page, page

SEALER = "audit.seal"
SHOWN = 200  # faults told one by one; a broken chain would otherwise name every later row


@dataclass(frozen=True)
class Finding:
    """One fault and where: a place in the chain, an id of a row, or a head."""

    fault: Fault
    place: int
    detail: str = ""


@dataclass(frozen=True)
class Verdict:
    """`ok` when nothing was tampered with. `unsealed` are the ids of committed rows that wait for the sealer."""

    ok: bool
    sealed: int
    unsealed: tuple[int, ...]
    faults: tuple[Finding, ...]
    head: str
    public_key: str


def content_of(entry: Any) -> dict[str, Any]:
    """What the content hash of an entry covers (a row, or one that is about to be): all but its number and its place in the chain."""
    return {
        "public_id": str(entry.public_id),
        "at": as_utc(entry.at).isoformat(timespec="microseconds"),
        "account": entry.account,
        "person": entry.person,
        "device": entry.device,
        "brand": entry.brand,
        "actor": entry.actor,
        "act": entry.act,
        "subject": [entry.subject_room, entry.subject_kind, entry.subject_id],
        "before": entry.before,
        "after": entry.after,
        "reason": entry.reason,
    }


def verify(*, noted: str | None = None) -> Verdict:
    """Recompute every hash, link and signature from the rows themselves.

    `noted` is a head (`position:chain`) that somebody wrote down elsewhere: with it even a cut-off end is found,
    signed heads and all. Holds the sealer back meanwhile, never a writer.
    """
    with advisory(SEALER):
        faults: list[Finding] = []
        heads = {head.position: head for head in Head.objects.all()}
        faults += _forged(heads)
        position, chain, told = 0, rules.GENESIS, set[str]()
        rows = Entry.objects.exclude(position=None).order_by("position").iterator(chunk_size=2000)
        reached: set[int] = set()
        for entry in rows:
            faults += _row_faults(entry, position, chain, heads)
            # Going on from what the row says keeps one broken link from accusing all that follow.
            position, chain = int(entry.position or 0), entry.chain
            reached.add(position)
            told.add(f"{position}:{chain}" if noted else "")
        faults += [Finding(Fault.HEAD, at, "rows missing") for at in sorted(set(heads) - reached)]
        last = max(heads, default=0)
        if position > last:
            faults.append(Finding(Fault.UNSIGNED, position, f"signed up to {last}"))
        if noted and noted not in told:
            faults.append(Finding(Fault.NOTED, 0, noted))
        waiting = list(Entry.objects.filter(position=None).order_by("id").iterator(chunk_size=2000))
        faults += [
            Finding(Fault.CONTENT, e.pk, "unsealed")
            for e in waiting
            if rules.content_hash(content_of(e)) != e.content
        ]
    return Verdict(
        ok=not faults,
        sealed=len(reached),
        unsealed=tuple(e.pk for e in waiting),
        faults=tuple(faults[:SHOWN]),
        head=f"{position}:{chain}",
        public_key=signing.public_key(),
    )


def _forged(heads: dict[int, Head]) -> Iterator[Finding]:
    ours = signing.public_key()
    for head in heads.values():
        message = rules.head_message(
            head.position, head.chain, as_utc(head.at).isoformat(timespec="microseconds")
        )
        if head.key != ours or not signing.holds(message, head.signature, head.key):
            yield Finding(Fault.SIGNATURE, head.position)


def _row_faults(entry: Entry, position: int, chain: str, heads: dict[int, Head]) -> Iterator[Finding]:
    at = int(entry.position or 0)
    if at != position + 1:
        yield Finding(Fault.MISSING, position + 1, f"up to {at - 1}")
    elif entry.chain != rules.link(chain, at, entry.content):
        yield Finding(Fault.CHAIN, at)
    if rules.content_hash(content_of(entry)) != entry.content:
        yield Finding(Fault.CONTENT, at, f"row {entry.pk}")
    if at in heads and heads[at].chain != entry.chain:
        yield Finding(Fault.HEAD, at, "another chain was signed")


def entries(
    viewer: Viewer,
    *,
    act: str = "",
    subject: tuple[str, str, str | int] | None = None,
    since: datetime | None = None,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[Entry]:
    """The trail, newest first, for those who audit. Refuses `forbidden` to everybody else."""
    if not viewer.reaches(None, READERS):
        raise Refused("forbidden")
    rows = Entry.objects.all()
    if act:
        rows = rows.filter(act=act)
    if subject is not None:
        rows = rows.filter(subject_room=subject[0], subject_kind=subject[1], subject_id=str(subject[2]))
    if since is not None:
        rows = rows.filter(at__gte=since)
    return page(rows, by=["-id"], limit=limit, cursor=cursor)


def count_acts(*, account: int, act: str, since: datetime) -> int:
    """How often an account did one thing since then, for limits that count what the trail knows."""
    return Entry.objects.filter(account=account, act=act, at__gte=since).count()


def sealed_after(position: int, limit: int) -> list[Entry]:
    """Sealed entries in the order of the chain, for whoever feeds on them (webhooks)."""
    return list(Entry.objects.filter(position__gt=position).order_by("position")[:limit])


def last_position() -> int:
    """The place of the newest sealed entry, 0 when there is none."""
    return Head.objects.order_by("-position").values_list("position", flat=True).first() or 0
