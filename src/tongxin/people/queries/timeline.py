"""One person's life with us in one list: events, group and till, and what reached them, newest first."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.db.models import Exists, OuterRef, Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import LARGEST, Page, decode, encode
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Deed
from tongxin.people.queries.customers import access_customer, cluster
from tongxin.people.terms import Channel

BESIDE, BOOK = 0, 1  # of what happened at one instant the book is shown first


class TillLine(Protocol):
    """What the till knows of a day or an order; commerce fills it in, the faces hand it on."""

    @property
    def at(self) -> datetime: ...
    @property
    def key(self) -> str: ...
    @property
    def store_name(self) -> str: ...
    @property
    def orders(self) -> int: ...
    @property
    def net_fen(self) -> int: ...


class OtherLine(Protocol):
    """What a room above knows beside the book, such as a code that was scanned; a face hands it on, too."""

    @property
    def at(self) -> datetime: ...
    @property
    def key(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def zh(self) -> str: ...
    @property
    def en(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def store_name(self) -> str: ...


@dataclass(frozen=True)
class TimelineItem:
    """One line. `kind` is a deed's code, `purchase`, or what another line says of itself; `net_fen` and `orders` only for the till."""

    at: datetime
    channel: Channel
    kind: str
    zh: str
    en: str
    key: str
    store_name: str = ""
    subject_kind: str = ""
    subject_title: str = ""
    weight: int = 0
    value: int | None = None
    reversed: bool = False
    simulated: bool = False
    orders: int = 0
    net_fen: int = 0


Place = tuple[datetime, int, int, str]


def timeline(
    viewer: Viewer,
    public_id: UUID | str,
    *,
    limit: int = 50,
    cursor: str | None = None,
    till_rows: Iterable[TillLine] = (),
    others: Iterable[OtherLine] = (),
) -> Page[TimelineItem]:
    """A page of the timeline of a person in reach. Pages never skip or repeat a line while new ones arrive.

    `till_rows` are the person's purchases, `others` what upper rooms know, all or the newest ones. Refuses `absent`, `input.bad` for a foreign cursor.
    """
    if not 1 <= limit <= LARGEST:
        raise Refused("input.bad", field="limit", reason=f"1–{LARGEST}")
    customer = access_customer(viewer, public_id)
    after = None if cursor is None else _place(cursor)
    lines = _deeds(cluster(customer), after, limit + 1)
    lines += [((clock.as_utc(row.at), BESIDE, 0, row.key), _till(row)) for row in till_rows]
    lines += [((clock.as_utc(row.at), BESIDE, 0, row.key), _other(row)) for row in others]
    shown = sorted(
        (line for line in lines if after is None or line[0] < after), key=lambda x: x[0], reverse=True
    )
    more = len(shown) > limit
    shown = shown[:limit]
    end = encode([shown[-1][0][0].isoformat(), *shown[-1][0][1:]]) if more else None
    return Page(tuple(item for _, item in shown), end)


def _place(cursor: str) -> Place:
    at, rank, number, key = decode(cursor, 4)
    try:
        return clock.as_utc(datetime.fromisoformat(str(at))), int(rank), int(number), str(key)
    except ValueError:
        raise Refused("input.bad", field="cursor", reason="?") from None


def _deeds(persons: list[int], after: Place | None, limit: int) -> list[tuple[Place, TimelineItem]]:
    found = (
        Deed.objects.filter(person__in=persons, reverses=None)
        .select_related("subject", "store")
        .annotate(taken_back=Exists(Deed.objects.filter(reverses=OuterRef("pk"))))
        .order_by("-occurred_at", "-id")
    )
    if after is not None:
        at, rank, number, _ = after
        same = Q(occurred_at=at, id__lt=number) if rank == BOOK else Q(pk=None)
        found = found.filter(Q(occurred_at__lt=at) | same)
    return [((clock.as_utc(deed.occurred_at), BOOK, deed.pk, ""), _deed(deed)) for deed in found[:limit]]


def _deed(deed: Deed) -> TimelineItem:
    kind = BY_CODE[deed.kind]
    subject = deed.subject
    return TimelineItem(
        at=deed.occurred_at,
        channel=kind.channel,
        kind=deed.kind,
        zh=kind.zh,
        en=kind.en,
        key=f"deed:{deed.pk}",
        store_name=deed.store.name if deed.store else "",
        subject_kind=subject.kind if subject else "",
        subject_title=subject.title if subject else "",
        weight=deed.weight,
        value=deed.value,
        reversed=deed.taken_back,  # type: ignore[attr-defined]  # annotated above
        simulated=subject.simulated if subject else False,
    )


def _other(row: OtherLine) -> TimelineItem:
    return TimelineItem(
        at=row.at,
        channel=Channel.ONLINE,
        kind=row.kind,
        zh=row.zh,
        en=row.en,
        key=row.key,
        store_name=row.store_name,
        subject_title=row.title,
    )


def _till(row: TillLine) -> TimelineItem:
    return TimelineItem(
        at=row.at,
        channel=Channel.TILL,
        kind="purchase",
        zh="购物",
        en="purchase",
        key=f"till:{row.key}",
        store_name=row.store_name,
        orders=row.orders,
        net_fen=row.net_fen,
    )
