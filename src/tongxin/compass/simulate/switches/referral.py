"""New members who exist only because of an event: a friend brought them along."""

from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import MEAN, Draft
from tongxin.compass.simulate.switches.base import Switch


def act(draft: Draft, value: float, rng: np.random.Generator) -> dict[str, Any]:
    """Let a share of the joiners bring one new member each; without the event they would not have bought here."""
    from_ = np.flatnonzero(draft.joined & (rng.random(draft.members) < value))
    n, first = len(from_), draft.members
    entry = draft.entry[from_]
    spent = np.rint(100 * np.maximum(0, rng.normal(0.7 * MEAN, 35.0, size=(n, draft.months)))).astype(
        np.int64
    )
    draft.newcomers = n
    draft.trait = np.concatenate([draft.trait, np.zeros(n)])
    draft.store = np.concatenate([draft.store, draft.store[from_]])
    draft.entry = np.concatenate([draft.entry, entry])
    for name in ("missed", "lost", "cancelled", "paid_month"):
        if (there := getattr(draft, name)) is not None:
            setattr(draft, name, np.concatenate([there, np.full(n, -1)]))
    for name in ("waited", "drew", "staff"):
        if (there := getattr(draft, name)) is not None:
            setattr(draft, name, np.concatenate([there, np.zeros(n, dtype=bool)]))
    for name in ("shop", "coupon", "online"):
        if (there := getattr(draft, name)) is not None:
            more = there[from_] if name == "shop" else np.zeros((n, draft.months), dtype=there.dtype)
            setattr(draft, name, np.concatenate([there, more]))
    there_since = np.arange(draft.months) >= entry[:, None]
    draft.y0 = np.concatenate([draft.y0, np.zeros((n, draft.months), dtype=np.int64)])
    draft.y1 = np.concatenate([draft.y1, np.where(there_since, spent, 0)])
    draft.ties.append((from_, np.arange(first, first + n), entry, "referral"))
    return {"newcomers": n, "first_of_them": first + 1}


SWITCH = Switch(
    "referral",
    "after",
    0.1,
    0.0,
    1.0,
    "share of joiners who bring a new member",
    "老带新：没有活动就没有他们",
    "referred members who would not exist otherwise",
    act,
)
