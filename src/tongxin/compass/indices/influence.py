"""影响力: new people who really came, outsiders who really read, and what members pay without a discount.

An invitee counts once a person (device, payer, phone), only after a check-in or a settled purchase within 30 days; a reader
once, after five seconds. Invented accounts, self-shares and link farms bring nothing.
"""

from __future__ import annotations

import numpy as np

from tongxin.compass.indices.base import Component, Figure, Frame, by_person, rate, ratio
from tongxin.compass.indices.facts import WINDOW
from tongxin.compass.sentence import Words

ACTS_WITHIN = 30
LEAST_SECONDS = 5


def verified_k(frame: Frame) -> Figure | None:
    """New people who check in or buy within 30 days, by first touch, per eligible member."""
    rows = frame.facts.invitees
    if rows is None:
        return None
    last = frame.facts.as_of
    real = (
        (rows.joined > last - WINDOW)
        & (rows.joined <= last)
        & (rows.acted >= rows.joined)
        & (rows.acted <= rows.joined + ACTS_WITHIN)
        & ~_known_before(frame, rows.identity, rows.joined)
    )
    order = np.lexsort((rows.inviter, rows.joined))
    order = order[real[order]]
    _, first = np.unique(rows.identity[order], return_index=True)
    return rate(frame, by_person(frame, rows.inviter[order][first]), np.ones(len(frame.who)))


def _known_before(frame: Frame, identity: np.ndarray, joined: np.ndarray) -> np.ndarray:
    """Say which newcomers are members already under another account: same device, payer or phone, earlier."""
    inside = frame.facts.joined >= 0
    order = np.lexsort((frame.facts.joined[inside], frame.facts.identity[inside]))
    known, first = np.unique(frame.facts.identity[inside][order], return_index=True)
    if not len(known):
        return np.zeros(len(identity), bool)
    since = frame.facts.joined[inside][order][first]
    at = np.minimum(np.searchsorted(known, identity), len(known) - 1)
    return (known[at] == identity) & (since[at] < joined)


def cascade(frame: Frame) -> Figure | None:
    """Distinct outside readers, halved with every hand they came through, per eligible member; capped per sharer."""
    if frame.facts.reads is None:
        return None
    return ratio(frame, np.minimum(readers(frame), frame.share_cap), np.ones(len(frame.who)))


def readers(frame: Frame) -> np.ndarray:
    """Weighted distinct outside readers by eligible member, shape (n,), before the cap."""
    rows = frame.facts.reads
    if rows is None:
        return np.zeros(len(frame.who))
    real = (rows.dwell >= LEAST_SECONDS) & ~np.isin(
        rows.reader, frame.facts.identity[frame.facts.joined >= 0]
    )
    order = np.lexsort((rows.sharer, rows.depth))
    order = order[real[order]]
    _, first = np.unique(rows.reader[order], return_index=True)
    chosen = order[first]
    return by_person(frame, rows.sharer[chosen], 0.5 ** (rows.depth[chosen] - 1.0))


def premium(frame: Frame) -> Figure | None:
    """Members' full-price share minus that of matched controls, from a study; drawings by its standard error."""
    found = frame.facts.premium
    if found is None:
        return None
    spread = np.random.Generator(np.random.PCG64(0)).normal(0, 1, len(frame.weight))
    spread[0] = 0.0
    return Figure(found.value + found.se * spread, np.ones(len(frame.weight)), rate=False)


COMPONENTS = (
    Component("verified_k", "influence", 0.40, Words("带来的新人", "verified newcomers"), verified_k),
    Component("cascade", "influence", 0.30, Words("带来的读者", "readers brought"), cascade),
    Component("premium", "influence", 0.30, Words("原价购买占比", "full-price premium"), premium),
)
