"""The dormancy report of a dataset: who is in which state, who is likely back, and how far to trust it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass import panel
from tongxin.compass.dataset import Dataset
from tongxin.compass.dormancy import days as active
from tongxin.compass.dormancy import hazard, judge, rhythm, survival
from tongxin.compass.dormancy.days import Days
from tongxin.compass.errors import BadInput
from tongxin.compass.graph import people as everybody
from tongxin.compass.graph.people import People, number
from tongxin.compass.periods import Calendar
from tongxin.compass.refusals import Reason
from tongxin.compass.sentence import Words

_EPOCH = date(1970, 1, 1)
#: members with two active days that a hazard needs
LEAST = 200
#: chance of coming back below which somebody is called quiet
QUIET = 0.2


@dataclass(frozen=True)
class Settings:
    """Numbers of the report: the look ahead, the hold-out at the end of the data, and the seed."""

    ahead_weeks: int = 8
    holdout_weeks: int = 13
    seed: int = 20260101


@dataclass(frozen=True)
class StateRow:
    """How many members are in one state; `returning` = of them expected back within the look ahead."""

    state: str
    words: Words
    members: int
    share: float
    returning: float | None


@dataclass(frozen=True)
class CohortRow:
    """Members first seen within 91 days, and the share seen again within 91 days of their first day."""

    first_seen: tuple[date, date]
    members: int
    again: float


@dataclass(frozen=True)
class Report:
    """The answer.

    Attributes
    ----------
    table : pyarrow Table
        member_code, store_code, state, since_last_days, usual_gap_days, gap_ratio, chance: for who asked for it.
    trial : judge.Trial or None
        Brier score and calibration on the last weeks, beside BG/NBD.
    once : survival.Curve
        How members seen once came back, all cohorts together.
    cohorts : tuple of CohortRow
        The same a cohort, newest first: is a second visit getting rarer?
    """

    as_of: date
    members: int
    excluded: dict[str, int]
    deeds: tuple[str, ...]
    states: tuple[StateRow, ...]
    usual_gap_days: float | None
    quiet: int | None
    once: survival.Curve
    cohorts: tuple[CohortRow, ...]
    trial: judge.Trial | None
    words: Words
    notes: tuple[Words, ...]
    reasons: tuple[Reason, ...]
    table: pa.Table
    settings: Settings


FEW = Reason(
    "D1",
    "来过两次以上的会员只有 {found} 位，至少要 {needed} 位才能说回来的可能性。",
    "Only {found} members were seen twice; {needed} are needed to tell chances of coming back.",
    "先按各自的节奏看状态，等数据再积累几个月。",
    "Read the states for now and wait for some more months of data.",
)
SHORT = Words(
    "数据不够长，留不出 {weeks} 周来检验预测",
    "The data are too short to keep {weeks} weeks for testing the forecast",
)
LOST = Words(
    "在留出的 {weeks} 周上，这个模型没有胜过 BG/NBD（Brier {ours:.4f} 对 {theirs:.4f}），可能性请谨慎使用",
    "On the {weeks} weeks kept back the model did not beat BG/NBD (Brier {ours:.4f} against {theirs:.4f}): "
    "use the chances with care",
)
NO_READING = Words(
    "数据里没有阅读记录，只看不说的会员可能被当成沉睡",
    "No reading in the data: members who only read may look dormant",
)


def run(
    dataset: Dataset,
    settings: Settings | None = None,
    *,
    reading: pa.Table | None = None,
    rings: dict[str, int] | None = None,
) -> Report:
    """Report on a dataset as of its last normal day.

    Parameters
    ----------
    reading : table with member_code and day (days since 1970-01-01), optional
        Days on which members read or opened something: lurkers are not dormant.
    rings : dict of member code to ring number (0 = outermost), optional
        As known on the last day.

    Raises
    ------
    BadInput
        The dataset holds no deed of anybody.
    """
    chosen = settings or Settings()
    bought = _purchases(dataset)
    also = tuple(t["member_code"] for t in (bought, reading) if t is not None)
    people = everybody.read(dataset, also)
    days, kinds = _days(people, bought, reading)
    if not len(days.day):
        raise BadInput.one("dataset", "nobody did anything", ("orders with members, participation or ties",))
    as_of = _as_of(dataset, days)
    days = days.until(as_of)
    ring = None
    if rings:
        ring = np.array([rings.get(code, 0) for code in people.codes.to_pylist()], dtype=np.int64)
    return _report(people, days, as_of, chosen, kinds, ring)


def _report(  # noqa: PLR0917 - people, days and the five settings of one report
    people: People, days: Days, as_of: int, chosen: Settings, kinds: tuple[str, ...], ring: np.ndarray | None
) -> Report:
    usable = ~(people.staff | people.refused)
    found = rhythm.of(days, as_of, people.store)
    again = int((days.count > 1).sum())
    reasons, notes = [], [] if "reading" in kinds else [NO_READING]
    chance, trial = None, None
    if again < LEAST:
        reasons.append(FEW.filled(found=again, needed=LEAST))
    else:
        chance = _chances(days, as_of, chosen, ring)
        cut = as_of - 7 * chosen.holdout_weeks
        if (days.until(cut).count > 1).sum() >= LEAST:
            trial = judge.trial(
                days, cut, chosen.holdout_weeks, np.random.default_rng(chosen.seed), ring=ring
            )
            notes += _lost(trial)
        else:
            notes.append(_filled(SHORT, weeks=chosen.holdout_weeks))
    states = _states(found, usable, chance)
    curves = survival.by_cohort(days, as_of)
    usual = found.usual[usable & ~np.isnan(found.usual)]
    return Report(
        _EPOCH + timedelta(days=as_of),
        int(usable.sum()),
        {
            "staff": int(people.staff.sum()),
            "measurement_refused": int((people.refused & ~people.staff).sum()),
        },
        kinds,
        states,
        float(np.median(usual)) if len(usual) else None,
        None if chance is None else int((chance[usable] < QUIET).sum()),
        curves[-1],
        _cohorts(curves, as_of),
        trial,
        _sentence(states),
        tuple(notes),
        tuple(reasons),
        _table(people, found, chance, usable),
        chosen,
    )


def _chances(days: Days, as_of: int, chosen: Settings, ring: np.ndarray | None) -> np.ndarray:
    """Return the hazard's chance; who was seen once gets what others seen once did, where that was watched."""
    rng = np.random.default_rng(chosen.seed)
    chance = hazard.chance_of_return(
        hazard.fit(days, as_of, rng, ring=ring), days, as_of, chosen.ahead_weeks, ring
    )
    single = np.flatnonzero(days.count == 1)
    _, wait, came = survival.second_day(days, as_of)
    curve = survival.kaplan_meier(wait, came)
    back = survival.chance_of_return(curve, as_of - days.last[single], 7 * chosen.ahead_weeks)
    chance[single] = np.where(np.isnan(back), chance[single], back)
    return chance


def _purchases(dataset: Dataset) -> pa.Table | None:
    if not dataset.has("orders", "member_code"):
        return None
    facts = panel.order_facts(dataset, Calendar("month", dataset.first_day.year * 12, 1))
    return dataset.arrow(facts.filter(facts.net > 0).select("member_code", "day").distinct())


def _days(people: People, bought: pa.Table | None, reading: pa.Table | None) -> tuple[Days, tuple[str, ...]]:
    """Put all deeds together and say which kinds there were; deeds of staff and of who refused are left out."""
    usable = ~(people.staff | people.refused)
    found: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for name, table in (("purchase", bought), ("reading", reading)):
        if table is not None:
            found[name] = (
                number(table["member_code"], people.codes),
                table["day"].to_numpy().astype(np.int64),
            )
    found["check-in"] = (people.visits.who, people.visits.day)
    for kind, rows in people.ties.items():
        found[kind] = (rows.who, rows.day)
    kept = {name: (who[usable[who]], day[usable[who]]) for name, (who, day) in found.items()}
    kinds = tuple(name for name, (who, _) in kept.items() if len(who))
    return active.build(kept.values(), people.n), kinds


def _as_of(dataset: Dataset, days: Days) -> int:
    if dataset.has("orders"):
        return int((dataset.last_day - _EPOCH).days)
    return int(days.day.max())


def _states(found: rhythm.Rhythm, usable: np.ndarray, chance: np.ndarray | None) -> tuple[StateRow, ...]:
    rows = []
    for place, name in enumerate(rhythm.STATES):
        mine = usable & (found.state == place)
        back = None
        if chance is not None and mine.any() and name != "never":
            back = float(np.nansum(chance[mine]))
        rows.append(
            StateRow(
                name, rhythm.NAMES[name], int(mine.sum()), float(mine.sum() / max(usable.sum(), 1)), back
            )
        )
    return tuple(rows)


def _cohorts(curves: dict[int, survival.Curve], as_of: int) -> tuple[CohortRow, ...]:
    """Return the cohorts that were watched for 91 days, newest first."""
    rows = []
    for name in sorted(curves):
        if name < 1:  # everybody together, and the cohort that was not watched for so long yet
            continue
        curve = curves[name]
        last = _EPOCH + timedelta(days=as_of - name * survival.QUARTER)
        again = 1 - float(curve.at(np.array([survival.QUARTER]))[0])
        rows.append(CohortRow((last - timedelta(days=survival.QUARTER - 1), last), curve.members, again))
    return tuple(rows)


def _lost(trial: judge.Trial) -> list[Words]:
    if trial.bg_nbd is None or trial.hazard.brier <= trial.bg_nbd.brier:
        return []
    return [_filled(LOST, weeks=trial.ahead_weeks, ours=trial.hazard.brier, theirs=trial.bg_nbd.brier)]


def _sentence(states: tuple[StateRow, ...]) -> Words:
    n = {row.state: row.members for row in states}
    with_rhythm = n["active"] + n["at_risk"] + n["dormant"]
    return Words(
        f"有自己节奏的会员 {with_rhythm:,} 位：{n['active']:,} 位正常，{n['at_risk']:,} 位开始变慢，"
        f"{n['dormant']:,} 位沉睡；另有 {n['once']:,} 位只来过一次。",
        f"{with_rhythm:,} members have a rhythm of their own: {n['active']:,} are in it, {n['at_risk']:,} are slowing "
        f"down, {n['dormant']:,} are dormant; {n['once']:,} more were seen only once.",
    )


def _table(people: People, found: rhythm.Rhythm, chance: np.ndarray | None, usable: np.ndarray) -> pa.Table:
    who = np.flatnonzero(usable)
    stores: list[Any] = [*people.stores, None]
    columns: dict[str, Any] = {
        "member_code": people.codes.take(pa.array(who)),
        "store_code": pa.array([stores[place] for place in people.store[who]], pa.string()),
        "state": pa.array([rhythm.STATES[place] for place in found.state[who]]),
        "since_last_days": found.since_last[who],
        "usual_gap_days": pa.array(found.usual[who], from_pandas=True),
        "gap_ratio": pa.array(found.ratio[who], from_pandas=True),
    }
    if chance is not None:
        columns["chance"] = pa.array(chance[who], from_pandas=True)
    return pa.table(columns)


def _filled(sentence: Words, **data: object) -> Words:
    return Words(sentence.zh.format(**data), sentence.en.format(**data))
