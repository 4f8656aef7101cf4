"""圈层走势: where the rings go if the moves of the past months go on. From the book of placements alone."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from tongxin.compass import forecast
from tongxin.foundation import clock
from tongxin.measure.extract import Extract
from tongxin.measure.kinds import Brief
from tongxin.measure.telling import Cell, Table, Told, words
from tongxin.rings.queries import ring_paths
from tongxin.rings.terms import Ring

MONTHS, FEWEST, AHEAD = 12, 4, 6
RINGS = (Ring.OUTER, Ring.MIDDLE, Ring.INNER)
STATES = tuple(ring.value for ring in RINGS)


def tell(found: Extract | None, brief: Brief) -> Told:
    """Six months ahead with 80 % intervals, and what two points more on each rate would bring in a year."""
    del found  # from the book alone
    instants = month_ends(brief.as_of, brief.zone, MONTHS)
    paths = ring_paths(instants, simulated=False, stores=brief.stores)
    acted = [] if paths else ring_paths(instants, simulated=True, stores=brief.stores)
    table = _codes(paths or acted, len(instants))
    known = [month for month in range(table.shape[1]) if (table[:, month] >= 0).any()]
    table = table[:, known]
    if table.shape[1] < FEWEST:
        return _too_short(table.shape[1], simulated=bool(acted))
    return _told(table, brief, simulated=bool(acted))


def month_ends(as_of: datetime, zone: str, months: int) -> list[datetime]:
    """The last instants of the `months` complete calendar months before `as_of`, oldest first, and `as_of` itself."""
    first = clock.month_start(clock.business_day(as_of, zone))
    found = [as_of]
    for _ in range(months):
        start = datetime.combine(first, time(), ZoneInfo(zone))
        found.append(start - timedelta(microseconds=1))
        first = clock.month_start(first - timedelta(days=1))
    return found[::-1]


def _codes(paths: Sequence[Sequence[Ring | None]], months: int) -> np.ndarray:
    place = {ring: code for code, ring in enumerate(RINGS)}
    rows = [[-1 if ring is None else place[ring] for ring in path] for path in paths]
    return np.array(rows, dtype=np.int64).reshape(len(rows), months)


def _too_short(months: int, *, simulated: bool) -> Told:
    return Told(
        "cannot_be_said",
        words(
            f"圈层只记了 {months} 个月，看不出走势。",
            f"Rings are known for {months} {'month' if months == 1 else 'months'} only: no course can be seen.",
        ),
        {"months": months},
        reasons=(
            words(
                f"至少要 {FEWEST} 个月；每周自动重算，等几个月就有了。",
                f"At least {FEWEST} months are needed; rings are placed each week, so waiting is enough.",
            ),
        ),
        simulated=simulated,
    )


def _told(table: np.ndarray, brief: Brief, *, simulated: bool) -> Told:
    counts = forecast.count_moves(table, len(STATES))
    today = np.bincount(table[table[:, -1] >= 0, -1], minlength=len(STATES))
    steps = table.shape[1] - 1
    came = (table[:, 1:] >= 0) & (table[:, :-1] < 0)
    entrants = np.bincount(table[:, 1:][came], minlength=len(STATES)) / steps
    rng = np.random.default_rng(brief.seed)
    ahead = forecast.forecast(today, counts, counts, rng, entrants=entrants, horizon=AHEAD, states=STATES)
    levers = forecast.levers(today, counts, counts, rng, states=STATES)
    inner = len(STATES) - 1
    said = words(
        f"照过去 {steps} 个月的走法，{AHEAD} 个月后内环约 {ahead.expected[-1, inner]:.0f} 人"
        f"（八成把握 {ahead.low[-1, inner]:.0f}～{ahead.high[-1, inner]:.0f}），"
        f"中环约 {ahead.expected[-1, 1]:.0f} 人（{ahead.low[-1, 1]:.0f}～{ahead.high[-1, 1]:.0f}）。",
        f"If the last {steps} months go on, in {AHEAD} months about {ahead.expected[-1, inner]:.0f} people stand in the "
        f"inner ring (80 %: {ahead.low[-1, inner]:.0f} to {ahead.high[-1, inner]:.0f}) and "
        f"{ahead.expected[-1, 1]:.0f} in the middle one ({ahead.low[-1, 1]:.0f} to {ahead.high[-1, 1]:.0f}).",
    )
    return Told(
        "said",
        said,
        {
            "months": steps,
            "states": list(STATES),
            "moves": counts.tolist(),
            "entrants_a_month": entrants.tolist(),
            "expected": ahead.expected.tolist(),
            "low": ahead.low.tolist(),
            "high": ahead.high.tolist(),
            "levers": [
                {"from": one.source, "to": one.target, "rate": one.rate, "gain": one.gain, "ci": one.ci}
                for one in levers
            ],
        },
        tables=(_ahead(ahead), _levers(levers)),
        warnings=(
            words("这是「照现在这样下去」的推算，不是目标，也不是因果。", "This is the present course drawn out: no target, and not causal."),
        ),
        simulated=simulated,
    )  # fmt: skip


def _ahead(ahead: forecast.Forecast) -> Table:
    rows: list[tuple[Cell, ...]] = []
    for month in range(len(ahead.expected)):
        cells = [
            f"{ahead.expected[month, place]:.0f}"
            + ("" if month == 0 else f" ({ahead.low[month, place]:.0f}–{ahead.high[month, place]:.0f})")
            for place in range(len(RINGS))
        ]
        rows.append(
            (words("现在", "now") if month == 0 else words(f"{month} 个月后", f"in {month} months"), *cells)
        )
    heads = tuple(words(ring.zh, ring.en) for ring in RINGS)
    return Table(
        words("各圈人数", "People in each ring"), (words("", ""), *heads), tuple(rows), numbers=(1, 2, 3)
    )


def _levers(found: Sequence[forecast.Lever]) -> Table:
    label = {ring.value: ring for ring in RINGS}
    rows = tuple(
        (
            words(
                f"{label[one.source].zh} → {label[one.target].zh}",
                f"{label[one.source].en} → {label[one.target].en}",
            ),
            f"{one.rate:.1%}",
            f"{one.gain:+.0f}",
            words(f"{one.ci[0]:+.0f}～{one.ci[1]:+.0f}", f"{one.ci[0]:+.0f} to {one.ci[1]:+.0f}"),
        )
        for one in found
    )
    return Table(
        words("哪一步最值得用力", "Which step is worth the effort"),
        (
            words("每月的移动", "Monthly move"),
            words("现在", "Now"),
            words(
                "多 2 个百分点，一年后中环和内环多几人",
                "Two points more: people in middle and inner after a year",
            ),
            words("95% 区间", "95 % interval"),
        ),
        rows,
        numbers=(1, 2, 3),
    )
