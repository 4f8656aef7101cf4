"""Bars 1, 2 and 3: what the whole verdict says of worlds whose truth is known.

    python bench/worlds.py [--runs 400] [--workers 2]

Every run draws a world of 12,000 members (no order lines; a test holds this path to the one through tables), opens the
six-month window of the default design and asks for the verdict on spend per month, placebo and all. The truth of a
method is the mean of y1 − y0 over exactly the members and months behind its number.

"Given and wrong" means: the verdict is `positive` or `negative` and its printed interval leaves the truth out.
"Refused" means: `cannot_be_said` or `range_only`.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from scipy import special

from tongxin.compass import answering, balance, window
from tongxin.compass import frame as frames
from tongxin.compass.design import Design
from tongxin.compass.effects import Reader
from tongxin.compass.kpis import KPIS
from tongxin.compass.simulate import panels
from tongxin.compass.simulate.regimes import REGIMES
from tongxin.compass.simulate.world import Effect

HERE = Path(__file__).parent
CLEAN = ("null", "level", "family", "spike")
HARD = ("growth", "jump")
BEYOND = ("jump_at_entry", "neighbours")
MEMBERS, MONTHS, SHARE, EFFECT = 12_000, 30, 0.115, 30.0
#: fixed beforehand; run r of a regime takes SEED + 100_000 · place of the regime + r
SEED = 20_261_122
BIAS_RUNS, RUNS = 200, 400
DESIGN = Design(windows=(6,), kpis=("spend_per_month",))
SPEND = KPIS["spend_per_month"]
JUDGED = ("never_joiners", "later_joiners")
PLACES = (*CLEAN, *HARD, *BEYOND)


@dataclass(frozen=True)
class Run:
    """One world and what was said of it."""

    regime: str
    seed: int
    verdict: str
    headline: str
    reasons: tuple[str, ...]
    truth: dict[str, float]
    effect: dict[str, float]
    ci: dict[str, tuple[float, float]]
    treated: dict[str, int]
    placebo: str
    smd: float
    smd_cohort: float
    kept: float
    kept_never: float
    cpu: float


def run(regime: str, seed: int) -> Run:
    """Live through one world and judge it."""
    begun = sum(os.times()[:2])
    effect = Effect(yuan=EFFECT if REGIMES[regime].effect_allowed else 0.0)
    draft, panel, people = panels.draw(
        regime, effect, np.random.default_rng(seed), members=MEMBERS, months=MONTHS, join_share=SHARE
    )
    opened = window.open_window(frames.frame(panel, people, DESIGN, DESIGN.horizon, Reader(panel)))
    worst = answering.worst_covariate(opened)
    answer = answering.answer(opened, SPEND, worst, negative_fails=False, primary=True)
    bought = draft.y1.any(axis=1)
    gain = (draft.y1 - draft.y0)[bought] / 100
    truth, found, ci, treated = {}, {}, {}, {}
    for method in JUDGED:
        rows = opened.matches[method]
        who, when = rows.member[rows.treated], rows.cohort[rows.treated]
        truth[method] = float(gain[who[:, None], when[:, None] + np.arange(1, DESIGN.horizon + 1)].mean())
        seen = answer.by_control[method]
        assert seen.effect is not None
        assert seen.ci is not None
        found[method], ci[method], treated[method] = seen.effect, seen.ci, seen.treated
    table = balance.table(
        opened.frame,
        opened.naives["versus_all_others"],
        opened.matches[answer.headline],
        opened.matches["split_window"],
    )
    matched = [row for row in table if row.role == "matched"]
    return Run(
        regime,
        seed,
        answer.verdict,
        answer.headline,
        tuple(reason.split()[0] for reason in answer.reasons),
        truth,
        found,
        ci,
        treated,
        str(answer.placebo["status"]),
        max(abs(row.smd_after) for row in matched),
        max(row.cohort_max for row in matched),
        _kept(opened, answer.headline),
        _kept(opened, "never_joiners"),
        sum(os.times()[:2]) - begun,
    )


def _kept(opened: window.Window, method: str) -> float:
    """Share of the treated who stand behind the number, of those in cohorts that have such controls at all.

    The last cohorts have no later joiners by the calendar, whatever a method does.
    """
    sets = opened.frame.sets
    there = [one for one in sets if len(one.later if method == "later_joiners" else one.never)]
    return opened.matches[method].retained / sum(len(one.treated) for one in there)


def runs(regime: str, count: int, workers: int) -> list[Run]:
    """Run a regime; the order of the runs does not depend on the workers."""
    first = SEED + 100_000 * PLACES.index(regime)
    seeds = range(first, first + count)
    if workers < 2:
        return [run(regime, seed) for seed in seeds]
    with ProcessPoolExecutor(workers) as pool:
        return list(pool.map(partial(run, regime), seeds, chunksize=10))


def interval(hits: int, runs: int, level: float = 0.99) -> tuple[float, float]:
    """Exact binomial interval (Clopper & Pearson 1934)."""
    tail = (1 - level) / 2
    low = 0.0 if hits == 0 else float(special.betaincinv(hits, runs - hits + 1, tail))
    high = 1.0 if hits == runs else float(special.betaincinv(hits + 1, runs - hits, 1 - tail))
    return low, high


def figures(
    count: int = RUNS,
    workers: int = 1,
    regimes: Iterable[str] = PLACES,
    tell: Callable[[list[dict[str, object]]], None] = lambda _: None,
) -> list[dict[str, object]]:
    """Return the rows of all regimes; `tell` hears those of each as it ends."""
    rows: list[dict[str, object]] = []
    every: list[Run] = []
    for regime in regimes:
        done = runs(regime, count, workers)
        every += done
        found = _of(regime, done)
        tell(found)
        rows += found
    cpu = float(np.mean([one.cpu for one in every]))
    last = _row("one run of 12,000 members", f"{cpu:.2f} CPU-s", "≤ 1 CPU-s", cpu <= 1, f"{len(every)} runs")
    tell([last])
    return [*rows, last]


def _of(regime: str, done: list[Run]) -> list[dict[str, object]]:
    if regime not in CLEAN:
        return _wrong(regime, done)
    rows = [*_bias(regime, done), *_coverage(regime, done)]
    rows += _false_positives(done) if regime == "null" else []
    return [*rows, *_wrong(regime, done), *_refused(regime, done), *_balance(regime, done)]


def _row(
    what: str,
    measured: str,
    bar: str,
    met: bool | None,  # noqa: FBT001 - a column of the table
    note: str = "",
    **free: object,
) -> dict[str, object]:
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note} | free


def _bias(regime: str, done: list[Run]) -> list[dict[str, object]]:
    rows = []
    for method in JUDGED:
        gaps = np.array([one.effect[method] - one.truth[method] for one in done[:BIAS_RUNS]])
        bias, error = float(gaps.mean()), float(gaps.std(ddof=1) / np.sqrt(len(gaps)))
        least = min(one.treated[method] for one in done)
        rows.append(
            _row(
                f"bias, {regime}, {method}",
                f"{bias:+.2f} ± {error:.2f} yuan",
                "|bias| ≤ 1.0 yuan on 30",
                abs(bias) <= 1.0,
                f"{len(gaps)} runs, SD {gaps.std(ddof=1):.2f}, at least {least} treated",
                bias=bias,
                error=error,
            )
        )
    return rows


def _coverage(regime: str, done: list[Run]) -> list[dict[str, object]]:
    rows = []
    for method in JUDGED:
        hits = sum(one.ci[method][0] <= one.truth[method] <= one.ci[method][1] for one in done)
        low, high = interval(hits, len(done))
        width = float(np.mean([one.ci[method][1] - one.ci[method][0] for one in done]))
        rows.append(
            _row(
                f"coverage of 95 % intervals, {regime}, {method}",
                f"{hits / len(done):.3f} [{low:.3f}, {high:.3f}]",
                "99 % Monte-Carlo interval contains .95 or lies above",
                high >= 0.95,
                f"{len(done)} runs, mean width {width:.2f} yuan",
                coverage=hits / len(done),
            )
        )
    return rows


def _false_positives(done: list[Run]) -> list[dict[str, object]]:
    rows = []
    for method in JUDGED:
        share = float(np.mean([one.ci[method][0] > 0 or one.ci[method][1] < 0 for one in done]))
        rows.append(
            _row(
                f"false positives, null, {method}",
                f"{share:.3f}",
                "≤ 0.08",
                share <= 0.08,
                f"{len(done)} runs",
                share=share,
            )
        )
    said = float(np.mean([one.verdict in {"positive", "negative"} for one in done]))
    rows.append(
        _row("false verdicts, null", f"{said:.3f}", "≤ 0.08", said <= 0.08, f"{len(done)} runs", share=said)
    )
    return rows


def wrong(one: Run) -> bool:
    """Whether a headline was given and its interval leaves the truth out."""
    low, high = one.ci[one.headline]
    return one.verdict in {"positive", "negative"} and not low <= one.truth[one.headline] <= high


def _wrong(regime: str, done: list[Run]) -> list[dict[str, object]]:
    share = float(np.mean([wrong(one) for one in done]))
    verdicts = {
        name: sum(one.verdict == name for one in done) for name in sorted({one.verdict for one in done})
    }
    note = ", ".join(f"{name} {count}" for name, count in verdicts.items())
    naive = float(np.mean([one.effect["never_joiners"] - one.truth["never_joiners"] for one in done]))
    note += f"; never-joiners alone are off by {naive:+.1f} yuan"
    bar = "≤ 0.10" if regime in HARD else "no bar"
    met = share <= 0.10 if regime in HARD else None
    if regime == "jump_at_entry":
        note += "; no observational design can see this one, a draw by lot can"
    return [_row(f"headline given and wrong, {regime}", f"{share:.3f}", bar, met, note, share=share)]


def _refused(regime: str, done: list[Run]) -> list[dict[str, object]]:
    if regime == "null":  # power is a word about effects
        return []
    share = float(np.mean([one.verdict in {"cannot_be_said", "range_only"} for one in done]))
    codes = sorted({code for one in done for code in one.reasons})
    note = ", ".join(f"{code} {sum(code in one.reasons for one in done)}" for code in codes)
    return [_row(f"refused, {regime}", f"{share:.3f}", "≤ 0.10", share <= 0.10, note or "never", share=share)]


def _balance(regime: str, done: list[Run]) -> list[dict[str, object]]:
    smd, cohort = (np.array([getattr(one, name) for one in done]) for name in ("smd", "smd_cohort"))
    kept, never = (np.array([getattr(one, name) for one in done]) for name in ("kept", "kept_never"))
    note = f"headline, cohorts with such controls, worst run {kept.min():.3f}; never-joiners, worst run {never.min():.3f}"
    return [
        _row(f"largest SMD after weighting, {regime}", f"{smd.max():.4f}", "≤ 0.02", bool(smd.max() <= 0.02), f"worst of {len(done)} runs, median {np.median(smd):.4f}"),
        _row(f"largest SMD in a cohort, {regime}", f"{cohort.max():.4f}", "≤ 0.1", bool(cohort.max() <= 0.1), f"worst of {len(done)} runs, median {np.median(cohort):.4f}"),
        _row(
            f"treated retained, {regime}",
            f"{kept.mean():.3f}",
            "≥ 0.95",
            bool(kept.mean() >= 0.95),
            note,
        ),
    ]  # fmt: skip


def show(rows: list[dict[str, object]]) -> None:
    """Print rows as they come."""
    for row in rows:
        mark = {"True": "ok", "False": "MISSED"}.get(str(row["met"]), "")
        line = f"{row['what']:<58} {row['measured']:<26} {row['bar']:<32} {mark:<7} {row['note']}"
        sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the table and keep it in var/bench/worlds.json."""
    given = argparse.ArgumentParser()
    given.add_argument("--runs", type=int, default=RUNS)
    given.add_argument("--workers", type=int, default=1)
    given.add_argument("--regimes", nargs="*", default=list(PLACES))
    args = given.parse_args()
    rows = figures(args.runs, args.workers, args.regimes, show)
    target = HERE.parent / "var" / "bench" / "worlds.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
