"""Placing from the Parquet copy: the numbers of the rule, the verdicts of the rule, and the same state by a full and by a daily run."""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rings.worlds import KINDS, POLICY
from tongxin.people.facts import BY_CODE
from tongxin.rings import bulk, rules
from tongxin.rings.rules import Recognition, Trace, Traces
from tongxin.rings.rules.traces import week

PEOPLE, DAYS, DAILY = 40, 420, (201, 212)
START = datetime(2025, 1, 6, tzinfo=UTC)
HONOURS = {code: deed.recognises for code, deed in BY_CODE.items()}
NAMES = (
    "id",
    "person",
    "kind",
    "counterpart",
    "store_code",
    "occurred_at",
    "known_at",
    "weight",
    "verification",
    "reverses",
)


def life(seed):
    """A year and more of deeds of sixty people: (id, person, kind, other, at, weight, sure, reverses)."""
    dice = random.Random(seed)
    rows, busy = [], [dice.choice((0.0, 0.02, 0.1, 0.4)) for _ in range(PEOPLE)]
    for day in range(DAYS):
        for person in range(PEOPLE):
            # people come and go: half a year of zeal, then little
            zeal = busy[person] * (1 if (day // 120 + person) % 3 else 0.05)
            while dice.random() < zeal:
                kind = (
                    dice.choice((*KINDS, "co_hosted", "checked_in", "reacted"))
                    if dice.random() > 0.01
                    else "violation_upheld"
                )
                other = dice.randrange(PEOPLE) if HONOURS[kind] else None
                at = START + timedelta(days=day, seconds=dice.randrange(86_400))
                weight = BY_CODE[kind].weight
                rows.append(
                    (
                        len(rows) + 1,
                        person + 1,
                        kind,
                        other and other + 1,
                        at,
                        weight,
                        dice.random() > 0.1,
                        None,
                    )
                )
                if dice.random() < 0.02:
                    rows.append(
                        (
                            len(rows) + 1,
                            person + 1,
                            kind,
                            None,
                            at + timedelta(days=3),
                            -weight,
                            True,
                            len(rows),
                        )
                    )
    return rows


def write(rows, folder: Path) -> dict[int, Path]:
    """As the nightly copy writes them: a day a file for the days that are run one by one, the others together."""
    by_day = {}
    for row in rows:
        day = (row[4] - START).days
        by_day.setdefault(day if DAILY[0] <= day <= DAILY[1] else 0 if day < DAILY[0] else DAYS, []).append(
            row
        )
    files = {}
    stamp = pa.timestamp("us", tz="UTC")
    for day in (0, *range(DAILY[0], DAILY[1] + 1), DAYS):
        got = by_day.get(day, [])
        columns = {
            "id": pa.array([r[0] for r in got], pa.int64()),
            "person": pa.array([r[1] for r in got], pa.int64()),
            "kind": pa.array([r[2] for r in got], pa.string()),
            "counterpart": pa.array([r[3] for r in got], pa.int64()),
            "store_code": pa.array(["" for _ in got], pa.string()),
            "occurred_at": pa.array([r[4] for r in got], stamp),
            "known_at": pa.array([r[4] for r in got], stamp),
            "weight": pa.array([r[5] for r in got], pa.int16()),
            "verification": pa.array(["system" if r[6] else "self" for r in got], pa.string()),
            "reverses": pa.array([r[7] for r in got], pa.int64()),
        }
        files[day] = folder / f"known_on={day:04d}.parquet"
        pq.write_table(pa.table(columns), files[day])
    return files


def traces_of(rows, person, day, *, consented, usable):
    """The same life as the rule's plain facts, on a day."""
    now = START + timedelta(days=day + 1)
    gone = {r[7] for r in rows if r[7] is not None and r[4] < now}
    live = [r for r in rows if r[7] is None and r[0] not in gone and r[4] < now]
    deeds, heard, broken = {}, [], []
    for key, who, kind, other, at, weight, sure, _ in live:
        on = at.toordinal()
        if who == person + 1 and weight > 0:
            n, verified = deeds.get((kind, on), (0, 0))
            deeds[kind, on] = (n + 1, verified + sure)
        if who == person + 1 and kind == "violation_upheld":
            broken.append((on, key))
        if other and other != who and HONOURS[kind] == "counterpart" and other == person + 1:
            heard.append(Recognition(on, who, key))
        if other and other != who and HONOURS[kind] == "person" and who == person + 1:
            heard.append(Recognition(on, other, key))
    made = tuple(
        Trace(kind, on, BY_CODE[kind].weight, BY_CODE[kind].half_life_days, BY_CODE[kind].daily_cap, n, v)
        for (kind, on), (n, v) in sorted(deeds.items())
    )
    return Traces(made, tuple(heard), tuple(broken), consented=consented, personalise=usable)


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    rows = life(3)
    dice = random.Random(9)
    people = pa.table(
        {
            "person": pa.array(range(1, PEOPLE + 1), pa.int64()),
            "consented": pa.array([dice.random() > 0.1 for _ in range(PEOPLE)]),
            "usable": pa.array([dice.random() > 0.1 for _ in range(PEOPLE)]),
            "staff": pa.array([False] * PEOPLE),
        }
    )
    return rows, write(rows, folder), people


def copy_of(world, *, people=None):
    """The whole copy: what was known later is not looked at."""
    _rows, files, given = world
    none = pa.array([], pa.int64())
    return bulk.Copy(
        files=tuple(files.values()),
        people=given if people is None else people,
        roots=pa.table({"entry": none, "root": none}),
        stores=pa.table({"code": pa.array([], pa.string()), "shift": none}),
        shift=0,
        shared=pa.table({"one": none, "other": none}),
    )


def at(day):
    """The business day and the instant at its very end."""
    ends = START + timedelta(days=day + 1)
    return (START + timedelta(days=day)).date(), ends.timestamp() - 1e-3


COLUMNS = (
    "checkins",
    "days_56",
    "weeks_56",
    "days_91",
    "weeks_91",
    "verified",
    "verified_kinds",
    "recognised_by",
    "recognised_days",
    "violations",
)


@pytest.mark.parametrize("day", [150, 419])
def test_the_numbers_are_those_of_the_rule(world, day):
    rows, _files, _people = world
    on, now = at(day)
    with duckdb.connect() as con:
        copy = copy_of(world)
        bulk.attach(con, copy)
        found = bulk.numbers(con, PEOPLE, POLICY, on, now)
    rich = 0
    for person in range(PEOPLE):
        told = rules.weigh(traces_of(rows, person, day, consented=True, usable=True), on, POLICY, cite=False)
        assert {name: int(getattr(found, name)[person]) for name in COLUMNS} == {
            name: getattr(told, name) for name in COLUMNS
        }, person
        assert found.contribution[person] / bulk.UNIT == pytest.approx(told.contribution, abs=1e-6)
        rich += told.recognised_by > 3
    assert rich > 5


def test_weekly_verdicts_are_those_of_the_rule(world):
    rows, _files, people = world
    state, kept = bulk.nobody(PEOPLE), [rules.FRESH] * PEOPLE
    consented, usable = people["consented"].to_pylist(), people["usable"].to_pylist()
    moved = 0
    with duckdb.connect() as con:
        for day in range(90, 410, 20):
            on, now = at(day)
            before = state.ring.copy()
            state = bulk.run(con, copy_of(world), state, POLICY, on, now)
            moved += int((before != state.ring).sum())
            for person in range(PEOPLE):
                traced = traces_of(rows, person, day, consented=consented[person], usable=usable[person])
                verdict = rules.decide(
                    rules.weigh(traced, on, POLICY, cite=False),
                    POLICY,
                    datetime.fromtimestamp(now, UTC),
                    kept[person],
                )
                kept[person] = verdict.standing
                assert state.ring[person] == verdict.ring.step, (day, person)
                assert bool(state.candidate[person]) == verdict.candidate
                assert (state.low_runs[person], state.low_week[person]) == (
                    verdict.standing.low_runs,
                    verdict.standing.low_week,
                )
    assert moved > PEOPLE
    assert week(at(90)[0].toordinal()) > 0


def test_a_daily_run_gives_the_same_state_as_a_full_one(world):
    _rows, files, people = world
    with duckdb.connect() as con:
        daily = bulk.run(con, copy_of(world), bulk.nobody(PEOPLE), POLICY, *at(200))
        daily.ring[5], daily.since[5] = bulk.INNER, at(100)[1]  # somebody whom a person confirmed
        flags = people["usable"].to_pylist()
        for day in range(DAILY[0], DAILY[1] + 1):
            if day == 206:  # somebody turns the switch off, somebody else on
                flags = [not flag if n in (1, 2) else flag for n, flag in enumerate(flags)]
            now_people = people.set_column(2, "usable", pa.array(flags))
            copy = copy_of(world, people=now_people)
            full = bulk.run(con, copy, daily, POLICY, *at(day))
            some = bulk.run(con, copy, daily, POLICY, *at(day), newest=[files[day]])
            assert some.same(full), day
            daily = some
    assert {ring.value for ring, n in bulk.counts(daily).items() if n} >= {"outer", "middle"}


def test_control_arm_a_daily_run_that_sees_no_news_differs(world):
    with duckdb.connect() as con:
        start = bulk.run(con, copy_of(world), bulk.nobody(PEOPLE), POLICY, *at(130))
        copy = copy_of(world)
        full = bulk.run(con, copy, start, POLICY, *at(260))
        blind = bulk.run(con, copy, start, POLICY, *at(260), newest=[])
    assert not blind.same(full)
    assert np.count_nonzero(blind.ring != full.ring) > 0


def test_staff_and_those_who_share_a_household(world):
    _rows, _files, people = world
    with duckdb.connect() as con:
        on, now = at(419)
        copy = copy_of(world)
        state = bulk.run(con, copy, bulk.nobody(PEOPLE), POLICY, on, now)
        found = bulk.numbers(con, PEOPLE, POLICY, on, now)
        heard = int(np.argmax(found.recognised_by))
        pairs = [n for n in range(PEOPLE) if n != heard]
        shared = pa.table(
            {"one": pa.array([heard] * len(pairs), pa.int64()), "other": pa.array(pairs, pa.int64())}
        )
        staff = people.set_column(3, "staff", pa.array([n == 0 for n in range(PEOPLE)]))
        other = bulk.Copy(copy.files, staff, copy.roots, copy.stores, 0, shared)
        bulk.attach(con, other)
        alone = bulk.numbers(con, PEOPLE, POLICY, on, now)
        assert found.recognised_by[heard] > 3
        assert alone.recognised_by[heard] == 0
        assert bulk.run(con, other, state, POLICY, on, now).ring[0] == bulk.NONE
