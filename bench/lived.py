"""The simulated chain in full: how long it takes to live a year, and whether the study over its draws finds what was planted.

The seed of a draw is secret, so one build is one lot. Beside it the lots of a chain of the same size are drawn again and again, without
the database, and read by the same estimator: how often does the interval hold the planted effect, and how often is something seen where nothing is?
"""

import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from tongxin.compass.designs import randomised
from tongxin.compass.simulate import lived as worlds
from tongxin.compass.simulate.world import Effect
from tongxin.foundation import embedded

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
SEED, AGAIN = 20261122, 400
PATIENCE = 240  # seconds a build may take
STORES, MEMBERS, ENTRANTS, SEATS, COMES, EAGER = 60, 36, 28, 14, 0.85, 0.85
DRAWS, MONTH, MONTHS, WINDOW = 40, 12, 20, 3


def built() -> tuple[float, dict[str, Any]]:
    """Build the chain from nothing; answers seconds and what the demo wrote down."""
    with tempfile.TemporaryDirectory(prefix="tongxin-lived-") as folder:
        env = {k: v for k, v in os.environ.items() if not k.startswith(("TONGXIN", "DATABASE", "DJANGO"))}
        env |= {"TONGXIN_DEMO": "1", "TONGXIN_HOME": f"{folder}/chain"}
        began, spent = time.monotonic(), os.times().children_user + os.times().children_system
        command = [str(ROOT / ".venv/bin/tongxin"), "demo", "--chain", "--no-serve"]
        subprocess.run(command, env=env, check=True, capture_output=True)
        took = time.monotonic() - began
        told = json.loads((Path(folder) / "chain/demo.json").read_text())
        told["processor"] = os.times().children_user + os.times().children_system - spent
        embedded.stop(Path(folder) / "chain")
        return took, told


def redrawn(effect: float) -> tuple[float, float, float]:
    """Share of lots whose 95 % interval holds the truth, share that says there is a difference, mean square of the distance in errors."""
    rng = np.random.default_rng(SEED)
    home = np.repeat(np.arange(STORES), MEMBERS)
    trait = rng.normal(size=len(home))
    held = seen = 0
    square = 0.0
    for _ in range(AGAIN):
        won = np.full(len(home), -1)
        for store in range(DRAWS):
            near = np.arange(store * MEMBERS, (store + 1) * MEMBERS)
            wish = EAGER * trait[near] + rng.gumbel(size=MEMBERS)
            entered = rng.permutation(near[np.argsort(-wish)[:ENTRANTS]])
            won[entered] = 0
            won[entered[:SEATS]] = 1
        came = np.where((won == 1) & (rng.random(len(home)) < COMES), MONTH, -1)
        lived = worlds.Lived([""] * len(home), [""] * STORES, home, trait, came)
        draft = worlds.spend(lived, MONTHS, Effect(yuan=effect), rng)
        rows = np.flatnonzero(won >= 0)
        trial = randomised.trial(home[rows], won[rows] == 1, rows)
        after = draft.y1[rows, MONTH + 1 : MONTH + 1 + WINDOW].mean(axis=1) / 100
        before = draft.y1[rows, MONTH - 6 : MONTH - 1].mean(axis=1) / 100
        found, _ = randomised.cuped(
            trial, randomised.difference(trial, after), randomised.difference(trial, before)
        )
        reach = 1.96 * randomised.standard_error(trial, found.influence)
        winners = np.flatnonzero(won == 1)
        truth = worlds.gained(draft, winners, np.full(len(winners), MONTH), WINDOW)
        held += abs(found.value - truth) <= reach
        seen += abs(found.value) > reach
        square += (1.96 * (found.value - truth) / reach) ** 2
    return held / AGAIN, seen / AGAIN, square / AGAIN


def figures() -> list[dict[str, Any]]:
    """Time, size, effect and interval of one build; coverage and false alarms over many lots."""
    took, told = built()
    counts, truth, study = told["truth"]["counts"], told["truth"]["gained"], told["study"]
    inside = study["ci"] is not None and study["ci"][0] <= truth <= study["ci"][1]
    covers, _, square = redrawn(30.0)
    _, alarms, _ = redrawn(0.0)
    return [
        {
            "what": "60 stores live a year, from an empty folder",
            "measured": f"{took:.0f} s",
            "bar": f"<= {PATIENCE} s",
            "met": took <= PATIENCE,
            "note": f"{told['processor']:.0f} processor seconds without the database, load {os.getloadavg()[0]:.1f} on "
            f"{os.cpu_count()} cores; " + ", ".join(f"{name} {n:,}" for name, n in counts.items()),
        },
        {
            "what": "the study over 40 draws holds what was planted",
            "measured": f"{study['effect']} {study['ci']}",
            "bar": f"holds {truth:.2f}",
            "met": inside,
            "note": f"{study['treated']} drawn; one lot of many: at 95 % one build in twenty misses",
        },
        {
            "what": f"the planted effect inside the interval, {AGAIN} lots",
            "measured": f"{covers:.1%}",
            "bar": "92.5–97.5 %",
            "met": 0.925 <= covers <= 0.975,
            "note": "the engine's estimator, thirty yuan planted",
        },
        {
            "what": f"distance from the planted effect in standard errors, mean square of {AGAIN} lots",
            "measured": f"{square:.2f}",
            "bar": "0.8–1.2",
            "met": 0.8 <= square <= 1.2,
            "note": "1 when interval and truth speak of the same thing; a single build is one square, and four is one in twenty",
        },
        {
            "what": f"control: something seen where nothing is, {AGAIN} lots",
            "measured": f"{alarms:.1%}",
            "bar": "<= 7.5 %",
            "met": alarms <= 0.075,
            "note": "nothing planted",
        },
    ]


if __name__ == "__main__":
    rows = figures()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "lived.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    for row in rows:
        print(f"{row['what']:<56} {row['measured']:<36} {row['bar']:<14} {row['met']} {row['note']}")
