"""A survey that the contented answer more often: the mean of the answers is not the mean of the members."""

from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate.clock import month_starts, stamp
from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

RATE = 0.3


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Ask everybody in the last month; the log odds of answering rise by `value` a point of the answer."""
    mood = 6.8 + 0.9 * draft.trait + rng.normal(0, 1.6, size=draft.members) + 0.6 * draft.joined
    score = np.clip(np.rint(mood), 0, 10).astype(np.int64)
    odds = np.log(RATE / (1 - RATE)) + value * (score - score.mean())
    who = np.flatnonzero(rng.random(draft.members) < 1 / (1 + np.exp(-odds)))
    day = rng.integers(0, 27, size=len(who))
    at = month_starts(draft.months)[draft.months - 1] + day * 86_400 + 12 * 3600
    draft.tables["surveys"] = pa.table(
        {
            "member_code": pa.array([draft.codes[int(i)] for i in who], pa.string()),
            "answered_at": stamp(at),
            "kind": pa.array(["nps"] * len(who), pa.string()),
            "score": score[who],
            "store_code": pa.array([f"S{draft.store[i] + 1:03d}" for i in who], pa.string()),
            "sampled": pa.array(["random"] * len(who), pa.string()),
        }
    )
    return {
        "asked": draft.members,
        "answered": len(who),
        "nps_of_all": nps(score),
        "nps_of_answers": nps(score[who]),
    }


def nps(score: np.ndarray) -> float:
    """Promoters (9, 10) less detractors (0 to 6), in points.

    >>> nps(np.array([10, 9, 7, 0]))
    25.0
    """
    return float(100 * ((score >= 9).mean() - (score <= 6).mean())) if len(score) else 0.0


SWITCH = Switch(
    "survey",
    "records",
    0.3,
    -3.0,
    3.0,
    "log odds of answering a point of the score",
    "满意的人更爱答卷",
    "survey non-response",
    act,
)
