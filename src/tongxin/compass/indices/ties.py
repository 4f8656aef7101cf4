"""Living ties between two people: being at small events together, replies both ways, accepted help, referrals.

w_ij = Σ_c b_c ln(1 + Σ_e k_e 2^(−age_e/h_c)), co-attendance with Newman's weight k = 1/(n_e − 1) (2001). Larger events than 60 are
presence, never ties: they are not projected. Being in the same group, liking and 接龙 make no tie.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tongxin.compass.indices.facts import CommunityFacts

LARGEST_EVENT = 60
TOGETHER, REPLY, HELP, REFERRAL = range(4)
#: b and half-life in days
STRENGTH = (1.0, 1.0, 2.0, 3.0)
HALF_LIFE = (120.0, 56.0, 120.0, 365.0)
CHANNEL = {"reply": REPLY, "answer": REPLY, "accepted": HELP, "referral": REFERRAL}


@dataclass(frozen=True)
class Ties:
    """Dyads (a < b) with strength, contacts, and whether they meet online and offline; arrays of shape (dyads,)."""

    a: np.ndarray
    b: np.ndarray
    strength: np.ndarray
    contacts: np.ndarray
    online: np.ndarray
    offline: np.ndarray


def of(facts: CommunityFacts) -> Ties:
    """Return every dyad with at least one contact that counts."""
    n = len(facts.joined)
    parts = [_together(facts), *_turned(facts)]
    dyad = np.concatenate([part[0] for part in parts]) if parts else np.zeros(0, np.int64)
    channel = np.concatenate([part[1] for part in parts])
    weight = np.concatenate([part[2] for part in parts])
    keys, at = np.unique(dyad, return_inverse=True)
    at = at.ravel()
    cells = np.bincount(at * 4 + channel, weights=weight, minlength=len(keys) * 4).reshape(len(keys), 4)
    seen = np.bincount(at * 4 + channel, minlength=len(keys) * 4).reshape(len(keys), 4)
    return Ties(
        keys // n,
        keys % n,
        np.log1p(cells) @ np.array(STRENGTH),
        seen.sum(axis=1),
        seen[:, REPLY:].sum(axis=1) > 0,
        seen[:, TOGETHER] > 0,
    )


def living(facts: CommunityFacts, tau: float) -> Ties | None:
    """Ties of at least this strength; None where neither attendance nor contacts are known."""
    if facts.attendance is None and facts.contacts is None:
        return None
    every = of(facts)
    keep = every.strength >= tau
    columns = (every.a, every.b, every.strength, every.contacts, every.online, every.offline)
    return Ties(*(column[keep] for column in columns))


Part = tuple[np.ndarray, np.ndarray, np.ndarray]


def _together(facts: CommunityFacts) -> Part:
    rows = facts.attendance
    empty = np.zeros(0, np.int64)
    if rows is None or not len(rows.person):
        return empty, empty, np.zeros(0)
    n = len(facts.joined)
    counted = ~facts.staff[rows.person] & (rows.day <= facts.as_of)
    once = np.unique(np.stack([rows.event[counted], rows.person[counted], rows.day[counted]], axis=1), axis=0)
    _, start, size = np.unique(once[:, 0], return_index=True, return_counts=True)
    dyads, weights = [empty], [np.zeros(0)]
    for begin, many in zip(start.tolist(), size.tolist(), strict=True):
        people = np.unique(once[begin : begin + many, 1])
        if 2 <= len(people) <= LARGEST_EVENT:
            i, j = np.triu_indices(len(people), 1)
            age = facts.as_of - int(once[begin : begin + many, 2].max())
            dyads.append(people[i] * n + people[j])
            weights.append(np.full(len(i), 2.0 ** (-age / HALF_LIFE[TOGETHER]) / (len(people) - 1)))
    dyad, weight = np.concatenate(dyads), np.concatenate(weights)
    return dyad, np.full(len(dyad), TOGETHER), weight


def _turned(facts: CommunityFacts) -> list[Part]:
    """Contacts by channel: a dyad counts once a day and channel, and replies only where both ever replied."""
    rows = facts.contacts
    if rows is None:
        return []
    n = len(facts.joined)
    known = np.isin(rows.kind, list(CHANNEL)) & (rows.source != rows.target) & (rows.day <= facts.as_of)
    known &= ~facts.staff[rows.source] & ~facts.staff[rows.target]
    source, target, day = rows.source[known], rows.target[known], rows.day[known]
    channel = np.array([CHANNEL[str(kind)] for kind in rows.kind[known]], dtype=np.int64)
    dyad = np.minimum(source, target) * n + np.maximum(source, target)
    forth = np.unique(dyad[(channel == REPLY) & (source < target)])
    back = np.unique(dyad[(channel == REPLY) & (source > target)])
    mutual = np.isin(dyad, np.intersect1d(forth, back))
    keep = (channel != REPLY) | mutual
    once = np.unique(np.stack([dyad[keep], channel[keep], day[keep]], axis=1), axis=0)
    half = np.array(HALF_LIFE)[once[:, 1]]
    return [(once[:, 0], once[:, 1], 2.0 ** (-(facts.as_of - once[:, 2]) / half))]
