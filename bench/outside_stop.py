"""Deals with other people's communities: how often one that is worth its price is stopped, looked at every week, and how soon a bad one is.

python bench/outside_stop.py
"""

import json
import random
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src")]

from tongxin.amplify.rules import outside_watch as watching  # noqa: E402 - after the path

SEED, DEALS, TERM, EVEN, CLUSTER, ALPHA = 7, 10_000, 26, 6.0, 4, 0.05
Figure = dict[str, Any]


def _poisson(dice: random.Random, mean: float) -> int:
    limit, count, product = 2.718281828459045**-mean, 0, dice.random()
    while product > limit:
        count, product = count + 1, product * dice.random()
    return count


def weeks(dice: random.Random, rate: float) -> list[int]:
    """Joins of a deal: friends come together, one to four at once."""
    mean = (1 + CLUSTER) / 2
    return [sum(dice.randint(1, CLUSTER) for _ in range(_poisson(dice, rate / mean))) for _ in range(TERM)]


def _stopped(rate: float) -> tuple[float, float, float]:
    """Share stopped by ours, share stopped by peeking, median week of ours (of those stopped)."""
    dice = random.Random(SEED)  # noqa: S311 - a simulation
    ours = peeked = 0
    at: list[int] = []
    for _ in range(DEALS):
        joined = weeks(dice, rate)
        evidence = watching.too_few(joined, EVEN, CLUSTER)
        week = next((n for n, one in enumerate(evidence, start=1) if one >= 2 / ALPHA and n >= TERM / 4), 0)
        ours += bool(week)
        at += [week] if week else []
        peeked += watching.peeking(joined, EVEN, ALPHA)
    return ours / DEALS, peeked / DEALS, sorted(at)[len(at) // 2] if at else float("nan")


def figures() -> list[Figure]:
    """False stops at the edge and beyond, and the power against deals that bring a half or nothing."""
    rows = []
    for name, rate in (("worth exactly its price", EVEN), ("worth a fifth more", EVEN * 1.2)):
        ours, peeked, _ = _stopped(rate)
        rows.append(
            {
                "what": f"deals {name}, stopped within {TERM} weeks",
                "measured": f"{ours:.2%} (peeking at an ordinary test: {peeked:.1%})",
                "bar": "≤ 5 %",
                "met": ours <= ALPHA,
                "note": f"{DEALS:,} deals, joins in clusters of one to {CLUSTER}, looked at every week; seed {SEED}",
            }
        )
    for name, rate in (("half of it", EVEN / 2), ("a tenth of it", EVEN / 10)):
        ours, _, week = _stopped(rate)
        rows.append(
            {
                "what": f"deals that bring {name}, stopped within {TERM} weeks",
                "measured": f"{ours:.1%}, half of them by week {week:.0f}",
                "bar": "shown",
                "met": None,
                "note": f"a quarter of the term passes first; {EVEN:.0f} joins a week would be worth the price",
            }
        )
    return rows


if __name__ == "__main__":
    started = time.monotonic()
    found = figures()
    for row in found:
        sys.stdout.write(f"{row['what']}: {row['measured']} (bar {row['bar']}, met {row['met']})\n")
    out = HERE.parent / "var" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / "outside_stop.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
    sys.stdout.write(f"{time.monotonic() - started:.0f} s\n")
