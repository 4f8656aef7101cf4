"""The daily check: the list of a day, a store's day, the last days with their gaps, what went to headquarters, execution."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, QuerySet

from tongxin.champions.models import CheckAnswer, CheckList, ConcernAnswer
from tongxin.champions.rules import checks as rules
from tongxin.champions.terms import READERS, SETTLERS, SHOWN_DAYS, CheckWord, DayState
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture
from tongxin.foundation.pages import Page, page
from tongxin.stores import queries as stores
from tongxin.stores.models import Brand, Store
from tongxin.stores.terms import Role


@dataclass(frozen=True)
class CheckLine:
    """One item of a day and what was said to it; `answer` None while nothing was."""

    key: str
    zh: str
    en: str
    id: UUID | None = None
    answer: CheckWord | None = None
    sentence: str = ""
    photo: bool = False
    at: datetime | None = None


@dataclass(frozen=True)
class CheckDay:
    """A business day of a store: the list that held, item by item."""

    day: date
    list: int
    state: DayState
    lines: tuple[CheckLine, ...]

    @property
    def answered(self) -> int:
        """How many items have an answer."""
        return sum(line.answer is not None for line in self.lines)


@dataclass(frozen=True)
class Concern:
    """A no with a sentence, and what headquarters said to it."""

    id: UUID
    store: UUID
    store_name: str
    day: date
    item_zh: str
    item_en: str
    sentence: str
    photo: bool
    at: datetime
    reply: str = ""
    replied_at: datetime | None = None


class Gaps(StrEnum):
    """How a store's last weeks look, as headquarters filters them."""

    ALL = ""
    NONE = "none"
    SOME = "some"
    FULL = "full"


@dataclass(frozen=True)
class Execution:
    """How many of the days on which a store was open it answered its check."""

    store: UUID
    code: str
    name: str
    answered: int
    due: int

    @property
    def gaps(self) -> int:
        """On how many days nothing was answered."""
        return self.due - self.answered

    @property
    def state(self) -> Gaps:
        """Which filter it stands under."""
        if not self.gaps:
            return Gaps.FULL
        return Gaps.SOME if self.answered else Gaps.NONE


def today_in(store: Store) -> date:
    """The business day that it is in a store now."""
    return stores.business_day_of(store, clock.now())


def access_check_store(viewer: Viewer, store_id: UUID | str) -> Store:
    """A store whose days the viewer may read. Refuses `absent`."""
    return stores.access_store(viewer, store_id, roles=READERS)


def lists_for(brand: Brand) -> list[rules.Listed]:
    """The brand's lists, oldest first, without the shipped one. It says nothing about anybody."""
    rows = CheckList.objects.filter(brand=brand).order_by("number")
    return [
        rules.Listed(row.number, row.since, tuple(rules.Item(**item) for item in row.items)) for row in rows
    ]


def list_for(brand: Brand, day: date) -> rules.Listed:
    """The list that holds on a day."""
    return rules.list_on(day, lists_for(brand))


def live_answers() -> QuerySet[CheckAnswer]:
    """The answers that hold: those which no later one corrects."""
    later = CheckAnswer.objects.filter(corrects=OuterRef("pk"))
    return CheckAnswer.objects.filter(~Exists(later))


def day_of(viewer: Viewer, store: Store, day: date | None = None) -> CheckDay:
    """One day of a store in reach, today unless named. Refuses `absent`."""
    _reach(viewer, store)
    wanted = day or today_in(store)
    return _days(store, (wanted,))[0]


def days_of(viewer: Viewer, store: Store, days: int = SHOWN_DAYS) -> list[CheckDay]:
    """The last days of a store in reach, oldest first; skipped ones are there without answers. Refuses `absent`."""
    _reach(viewer, store)
    return _days(store, rules.due_days(today_in(store), days, store.opened_on, store.closed_on))


def _reach(viewer: Viewer, store: Store) -> None:
    if not viewer.reaches(store.pk, READERS):
        raise Refused("absent")


def _days(store: Store, days: tuple[date, ...]) -> list[CheckDay]:
    today, lists = today_in(store), lists_for(store.brand)
    said: dict[date, dict[str, CheckAnswer]] = defaultdict(dict)
    for row in live_answers().filter(store=store, day__in=days).order_by("id"):
        said[row.day][row.item] = row
    return [_day(day, today, rules.list_on(day, lists), said[day]) for day in days]


def _day(day: date, today: date, listed: rules.Listed, said: dict[str, CheckAnswer]) -> CheckDay:
    lines = tuple(_line(item, said.get(item.key)) for item in listed.items)
    return CheckDay(day, listed.number, rules.day_state(day, today, listed.items, said.keys()), lines)


def _line(item: rules.Item, row: CheckAnswer | None) -> CheckLine:
    if row is None:
        return CheckLine(item.key, item.zh, item.en or item.zh)
    return CheckLine(
        item.key,
        item.zh,
        item.en or item.zh,
        row.public_id,
        CheckWord(row.answer),
        row.sentence,
        row.photo is not None,
        row.at,
    )


def access_answer(viewer: Viewer, answer_id: UUID | str) -> CheckAnswer:
    """An answer of a store in reach. Refuses `absent`."""
    places = viewer.places(READERS)
    rows = CheckAnswer.objects.select_related("store")
    found = (rows if places is None else rows.filter(store__in=places)).filter(public_id=answer_id).first()
    if found is None:
        raise Refused("absent")
    return found


def photo_of(viewer: Viewer, answer_id: UUID | str) -> str:
    """The name under which the media store keeps the photo of an answer in reach. Refuses `absent`."""
    answer = access_answer(viewer, answer_id)
    if answer.photo is None:
        raise Refused("absent")
    name = Picture.objects.filter(public_id=answer.photo).values_list("name", flat=True).first()
    if name is None:
        raise Refused("absent")
    return name


# ---- what went to headquarters


def _concerns(viewer: Viewer, roles: frozenset[str]) -> QuerySet[CheckAnswer]:
    places = viewer.places(roles)
    rows = live_answers().filter(answer=CheckWord.NO).exclude(sentence="").select_related("store__brand")
    return rows if places is None else rows.filter(store__in=places)


def concerns_for(
    viewer: Viewer, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
) -> Page[Concern]:
    """What stores could not do and said so, newest first, of the stores in reach."""
    rows = _concerns(viewer, READERS)
    if open_only:
        rows = rows.filter(~Exists(ConcernAnswer.objects.filter(concern=OuterRef("pk"))))
    found = page(rows, by=["-id"], limit=limit, cursor=cursor)
    replies = {one.concern_id: one for one in ConcernAnswer.objects.filter(concern__in=found.items)}
    brands = {row.store.brand_id: row.store.brand for row in found.items}
    lists = {key: lists_for(brand) for key, brand in brands.items()}  # an installation has one brand
    return Page(
        tuple(_concern(row, lists[row.store.brand_id], replies.get(row.pk)) for row in found.items),
        found.cursor,
    )


def _concern(row: CheckAnswer, lists: list[rules.Listed], reply: ConcernAnswer | None) -> Concern:
    items = {item.key: item for item in rules.list_on(row.day, lists).items}
    item = items.get(row.item) or rules.Item(row.item, row.item)
    return Concern(
        id=row.public_id,
        store=row.store.public_id,
        store_name=row.store.name,
        day=row.day,
        item_zh=item.zh,
        item_en=item.en or item.zh,
        sentence=row.sentence,
        photo=row.photo is not None,
        at=row.at,
        reply=reply.reply if reply else "",
        replied_at=reply.at if reply else None,
    )


def access_concern(viewer: Viewer, answer_id: UUID | str) -> CheckAnswer:
    """A no with a sentence that the viewer may answer. Refuses `absent`, `champions.no_concern` for one that was corrected."""
    places = viewer.places(SETTLERS)
    rows = CheckAnswer.objects.select_related("store")
    found = (rows if places is None else rows.filter(store__in=places)).filter(public_id=answer_id).first()
    if found is None or not rules.is_concern(found.answer, found.sentence):
        raise Refused("absent")
    if CheckAnswer.objects.filter(corrects=found).exists():
        raise Refused("champions.no_concern")
    return found


# ---- execution


def execution(viewer: Viewer, days: int = 28, *, region: str = "", gaps: Gaps = Gaps.ALL) -> list[Execution]:
    """Per store in reach, on how many of its last business days before today it answered at all; those with the most gaps first.

    `gaps`: stores that never answered, that missed some days, that missed none.
    """
    shops = [
        shop
        for shop in stores.stores_for(viewer, unsorted=False)
        if shop.closed_on is None
        and viewer.reaches(shop.pk, READERS - {Role.DOOR})
        and (not region or (shop.region is not None and shop.region.code == region))
    ]
    if not shops:
        return []
    due = {
        shop.pk: rules.due_days(today_in(shop) - timedelta(days=1), days, shop.opened_on, None)
        for shop in shops
    }
    first = min((span[0] for span in due.values() if span), default=clock.now().date())
    last = max((span[-1] for span in due.values() if span), default=first)
    counted = dict(
        CheckAnswer.objects.filter(store__in=due, day__gte=first, day__lte=last)
        .order_by()
        .values_list("store")
        .annotate(n=Count("day", distinct=True))
    )
    lines = [
        Execution(shop.public_id, shop.code, shop.name, counted.get(shop.pk, 0), len(due[shop.pk]))
        for shop in shops
    ]
    shown = [one for one in lines if gaps in {Gaps.ALL, one.state}]
    return sorted(shown, key=lambda one: (one.answered - one.due, one.code))
