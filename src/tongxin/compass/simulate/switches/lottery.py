"""Too few seats: who registered draws lots. Who loses is a randomised control inside the chain."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft
from tongxin.compass.simulate.switches.base import Switch

STAYS_AWAY = 0.1


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Turn every joiner into a registration; seats for `1 − value` of them, drawn by lot; one winner in ten stays away."""
    registered = draft.entry.copy()
    group = np.where(registered >= 0, registered * 4 + draft.store % 4, -1)
    draft.lost = np.full(draft.members, -1)
    for event in np.unique(group[group >= 0]):
        who = rng.permutation(np.flatnonzero(group == event))
        losers = who[: round(value * len(who))]
        draft.lost[losers] = registered[losers]
    draft.drew = registered >= 0
    won = draft.drew & (draft.lost < 0)
    away = won & (rng.random(draft.members) < STAYS_AWAY)
    some_month = rng.integers(draft.first_entry, draft.months, size=draft.members)
    missed = np.where(draft.missed >= 0, some_month, -1) if draft.odds is None else draft.missed
    draft.missed = np.where(away, registered, missed)
    draft.entry = np.where(won & ~away, registered, -1)
    return {
        "registered": int((registered >= 0).sum()),
        "won": int(won.sum()),
        "lost_draw": int((draft.lost >= 0).sum()),
        "winners_who_stayed_away": int(away.sum()),
        "what_code": "EV900RMM: one event a region R and month MM",
    }


SWITCH = Switch(
    "lottery",
    "entered",
    0.5,
    0.05,
    0.95,
    "share of the registered who lose the draw",
    "名额有限，抽签",
    "a capacity lottery",
    act,
)
