"""Ring runs over the book's Parquet copy at a million members, flapping, and what explanations prove.

    .venv/bin/python bench/rings_runs.py [members] [deeds]

The copy is generated with a fixed seed, a file a day, in the columns of the real one, with late rows and reversals; people stand in a
database of their own. The runs are those of the nightly job (`rings.actions.place_everybody`), with all that they read and write.
"""

import json
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from tongxin.people.facts import BY_CODE
from tongxin.rings import rules
from tongxin.rings.rules.proof import opens, plan_to, stands_alone
from tongxin.rings.terms import Move, Ring

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))
worlds = import_module("rings.worlds")  # the same people as in the suite

MEMBERS, DEEDS, STORES, DAYS = 1_000_000, 50_000_000, 600, 365
FULL, DAILY, GB, FLAPPING = 180.0, 20.0, 5.0, 0.15
EXPLAINED, SIMULATED, WEEKS = 10_000, 20_000, 104
# The ring design names its simulation's shape (AR(1) and drift, 20,000 members, 104 weeks) but no parameters. These were searched for
# so that the four OTHER rows of its table come out (none 2.16/1.60 moves/reversals, 0.9 + 2 weeks 1.29/.75, 0.8 + 4 weeks .86/.36,
# quarterly .36/.02); the row that is judged here was not looked at. Points, the bar is 10: levels, weekly shock, what stays, drift.
LEVEL, SHOCK, STAYS, DRIFT = (10.0, 8.8), 1.31, 0.75, 0.156
LAST = date(2026, 3, 1)  # the newest day of the copy
SHARES = {
    "read": 40, "reacted": 15, "posted": 8, "replied": 8, "answered": 3, "checked_in": 8, "registered": 8, "answer_accepted": 1,
    "featured": 1, "co_hosted": 1, "visited": 7,
}  # fmt: skip


def row(what: str, measured: str, bar: str, *, met: bool | None, note: str = "", **numbers: float) -> dict:
    """One figure."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note} | numbers


def write_copy(folder: Path, ids: np.ndarray, deeds: int) -> None:
    """A year of deeds, a file a day: few people do much, most do little; one in a hundred late, three in a thousand taken back."""
    folder.mkdir(parents=True)
    dice, codes = np.random.default_rng(42), [f"B{n:04}" for n in range(STORES)]
    kinds = list(SHARES)
    shares = np.array(list(SHARES.values())) / sum(SHARES.values())
    weights = np.array([BY_CODE[kind].weight for kind in kinds], dtype=np.int16)
    honours = np.array([bool(BY_CODE[kind].recognises) for kind in kinds])
    text, stamp = pa.string(), pa.timestamp("us", tz="UTC")
    a_day, number, before = max(1, deeds // DAYS), 1, None
    for n in range(DAYS):
        day = LAST - timedelta(days=DAYS - 1 - n)
        start = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - 8 * 3600
        known = (start + np.sort(dice.integers(0, 86_400, a_day))) * 1_000_000
        kind = dice.choice(len(kinds), a_day, p=shares)
        columns = {
            "id": np.arange(number, number + a_day),
            "person": ids[(len(ids) * dice.random(a_day) ** 3).astype(np.int64)],
            "kind": kind,
            "counterpart": np.where(
                honours[kind], ids[(len(ids) * dice.random(a_day) ** 2).astype(np.int64)], -1
            ),
            "store": dice.integers(0, STORES, a_day),
            "occurred_at": known
            - (dice.random(a_day) < 0.01) * dice.integers(0, 20 * 86_400, a_day) * 1_000_000,
            "known_at": known,
            "weight": weights[kind],
            "sure": dice.random(a_day) > 0.1,
            "reverses": np.full(a_day, -1),
        }
        if before is not None:
            took = dice.choice(len(before["id"]), max(1, a_day * 3 // 1000), replace=False)
            back = {name: column[took] for name, column in before.items()}
            back |= {
                "id": np.arange(number + a_day, number + a_day + len(took)),
                "known_at": np.full(len(took), known[-1]),
                "weight": -back["weight"],
                "sure": np.ones(len(took), dtype=bool),
                "reverses": back["id"],
            }
            before = columns
            columns = {name: np.concatenate([column, back[name]]) for name, column in columns.items()}
        before = before if before is not None else columns
        number += a_day + a_day // 100 + 10
        none = pa.nulls(len(columns["id"]), pa.int64())

        def optional(name: str, found: dict[str, np.ndarray] = columns) -> pa.Array:
            return pa.array(found[name], pa.int64(), mask=found[name] < 0)

        table = pa.table(
            {
                "id": pa.array(columns["id"], pa.int64()),
                "person": pa.array(columns["person"], pa.int64()),
                "kind": pa.DictionaryArray.from_arrays(pa.array(columns["kind"], pa.int32()), kinds).cast(
                    text
                ),
                "counterpart": optional("counterpart"),
                "subject": none,
                "subject_kind": pa.array([""] * len(none), text),
                "subject_key": pa.array([""] * len(none), text),
                "store_code": pa.DictionaryArray.from_arrays(
                    pa.array(columns["store"], pa.int32()), codes
                ).cast(text),
                "community": none,
                "occurred_at": pa.array(columns["occurred_at"], pa.int64()).cast(stamp),
                "known_at": pa.array(columns["known_at"], pa.int64()).cast(stamp),
                "weight": pa.array(columns["weight"], pa.int16()),
                "verification": pa.DictionaryArray.from_arrays(
                    pa.array(columns["sure"].astype(np.int32)), ["self", "system"]
                ).cast(text),
                "value": none.cast(pa.int16()),
                "reverses": optional("reverses"),
            }
        )
        pq.write_table(table, folder / f"known_on={day.isoformat()}.parquet", compression="zstd")


@contextmanager
def database() -> Iterator[None]:
    """A database of our own on the tests' server, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "rings_bench"
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - after setup

    django.setup()
    kept = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0)


def people(members: int) -> np.ndarray:
    """Members at home in many stores; few work here, some have said no, some never became members. One deed opens the book."""
    from django.db import connection  # noqa: PLC0415 - after setup

    from people.factories import CustomerFactory  # noqa: PLC0415 - after setup
    from stores.factories import StoreFactory  # noqa: PLC0415 - after setup
    from tongxin.people import ledger  # noqa: PLC0415 - after setup
    from tongxin.people.models import Customer  # noqa: PLC0415 - after setup
    from tongxin.people.rules import DeedIn  # noqa: PLC0415 - after setup
    from tongxin.stores.models import Store  # noqa: PLC0415 - after setup

    first = StoreFactory()
    Store.objects.bulk_create(
        [Store(brand=first.brand, code=f"B{n:04}", name=f"{n} 号店") for n in range(STORES)]
    )
    pattern = CustomerFactory(home_store=first)
    columns = [f.column for f in Customer._meta.concrete_fields if f.column != "id"]  # noqa: SLF001 - its columns
    own = {
        "public_id": "gen_random_uuid()", "is_staff": "n % 200 = 0", "personalise": "n % 20 <> 0",
        "kind": "CASE WHEN n % 10 = 0 THEN 'prospect' ELSE 'member' END",
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO people_customer ({', '.join(columns)}) SELECT {', '.join(own.get(name, f'c.{name}') for name in columns)}"  # noqa: S608 - column names of the model
            f" FROM people_customer c, generate_series(1, {members}) AS n WHERE c.id = {pattern.pk}"
        )
        cursor.execute("ANALYZE people_customer")
    opened = datetime.combine(LAST - timedelta(days=DAYS - 1), datetime.min.time(), UTC)
    ledger.record_many(
        [
            DeedIn(
                person=pattern.pk,
                kind="visited",
                occurred_at=opened,
                known_at=opened,
                source_system="bench",
                source_id="1",
            )
        ]
    )
    return np.array(Customer.objects.exclude(pk=pattern.pk).order_by("id").values_list("id", flat=True))


_STATE = """
SELECT md5(string_agg(md5(concat_ws('|', s.customer_id, s.ring, s.since, s.low_runs, s.low_week, s.reviewed_at, s.announced_at,
    s.candidate)), '' ORDER BY s.customer_id)) FROM rings_standing s
UNION ALL
SELECT md5(string_agg(md5(concat_ws('|', p.customer_id, p.ring, p.period, p.cause, p.moved_from, p.reasons)), ''
    ORDER BY p.customer_id, p.period)) FROM rings_placement p
"""


def runs(members: int, deeds: int) -> list[dict]:
    """The first run of all, then a night by a run made anew and by the nightly one, from the same state."""
    with tempfile.TemporaryDirectory(prefix="tongxin-bench-rings-") as name, database():
        return _runs(Path(name), members, deeds)


def _runs(folder: Path, members: int, deeds: int) -> list[dict]:
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.db import connection, transaction  # noqa: PLC0415 - after setup

    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.foundation.access import system  # noqa: PLC0415 - after setup
    from tongxin.rings import actions  # noqa: PLC0415 - after setup
    from tongxin.rings.bulk import pages  # noqa: PLC0415 - after setup

    book, viewer = folder / "kept" / "book", system("bench")
    told = multiprocessing.get_context("spawn").Process(
        target=write_copy, args=(book, people(members), deeds)
    )
    told.start()
    told.join()
    (folder / "anew").mkdir()
    (folder / "anew" / "book").symlink_to(book)
    night = datetime(LAST.year, LAST.month, LAST.day, 19, 15, tzinfo=UTC)

    def state() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(_STATE)
            return [found for (found,) in cursor.fetchall()]

    def timed(lake: str, at: datetime, *, anew: bool = False) -> tuple[float, actions.Summary]:
        settings.TONGXIN_LAKE = folder / lake
        with clock.held(at):
            start = time.perf_counter()
            found = actions.place_everybody(viewer=viewer, anew=anew)
            return time.perf_counter() - start, found

    newest = book / f"known_on={LAST.isoformat()}.parquet"
    aside = newest.rename(folder / newest.name)
    first, _ = timed("kept", night - timedelta(days=1))
    aside.rename(newest)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE rings_standing")
        cursor.execute("ANALYZE rings_placement")
    with transaction.atomic():
        mark = transaction.savepoint()
        full, _ = timed("anew", night, anew=True)
        whole = state()
        transaction.savepoint_rollback(mark)
    daily, summary = timed("kept", night)
    same = state() == whole
    kept, made = (pages.opened(folder / lake / "rings") for lake in ("kept", "anew"))
    assert kept is not None
    assert made is not None
    alike = all(kept.page(day).same(made.page(day)) for day in made.days() if day >= kept.first)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    said = f"{members:,} members, {deeds:,} rows"
    stands = ", ".join(f"{ring} {n:,}" for ring, n in summary.rings.items())
    moved = f"{stands}; {summary.nearer:,} nearer, {summary.farther:,} farther that night, {summary.candidates:,} candidates"
    return [
        row(f"full ring run, {said}", f"{full:.0f} s, peak {peak:.1f} GB", f"≤ {FULL:g} s and ≤ {GB:g} GB",
            met=full <= FULL and peak <= GB, note=moved, seconds=full, gigabytes=peak),
        row(f"daily ring run, {said}", f"{daily:.1f} s", f"≤ {DAILY:g} s", met=daily <= DAILY,
            note="with reading people and writing moves, reasons and trail", seconds=daily),
        row("full and daily: day pages, standings, periods with reasons", "identical" if same and alike else "DIFFERENT", "identical",
            met=same and alike),
        row(f"the very first run: everybody placed at once, {said}", f"{first:.0f} s", "", met=None,
            note="once in the life of a chain: everybody's period and the reasons of all who are not at the edge", seconds=first),
    ]  # fmt: skip


def _wander(policy: rules.PolicyBody, members: int) -> tuple[float, float]:
    """Moves and reversals within eight weeks a member and year: contribution wanders (AR(1), a slow drift) about each one's level."""
    dice = np.random.default_rng(11)
    reversals = moves = 0
    for _ in range(members):
        level, drift = dice.normal(*LEVEL), dice.normal(0, DRIFT)
        noise, standing, last = dice.normal(0, SHOCK / (1 - STAYS**2) ** 0.5), rules.FRESH, None
        for n, shock in enumerate(dice.normal(0, SHOCK, WEEKS)):
            noise = STAYS * noise + shock if n else noise
            value = max(0.0, level + drift * n + noise)
            on, now = worlds.TODAY + n * worlds.WEEK, worlds.NOW + n * worlds.WEEK
            told = replace(
                worlds.NOTHING, on=on, checkins=int(value >= 10), contribution=value, days_56=0, weeks_56=0
            )
            verdict = rules.decide(told, policy, now, standing)
            if verdict.moved in (Move.NEARER, Move.FARTHER):
                moves += 1
                reversals += last is not None and n - last <= 8
                last = n
            standing = verdict.standing
    years = members * WEEKS / 52
    return moves / years, reversals / years


def flapping() -> dict:
    """Ours beside a rule without hysteresis, in a population fitted to the other rows of the design's table."""
    leave = replace(rules.DEFAULT.middle_exit, low_water=1.0, runs=1, stay_days=0)
    moves, reversals = _wander(rules.DEFAULT, SIMULATED)
    wild_moves, wild = _wander(replace(rules.DEFAULT, middle_exit=leave), SIMULATED // 10)
    return row(
        f"flapping: {SIMULATED:,} simulated members, {WEEKS} weeks",
        f"{reversals:.3f} reversals, {moves:.2f} moves a member and year",
        f"≤ {FLAPPING:g} reversals",
        met=reversals <= FLAPPING,
        note=f"back within eight weeks of a move; without hysteresis {wild:.2f} reversals, {wild_moves:.2f} moves (design 1.60, 2.16)."
        f" Levels normal {LEVEL}, shock {SHOCK}, AR {STAYS}, drift {DRIFT} a week: fitted to the four other rows of the design's table",
        reversals=reversals,
    )


def proofs() -> dict:
    """Named evidence alone meets each met line; the named set of steps meets all lines. Entry gates, no hysteresis."""
    lines = plans = wrong = 0
    for seed in range(EXPLAINED):
        traces = worlds.anybody(seed)
        evidence = rules.weigh(traces, worlds.TODAY, rules.DEFAULT)
        for ring in (Ring.MIDDLE, Ring.INNER):
            for line in rules.lines_of(ring, evidence, rules.DEFAULT):
                if line.met:
                    lines += 1
                    wrong += not stands_alone(traces, worlds.TODAY, rules.DEFAULT, line, ring)
        ring = Ring.OUTER if seed % 2 else Ring.MIDDLE
        plan = plan_to(traces, worlds.TODAY, rules.DEFAULT, ring)
        plans += 1
        wrong += plan is None or not opens(plan, traces, worlds.TODAY, rules.DEFAULT)
    return row(
        f"explanations of {EXPLAINED:,} people",
        f"{lines:,} met lines stand alone and {plans:,} sets of steps open the gate: {wrong} wrong",
        "100 %",
        met=wrong == 0,
    )


def figures(members: int = MEMBERS, deeds: int = DEEDS) -> list[dict]:
    """All of it."""
    return [*runs(members, deeds), flapping(), proofs()]


if __name__ == "__main__":
    told = figures(*(int(word) for word in sys.argv[1:3]))
    for one in told:
        print(
            f"{'met ' if one['met'] else 'MISS'} {one['what']}: {one['measured']} (bar {one['bar']}) {one['note']}"
        )
    out = ROOT / "var" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "rings_runs.json").write_text(json.dumps(told, ensure_ascii=False, indent=1), "utf-8")
