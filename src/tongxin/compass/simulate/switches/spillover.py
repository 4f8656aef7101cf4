"""Friends of participants change too, without taking part: contaminated controls."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

FRIENDS = 3


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Give each joiner three friends of the same store; those who have not joined gain a share of the joiner's gain."""
    order = np.lexsort((rng.random(draft.members), draft.store))
    place = np.empty(draft.members, dtype=np.int64)
    place[order] = np.arange(draft.members)
    size = np.bincount(draft.store, minlength=draft.stores)
    first = np.cumsum(size) - size
    joiners = np.flatnonzero(draft.joined & (size[draft.store] > FRIENDS))
    gain = draft.y1 - draft.y0
    y1, reached = draft.y1.copy(), np.zeros(draft.members, dtype=bool)
    for step in range(1, FRIENDS + 1):
        store = draft.store[joiners]
        friend = order[first[store] + (place[joiners] - first[store] + step) % size[store]]
        passed = np.where(draft.since_entry()[friend] > 0, 0, np.rint(value * gain[joiners])).astype(np.int64)
        np.add.at(y1, friend, passed)
        reached[friend[passed.any(axis=1)]] = True
        draft.ties.append((joiners, friend, draft.entry[joiners], "reply"))
    draft.y1 = np.maximum(0, y1)
    others = reached & ~draft.joined
    return {
        "friends_each": FRIENDS,
        "members_reached": int(reached.sum()),
        "never_joiners_reached_share": float(others.sum() / max(1, int((~draft.joined).sum()))),
    }


SWITCH = Switch(
    "spillover",
    "after",
    0.3,
    0.0,
    1.0,
    "share of the gain that reaches each friend",
    "效果外溢给朋友",
    "spillover to friends",
    act,
)
