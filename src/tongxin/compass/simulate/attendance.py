"""Who registered, waited, drew lots, came, stayed away or cancelled; and who is tied to whom."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from tongxin.compass.simulate.clock import DAY, numbered, stamp
from tongxin.compass.simulate.draft import Draft

REGISTERED_BEFORE = 5 * DAY
WAITED_BEFORE = 4 * DAY
DECIDED_BEFORE = 2 * DAY


def write(
    draft: Draft, members: pa.Array, stores: pa.Array, starts: np.ndarray, rng: np.random.Generator
) -> pa.Table:
    """Registered and checked in, or registered and something else; one event a store (or region) and month."""
    came, missed = np.flatnonzero(draft.entry >= 0), np.flatnonzero(draft.missed >= 0)
    drawn = rng.integers(draft.first_entry, draft.months, size=len(missed))
    if draft.odds is None and draft.lost is None:
        draft.missed[missed] = drawn
    parts = [(came, draft.entry, "checked_in"), (missed, draft.missed, "no_show")]
    for month, status in ((draft.lost, "lost_draw"), (draft.cancelled, "cancelled")):
        if month is not None:
            parts.append((np.flatnonzero(month >= 0), month, status))
    who = np.concatenate([part for part, _, _ in parts])
    month = np.concatenate([months[part] for part, months, _ in parts])
    final = np.concatenate([np.full(len(part), status) for part, _, status in parts])
    day = rng.integers(0, 27, size=len(who))
    at = starts[month] + day * DAY + 10 * 3600
    group = draft.store[who] * 1000 + month
    if draft.drew is not None:  # who never drew lots was at some other event of their store
        group = np.where(draft.drew[who], 900_000 + draft.store[who] % 4 * 100 + month, group)
    code = numbered("EV", group, 6)
    early = np.isin(final, ("lost_draw", "cancelled"))
    waited = np.zeros(0, dtype=np.int64)
    if draft.waited is not None:
        waited = np.flatnonzero(draft.waited[who] & (final == "checked_in"))
    rows = np.concatenate([np.arange(len(who)), np.arange(len(who)), waited])
    happened = np.concatenate(
        [at - REGISTERED_BEFORE, at - np.where(early, DECIDED_BEFORE, 0), at[waited] - WAITED_BEFORE]
    )
    status = ["registered"] * len(who) + final.tolist() + ["waitlisted"] * len(waited)
    return pa.table(
        {
            "member_code": members.take(pa.array(who[rows])),
            "what": pa.array(["event"] * len(rows)),
            "what_code": code.take(pa.array(rows)),
            "status": pa.array(status, pa.string()),
            "happened_at": stamp(happened),
            "store_code": stores.take(pa.array(draft.store[who[rows]])),
        }
    )


def ties(
    draft: Draft, members: pa.Array, starts: np.ndarray, rng: np.random.Generator
) -> dict[str, pa.Table]:
    """Return the table of ties where switches made some."""
    if not draft.ties:
        return {}
    start = np.concatenate([one for one, _, _, _ in draft.ties])
    end = np.concatenate([two for _, two, _, _ in draft.ties])
    month = np.concatenate([at for _, _, at, _ in draft.ties])
    kind = np.concatenate([np.full(len(one), kind) for one, _, _, kind in draft.ties])
    at = starts[month] + rng.integers(0, 27, size=len(month)) * DAY + 12 * 3600
    return {
        "ties": pa.table(
            {
                "from_member_code": members.take(pa.array(start)),
                "to_member_code": members.take(pa.array(end)),
                "kind": pa.array(kind.tolist(), pa.string()),
                "at": stamp(at),
            }
        )
    }
