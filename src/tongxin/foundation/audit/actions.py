"""Writing the trail, and sealing it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import zip_longest
from operator import attrgetter
from typing import Any
from uuid import UUID, uuid4

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, transaction

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit import rules, signing
from tongxin.foundation.audit.models import Entry, Head
from tongxin.foundation.audit.queries import SEALER, content_of
from tongxin.foundation.locks import advisory

BATCH = 5000

# Written by hand: every act comes by here, and the model's way costs three times the processor time.
_COLUMNS = (
    "public_id", "at", "account", "person", "device", "brand", "actor", "act", "subject_room", "subject_kind", "subject_id",
    "before", "after", "reason", "content", "position", "chain",
)  # fmt: skip
_INSERT = f"INSERT INTO audit_entry ({', '.join(_COLUMNS)}) VALUES ({', '.join(['%s'] * len(_COLUMNS))})"  # noqa: S608 (names of columns)

_values = attrgetter(*_COLUMNS)
_encoder = DjangoJSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(slots=True)
class _Fresh:
    """A row that is about to be written, without what a model costs."""

    at: datetime
    account: int | None
    person: int | None
    device: int | None
    brand: int | None
    actor: str
    act: str
    subject_room: str
    subject_kind: str
    subject_id: str
    before: str
    after: str
    reason: str
    content: str = ""
    position: int | None = None
    chain: str = ""
    public_id: UUID = field(default_factory=uuid4)


def trail(
    *,
    viewer: Viewer,
    act: str,
    subject: tuple[str, str, str | int],
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write one act down, in the transaction of the act itself.

    `act` is `room.past_participle` and the event catalogue too; `subject` is (room, kind, id). `before`, `after` and `reason`
    carry ids, codes and states, never personal values: rows of the trail are kept for good.
    Raises RuntimeError outside a transaction: then the act could happen and its trail not.
    """
    entry = _entry(viewer, act, subject, before=before, after=after, reason=reason)
    prepared.do(_INSERT, _values(entry))


def trail_many(
    *,
    viewer: Viewer,
    act: str,
    rows: Iterable[tuple[tuple[str, str, str | int], dict[str, Any] | None]],
    before: Iterable[dict[str, Any]] = (),
    reason: str = "",
) -> None:
    """The same act done to many things, as `trail` writes each: (subject, after) a row, one statement for all.

    `before`, where it is given, has one for each row. Raises RuntimeError outside a transaction.
    """
    Entry.objects.bulk_create(
        [
            Entry(
                **dict(
                    zip(
                        _COLUMNS,
                        _values(_entry(viewer, act, subject, before=was, after=after, reason=reason)),
                        strict=True,
                    )
                )
            )
            for (subject, after), was in zip_longest(rows, before)
        ],
        batch_size=BATCH,
    )


def _entry(
    viewer: Viewer,
    act: str,
    subject: tuple[str, str, str | int],
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None,
    reason: str,
) -> _Fresh:
    if not connection.in_atomic_block:
        raise RuntimeError(f"{act}: the trail belongs into the transaction of its act")
    room, kind, key = subject
    entry = _Fresh(
        at=clock.now(),
        account=viewer.account,
        person=viewer.person,
        device=viewer.device,
        brand=viewer.brand,
        actor=viewer.name,
        act=act,
        subject_room=room,
        subject_kind=kind,
        subject_id=str(key),
        before="" if before is None else _encoder.encode(before),
        after="" if after is None else _encoder.encode(after),
        reason=reason,
    )
    entry.content = rules.content_hash(content_of(entry))
    return entry


def seal(*, batch: int = BATCH) -> int:
    """Chain all committed rows that are not chained yet and sign the head; answers how many.

    The chain has its own numbering, so a row that commits late is simply chained later: none can be skipped. One sealer at
    a time, and no writer ever waits for it (a chain inside the writers' transactions measured 94 acts a second
    instead of 2,736).
    """
    total = 0
    while (done := _seal_batch(batch)) == batch:
        total += done
    return total + done


def _seal_batch(batch: int) -> int:
    with transaction.atomic(), advisory(SEALER):
        waiting = list(
            Entry.objects.filter(position=None).order_by("id").values_list("id", "content")[:batch]
        )
        if not waiting:
            return 0
        last = Head.objects.order_by("-position").first()
        position, chain = (last.position, last.chain) if last else (0, rules.GENESIS)
        places, chains = [], []
        for _, content in waiting:
            position += 1
            chain = rules.link(chain, position, content)
            places.append(position)
            chains.append(chain)
        with connection.cursor() as cursor:
            cursor.execute(
                "UPDATE audit_entry e SET position = s.position, chain = s.chain"
                " FROM unnest(%s::bigint[], %s::bigint[], %s::text[]) AS s(id, position, chain) WHERE e.id = s.id",
                [[key for key, _ in waiting], places, chains],
            )
        at = clock.now()
        Head.objects.create(
            position=position,
            chain=chain,
            at=at,
            key=signing.public_key(),
            signature=signing.sign(
                rules.head_message(position, chain, at.isoformat(timespec="microseconds"))
            ),
        )
        return len(waiting)
