"""`rules.decide` on columns: where everybody stands after a run. Instants are whole microseconds since 2000, as the database has them.

A person's override stands above this; the rule goes on in its shadow here as there.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from tongxin.rings.bulk.numbers import Numbers
from tongxin.rings.rules import PolicyBody
from tongxin.rings.rules.traces import UNIT
from tongxin.rings.terms import ORDER

NONE, OUTER, MIDDLE, INNER = -1, *(ring.step for ring in ORDER)
NEVER = np.iinfo(np.int64).min
DAY = 86_400_000_000


@dataclass
class State:
    """Where the rule has everybody, and what it remembers about the way out."""

    ring: np.ndarray
    since: np.ndarray
    low_runs: np.ndarray
    low_week: np.ndarray
    reviewed: np.ndarray
    announced: np.ndarray
    candidate: np.ndarray

    def copy(self) -> State:
        """A state of its own."""
        return State(*(getattr(self, one.name).copy() for one in fields(self)))

    def changed(self, other: State) -> np.ndarray:
        """Whose row differs from another state's."""
        return np.logical_or.reduce(
            [getattr(self, one.name) != getattr(other, one.name) for one in fields(self)]
        )


def nobody(people: int) -> State:
    """Nobody is placed yet."""
    return State(
        ring=np.full(people, NONE, dtype=np.int64),
        since=np.full(people, NEVER, dtype=np.int64),
        low_runs=np.zeros(people, dtype=np.int64),
        low_week=np.zeros(people, dtype=np.int64),
        reviewed=np.full(people, NEVER, dtype=np.int64),
        announced=np.full(people, NEVER, dtype=np.int64),
        candidate=np.zeros(people, dtype=bool),
    )


@dataclass(frozen=True)
class Flags:
    """What is known of everybody beside the book; `look` leaves out whom a person has moved since the instant of the run."""

    staff: np.ndarray
    consented: np.ndarray
    usable: np.ndarray
    look: np.ndarray


def _middle(found: Numbers, policy: PolicyBody, share: float) -> tuple[np.ndarray, ...]:
    bars = policy.middle
    return (
        found.checkins >= bars.checkins * share,
        found.days_56 >= bars.days * share,
        found.weeks_56 >= bars.weeks * share,
        found.contribution / UNIT >= bars.contribution * share,
    )


def _inner(found: Numbers, policy: PolicyBody, share: float) -> tuple[np.ndarray, ...]:
    bars = policy.inner
    return (
        found.days_91 >= bars.days * share,
        found.weeks_91 >= bars.weeks * share,
        found.verified >= bars.verified * share,
        found.verified_kinds >= bars.verified_kinds * share,
        found.recognised_by >= bars.recognised_by * share,
        found.recognised_days >= bars.recognised_days * share,
        found.contribution / UNIT >= bars.contribution * share,
    )


def decide(found: Numbers, before: State, flags: Flags, policy: PolicyBody, *, week: int, now: int) -> State:
    """Place everybody. Who works here is placed nowhere; without personalisation the verdict is that of a blank profile."""
    after, usable = before.copy(), flags.usable
    look = flags.look & ~flags.staff & (before.since != now)
    visit, days, weeks, warm = _middle(found, policy, 1.0)
    middle = usable & flags.consented & (visit | (days & weeks)) & warm
    inner = np.logical_and.reduce(_inner(found, policy, 1.0)) & (found.violations <= policy.inner.violations)
    low_middle = ~np.logical_or.reduce(_middle(found, policy, policy.middle_exit.low_water))
    low_inner = ~np.logical_or.reduce(_inner(found, policy, policy.inner_exit.low_water))
    was = before.ring
    _move(after, look & (was == NONE) & ~middle, OUTER, now)
    _move(after, look & (was <= OUTER) & middle, MIDDLE, now)
    _move(after, look & ~usable & (was > OUTER), OUTER, now)
    inside = look & usable & (was == MIDDLE)
    calm = inside & ~low_middle
    after.low_runs[calm], after.low_week[calm] = 0, 0
    after.candidate[inside] = (calm & inner)[inside]
    low = inside & low_middle
    after.low_runs[low] += week > before.low_week[low]
    after.low_week[low] = np.maximum(week, before.low_week[low])
    leave = policy.middle_exit
    left = low & (after.low_runs >= leave.runs) & (now - before.since >= leave.stay_days * DAY)
    _move(after, left, OUTER, now)
    _review(after, before, look & usable & (was == INNER), low_inner, policy, now)
    _move(after, flags.look & flags.staff, NONE, NEVER)
    return after


def _review(  # noqa: PLR0917 - the columns of one rule
    after: State, before: State, here: np.ndarray, low: np.ndarray, policy: PolicyBody, now: int
) -> None:
    """The quarterly look at the inner ring."""
    leave = policy.inner_exit
    notice = leave.notice_days * DAY
    first = np.where(here, before.since, 0) + max(leave.review_days, leave.stay_days) * DAY
    again = np.where(before.reviewed == NEVER, 0, before.reviewed) + leave.review_days * DAY
    due = np.where(before.reviewed == NEVER, first, again)
    told = before.announced != NEVER
    after.candidate[here] = False
    here = here & (now >= due - notice)
    tell = here & low & ~told
    after.announced[tell] = now
    ripe = here & ~tell & (now >= due)
    passed = ripe & ~low
    after.reviewed[passed], after.announced[passed] = now, NEVER
    waited = now - np.where(told, before.announced, now)
    _move(after, ripe & low & (waited >= notice), MIDDLE, now)


def _move(after: State, who: np.ndarray, ring: int, since: int) -> None:
    after.ring[who], after.since[who] = ring, since
    after.low_runs[who], after.low_week[who] = 0, 0
    after.reviewed[who], after.announced[who] = NEVER, NEVER
    after.candidate[who] = False
