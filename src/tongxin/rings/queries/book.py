"""The facts that the rules ask for: the book of one look-back, added up per person, for everybody or for some.

What counts as a live row of the book is said once, by people (`live_deeds`): known by the day in question, not reversed by then,
under the customer who stands for the person today, no staff. Here rows are only sorted and counted; judging is the rules'.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from tongxin.foundation import clock
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Consent, Customer, Deed
from tongxin.people.queries import DeedRow, iterate_live_deeds, live_deeds
from tongxin.people.terms import CustomerKind, CustomerState, Purpose, Verification
from tongxin.rings.rules import PolicyBody, Recognition, Trace, Traces
from tongxin.rings.rules.traces import SHOWN
from tongxin.stores.models import Brand, Store

VIOLATION = "violation_upheld"
BY_DOER = frozenset(code for code, fact in BY_CODE.items() if fact.recognises == "person")
BY_OTHER = frozenset(code for code, fact in BY_CODE.items() if fact.recognises == "counterpart")


@dataclass
class _Day:
    """Deeds of one kind and weight on one day, while they are counted."""

    count: int = 0
    verified: int = 0
    ids: tuple[int, ...] = ()


class Sorted:
    """Rows of the book, by whom they speak about."""

    def __init__(self, days: "Days") -> None:
        self.days = days
        self.deeds: dict[int, dict[tuple[str, int, int], _Day]] = defaultdict(lambda: defaultdict(_Day))
        self.heard: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
        self.broken: dict[int, list[tuple[int, int]]] = defaultdict(list)
        self.devices: dict[int, set[str]] = defaultdict(set)

    def take(self, rows: Iterable[DeedRow]) -> None:
        """Sort rows in."""
        for row in rows:
            if row.device:
                self.devices[row.person].add(row.device)
            if row.weight > 0:
                day = self.days.of(row)
                counted = self.deeds[row.person][row.kind, day, row.weight]
                counted.count += 1
                counted.verified += row.verification != Verification.SELF
                counted.ids = (row.id, *counted.ids)[:SHOWN]
                if row.counterpart is not None and row.kind in BY_OTHER:
                    self.heard[row.counterpart].append((day, row.person, row.id))
                elif row.counterpart is not None and row.kind in BY_DOER:
                    self.heard[row.person].append((day, row.counterpart, row.id))
            elif row.kind == VIOLATION:
                self.broken[row.person].append((self.days.of(row), row.id))

    def traces(self, person: int, *, consented: bool, personalise: bool, staff: bool) -> Traces:
        """What was sorted in about one person."""
        return Traces(
            deeds=tuple(
                Trace(kind, day, weight, fact.half_life_days, fact.daily_cap, on.count, on.verified, on.ids)
                for (kind, day, weight), on in sorted(self.deeds.get(person, {}).items())
                for fact in (BY_CODE[kind],)
            ),
            recognitions=tuple(
                Recognition(day, by, key)
                for day, by, key in sorted(self.heard.get(person, ()))
                # A device that both have used means one household, or one person with two cards.
                if by != person and not self.devices.get(by, NO_DEVICE) & self.devices.get(person, NO_DEVICE)
            ),
            violations=tuple(sorted(self.broken.get(person, ()))),
            consented=consented,
            personalise=personalise,
            staff=staff,
        )


NO_DEVICE: set[str] = set()


class Days:
    """The business day of a row, in the zone and with the cut-off of its store, as a proleptic ordinal."""

    def __init__(self, brand: Brand) -> None:
        self.home = (brand.zone, 0)
        self.stores = {
            key: (zone, cut) for key, zone, cut in Store.objects.values_list("id", "zone", "cutoff_hour")
        }

    def of(self, row: DeedRow) -> int:
        """The ordinal of the row's day."""
        zone, cutoff = self.stores.get(row.store or 0, self.home)
        return _ordinal(int(row.occurred_at.timestamp()) // QUARTER, zone, cutoff)


QUARTER = (
    900  # seconds: every zone's offset, and every change of it, is a whole number of quarters of an hour
)


@lru_cache(maxsize=200_000)
def _ordinal(quarter: int, zone: str, cutoff: int) -> int:
    """The business day of a quarter of an hour: a year of a chain has 35,000 of them, and a million rows."""
    return clock.business_day(datetime.fromtimestamp(quarter * QUARTER, UTC), zone, cutoff).toordinal()


def traces_of(
    brand: Brand, as_of: datetime, policy: PolicyBody, persons: Collection[int] | None = None
) -> dict[int, Traces]:
    """The traces of every live customer of the brand (or of some of them, by id), as known at `as_of`."""
    since = as_of - timedelta(days=policy.look_back + 1)  # a day of slack for stores in other zones
    book = Sorted(Days(brand))
    if persons is None:
        book.take(iterate_live_deeds(as_of, since))
    else:
        book.take(live_deeds(as_of, since, _with_those_who_answered(persons, since)))
    said = _said(as_of, persons)
    return {
        person: book.traces(
            person,
            # Membership stands under the chain's notice; the newest word on personalisation, once there is one, decides.
            consented=kind == CustomerKind.MEMBER and said.get(person, True),
            personalise=personalise and said.get(person, True),
            staff=staff,
        )
        for person, kind, staff, personalise in _customers(brand, persons)
    }


def _with_those_who_answered(persons: Collection[int], since: datetime) -> set[int]:
    """The persons and all who did something to them: what others did is filed under the others."""
    entries = Customer.objects.filter(survivor__in=persons).values_list("id", flat=True)
    others = (
        Deed.objects.filter(counterpart__in=[*persons, *entries], occurred_at__gte=since)
        .annotate(who=Coalesce("person__survivor", "person"))
        .values_list("who", flat=True)
        .distinct()
    )
    return {*persons, *others}


def _customers(
    brand: Brand, persons: Collection[int] | None
) -> QuerySet[Customer, tuple[int, str, bool, bool]]:
    rows = Customer.objects.filter(brand=brand, state=CustomerState.LIVE)
    if persons is not None:
        rows = rows.filter(id__in=persons)
    return rows.order_by("id").values_list("id", "kind", "is_staff", "personalise")


def _said(as_of: datetime, persons: Collection[int] | None) -> dict[int, bool]:
    """The newest word of each on personalisation, yes or no."""
    rows = Consent.objects.filter(
        purpose=Purpose.PERSONALISATION, companion=None, at__lte=as_of, recorded_at__lte=as_of
    ).annotate(who=Coalesce(F("customer__survivor"), F("customer")))
    if persons is not None:
        rows = rows.filter(who__in=persons)
    return dict(rows.order_by("who", "-at", "-id").distinct("who").values_list("who", "granted"))


def personalised(customer: Customer, at: datetime) -> bool:
    """May we place this person by what they did? The switch is on and their newest word is not a no."""
    return customer.personalise and _said(at, [customer.pk]).get(customer.pk, True)


def switched_off(persons: Collection[int]) -> frozenset[int]:
    """Of these, whom we may not place by what they did: the switch is off, or their newest word is a no."""
    off = Customer.objects.filter(id__in=persons, personalise=False).values_list("id", flat=True)
    said = _said(clock.now(), persons) if persons else {}
    return frozenset(off) | {person for person, granted in said.items() if not granted}
