"""连接度: how many members have friends here, whether they meet on and off line, across stores, and without the host.

Ties of a member count whoever is at the other end (staff never): the size of the community does not thin anybody's friends, and
raw density, which falls as 1/n, is not used.
"""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tongxin.compass.indices.base import Component, Figure, Frame, by_person, rate
from tongxin.compass.indices.ties import Ties
from tongxin.compass.sentence import Words

ENOUGH = 3
TOP = 0.01


def connected(frame: Frame) -> Figure | None:
    """Members with at least three living ties / eligible members."""
    found = frame.ties
    if found is None:
        return None
    return rate(frame, (_degree(frame, found) >= ENOUGH).astype(float), np.ones(len(frame.who)))


def multiplex(frame: Frame) -> Figure | None:
    """Living ties with an online and an offline channel / living ties, seen from the members."""
    found = frame.ties
    if found is None or frame.facts.attendance is None or frame.facts.contacts is None:
        return None
    return rate(frame, _degree(frame, found, found.online & found.offline), _degree(frame, found))


def crossing(frame: Frame) -> Figure | None:
    """Living ties to somebody of another store or group / living ties."""
    found = frame.ties
    place = frame.facts.place
    if found is None or not (place[frame.who] >= 0).any():
        return None
    both = (place[found.a] >= 0) & (place[found.b] >= 0)
    return rate(
        frame, _degree(frame, found, both & (place[found.a] != place[found.b])), _degree(frame, found, both)
    )


def host_independence(frame: Frame) -> Figure | None:
    """Share of members in the largest connected part once hosts and the strongest 1 % are gone."""
    found = frame.ties
    if found is None:
        return None
    n = len(frame.facts.joined)
    strength = np.bincount(found.a, found.strength, n) + np.bincount(found.b, found.strength, n)
    gone = frame.facts.host | frame.facts.staff
    linked = np.flatnonzero((strength > 0) & ~gone)
    strongest = linked[np.lexsort((linked, -strength[linked]))][: int(np.ceil(TOP * len(linked)))]
    gone = gone.copy()
    gone[strongest] = True
    keep = ~gone[found.a] & ~gone[found.b]
    graph = coo_array((np.ones(keep.sum()), (found.a[keep], found.b[keep])), shape=(n, n))
    _, part = connected_components(graph, directed=False)
    stays = ~gone[frame.who]
    mine = part[frame.who]
    sizes = np.bincount(
        part[~gone]
    )  # everybody on the way counts: which part is the largest must not hang on who was asked
    inside = stays & (mine == int(np.argmax(sizes))) if len(sizes) else stays
    return rate(frame, inside.astype(float), stays.astype(float))


COMPONENTS = (
    Component("connected", "connection", 0.35, Words("有朋友的会员", "members with friends"), connected),
    Component("multiplex", "connection", 0.25, Words("线上线下都来往", "on and off line"), multiplex),
    Component("crossing", "connection", 0.15, Words("跨店跨群", "across stores"), crossing),
    Component(
        "host_independence",
        "connection",
        0.25,
        Words("离开主理人也连着", "without the host"),
        host_independence,
    ),
)


def _degree(frame: Frame, found: Ties, which: np.ndarray | None = None) -> np.ndarray:
    """Ties of each eligible member, shape (n,), all or some of them."""
    some = np.ones(len(found.a), bool) if which is None else which
    return by_person(frame, found.a[some]) + by_person(frame, found.b[some])
