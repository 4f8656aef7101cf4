"""参与度: how broadly, how often, in how many ways and how evenly members take part, and whether they come when they said so.

Rewarded deeds count a quarter and once a day; likes make a member a quarter active and nothing else: red-packet rain and mutual likes
move little. One person
with a thousand messages is one active member, and makes the activity less even.
"""

from __future__ import annotations

import numpy as np

from tongxin.compass.indices.base import Component, Figure, Frame, by_person, effective, rate, ratio
from tongxin.compass.indices.facts import CHEAP, WINDOW, Deeds
from tongxin.compass.sentence import Words

QUARTER = 0.25
BLOCK, BLOCKS = 30, 3
CUT = 0.99


def breadth(frame: Frame) -> Figure | None:
    """Active members / eligible members; somebody with cheap deeds only is a quarter."""
    if frame.facts.deeds is None:
        return None
    return rate(frame, _most(frame, _inside(frame)), np.ones(len(frame.who)))


def frequency(frame: Frame) -> Figure | None:
    """Stickiness: mean daily over monthly active members, mean of the last three blocks of 30 days; likes do not count."""
    deeds = _earnest(frame)
    if deeds is None:
        return None
    last = frame.facts.as_of
    daily, monthly = np.zeros(len(frame.weight)), np.zeros(len(frame.weight))
    for block in range(BLOCKS):
        part = _some(deeds, (deeds.day > last - BLOCK * (block + 1)) & (deeds.day <= last - BLOCK * block))
        days, worth = _best(np.stack([part.person, part.day], axis=1), _worth(part))
        month = frame.weight @ _most(frame, part)
        daily += np.divide(
            frame.weight @ by_person(frame, days[:, 0], worth),
            BLOCK * month,
            out=np.zeros_like(month),
            where=month > 0,
        )
        monthly += month > 0
    return Figure(daily, monthly, rate=False)


def depth(frame: Frame) -> Figure | None:
    """Mean of ln(1 + distinct kinds of deed) over active members; likes are no kind."""
    deeds = _earnest(frame)
    if deeds is None:
        return None
    code, worth = _best(np.stack([deeds.person, _numbers(deeds.kind)], axis=1), _worth(deeds))
    kinds = by_person(frame, code[:, 0], worth)
    active = _most(frame, deeds)
    return ratio(frame, np.log1p(kinds) * active, active)


def attendance(frame: Frame) -> Figure | None:
    """Came / registered: no-shows count."""
    rows = frame.facts.registrations
    if rows is None:
        return None
    return rate(frame, by_person(frame, rows.person, rows.came.astype(float)), by_person(frame, rows.person))


def evenness(frame: Frame) -> Figure | None:
    """exp(Shannon entropy of activity) / active members: near 1 when all do alike, small when few do it all.

    A member's activity is Σ over days of 1 + ln(deeds), a quarter where all were rewarded, cut at the 99th percentile of the
    active members: without that one spammer could bury a community.
    """
    deeds = _earnest(frame)
    if deeds is None:
        return None
    days, worth = _best(np.stack([deeds.person, deeds.day], axis=1), _worth(deeds))
    _, many = np.unique(np.stack([deeds.person, deeds.day], axis=1), axis=0, return_counts=True)
    amount = by_person(frame, days[:, 0], worth * (1 + np.log(many)))
    active = amount > 0
    if active.any():
        amount = np.minimum(amount, np.quantile(amount[active], CUT))
    return Figure(effective(frame.weight, amount), frame.weight @ active.astype(float), rate=False)


COMPONENTS = (
    Component("breadth", "participation", 0.30, Words("活跃面", "breadth"), breadth),
    Component("frequency", "participation", 0.20, Words("活跃频率", "frequency"), frequency),
    Component("depth", "participation", 0.20, Words("参与方式", "depth"), depth),
    Component("attendance", "participation", 0.15, Words("到场率", "attendance"), attendance),
    Component("evenness", "participation", 0.15, Words("均匀度", "evenness"), evenness),
)


def _inside(frame: Frame) -> Deeds | None:
    deeds = frame.facts.deeds
    if deeds is None:
        return None
    last = frame.facts.as_of
    return _some(deeds, (deeds.day > last - WINDOW) & (deeds.day <= last))


def _earnest(frame: Frame) -> Deeds | None:
    """Deeds of the window without the cheap ones."""
    deeds = _inside(frame)
    return None if deeds is None else _some(deeds, ~np.isin(deeds.kind, CHEAP))


def _some(deeds: Deeds, keep: np.ndarray) -> Deeds:
    return Deeds(deeds.person[keep], deeds.day[keep], deeds.kind[keep], deeds.rewarded[keep])


def _worth(deeds: Deeds) -> np.ndarray:
    return np.where(deeds.rewarded | np.isin(deeds.kind, CHEAP), QUARTER, 1.0)


def _numbers(kind: np.ndarray) -> np.ndarray:
    return np.unique(kind, return_inverse=True)[1].ravel()


def _best(keys: np.ndarray, worth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows of keys, and the most that any of their deeds is worth."""
    if not len(keys):
        return keys, worth
    found, at = np.unique(keys, axis=0, return_inverse=True)
    most = np.zeros(len(found))
    np.maximum.at(most, at.ravel(), worth)
    return found, most


def _most(frame: Frame, deeds: Deeds | None) -> np.ndarray:
    """1 for members with a full deed, a quarter with cheap ones only, 0 without any; shape (n,)."""
    most = np.zeros(len(frame.facts.joined))
    if deeds is not None:
        np.maximum.at(most, deeds.person, _worth(deeds))
    return most[frame.who]
