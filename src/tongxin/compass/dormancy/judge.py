"""How good a forecast of coming back was: Brier score and calibration on weeks that the model has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from tongxin.compass.dormancy import hazard
from tongxin.compass.dormancy.days import Days
from tongxin.compass.ltv import bg_nbd, histories


@dataclass(frozen=True)
class Score:
    """One forecast against what happened.

    Attributes
    ----------
    brier : float
        Mean squared error of the chances (Brier 1950).
    expected, happened : float
        Mean chance, and share that really came back.
    slope : float
        Coefficient of log-odds of the chance in a logit of what happened: 1 is calibrated, below 1 too bold.
    bins : tuple of (members, mean chance, share that came)
        Ten groups of equal size by chance.
    """

    brier: float
    expected: float
    happened: float
    slope: float
    bins: tuple[tuple[int, float, float], ...]


@dataclass(frozen=True)
class Trial:
    """Hazard and benchmark on the same members and the same hold-out."""

    cut: int
    ahead_weeks: int
    members: int
    hazard: Score
    bg_nbd: Score | None


def score(chance: np.ndarray, came: np.ndarray) -> Score:
    """Judge chances by what happened; both shape (members,)."""
    order = np.argsort(chance, kind="stable")
    bins = tuple(
        (len(part), float(chance[part].mean()), float(came[part].mean()))
        for part in np.array_split(order, 10)
        if len(part)
    )
    odds = special.logit(np.clip(chance, 1e-6, 1 - 1e-6))
    slope = hazard.newton(np.column_stack((np.ones(len(odds)), odds)), came.astype(np.float64), 0.0)[0][1]
    return Score(
        float(np.mean((chance - came) ** 2)), float(chance.mean()), float(came.mean()), float(slope), bins
    )


def chance_by_bg_nbd(model: bg_nbd.BgNbd, days: Days, as_of: int, ahead: float) -> np.ndarray:
    """Return P(at least one purchase within `ahead` days) under BG/NBD, nan for who was never seen; shape (members,).

    P(alive) · (1 − ((α+T)/(α+T+t))^(r+x)): given that a member is alive, their rate is gamma(r+x, α+T).
    """
    seen = days.until(as_of)
    some = np.flatnonzero(seen.count > 0)
    x = (seen.count - 1)[some]
    age = (as_of - seen.first[some]).astype(np.float64)
    recency = (seen.last - seen.first)[some].astype(np.float64)
    alive = bg_nbd.probability_alive(model, x, recency, age)
    silent = ((model.alpha + age) / (model.alpha + age + ahead)) ** (model.r + x)
    out = np.full(days.members, np.nan)
    out[some] = alive * (1 - silent)
    return out


def trial(
    days: Days, cut: int, ahead_weeks: int, rng: np.random.Generator, *, ring: np.ndarray | None = None
) -> Trial:
    """Fit both on the days up to `cut` and judge both on the weeks after it.

    Only members first seen before `cut` are judged. The benchmark is left out where nobody bought twice.
    """
    seen = days.until(cut)
    judged = (seen.count > 0) & (seen.first < cut)
    later = (days.day > cut) & (days.day <= cut + 7 * ahead_weeks)
    came = np.bincount(days.who[later], minlength=days.members) > 0
    model = hazard.fit(days, cut, rng, ring=ring)
    chance = hazard.chance_of_return(model, days, cut, ahead_weeks, ring)
    beside = None
    if (seen.count[judged] > 1).any():
        x = (seen.count - 1)[judged]
        data = histories.distinct(x, (seen.last - seen.first)[judged], (cut - seen.first)[judged])
        by_model = chance_by_bg_nbd(bg_nbd.fit(data), days, cut, 7.0 * ahead_weeks)
        beside = score(by_model[judged], came[judged])
    return Trial(cut, ahead_weeks, int(judged.sum()), score(chance[judged], came[judged]), beside)
