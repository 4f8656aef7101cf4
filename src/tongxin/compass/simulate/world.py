"""A simulated chain: traits, monthly spending with and without joining, orders that add up to it.

The numbers are those of the Monte Carlo that the method was chosen by: monthly spend about 120 with a lasting
trait of standard deviation 45, first-order autocorrelated noise (0.4) that gives a twelve-month mean a reliability
of about 0.88, a store level, a common season. y0 and y1 are kept for every member-month.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.simulate import tables as written
from tongxin.compass.simulate.regimes import REGIMES, Regime

MEAN, TRAIT_SD, NOISE_SD, AR = 120.0, 45.0, 38.0, 0.4
STORE_SD, SEASON = 8.0, 0.08
#: the first month is January of this year; registrations reach up to six years back
START_YEAR = 2024


@dataclass(frozen=True)
class Effect:
    """What joining adds from the month after entry on: yuan a member-month, or a share of the untreated level."""

    yuan: float = 0.0
    share: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Effect:
        """Read `30`, `12.5` (yuan a member and month) or `25%`.

        >>> Effect.parse("25%")
        Effect(yuan=0.0, share=0.25)
        """
        raw = text.strip().replace("%", "%")
        try:
            number = float(raw.removesuffix("%"))
        except ValueError as error:
            raise BadInput.one(
                "--effect", repr(text), ("yuan a member and month, e.g. 30", "a share, e.g. 25%")
            ) from error
        return cls(share=number / 100) if raw.endswith("%") else cls(yuan=number)


@dataclass(frozen=True)
class World:
    """A dataset of the canonical tables with its truth.

    Attributes
    ----------
    tables : dict of str to pyarrow Table
    y0, y1 : int64 arrays, shape (members, months)
        Fen a member would have spent without and with joining when they did.
    entry : int64 array, shape (members,)
        Month of the first check-in; −1 = never.
    """

    regime: str
    effect: Effect
    seed: int
    tables: dict[str, pa.Table]
    y0: np.ndarray
    y1: np.ndarray
    entry: np.ndarray
    codes: list[str]

    def att(self, first: int, last: int) -> float:
        """Mean effect in yuan a month over relative months first..last, over joiners with all of them observed."""
        months = self.y0.shape[1]
        who = np.flatnonzero((self.entry >= 0) & (self.entry + last < months))
        if not len(who):
            return 0.0
        span = np.arange(first, last + 1)
        gain = (self.y1 - self.y0)[who[:, None], self.entry[who][:, None] + span]
        return float(gain.mean() / 100)

    def truth(self) -> dict[str, Any]:
        """Return what `truth.json` holds."""
        joined = self.entry >= 0
        level = self.y0[joined][:, -12:].mean() / 100 if joined.any() else 0.0
        return {
            "schema": "tongxin.truth/1",
            "regime": self.regime,
            "seed": self.seed,
            "effect": {"yuan_per_member_month": self.effect.yuan, "share": self.effect.share},
            "members": len(self.entry),
            "months": int(self.y0.shape[1]),
            "joined": int(joined.sum()),
            "att_yuan_per_month": {"1..3": self.att(1, 3), "1..6": self.att(1, 6)},
            "joiners_level_without": float(level),
            "starts": f"{START_YEAR}-01",
        }

    def member_months(self) -> pa.Table:
        """Return y0 and y1 in fen for every member-month, as `truth.parquet` holds them."""
        n, months = self.y0.shape
        return pa.table(
            {
                "member_code": pa.DictionaryArray.from_arrays(
                    np.repeat(np.arange(n), months), pa.array(self.codes)
                ),
                "month": np.tile(np.arange(months), n),
                "y0_fen": self.y0.ravel(),
                "y1_fen": self.y1.ravel(),
                "entry_month": np.repeat(self.entry, months),
            }
        )


def make(
    regime: str,
    effect: Effect,
    rng: np.random.Generator,
    *,
    members: int = 6000,
    months: int = 24,
    stores: int = 48,
    join_share: float = 0.1,
    first_entry: int = 12,
    seed: int = 0,
) -> World:
    """Make a world.

    Parameters
    ----------
    regime : str
        One of `regimes.REGIMES`.
    effect : Effect
        Must be zero under `null`.
    rng : numpy Generator
        The only source of randomness.
    members, months, stores : int
    join_share : float
        Share of members who check in at some event.
    first_entry : int
        First month with events.
    seed : int
        Only written down.

    Raises
    ------
    BadInput
        With every fault of the arguments.
    """
    _check(
        regime,
        effect,
        members=members,
        months=months,
        stores=stores,
        join_share=join_share,
        first_entry=first_entry,
    )
    kind = REGIMES[regime]
    trait = rng.normal(size=members)
    store = rng.integers(0, stores, size=members)
    joined = kind.joins(trait, join_share, rng)
    entry = np.where(joined, rng.integers(first_entry, months, size=members), -1)
    no_show = _no_shows(kind, trait, joined, join_share, rng)
    y0 = _spending(trait, store, stores, months, rng)
    y1 = _treated(y0, entry, effect)
    codes = [f"M{number:07d}" for number in range(1, members + 1)]
    made = written.write(
        y1,
        without=y0,
        entry=entry,
        no_show=no_show,
        store=store,
        stores=stores,
        codes=codes,
        first_entry=first_entry,
        rng=rng,
    )
    return World(regime, effect, seed, made, y0, y1, entry, codes)


def _check(
    regime: str,
    effect: Effect,
    *,
    members: int,
    months: int,
    stores: int,
    join_share: float,
    first_entry: int,
) -> None:
    faults = []
    if regime not in REGIMES:
        faults.append(Fault("--regime", repr(regime), tuple(REGIMES)))
    elif not REGIMES[regime].effect_allowed and (effect.yuan or effect.share):
        faults.append(Fault("--effect", "an effect was given", ("0 in this regime", "--regime level")))
    if members < 100:
        faults.append(Fault("--members", str(members), ("100 or more",)))
    if not 1 <= stores <= members:
        faults.append(Fault("stores", str(stores), ("1 to the number of members",)))
    if not 0 < join_share < 1:
        faults.append(Fault("join_share", str(join_share), ("between 0 and 1",)))
    if not 0 < first_entry < months:
        faults.append(Fault("first_entry", str(first_entry), (f"1 to {months - 1}",)))
    if faults:
        raise BadInput(faults)


def _no_shows(
    kind: Regime, trait: np.ndarray, joined: np.ndarray, share: float, rng: np.random.Generator
) -> np.ndarray:
    """Members who registered, never came and never joined: the same kind of people, without the treatment."""
    return kind.joins(np.where(joined, -np.inf, trait), share / 2, rng) & ~joined


def _spending(
    trait: np.ndarray, store: np.ndarray, stores: int, months: int, rng: np.random.Generator
) -> np.ndarray:
    """Untreated spending in fen, shape (members, months); never below zero."""
    members = len(trait)
    level = MEAN + TRAIT_SD * trait + rng.normal(0, STORE_SD, size=stores)[store]
    season = MEAN * SEASON * np.sin(2 * np.pi * (np.arange(months) - 1) / 12)
    noise = np.empty((members, months))
    noise[:, 0] = rng.normal(0, NOISE_SD, size=members)
    shocks = rng.normal(0, NOISE_SD * np.sqrt(1 - AR**2), size=(members, months))
    for month in range(1, months):
        noise[:, month] = AR * noise[:, month - 1] + shocks[:, month]
    common = rng.normal(0, 2.0, size=(stores, months))[store]
    return np.maximum(0, np.rint((level[:, None] + season + common + noise) * 100)).astype(np.int64)


def _treated(y0: np.ndarray, entry: np.ndarray, effect: Effect) -> np.ndarray:
    """Spending with joining: nothing before entry and in its month, the effect in every month after it."""
    after = (entry[:, None] >= 0) & (np.arange(y0.shape[1]) > entry[:, None])
    gain = np.rint(y0 * effect.share + effect.yuan * 100).astype(np.int64)
    return np.where(after, np.maximum(0, y0 + gain), y0)
