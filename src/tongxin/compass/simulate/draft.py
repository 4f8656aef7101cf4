"""A world in the making: the arrays that switches change, stage by stage, before anything is written as a table."""

from __future__ import annotations

import copy
import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate.regimes import Regime

MEAN, TRAIT_SD, NOISE_SD, AR = 120.0, 45.0, 38.0, 0.4
STORE_SD, SEASON = 8.0, 0.08
#: a day that no comparison can mistake for an early one
NEVER_DAY = 2**40
#: reasons why an order carries a coupon code
COUPONS = ("", "CAMPAIGN", "VOUCHER")


class Streams:
    """A generator of its own for every switch, so that one switch never moves another's dice."""

    def __init__(self, rng: np.random.Generator) -> None:
        # drawn from a copy: the world's own stream goes on as if there were no switches
        self._entropy = [int(word) for word in copy.deepcopy(rng).integers(0, 2**63, size=2)]

    def of(self, name: str) -> np.random.Generator:
        """Return the generator of that name; the same name gives the same numbers."""
        return np.random.default_rng([*self._entropy, zlib.crc32(name.encode())])


@dataclass
class Draft:
    """One row a member, one column a month; months count from 0, −1 = never.

    Attributes
    ----------
    level, season, common, noise : float arrays in yuan, broadcastable to (members, months)
        The untreated spending is their sum plus `extra`, times `factor`, never below zero.
    extra, factor : float arrays, shape (members, months)
    odds : float array, shape (members, months), or None
        What switches add to the log odds of joining in a month; None = only the trait counts, months alike.
    shape : float array, shape (members, months)
        What switches make of the planted effect in each member-month (1 = as given).
    y0, y1 : int64 arrays in fen, shape (members, months)
    entry, missed, lost, cancelled : int64 arrays, shape (members,)
        Month of the first check-in, of a no-show, of a lost draw, of a cancellation.
    since_day, paid_from, refused : arrays, shape (members,)
        Registration day, first day of a paid membership (2**40 = none), refusal of measurement.
    order_member, order_month : int64 arrays
        Whose order each row of the orders table is and when; set where they are written.
    """

    regime: Regime
    share: float
    stores: int
    first_entry: int
    trait: np.ndarray
    store: np.ndarray
    entry: np.ndarray
    missed: np.ndarray
    level: np.ndarray
    season: np.ndarray
    common: np.ndarray
    noise: np.ndarray
    extra: np.ndarray | None = None
    factor: np.ndarray | None = None
    odds: np.ndarray | None = None
    shape: np.ndarray | None = None
    y0: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    y1: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), dtype=np.int64))
    lost: np.ndarray | None = None
    cancelled: np.ndarray | None = None
    waited: np.ndarray | None = None
    drew: np.ndarray | None = None
    family: np.ndarray | None = None
    growth: np.ndarray | None = None
    silent: np.ndarray | None = None
    staff: np.ndarray | None = None
    shop: np.ndarray | None = None
    opened: np.ndarray | None = None
    closed: np.ndarray | None = None
    coupon: np.ndarray | None = None
    basket_share: float = 0.0
    mix_share: float = 0.0
    online: np.ndarray | None = None
    paid_month: np.ndarray | None = None
    newcomers: int = 0
    ties: list[tuple[np.ndarray, np.ndarray, np.ndarray, str]] = field(default_factory=list)
    since_day: np.ndarray | None = None
    paid_from: np.ndarray | None = None
    refused: np.ndarray | None = None
    tables: dict[str, pa.Table] = field(default_factory=dict)
    order_member: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    order_month: np.ndarray = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    codes: list[str] = field(default_factory=list)
    record: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def members(self) -> int:
        """People, newcomers included."""
        return len(self.trait)

    @property
    def months(self) -> int:
        """Months."""
        return self.noise.shape[1]

    @property
    def joined(self) -> np.ndarray:
        """Who ever checked in, shape (members,)."""
        return self.entry >= 0

    def since_entry(self) -> np.ndarray:
        """Months since entry, shape (members, months); a large negative number for those who never joined."""
        month = np.arange(self.months)
        return np.where(self.joined[:, None], month - self.entry[:, None], -(10**6))

    def add(self, yuan: np.ndarray) -> None:
        """Add to the untreated spending, yuan, broadcastable to (members, months)."""
        if self.extra is None:
            self.extra = np.zeros((self.members, self.months))
        self.extra += yuan

    def times(self, factor: np.ndarray) -> None:
        """Multiply the untreated spending."""
        if self.factor is None:
            self.factor = np.ones((self.members, self.months))
        self.factor *= factor

    def lean(self, log_odds: np.ndarray) -> None:
        """Add to the log odds of joining, broadcastable to (members, months)."""
        if self.odds is None:
            self.odds = np.zeros((self.members, self.months))
        self.odds += log_odds

    def bend(self, shape: np.ndarray) -> None:
        """Multiply the planted effect in each member-month."""
        if self.shape is None:
            self.shape = np.ones((self.members, self.months))
        self.shape *= shape

    def plain(self) -> np.ndarray:
        """Untreated spending in yuan as it stands, shape (members, months)."""
        spent = self.level[:, None] + self.season + self.common + self.noise
        if self.extra is not None:
            spent = spent + self.extra
        return spent if self.factor is None else np.maximum(spent, 0) * self.factor

    def settle(self) -> None:
        """Turn the untreated spending into fen."""
        self.y0 = np.maximum(0, np.rint(self.plain() * 100)).astype(np.int64)
        if self.silent is not None:
            self.y0[self.silent] = 0

    def treat(self, yuan: float, share: float) -> None:
        """Plant the effect: nothing before entry and in its month, yuan or a share of y0 in every month after it."""
        after = self.since_entry() > 0
        if self.silent is not None:
            after &= ~self.silent
        gain = self.y0 * share + yuan * 100
        gain = np.rint(gain if self.shape is None else gain * self.shape).astype(np.int64)
        self.y1 = np.where(after, np.maximum(0, self.y0 + gain), self.y0)

    def enter(self, rng: np.random.Generator) -> None:
        """Draw entries and no-shows again, from trait and odds.

        Gumbel-top-k over member-months: the best month of each member, then the best members; a draw of
        (member, month) pairs without replacement with probabilities that grow with the odds.
        """
        if self.odds is None:
            return
        wish = self.regime.selection * self.trait[:, None] + self.odds
        wish[:, : self.first_entry] = -np.inf
        joiners = round(self.share * self.members)
        self.entry = _drawn(wish, joiners, rng)
        wish[self.joined] = -np.inf
        self.missed = _drawn(wish, joiners // 2, rng)


def _drawn(wish: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    keys = wish + rng.gumbel(size=wish.shape)
    best = keys.argmax(axis=1)
    height = keys[np.arange(len(keys)), best]
    chosen = np.argsort(-height, kind="stable")[:count]
    chosen = chosen[np.isfinite(height[chosen])]
    out = np.full(len(keys), -1, dtype=np.int64)
    out[chosen] = best[chosen]
    return out


def begin(
    regime: Regime,
    rng: np.random.Generator,
    *,
    members: int,
    months: int,
    stores: int,
    share: float,
    first_entry: int,
) -> Draft:
    """Draw people, stores, entries and the parts of untreated spending; no switch has acted yet."""
    trait = rng.normal(size=members)
    store = rng.integers(0, stores, size=members)
    joined = regime.joins(trait, share, rng)
    entry = np.where(joined, rng.integers(first_entry, months, size=members), -1)
    # registered, never came, never joined: the same kind of people without the treatment
    missed = regime.joins(np.where(joined, -np.inf, trait), share / 2, rng) & ~joined
    level, season, common, noise = parts(trait, store, stores, months, rng)
    # the month of a no-show is drawn where participation is written
    return Draft(
        regime,
        share,
        stores,
        first_entry,
        trait,
        store,
        entry,
        np.where(missed, first_entry, -1),
        level,
        season,
        common,
        noise,
    )


def parts(
    trait: np.ndarray, store: np.ndarray, stores: int, months: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Level (members,), season (months,), common shocks of a store and noise (members, months), in yuan."""
    members = len(trait)
    level = MEAN + TRAIT_SD * trait + rng.normal(0, STORE_SD, size=stores)[store]
    season = MEAN * SEASON * np.sin(2 * np.pi * (np.arange(months) - 1) / 12)
    noise = np.empty((members, months))
    noise[:, 0] = rng.normal(0, NOISE_SD, size=members)
    shocks = rng.normal(0, NOISE_SD * np.sqrt(1 - AR**2), size=(members, months))
    for month in range(1, months):
        noise[:, month] = AR * noise[:, month - 1] + shocks[:, month]
    common = rng.normal(0, 2.0, size=(stores, months))[store]
    return level, season, common, noise
