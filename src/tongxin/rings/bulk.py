# ruff: noqa: S608 - only names and numbers of our own are put into SQL
"""Placing a whole chain from the book's Parquet copy: the same gates and the same way out, on columns. Job worker only.

Contribution is added in whole billionths, so the order of rows cannot change a bit: a full run and a run over those whose verdict
can have changed give the same state. Without new deeds no value grows: whoever stands outside and did nothing need not be looked at.
The copy holds no devices; who shares one with whom is given beside it (`shared`), as the other facts about people are.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tongxin.people.facts import DEEDS
from tongxin.rings.rules import PolicyBody
from tongxin.rings.terms import ORDER, Ring

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

UNIT = 1_000_000_000  # of contribution
UNIX = 719_163  # the proleptic ordinal of 1970-01-01
DAY = 86_400.0
NONE, OUTER, MIDDLE, INNER = -1, *(ring.step for ring in ORDER)
BUCKETS = 8
AHEAD = 28  # days that a calm member of the middle ring may be left alone at most
FASTEST = min(deed.half_life_days for deed in DEEDS if deed.weight > 0)


@dataclass
class Numbers:
    """The numbers that the gates read, a place for each person; `rows` says which places were looked at.

    `lasting` is the contribution that no window drops within the next four weeks: it only fades.
    """

    rows: np.ndarray
    checkins: np.ndarray
    days_56: np.ndarray
    weeks_56: np.ndarray
    days_91: np.ndarray
    weeks_91: np.ndarray
    contribution: np.ndarray
    lasting: np.ndarray
    verified: np.ndarray
    verified_kinds: np.ndarray
    recognised_by: np.ndarray
    recognised_days: np.ndarray
    violations: np.ndarray


@dataclass
class State:
    """Where the rule has everybody, and what it remembers; instants in seconds, NaN for none. `consented`, `usable` as last seen.

    `calm_until` is the last day on which somebody who does nothing need not be looked at; it is a note for the next run, not part of
    the verdict.
    """

    ring: np.ndarray
    since: np.ndarray
    low_runs: np.ndarray
    low_week: np.ndarray
    reviewed: np.ndarray
    announced: np.ndarray
    candidate: np.ndarray
    consented: np.ndarray
    usable: np.ndarray
    calm_until: np.ndarray

    def copy(self) -> State:
        """A state of its own."""
        return State(*(getattr(self, one.name).copy() for one in fields(self)))

    def same(self, other: State) -> bool:
        """Equal to the last bit."""
        return all(
            getattr(self, one.name).tobytes() == getattr(other, one.name).tobytes()
            for one in fields(self)
            if one.name != "calm_until"
        )


def nobody(people: int) -> State:
    """Nobody is placed yet."""
    nan = np.full(people, np.nan)
    return State(
        ring=np.full(people, NONE, dtype=np.int8),
        since=nan.copy(),
        low_runs=np.zeros(people, dtype=np.int16),
        low_week=np.zeros(people, dtype=np.int32),
        reviewed=nan.copy(),
        announced=nan.copy(),
        candidate=np.zeros(people, dtype=bool),
        consented=np.zeros(people, dtype=bool),
        usable=np.zeros(people, dtype=bool),
        calm_until=np.zeros(people, dtype=np.int32),
    )


@dataclass(frozen=True)
class Copy:
    """The book's copy and what is known of people.

    `people` has (person, consented, usable, staff) in the order of places; `roots` (entry, root); `stores` (code, shift): seconds
    from UTC to the store's business day, its cut-off taken off; `shift` for deeds without a store; `shared` (one, other) pairs of a
    household.
    """

    files: tuple[Path, ...]
    people: pa.Table
    roots: pa.Table
    stores: pa.Table
    shift: int
    shared: pa.Table


def attach(con: duckdb.DuckDBPyConnection, copy: Copy) -> None:
    """Make the copy known to a connection."""
    con.register("ring_people", copy.people)
    con.register("ring_roots", copy.roots)
    con.register("ring_stores", copy.stores)
    con.register("ring_shared", copy.shared)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE ring_who AS
        SELECT CAST(row_number() OVER () - 1 AS INTEGER) AS place, person, staff FROM ring_people
    """)
    kinds = ", ".join(
        f"('{deed.code}', {deed.half_life_days}, {deed.daily_cap}, '{deed.recognises}')" for deed in DEEDS
    )
    con.execute(
        f"CREATE OR REPLACE TEMP TABLE ring_kinds AS SELECT * FROM (VALUES {kinds}) k(kind, half_life, cap, honours)"
    )
    files = [str(file) for file in copy.files]
    con.execute(f"CREATE OR REPLACE TEMP VIEW ring_book AS SELECT * FROM read_parquet({files!r})")
    con.execute(
        "CREATE OR REPLACE TEMP TABLE ring_gone AS SELECT reverses AS id, known_at FROM ring_book WHERE reverses IS NOT NULL"
    )
    con.execute(f"SET VARIABLE ring_shift = {copy.shift}")


_LIVE = f"""
    SELECT w.place, d.kind, d.weight, d.verification <> 'self' AS sure, CAST(o.place AS INTEGER) AS other,
        CAST(floor((epoch(d.occurred_at) + coalesce(s.shift, getvariable('ring_shift'))) / 86400) AS INTEGER) + {UNIX} AS day
    FROM ring_book d
    LEFT JOIN ring_roots r ON r.entry = d.person
    JOIN ring_who w ON w.person = coalesce(r.root, d.person) AND NOT w.staff
    LEFT JOIN ring_roots q ON q.entry = d.counterpart
    LEFT JOIN ring_who o ON o.person = coalesce(q.root, d.counterpart) AND NOT o.staff AND o.place <> w.place
    LEFT JOIN ring_stores s ON s.code = d.store_code
    WHERE d.reverses IS NULL AND epoch(d.occurred_at) <= getvariable('ring_now') AND epoch(d.known_at) <= getvariable('ring_now')
        AND epoch(d.occurred_at) > getvariable('ring_now') - getvariable('ring_back') * 86400
        AND NOT EXISTS (SELECT 1 FROM ring_gone g WHERE g.id = d.id AND epoch(g.known_at) <= getvariable('ring_now'))
"""


def numbers(  # noqa: PLR0917 - whose numbers, by which policy, when
    con: duckdb.DuckDBPyConnection,
    people: int,
    policy: PolicyBody,
    on: date,
    now: float,
    some: np.ndarray | None = None,
) -> Numbers:
    """The numbers on a business day for everybody, or for some places; the others stay 0 and are not to be read."""
    import pyarrow as pa  # noqa: PLC0415  # slow: job worker only

    con.execute(f"SET VARIABLE ring_now = {now}")
    con.execute(f"SET VARIABLE ring_back = {policy.look_back + 1}")
    con.execute(f"SET VARIABLE ring_today = {on.toordinal()}")
    rows = np.arange(people) if some is None else some
    out = Numbers(rows, *(np.zeros(people, dtype=np.int64) for _ in range(12)))
    if some is not None:
        con.register("ring_some", pa.table({"place": pa.array(some, pa.int32())}))
    for bucket in range(BUCKETS if some is None else 1):
        where = (
            f"w.place % {BUCKETS} = {bucket}" if some is None else "w.place IN (SELECT place FROM ring_some)"
        )
        con.execute(f"CREATE OR REPLACE TEMP TABLE ring_live AS {_LIVE} AND {where}")
        _own(con, policy, out)
    where = "TRUE" if some is None else "place IN (SELECT place FROM ring_some)"
    _heard(con, policy, out, where)
    return out


def _own(con: duckdb.DuckDBPyConnection, policy: PolicyBody, out: Numbers) -> None:
    windows = policy.windows
    caps = " ".join(f"WHEN '{kind}' THEN {cap}" for kind, cap in sorted(policy.counting.caps.items()))
    cap = f"CASE kind {caps} ELSE k.cap END" if caps else "k.cap"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE ring_days AS
        SELECT place, kind, weight, getvariable('ring_today') - day AS age, count(*) AS n, count(*) FILTER (WHERE sure) AS sure
        FROM ring_live WHERE day <= getvariable('ring_today') AND getvariable('ring_today') - day < {policy.look_back}
        GROUP BY ALL
    """)
    found = con.execute(f"""
        SELECT place,
            sum(n) FILTER (WHERE kind = 'checked_in' AND weight > 0 AND age < {windows.presence}),
            CAST(sum(CAST(round(weight * least(1 + ln(n), {cap}) * pow(2, -age / k.half_life) * {UNIT}) AS BIGINT))
                FILTER (WHERE weight > 0) AS BIGINT),
            CAST(sum(CAST(round(weight * least(1 + ln(n), {cap}) * pow(2, -age / k.half_life) * {UNIT}) AS BIGINT))
                FILTER (WHERE weight > 0 AND age < {policy.look_back - AHEAD}) AS BIGINT),
            sum(sure) FILTER (WHERE weight >= {policy.inner.verified_weight} AND age < {windows.verified}),
            count(DISTINCT kind) FILTER (WHERE sure > 0 AND weight >= {policy.inner.verified_weight} AND age < {windows.verified}),
            sum(n) FILTER (WHERE kind = 'violation_upheld' AND weight <= 0 AND age < {windows.violations})
        FROM ring_days JOIN ring_kinds k USING (kind) GROUP BY place
    """).fetchnumpy()
    place = found["place"]
    for name, column in zip(
        ("checkins", "contribution", "lasting", "verified", "verified_kinds", "violations"),
        list(found)[1:],
        strict=True,
    ):
        _put(getattr(out, name), place, found[column])
    today = "getvariable('ring_today')"
    for name, unit in (("days", "age"), ("weeks", f"({today} - age - 1) // 7")):
        con.execute(f"""
            CREATE OR REPLACE TEMP TABLE ring_units AS
            SELECT place, {unit} AS unit, min(age) AS age FROM ring_days
            WHERE weight > 0 AND age < {max(windows.rhythm, windows.presence)} GROUP BY ALL
        """)
        found = con.execute(f"""
            SELECT place, count(*) FILTER (WHERE age < {windows.rhythm}) AS rhythm,
                count(*) FILTER (WHERE age < {windows.presence}) AS presence
            FROM ring_units GROUP BY place
        """).fetchnumpy()
        _put(getattr(out, f"{name}_56"), found["place"], found["rhythm"])
        _put(getattr(out, f"{name}_91"), found["place"], found["presence"])


def _put(target: np.ndarray, place: np.ndarray, values: np.ndarray) -> None:
    filled = np.ma.filled(values, 0) if isinstance(values, np.ma.MaskedArray) else np.nan_to_num(values)
    target[np.asarray(place)] = filled.astype(np.int64)


def _heard(con: duckdb.DuckDBPyConnection, policy: PolicyBody, out: Numbers, where: str) -> None:
    """Who was honoured by whom: few kinds, a short window, so one pass."""
    live = _LIVE.replace("WHERE d.reverses IS NULL", "WHERE d.reverses IS NULL AND d.counterpart IS NOT NULL")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE ring_heard AS
        SELECT DISTINCT place, whom, day FROM (
            SELECT CASE k.honours WHEN 'person' THEN l.place ELSE l.other END AS place,
                CASE k.honours WHEN 'person' THEN l.other ELSE l.place END AS whom, l.day
            FROM ({live}) l JOIN ring_kinds k USING (kind)
            WHERE l.weight > 0 AND l.other IS NOT NULL AND k.honours <> ''
                AND getvariable('ring_today') - l.day BETWEEN 0 AND {policy.windows.recognition - 1}
        ) h
        WHERE {where} AND NOT EXISTS (
            SELECT 1 FROM ring_shared z WHERE (z.one = h.place AND z.other = h.whom) OR (z.one = h.whom AND z.other = h.place)
        )
    """)
    found = con.execute(
        "SELECT place, count(DISTINCT whom) AS whom, count(DISTINCT day) AS day FROM ring_heard GROUP BY place"
    ).fetchnumpy()
    _put(out.recognised_by, found["place"], found["whom"])
    _put(out.recognised_days, found["place"], found["day"])


# ---- verdicts


def _middle(found: Numbers, policy: PolicyBody, share: float) -> tuple[np.ndarray, ...]:
    bars = policy.middle
    return (
        found.checkins >= bars.checkins * share,
        found.days_56 >= bars.days * share,
        found.weeks_56 >= bars.weeks * share,
        found.contribution >= bars.contribution * share * UNIT,
    )


def _inner(found: Numbers, policy: PolicyBody, share: float) -> tuple[np.ndarray, ...]:
    bars = policy.inner
    return (
        found.days_91 >= bars.days * share,
        found.weeks_91 >= bars.weeks * share,
        found.verified >= bars.verified * share,
        found.verified_kinds >= bars.verified_kinds * share,
        found.recognised_by >= bars.recognised_by * share,
        found.recognised_days >= bars.recognised_days * share,
        found.contribution >= bars.contribution * share * UNIT,
    )


def decide(
    found: Numbers, before: State, policy: PolicyBody, *, staff: np.ndarray, week: int, now: float
) -> State:
    """`rules.decide` on columns, for the places of `found.rows`; the others stay as they were. Overrides stand above this."""
    after, look = before.copy(), np.zeros(len(before.ring), dtype=bool)
    look[found.rows] = True
    visit, days, weeks, warm = _middle(found, policy, 1.0)
    usable, gone = before.usable, look & staff
    middle = usable & before.consented & (visit | (days & weeks)) & warm
    inner = np.logical_and.reduce(_inner(found, policy, 1.0)) & (found.violations <= policy.inner.violations)
    low_middle = ~np.logical_or.reduce(_middle(found, policy, policy.middle_exit.low_water))
    low_inner = ~np.logical_or.reduce(_inner(found, policy, policy.inner_exit.low_water))
    was = before.ring
    look &= ~staff
    fresh = look & (was == NONE)
    _move(after, fresh & ~middle, OUTER, now)
    _move(after, look & ((was == NONE) | (was == OUTER)) & middle, MIDDLE, now)
    blank = look & ~usable & (was > OUTER)
    _move(after, blank, OUTER, now)
    inside = look & usable & (was == MIDDLE)
    calm = inside & ~low_middle
    after.low_runs[calm], after.low_week[calm] = 0, 0
    after.candidate[inside] = (calm & inner)[inside]
    low = inside & low_middle
    after.low_runs[low] += (week > before.low_week[low]).astype(np.int16)
    after.low_week[low] = np.maximum(week, before.low_week[low])
    leave = low & (after.low_runs >= policy.middle_exit.runs)
    leave &= now - before.since >= policy.middle_exit.stay_days * DAY
    _move(after, leave, OUTER, now)
    _review(after, before, look & usable & (was == INNER), low_inner, policy, now)
    _move(after, gone, NONE, np.nan)
    _rest(after, was, look, found, policy, week)
    return after


def _rest(  # noqa: PLR0917 - the columns of one rule
    after: State, was: np.ndarray, look: np.ndarray, found: Numbers, policy: PolicyBody, week: int
) -> None:
    """How long each may be left alone: outside for good, calm in the middle until its contribution could fade to the low water.

    Contribution halves in four weeks at the fastest, and one line above its low water keeps its person. A candidate may cease to be
    one, and a violation lapses by time alone: these are looked at every day; and who has just come in is
    asked for candidacy the next time.
    """
    low = policy.middle_exit.low_water * policy.middle.contribution * UNIT
    days = np.floor(FASTEST * np.log2(np.maximum(found.lasting, 1) / low))
    calm = (
        look
        & (was == MIDDLE)
        & (after.ring == MIDDLE)
        & (after.low_runs == 0)
        & ~after.candidate
        & (found.violations == 0)
    )
    today = 7 * week + 1  # the week's Monday: never later than today
    after.calm_until[look] = 0
    after.calm_until[calm] = today + np.clip(days[calm], 0, AHEAD).astype(np.int32)
    after.calm_until[look & (after.ring == OUTER)] = np.iinfo(np.int32).max


def _review(  # noqa: PLR0917 - the columns of one rule
    after: State, before: State, here: np.ndarray, low: np.ndarray, policy: PolicyBody, now: float
) -> None:
    """The quarterly look at the inner ring."""
    leave = policy.inner_exit
    notice = leave.notice_days * DAY
    first = before.since + max(leave.review_days, leave.stay_days) * DAY
    due = np.where(np.isnan(before.reviewed), first, before.reviewed + leave.review_days * DAY)
    here = here & (now >= due - notice)
    tell = here & low & np.isnan(before.announced)
    after.announced[tell] = now
    ripe = here & ~tell & (now >= due)
    passed = ripe & ~low
    after.reviewed[passed], after.announced[passed] = now, np.nan
    _move(after, ripe & low & (now - before.announced >= notice), MIDDLE, now)


def _move(after: State, who: np.ndarray, ring: int, since: float) -> None:
    after.ring[who], after.since[who] = ring, since
    after.low_runs[who], after.low_week[who] = 0, 0
    after.reviewed[who], after.announced[who] = np.nan, np.nan
    after.candidate[who] = False


# ---- runs


def run(  # noqa: PLR0917 - one run over one copy
    con: duckdb.DuckDBPyConnection,
    copy: Copy,
    before: State,
    policy: PolicyBody,
    on: date,
    now: float,
    *,
    newest: Collection[Path] | None = None,
) -> State:
    """Place everybody, or, with the files that are new since `before`, only those whose verdict can have changed."""
    people = len(before.ring)
    staff = copy.people.column("staff").to_numpy(zero_copy_only=False)
    consented = copy.people.column("consented").to_numpy(zero_copy_only=False)
    usable = copy.people.column("usable").to_numpy(zero_copy_only=False)
    attach(con, copy)
    start = before.copy()
    start.consented, start.usable = consented, usable
    some = None if newest is None else _touched(con, newest, before, start, staff, on.toordinal())
    found = numbers(con, people, policy, on, now, some)
    week = (on.toordinal() - 1) // 7
    return decide(found, start, policy, staff=staff, week=week, now=now)


def _touched(  # noqa: PLR0917 - what may have changed since
    con: duckdb.DuckDBPyConnection,
    newest: Collection[Path],
    before: State,
    now: State,
    staff: np.ndarray,
    today: int,
) -> np.ndarray:
    """Whoever did something, or had something done to them or taken back, has rested long enough, or has changed a switch."""
    look = (before.calm_until < today) | (now.consented != before.consented) | (now.usable != before.usable)
    look |= (staff & (before.ring != NONE)) | (
        before.ring == INNER
    )  # a person's word may have moved them since
    if newest:
        files = [str(file) for file in newest]
        places = con.execute(f"""
            SELECT DISTINCT w.place FROM (
                SELECT person AS who FROM read_parquet({files!r}) UNION ALL
                SELECT counterpart FROM read_parquet({files!r}) WHERE counterpart IS NOT NULL
            ) t LEFT JOIN ring_roots r ON r.entry = t.who JOIN ring_who w ON w.person = coalesce(r.root, t.who)
        """).fetchnumpy()["place"]
        look[places] = True
    return np.flatnonzero(look).astype(np.int32)


def counts(state: State) -> dict[Ring, int]:
    """How many stand in each ring."""
    return {ring: int((state.ring == ring.step).sum()) for ring in ORDER}
