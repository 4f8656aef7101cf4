"""Stores open and close in the middle of everything; their members shop elsewhere before and after."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

LESS = 0.7


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Open one half of a share of the stores late and close the other half early; without its own store, 30 % less."""
    count = min(draft.stores - 1, max(1, round(value * draft.stores))) if value else 0
    changed = rng.permutation(draft.stores)[:count]
    opened, closed = changed[: (count + 1) // 2], changed[(count + 1) // 2 :]
    draft.opened = np.full(draft.stores, -1)
    draft.closed = np.full(draft.stores, -1)
    draft.opened[opened] = rng.integers(2, max(3, draft.first_entry), size=len(opened))
    draft.closed[closed] = rng.integers(draft.first_entry, draft.months, size=len(closed))
    month = np.arange(draft.months)
    there = (month >= draft.opened[:, None]) & ((draft.closed[:, None] < 0) | (month < draft.closed[:, None]))
    standing = np.setdiff1d(np.arange(draft.stores), changed)
    elsewhere = standing[rng.integers(0, len(standing), size=draft.members)] if count else draft.store
    own = there[draft.store]
    draft.shop = np.where(own, draft.store[:, None], elsewhere[:, None])
    draft.times(np.where(own, 1.0, LESS))
    return {
        "opened": {int(store): int(draft.opened[store]) for store in sorted(opened)},
        "closed": {int(store): int(draft.closed[store]) for store in sorted(closed)},
        "without_own_store": LESS,
    }


SWITCH = Switch(
    "store_changes",
    "spending",
    0.1,
    0.0,
    0.5,
    "share of stores that open late or close early",
    "开店与关店",
    "store openings and closures",
    act,
)
