"""Bar 11: ten per cent injected into the real baskets of The Complete Journey, at 200 placements, and nothing at 200.

    python bench/semisynthetic.py [--placements 200] [--workers 2]

The publisher calls the data simulated from real shopping patterns. Of its 2,469 households three in ten are drawn at
random and given a four-week period of joining; what they buy afterwards is raised by a tenth. The design is the one
that the data's length gives (`default_for`: four-week periods), home stores are those of the untouched data. "Recovered"
means that the interval of the control group that speaks holds the mean of what was added to the members and periods
behind it; "found" means a verdict `positive` or `negative`.
"""

import argparse
import json
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from tongxin.compass import answering, effects, frame, panel, population, window
from tongxin.compass.dataset import open_sources
from tongxin.compass.design import Design, default_for
from tongxin.compass.kpis import KPIS
from tongxin.compass.panel import Panel
from tongxin.compass.periods import calendar_for
from tongxin.compass.population import Population
from tongxin.compass.simulate import semisynthetic
from tongxin.compass.simulate.world import Effect
from tongxin.connect.files import complete_journey as journey

HERE = Path(__file__).parent
#: fixed beforehand; placement p takes SEED + p, the same people with and without an effect
SEED = 11_000
PLACEMENTS, SHARE = 200, 0.3
INJECTED = Effect(share=0.1)


@cache
def chain() -> tuple[Design, Panel, Population]:
    """Sum the untouched baskets up, once a process."""
    opened = open_sources(journey.tables(journey.LAST_DAY), currency=journey.CURRENCY, simulated=True)
    found, _ = default_for(opened)
    calendar = calendar_for(found.period, opened)
    facts = panel.gather(opened, calendar)
    sums = panel.build(opened, calendar, facts)
    longest = replace(found, windows=(found.horizon,), kpis=("spend_per_month",))
    return longest, sums, population.gather(opened, longest, sums, facts)


@dataclass(frozen=True)
class Placed:
    """One placement and what was said of it; `ci` is None where too few stand behind the control group that speaks."""

    verdict: str
    headline: str
    truth: float
    effect: float | None
    ci: tuple[float, float] | None

    @property
    def recovered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.ci is not None and self.ci[0] <= self.truth <= self.ci[1]


def placed(number: int, share: float) -> Placed:
    """Place, raise by `share`, and judge."""
    design, sums, people = chain()
    spent, joined, gain = semisynthetic.place(
        sums, people, Effect(share=share), np.random.default_rng(SEED + number), share=SHARE, first=-design.baseline[0]
    )  # fmt: skip
    opened = window.open_window(frame.frame(spent, joined, design, design.horizon, effects.Reader(spent)))
    worst = answering.worst_covariate(opened)
    answer = answering.answer(opened, KPIS["spend_per_month"], worst, negative_fails=False, primary=True)
    seen = answer.by_control[answer.headline]
    rows = opened.matches[answer.headline]
    who, when = rows.member[rows.treated], rows.cohort[rows.treated]
    span = np.arange(1, design.horizon + 1)
    truth = float(gain[who[:, None], when[:, None] + span].mean() * spent.calendar.per_month)
    return Placed(answer.verdict, answer.headline, truth, seen.effect, seen.ci)


def figures(placements: int = PLACEMENTS, workers: int = 1) -> list[dict[str, object]]:
    """Return the two rows of bar 11."""
    raised, left = _all(placements, INJECTED.share, workers), _all(placements, 0.0, workers)
    held = float(np.mean([one.recovered for one in raised]))
    gaps = [one.effect - one.truth for one in raised if one.effect is not None]
    size = float(np.mean([one.truth for one in raised]))
    said = float(np.mean([one.verdict in {"positive", "negative"} for one in left]))
    note = f"{placements} placements, truth {size:.2f} a month, mean error {np.mean(gaps):+.2f}"
    return [
        {
            "what": "+10 % injected, recovered within its interval",
            "measured": f"{held:.3f}",
            "bar": "≥ 0.93",
            "met": held >= 0.93,
            "note": f"{note}; {_verdicts(raised)}",
            "share": held,
        },
        {
            "what": "nothing injected, found",
            "measured": f"{said:.3f}",
            "bar": "≤ 0.07",
            "met": said <= 0.07,
            "note": f"{placements} placements; {_verdicts(left)}",
            "share": said,
        },
    ]


def _all(placements: int, share: float, workers: int) -> list[Placed]:
    if workers < 2:
        return [placed(number, share) for number in range(placements)]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(placed, range(placements), [share] * placements, chunksize=10))


def _verdicts(done: list[Placed]) -> str:
    names = sorted({one.verdict for one in done})
    speaks = sum(one.headline == "later_joiners" for one in done)
    counted = ", ".join(f"{name} {sum(one.verdict == name for one in done)}" for name in names)
    return f"{counted}; later joiners speak in {speaks}"


def main() -> None:
    """Print the rows and keep them in var/bench/semisynthetic.json."""
    given = argparse.ArgumentParser()
    given.add_argument("--placements", type=int, default=PLACEMENTS)
    given.add_argument("--workers", type=int, default=1)
    args = given.parse_args()
    rows = figures(args.placements, args.workers)
    for row in rows:
        sys.stdout.write(f"{row['what']:<50} {row['measured']:<8} {row['bar']:<8} {'ok' if row['met'] else 'MISSED':<7} {row['note']}\n")  # fmt: skip
    target = HERE.parent / "var" / "bench" / "semisynthetic.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
