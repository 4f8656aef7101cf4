"""A colleague's customers and groups go to another: written down at once, asked of the platform by a job, looked up until each has ended.

The platform waits a day, in which a customer may refuse; whoever refuses stays on the list. Nothing here talks to the platform.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q, QuerySet

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomContact, WecomGroup, WecomHandover, WecomHandoverLine
from tongxin.outreach.terms_handover import KEEPERS, LIVE, UNDER_WAY, Kind, State
from tongxin.stores.models import Staff

LOST_LATELY = timedelta(days=31)  # a leaver's customers are out of sight from the first comparison on
ASK_AGAIN = timedelta(minutes=30)
KEPT = timedelta(days=365)
WORKER = system("wecom.handovers")
ENDS: dict[int, State] = {1: State.HANDED, 3: State.REFUSED, 4: State.FAILED}


def start(
    *,
    viewer: Viewer,
    old: Staff,
    new: Staff,
    left: bool,
    chats: Collection[str] | None = None,
    since: datetime | None = None,
) -> WecomHandover:
    """Everything a colleague keeps in WeCom, or (with `chats`) only these groups, goes to another, now or from `since` on.

    Refuses `absent`, `wecom.same_colleague`, `wecom.no_account`, `wecom.over_running`, `wecom.nothing_to_hand`.
    """
    if not viewer.reaches(old.store_id, KEEPERS):
        raise Refused("absent")
    if old.pk == new.pk or (old.wecom_userid and old.wecom_userid == new.wecom_userid):
        raise Refused("wecom.same_colleague")
    for one in (old, new):
        if not one.wecom_userid or (one is new and not one.active):
            raise Refused("wecom.no_account", name=one.name)
    now = clock.now()
    with transaction.atomic():
        Staff.objects.select_for_update(no_key=True).get(pk=old.pk)  # one start at a time
        if WecomHandover.objects.filter(
            old_userid=old.wecom_userid, new_userid=new.wecom_userid, done_at=None
        ).exists():
            raise Refused("wecom.over_running")
        lines = [*([] if chats is not None else _customers(old, now, left=left)), *_groups(old, chats)]
        taken = _under_way(old.wecom_userid)
        lines = [line for line in lines if (line.kind, line.external) not in taken]
        if not lines:
            raise Refused("wecom.nothing_to_hand")
        made = WecomHandover.objects.create(
            old=old,
            new=new,
            old_userid=old.wecom_userid,
            new_userid=new.wecom_userid,
            left=left,
            store_id=old.store_id or new.store_id,
            next_at=since or now,
            by=viewer.name,
            at=now,
        )
        for line in lines:
            line.handover = made
        WecomHandoverLine.objects.bulk_create(lines, batch_size=1000)
        trail(
            viewer=viewer,
            act="outreach.wecom_handover_started",
            subject=("outreach", "wecom_handover", str(made.public_id)),
            after={
                "old": str(old.public_id),
                "new": str(new.public_id),
                "left": left,
                "customers": sum(line.kind == Kind.CUSTOMER for line in lines),
                "groups": sum(line.kind == Kind.GROUP for line in lines),
            },
        )
    return made


def start_if_any(
    *,
    viewer: Viewer,
    old: Staff,
    new: Staff,
    left: bool,
    chats: Collection[str] | None = None,
    since: datetime | None = None,
) -> WecomHandover | None:
    """As `start`, for the acts of other rooms: None where WeCom has nothing to hand over."""
    try:
        with transaction.atomic():
            return start(viewer=viewer, old=old, new=new, left=left, chats=chats, since=since)
    except Refused as refusal:
        if refusal.code.startswith("wecom."):
            return None
        raise


def _customers(old: Staff, now: datetime, *, left: bool) -> list[WecomHandoverLine]:
    here = Q(lost_at=None)
    if left:  # only the comparison lost sight of them; who really parted, the platform names
        here |= Q(lost_at__gte=(old.left_at or now) - LOST_LATELY)
    rows = WecomContact.objects.filter(here, userid=old.wecom_userid).order_by("id")
    return [
        WecomHandoverLine(kind=Kind.CUSTOMER, external=external, customer_id=customer)
        for external, customer in rows.values_list("external", "customer")
    ]


def _groups(old: Staff, chats: Collection[str] | None) -> list[WecomHandoverLine]:
    rows = WecomGroup.objects.filter(owner=old.wecom_userid, dismissed_at=None).order_by("id")
    if chats is not None:
        rows = rows.filter(chat_id__in=list(chats))
    return [
        WecomHandoverLine(kind=Kind.GROUP, external=chat, name=name)
        for chat, name in rows.values_list("chat_id", "name")
    ]


def _under_way(userid: str) -> set[tuple[str, str]]:
    rows = WecomHandoverLine.objects.filter(handover__old_userid=userid, state__in=LIVE)
    return set(rows.values_list("kind", "external"))


@dataclass(frozen=True)
class Work:
    """What a hand-over still wants: lines never asked, lines asked (perhaps without an answer), groups."""

    pk: int
    old: str
    new: str
    left: bool
    fresh: list[str]
    asked: list[str]
    chats: list[str]


def due(most: int = 20) -> list[Work]:
    """Hand-overs to see to now."""
    rows = list(
        WecomHandover.objects.filter(next_at__lte=clock.now(), done_at=None).order_by("next_at", "id")[:most]
    )
    lines: dict[int, list[tuple[str, str, bool]]] = defaultdict(list)
    live = WecomHandoverLine.objects.filter(handover__in=rows, state__in=LIVE).order_by("id")
    for pk, kind, external, asked_at in live.values_list("handover", "kind", "external", "asked_at"):
        lines[pk].append((kind, external, asked_at is not None))
    return [
        Work(
            row.pk,
            row.old_userid,
            row.new_userid,
            row.left,
            fresh=[key for kind, key, asked in lines[row.pk] if kind == Kind.CUSTOMER and not asked],
            asked=[key for kind, key, asked in lines[row.pk] if kind == Kind.CUSTOMER and asked],
            chats=[key for kind, key, _ in lines[row.pk] if kind == Kind.GROUP],
        )
        for row in rows
    ]


def asking(handover: int, externals: Collection[str]) -> None:
    """From now on the platform may know of these: they are looked up before they are asked for again."""
    WecomHandoverLine.objects.filter(
        handover=handover, kind=Kind.CUSTOMER, external__in=list(externals), state=State.OPEN
    ).update(asked_at=clock.now())


def asked(handover: int, numbers: Mapping[str, int]) -> None:
    """What the platform said to each: 0 waits a day; under way already waits too; anything else did not work."""
    now = clock.now()
    waits = [key for key, number in numbers.items() if number == 0 or number in UNDER_WAY]
    _customer_lines(handover, waits).update(state=State.WAITING, takes_at=now + timedelta(days=1))
    for key, number in numbers.items():
        if key not in set(waits):
            _customer_lines(handover, [key]).update(state=State.FAILED, number=number, done_at=now)


def never_asked(handover: int, externals: Collection[str]) -> None:
    """The platform knows of none of these, whose answer was lost: they are asked for again."""
    WecomHandoverLine.objects.filter(
        handover=handover, kind=Kind.CUSTOMER, external__in=list(externals), state=State.OPEN
    ).update(asked_at=None)


def _customer_lines(handover: int, externals: Iterable[str]) -> QuerySet[WecomHandoverLine]:
    return WecomHandoverLine.objects.filter(
        handover=handover, kind=Kind.CUSTOMER, external__in=list(externals), state__in=LIVE
    )


def found(handover: int, results: Mapping[str, tuple[int, datetime | None]]) -> None:
    """How far the platform is with each: 1 taken over, 2 waits until then, 3 refused, 4 no room."""
    now = clock.now()
    by_status: dict[int, list[str]] = defaultdict(list)
    for key, (status, _) in results.items():
        by_status[status].append(key)
    for status, keys in by_status.items():
        if status in ENDS:
            number = 0 if status == 1 else status
            _customer_lines(handover, keys).update(state=ENDS[status], number=number, done_at=now)
        elif status == 2:
            _customer_lines(handover, keys).update(state=State.WAITING)
            for key in keys:
                if until := results[key][1]:
                    _customer_lines(handover, [key]).exclude(takes_at=until).update(takes_at=until)


def groups_moved(handover: int, chats: Collection[str], failed: Mapping[str, int]) -> None:
    """Groups have another owner at once, or not: what only today's number forbids is tried again tomorrow."""
    now = clock.now()
    lines = WecomHandoverLine.objects.filter(handover=handover, kind=Kind.GROUP, state__in=LIVE)
    moved = [key for key in chats if key not in failed]
    lines.filter(external__in=moved).update(state=State.HANDED, asked_at=now, done_at=now)
    for key, number in failed.items():
        lines.filter(external=key).update(state=State.FAILED, number=number, asked_at=now, done_at=now)


def put_off(handover: int, wait: timedelta) -> None:
    """The platform could not be asked."""
    WecomHandover.objects.filter(pk=handover, done_at=None).update(next_at=clock.now() + wait)


def settle(handover: int) -> bool:
    """Done when no line is open; answers whether it is. Otherwise looked at again."""
    now = clock.now()
    with transaction.atomic():
        row = WecomHandover.objects.select_for_update(no_key=True).get(pk=handover)
        if row.done_at is not None:
            return True
        if WecomHandoverLine.objects.filter(handover=row, state__in=LIVE).exists():
            row.next_at = now + ASK_AGAIN
            row.save(update_fields=["next_at"])
            return False
        row.next_at, row.done_at = None, now
        row.save(update_fields=["next_at", "done_at"])
        states = WecomHandoverLine.objects.filter(handover=row).values_list("state", flat=True)
        counts = {str(state): list(states).count(state) for state in State}
        trail(
            viewer=WORKER,
            act="outreach.wecom_handover_done",
            subject=("outreach", "wecom_handover", str(row.public_id)),
            after=counts,
        )
    return True


def look_now(new_userid: str, external: str) -> None:
    """The platform says that one has failed: looked at at once."""
    WecomHandover.objects.filter(
        new_userid=new_userid,
        done_at=None,
        pk__in=WecomHandoverLine.objects.filter(external=external, state__in=LIVE).values("handover"),
    ).update(next_at=clock.now())


def forget() -> int:
    """Who was handed over, a year after a hand-over is done; answers how many lines. That it happened stays."""
    old = WecomHandoverLine.objects.filter(handover__done_at__lt=clock.now() - KEPT, kind=Kind.CUSTOMER)
    return old.delete()[0]
