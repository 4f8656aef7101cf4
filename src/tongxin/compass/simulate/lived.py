"""What the till of a chain says that was lived through the product: who came, and when, is given; what they spend is drawn.

The numbers of untreated spending are those of `world`. Whoever came spends `effect` more in every month after their
first visit; nothing else depends on having come, so a draw among those who wanted to come recovers it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate import draft as drafts
from tongxin.compass.simulate import tables
from tongxin.compass.simulate.draft import Draft, Streams
from tongxin.compass.simulate.regimes import REGIMES
from tongxin.compass.simulate.world import Effect


@dataclass(frozen=True)
class Lived:
    """Who lived in the chain.

    Attributes
    ----------
    codes, stores : sequence of str
        Codes of members and of stores.
    store : int array, shape (members,)
        Place of each member's home among the stores.
    trait : float array, shape (members,)
        Lasting liking for the chain; those who have more of it spend more, and want to come more often.
    came : int array, shape (members,)
        Month of the first visit, −1 = never.
    """

    codes: Sequence[str]
    stores: Sequence[str]
    store: np.ndarray
    trait: np.ndarray
    came: np.ndarray


def spend(lived: Lived, months: int, effect: Effect, rng: np.random.Generator) -> Draft:
    """Draw what everybody spends in every month, with having come (y1) and without (y0), in fen."""
    parts = drafts.parts(lived.trait, lived.store, len(lived.stores), months, rng)
    nobody = np.full(len(lived.codes), -1, dtype=np.int64)
    draft = Draft(
        REGIMES["level"], 0.0, len(lived.stores), 0, lived.trait, lived.store, lived.came, nobody, *parts
    )
    draft.codes = list(lived.codes)
    draft.settle()
    draft.treat(effect.yuan, effect.share)
    return draft


def till(draft: Draft, lived: Lived, starts: np.ndarray, rng: np.random.Generator) -> dict[str, pa.Table]:
    """Return the tables of the till: goods, orders and their lines, which add up to y1.

    Parameters
    ----------
    starts : int array, shape (months + 1,)
        Seconds since 1970 at which each month begins, and the month after the last.
    """
    orders, lines = tables.cut(
        draft,
        draft.y1,
        starts,
        pa.array(draft.codes),
        pa.array(list(lived.stores)),
        rng,
        Streams(rng),
        prefix="L",
    )
    return tables.goods() | {"orders": orders, "order_lines": lines}


def gained(draft: Draft, who: np.ndarray, since: np.ndarray, window: int) -> float:
    """Mean of y1 − y0 in yuan a month, over the `window` months after each one's month: what a lottery is to find.

    Parameters
    ----------
    who, since : int arrays, shape (n,)
        Members who were drawn, come or not, and the month of their draw.
    """
    span = since[:, None] + np.arange(1, window + 1)
    return float((draft.y1 - draft.y0)[who[:, None], span].mean() / 100)
