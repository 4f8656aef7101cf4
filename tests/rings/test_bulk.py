"""Numbers from day pages: those of the rule to the last bit; days by the zone and cut-off of the store; who shares a device."""

import random
from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from rings.worlds import KINDS, POLICY
from tongxin.people.facts import BY_CODE
from tongxin.rings import rules
from tongxin.rings.bulk import pages
from tongxin.rings.bulk.numbers import Numbers, Who, numbers
from tongxin.rings.rules import Recognition, Trace, Traces
from tongxin.rings.rules.traces import UNIT

PEOPLE, DAYS = 40, 420
START = date(2025, 1, 6).toordinal()
MANY = (*KINDS, "co_hosted", "checked_in", "reacted", "reacted", "violation_upheld")
COLUMNS = [name for name in Numbers.__dataclass_fields__ if name != "contribution"]


def rows_of(*told):
    """Rows as columns: (id, person, kind, other, at in microseconds, weight, sure, reverses)."""
    columns = [np.array(column) for column in zip(*told, strict=True)]
    number, person, kind, other, at, weight, sure, reverses = columns
    none = np.zeros(len(number), dtype=np.int64)
    return pages.Rows(number, person, kind, other, none, at, at, weight, sure, reverses, ("",))


@pytest.fixture(scope="module")
def life():
    """A year and more of deeds: people come and go, half a year of zeal, then little."""
    dice, told = random.Random(3), []
    busy = [dice.choice((0.0, 0.02, 0.1, 0.4)) for _ in range(PEOPLE)]
    for day in range(DAYS):
        for person in range(PEOPLE):
            zeal = busy[person] * (1 if (day // 120 + person) % 3 else 0.05)
            while dice.random() < zeal:
                fact = BY_CODE[dice.choice(MANY)]
                other = 1 + dice.randrange(PEOPLE) if fact.recognises else -1
                at = (START + day - pages.UNIX) * pages.DAY_US + dice.randrange(pages.DAY_US)
                told.append((len(told) + 1, person + 1, pages.CODES[fact.code], other, at, fact.weight, dice.random() > 0.1, -1))  # fmt: skip
    return told


def who(people=PEOPLE, **more):
    ids = np.arange(1, people + 1)
    none = np.zeros(0, dtype=np.int64)
    return Who(ids, np.zeros(people, dtype=bool), **({"entries": none, "roots": none} | more))


def folded(told):
    clock = pages.Clock(pages.Places("UTC", {}), (START - pages.UNIX) * pages.DAY_US, (START + DAYS - pages.UNIX) * pages.DAY_US)  # fmt: skip
    return sorted(pages.fold(rows_of(*told), clock).items())


def traces(told, person):
    """The same life as the rule's plain facts."""
    deeds, heard, broken = {}, [], []
    for key, doer, kind, other, at, weight, sure, _ in told:
        day, fact = at // pages.DAY_US + pages.UNIX, BY_CODE[pages.KINDS[kind]]
        if doer == person and weight > 0:
            n, verified = deeds.get((fact.code, day), (0, 0))
            deeds[fact.code, day] = n + 1, verified + sure
        if doer == person and fact.code == "violation_upheld":
            broken.append((day, key))
        if other > 0 and other != doer and person == (doer if fact.recognises == "person" else other):
            heard.append(Recognition(day, other if fact.recognises == "person" else doer, key))
    made = (
        Trace(kind, day, fact.weight, fact.half_life_days, fact.daily_cap, n, verified)
        for (kind, day), (n, verified) in deeds.items()
        for fact in (BY_CODE[kind],)
    )
    return Traces(tuple(made), tuple(heard), tuple(broken), consented=True)


@pytest.mark.parametrize("day", [150, 419])
def test_the_numbers_are_those_of_the_rule_to_the_last_bit(life, day):
    found, rich = numbers(folded(life), who(), POLICY, START + day), 0
    for person in range(PEOPLE):
        told = rules.weigh(traces(life, person + 1), date.fromordinal(START + day), POLICY, cite=False)
        assert {name: int(getattr(found, name)[person]) for name in COLUMNS} == {
            name: getattr(told, name) for name in COLUMNS
        }
        assert found.contribution[person] / UNIT == told.contribution
        rich += told.recognised_by > 3
    assert rich > 5


def test_entries_of_one_person_count_together_and_colleagues_not_at_all(life):
    both = [
        (*row[:1], 1 if row[1] == 2 else row[1], *row[2:3], 1 if row[3] == 2 else row[3], *row[4:])
        for row in life
    ]
    merged = who(entries=np.array([2]), roots=np.array([1]))
    one = numbers(folded(life), merged, POLICY, START + 400)
    same = numbers(folded(both), who(), POLICY, START + 400)
    keep = np.arange(PEOPLE) != 1
    assert all(
        np.array_equal(getattr(one, name)[keep], getattr(same, name)[keep])
        for name in [*COLUMNS, "contribution"]
    )
    staff = Who(
        one_to(PEOPLE), np.arange(PEOPLE) == 0, np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    )
    assert numbers(folded(life), staff, POLICY, START + 400).contribution[0] == 0


def one_to(people):
    return np.arange(1, people + 1)


def test_a_shared_device_recognises_nobody(life):
    plain = numbers(folded(life), who(), POLICY, START + 419)
    heard = int(np.argmax(plain.recognised_by))
    alone = who(owners=one_to(PEOPLE), devices=np.ones(PEOPLE, dtype=np.int64))
    half = who(owners=np.array([heard + 1]), devices=np.array([1]))
    assert plain.recognised_by[heard] > 3
    assert numbers(folded(life), alone, POLICY, START + 419).recognised_by.sum() == 0
    assert np.array_equal(numbers(folded(life), half, POLICY, START + 419).recognised_by, plain.recognised_by)


def test_sums_come_out_alike_in_any_order_and_what_is_taken_back_is_gone(life):
    whole = dict(folded(life))
    clock = pages.Clock(pages.Places("UTC", {}), (START - pages.UNIX) * pages.DAY_US, (START + DAYS - pages.UNIX) * pages.DAY_US)  # fmt: skip
    odd, even = life[::2], life[1::2]
    back = pages.fold(rows_of(*odd), clock, sign=-1)
    parts = pages.fold(rows_of(*even), clock), pages.fold(rows_of(*odd), clock)
    for day, page in whole.items():
        halves = [part[day] for part in parts if day in part]
        assert pages.summed(*halves).same(page)
        if day in back:
            rest = parts[0].get(day, pages.NOTHING)
            assert pages.summed(page, back[day]).same(pages.summed(rest))


@pytest.mark.parametrize(
    ("zone", "cutoff", "at", "day"),
    [
        ("Asia/Shanghai", 0, datetime(2026, 3, 1, 15, 59, tzinfo=UTC), date(2026, 3, 1)),
        ("Asia/Shanghai", 0, datetime(2026, 3, 1, 16, 0, tzinfo=UTC), date(2026, 3, 2)),
        ("Asia/Shanghai", 4, datetime(2026, 3, 1, 19, 59, tzinfo=UTC), date(2026, 3, 1)),
        ("Europe/Berlin", 0, datetime(2026, 3, 28, 23, 30, tzinfo=UTC), date(2026, 3, 29)),
        ("Europe/Berlin", 0, datetime(2026, 3, 29, 22, 30, tzinfo=UTC), date(2026, 3, 30)),
        ("Europe/Berlin", 0, datetime(2026, 10, 25, 22, 30, tzinfo=UTC), date(2026, 10, 25)),
        ("Asia/Kathmandu", 0, datetime(2026, 3, 1, 18, 14, tzinfo=UTC), date(2026, 3, 1)),
        ("Asia/Kathmandu", 0, datetime(2026, 3, 1, 18, 15, tzinfo=UTC), date(2026, 3, 2)),
    ],
)
def test_the_day_is_the_stores(zone, cutoff, at, day):
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    clock = pages.Clock(
        pages.Places("UTC", {"S1": (zone, cutoff)}),
        int(begin.timestamp()) * 1_000_000,
        int((begin + timedelta(days=365)).timestamp()) * 1_000_000,
    )
    told = clock.days(np.array([int(at.timestamp()) * 1_000_000]), ["S1"], np.array([0]))
    assert date.fromordinal(int(told[0])) == day
