"""Which orders are traced to community, by what, and what is left of them: one order once, refunds taken off."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tongxin.measure.terms_traced import POLICIES, Policy, Way, Why

Thing = tuple[str, str]  # (community | event | group | code, its key)


@dataclass(frozen=True)
class Order:
    """An order of a till or a shop; `person` None where nobody known bought it, or they do not agree to measurement."""

    source: str
    store: str
    number: str
    at: datetime
    paid_fen: int
    refunded_fen: int
    person: int | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two rows one order."""
        return self.source, self.store, self.number

    @property
    def net_fen(self) -> int:
        """What is left after refunds."""
        return self.paid_fen - self.refunded_fen


@dataclass(frozen=True)
class Clue:
    """Something that ties an order to things: a code or a link it carries, or a meeting of its buyer (`at`)."""

    way: Way
    why: Why
    things: tuple[Thing, ...]
    at: datetime | None = None


@dataclass(frozen=True)
class Traced:
    """An order with the one clue that counted; `days` between meeting and order, None without a meeting."""

    order: Order
    clue: Clue
    days: int | None


@dataclass(frozen=True)
class Found:
    """All of a period: what was traced, how many orders there were, how many traced ones were given back whole, and how many
    untraced orders lie as shortly *before* a meeting as the window reaches after one."""

    traced: tuple[Traced, ...]
    orders: int
    net_fen: int
    given_back: int
    mirrored: int


@dataclass(frozen=True)
class Sum:
    """Orders and what is left of them."""

    orders: int = 0
    net_fen: int = 0


def policy_on(day: date) -> Policy:
    """The rules that hold on a day: the newest not in the future; the first before all of them."""
    holding = [one for one in POLICIES if one.since <= day]
    return holding[-1] if holding else POLICIES[0]


def trace_one(order: Order, marks: Sequence[Clue], meetings: Sequence[Clue], policy: Policy) -> Traced | None:
    """The clue that counts: by precedence of its way; among meetings the last before the order. `meetings` are in order of time."""
    last = _last_before(order, meetings, policy)
    clues = [*marks, *([last] if last else [])]
    for way in policy.precedence:
        found = sorted((one for one in clues if one.way is way), key=lambda one: (one.why, one.things))
        if found:
            clue = found[0]
            return Traced(order, clue, None if clue.at is None else (order.at - clue.at).days)
    return None


def _last_before(order: Order, meetings: Sequence[Clue], policy: Policy) -> Clue | None:
    times = [one.at for one in meetings if one.at is not None]
    place = bisect_right(times, order.at)
    if not place or times[place - 1] < order.at - timedelta(days=policy.window_days):
        return None
    return meetings[place - 1]


def trace(
    orders: Iterable[Order],
    marks: Mapping[tuple[str, str, str], Sequence[Clue]],
    meetings: Mapping[int, Sequence[Clue]],
    policy: Policy,
) -> Found:
    """Every order once, however often it comes; one given back whole brings nothing and is counted apart."""
    once = {order.key: order for order in orders}
    traced, back, mirrored = [], 0, 0
    for key in sorted(once):
        order = once[key]
        met = meetings.get(order.person or 0, ())
        found = trace_one(order, marks.get(key, ()), met, policy)
        if found is None:
            mirrored += _meets_soon(order, met, policy) and order.net_fen > 0
        elif order.net_fen <= 0:
            back += 1
        else:
            traced.append(found)
    return Found(tuple(traced), len(once), sum(one.net_fen for one in once.values()), back, mirrored)


def _meets_soon(order: Order, meetings: Sequence[Clue], policy: Policy) -> bool:
    reach = timedelta(days=policy.window_days)
    return any(one.at is not None and order.at < one.at <= order.at + reach for one in meetings)


def by_thing(traced: Iterable[Traced], kind: str) -> dict[str, Sum]:
    """Sums for every thing of a kind, the largest first; an order counts once for each."""
    sums: dict[str, Sum] = {}
    for one in traced:
        for key in {key for what, key in one.clue.things if what == kind}:
            before = sums.get(key, Sum())
            sums[key] = Sum(before.orders + 1, before.net_fen + one.order.net_fen)
    return dict(sorted(sums.items(), key=lambda row: (-row[1].net_fen, row[0])))


def by_way(traced: Iterable[Traced]) -> dict[Way, Sum]:
    """Sums of the ways: they add up to all traced orders."""
    sums = dict.fromkeys(Way, Sum())
    for one in traced:
        before = sums[one.clue.way]
        sums[one.clue.way] = Sum(before.orders + 1, before.net_fen + one.order.net_fen)
    return sums
