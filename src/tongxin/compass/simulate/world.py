"""A simulated chain: traits, monthly spending with and without joining, orders that add up to it.

The numbers are those of the Monte Carlo that the method was chosen by: monthly spend about 120 with a lasting
trait of standard deviation 45, first-order autocorrelated noise (0.4) that gives a twelve-month mean a reliability
of about 0.88, a store level, a common season. y0 and y1 are kept for every member-month. Everything else that
happens in a chain is a switch (`switches/`), off by default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.simulate import draft as drafts
from tongxin.compass.simulate import switches as choices
from tongxin.compass.simulate import tables as written
from tongxin.compass.simulate.clock import START_YEAR
from tongxin.compass.simulate.draft import Draft, Streams
from tongxin.compass.simulate.regimes import REGIMES


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
    draft : Draft
        Everything the world was made of.
    switches : dict
        What was on: its value and what it did.
    """

    regime: str
    effect: Effect
    seed: int
    tables: dict[str, pa.Table]
    draft: Draft
    switches: dict[str, dict[str, Any]]

    @property
    def y0(self) -> np.ndarray:
        """Fen a member would have spent without joining, shape (members, months)."""
        return self.draft.y0

    @property
    def y1(self) -> np.ndarray:
        """Fen a member spends, having joined when they did, shape (members, months)."""
        return self.draft.y1

    @property
    def entry(self) -> np.ndarray:
        """Month of the first check-in, shape (members,); −1 = never."""
        return self.draft.entry

    @property
    def codes(self) -> list[str]:
        """Member codes in row order."""
        return self.draft.codes

    def att(self, first: int, last: int) -> float:
        """Mean effect in yuan a month over relative months first..last, over joiners with all of them observed."""
        return att(self.draft, first, last)

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
            "switches": self.switches,
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


def att(draft: Draft, first: int, last: int) -> float:
    """Mean of y1 − y0 in yuan a month over relative months first..last, over joiners with all of them observed."""
    who = np.flatnonzero((draft.entry >= 0) & (draft.entry + last < draft.months))
    if not len(who):
        return 0.0
    span = np.arange(first, last + 1)
    gain = (draft.y1 - draft.y0)[who[:, None], draft.entry[who][:, None] + span]
    return float(gain.mean() / 100)


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
    switches: Mapping[str, float] | None = None,
) -> World:
    """Make a world with its tables.

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
    switches : mapping of switch code to value, optional
        On top of the regime's own.

    Raises
    ------
    BadInput
        With every fault of the arguments.
    """
    draft, streams, on = lived(
        regime,
        effect,
        rng,
        members=members,
        months=months,
        stores=stores,
        join_share=join_share,
        first_entry=first_entry,
        switches=switches,
    )
    draft.tables = written.write(draft, rng, streams)
    _act(draft, streams, on, "records")
    order = [code for code in choices.SWITCHES if code in on]
    return World(regime, effect, seed, draft.tables, draft, {code: draft.record[code] for code in order})


def lived(
    regime: str,
    effect: Effect,
    rng: np.random.Generator,
    *,
    members: int = 6000,
    months: int = 24,
    stores: int = 48,
    join_share: float = 0.1,
    first_entry: int = 12,
    switches: Mapping[str, float] | None = None,
) -> tuple[Draft, Streams, dict[str, float]]:
    """Live through a world without writing its tables: the draft, the dice of the switches, what is on.

    Arguments and errors as in `make`.
    """
    on = dict(REGIMES[regime].switches if regime in REGIMES else {}) | dict(switches or {})
    _check(
        regime,
        effect,
        members=members,
        months=months,
        stores=stores,
        join_share=join_share,
        first_entry=first_entry,
        on=on,
    )
    streams = Streams(rng)
    draft = drafts.begin(
        REGIMES[regime],
        rng,
        members=members,
        months=months,
        stores=stores,
        share=join_share,
        first_entry=first_entry,
    )
    _act(draft, streams, on, "spending")
    _act(draft, streams, on, "joining")
    draft.enter(streams.of("entry"))
    _act(draft, streams, on, "entered")
    draft.settle()
    _act(draft, streams, on, "gain")
    draft.treat(effect.yuan, effect.share)
    _act(draft, streams, on, "after")
    draft.codes = [f"M{number:07d}" for number in range(1, draft.members + 1)]
    return draft, streams, on


def _act(draft: Draft, streams: Streams, on: Mapping[str, float], stage: str) -> None:
    for switch, value in choices.in_order(on, stage):
        told = switch.act(draft, value, streams.of(switch.code))
        draft.record[switch.code] = {
            "value": value,
            "unit": switch.unit,
            "zh": switch.zh,
            "en": switch.en,
        } | told


def _check(
    regime: str,
    effect: Effect,
    *,
    members: int,
    months: int,
    stores: int,
    join_share: float,
    first_entry: int,
    on: Mapping[str, float],
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
    faults += choices.check(on)
    if faults:
        raise BadInput(faults)
