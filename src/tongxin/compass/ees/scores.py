"""From sums to scores: ratios, pull of small stores to the chain, goalposts, dimensions, aggregation."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from tongxin.compass.ees.indicators import Facts, Rows
from tongxin.compass.ees.versions import Version


@dataclass(frozen=True)
class Pulled:
    """One indicator over stores, all arrays of shape (stores,); nan where a store has no data.

    Attributes
    ----------
    ratio : the store's own value
    se : its standard error; for NPS sqrt(p₊ + p₋ − NPS²) / sqrt(n)
    keep : λ = τ² / (τ² + v), how much of the store's own value stays
    mean : the value of the chain that small stores are pulled to
    shrunk : λ ratio + (1 − λ) mean
    members : members behind it
    """

    ratio: np.ndarray
    se: np.ndarray
    keep: np.ndarray
    mean: float
    shrunk: np.ndarray
    members: np.ndarray


def sums(rows: Rows, stores: int, weight: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Sum above and below the line by store; whole numbers below 2^53, so the order of adding does not matter."""
    drawn = np.ones(len(rows.store)) if weight is None else weight[rows.member]
    above = np.bincount(rows.store, weights=rows.above * drawn, minlength=stores)
    below = np.bincount(rows.store, weights=rows.below * drawn, minlength=stores)
    return above, below


def divided(above: np.ndarray, below: np.ndarray) -> np.ndarray:
    """Ratio by store; nan where nothing stands below the line."""
    return np.divide(above, below, out=np.full(below.shape, np.nan), where=below > 0)


def pull(rows: Rows, stores: int) -> Pulled:
    """Empirical Bayes for a ratio: small stores lean on the chain (normal model, τ² by DerSimonian and Laird 1986).

    v_s uses one within-store variance for all stores, so that a store with five equal answers is not believed to be
    certain. With fewer than two stores, or no variance at all, nothing is pulled.
    """
    above, below = sums(rows, stores)
    ratio = divided(above, below)
    residual = rows.above - ratio[rows.store] * rows.below
    square = np.bincount(rows.store, weights=rows.below.astype(float) ** 2, minlength=stores)
    own = np.bincount(rows.store, weights=residual**2, minlength=stores)
    se = np.sqrt(divided(own, below**2))
    there = below > 0
    pooled = math.fsum(residual[np.isfinite(residual)] ** 2) / max(math.fsum(square[there]), 1.0)
    v = pooled * divided(square, below**2)
    keep, mean = _keep(ratio[there], v[there])
    full = np.full(stores, np.nan)
    full[there] = keep
    shrunk = full * ratio + (1 - full) * mean
    counts = np.bincount(rows.store[rows.below > 0], minlength=stores)
    return Pulled(ratio, se, full, mean, shrunk, counts)


def _keep(ratio: np.ndarray, v: np.ndarray) -> tuple[np.ndarray, float]:
    if len(ratio) < 2 or not (v > 0).all():
        return np.ones(len(ratio)), math.fsum(ratio) / max(len(ratio), 1)
    tau2 = between(ratio, v)
    weight = 1 / (tau2 + v)
    mean = math.fsum(weight * ratio) / math.fsum(weight)
    return tau2 / (tau2 + v), mean


def between(ratio: np.ndarray, v: np.ndarray) -> float:
    """Variance between stores, method of moments (DerSimonian and Laird 1986); 0 where chance explains it all."""
    w = 1 / v
    total = math.fsum(w)
    mean = math.fsum(w * ratio) / total
    q = math.fsum(w * (ratio - mean) ** 2)
    scale = total - math.fsum(w**2) / total
    return max(0.0, (q - (len(ratio) - 1)) / scale)


def goalposts(version: Version, values: np.ndarray) -> np.ndarray:
    """Min-max to 0–100 by the version's fixed goalposts, ends cut off; last axis: indicators."""
    low = np.array([each.low for each in version.indicators])
    high = np.array([each.high for each in version.indicators])
    return np.clip((values - low) / (high - low), 0, 1) * 100


def dimensions(version: Version, scores: np.ndarray) -> np.ndarray:
    """Weighted mean of the indicators that are there; nan where a dimension has none. Last axis: dimensions."""
    out = []
    place = 0
    for dimension in version.dimensions:
        part = scores[..., place : place + len(dimension.indicators)]
        place += len(dimension.indicators)
        weight = np.array([each.weight for each in dimension.indicators])
        there = np.isfinite(part)
        whole = (there * weight).sum(axis=-1)
        summed = np.where(there, part * weight, 0.0).sum(axis=-1)
        out.append(np.divide(summed, whole, out=np.full(whole.shape, np.nan), where=whole > 0))
    return np.stack(out, axis=-1)


def aggregate(scores: np.ndarray, weights: np.ndarray, kind: str, least: float) -> np.ndarray:
    """Aggregate over the last axis; dimensions that are not there are left out and the weights renormalised.

    `geometric`: exp Σ w ln max(x, least); `arithmetic`: Σ w x.
    """
    there = np.isfinite(scores)
    weight = np.where(there, weights, 0.0)
    weight = np.divide(weight, weight.sum(axis=-1, keepdims=True), out=np.full(weight.shape, np.nan),
                       where=weight.sum(axis=-1, keepdims=True) > 0)  # fmt: skip
    filled = np.where(there, scores, least)
    if kind == "geometric":
        return np.exp((weight * np.log(np.maximum(filled, least))).sum(axis=-1))
    return (weight * np.where(there, scores, 0.0)).sum(axis=-1)


def point(version: Version, scores: np.ndarray, kind: str) -> float | None:
    """Aggregate one store's dimension scores with exactly rounded sums; what is published. None without dimensions."""
    present = [
        (dimension.weight, float(score))
        for dimension, score in zip(version.dimensions, scores, strict=True)
        if math.isfinite(score)
    ]
    whole = math.fsum(weight for weight, _ in present)
    if not present:
        return None
    if kind == "geometric":
        value = math.exp(math.fsum(w * math.log(max(x, version.least)) for w, x in present) / whole)
    else:
        value = math.fsum(w * x for w, x in present) / whole
    return round(value, version.decimals)


def replicates(facts: Facts, version: Version, pulled: dict[str, Pulled]) -> np.ndarray:
    """Indicator values with members drawn again (Poisson weights, one for all indicators); (draws, stores, indicators).

    A member keeps their weight in every indicator, so answers of one person move together. Deviations are scaled by √λ:
    the spread is then that of the pulled value given the data, λ v. A draw in which a store has nobody brings no deviation.
    """
    rng = np.random.Generator(np.random.PCG64(version.bootstrap["seed"]))
    stores = len(facts.stores)
    out = np.full((version.bootstrap["draws"], stores, len(version.indicators)), np.nan)
    for draw in range(len(out)):
        weight = rng.poisson(1.0, size=len(facts.members)).astype(float)
        for column, indicator in enumerate(version.indicators):
            if indicator.formula not in facts.rows:
                continue
            base = pulled[indicator.formula]
            drawn = divided(*sums(facts.rows[indicator.formula], stores, weight))
            moved = np.where(np.isfinite(drawn), drawn - base.ratio, 0.0)
            out[draw, :, column] = base.shrunk + np.sqrt(base.keep) * moved
    return out
