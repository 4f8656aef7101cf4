"""Who of a waiting list gets a free seat, who is passed over and why, and how long an offer stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from tongxin.events.rules.seats import PoolFact
from tongxin.events.terms import OFFER_LASTS, WaitNote

BEFORE_START = timedelta(hours=1)  # from here on free seats go to whoever comes, also out of the line
SHORTEST = timedelta(minutes=15)  # an offer shorter than this is not worth waking anybody
# Time left until the line closes → how long an offer stands, in hours in which people are awake.
LASTS = (
    (timedelta(days=3), OFFER_LASTS),
    (timedelta(days=1), timedelta(hours=4)),
    (timedelta(hours=6), timedelta(hours=1)),
    (timedelta(0), timedelta(minutes=30)),
)
NIGHT, MORNING = time(21, 30), time(8, 30)  # the quiet hours of outreach: nobody must answer in them


@dataclass(frozen=True)
class InLine:
    """Somebody who waits. `audiences` are the words that hold for them ("ring:middle", "tag:…")."""

    registration: int
    party: int
    audiences: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """What becomes of one of the line: offered `seats` of `pool`, or passed over with `seats` free that did not help them."""

    registration: int
    note: WaitNote
    seats: int
    pool: int | None = None


def pass_on(line: Iterable[InLine], pools: Sequence[PoolFact]) -> list[Step]:
    """Go down the line in order: whoever fits gets an offer, kept seats of their own first; who does not is told why.

    Nobody is asked who stands behind the last free seat.
    """
    free = {pool.id: pool.free for pool in pools}
    kept_first = sorted(pools, key=lambda p: (p.audience == "", p.id))
    steps: list[Step] = []
    for waits in line:
        if not any(n > 0 for n in free.values()):
            break
        mine = [p.id for p in kept_first if p.audience == "" or p.audience in waits.audiences]
        pool = next((p for p in mine if free[p] >= waits.party), None)
        if pool is None:
            steps.append(_passed_over(waits, mine, free))
        else:
            free[pool] -= waits.party
            steps.append(Step(waits.registration, WaitNote.OFFERED, waits.party, pool))
    return steps


def _passed_over(waits: InLine, mine: Sequence[int], free: Mapping[int, int]) -> Step:
    most = max((free[p] for p in mine), default=0)
    if most > 0:
        return Step(waits.registration, WaitNote.PARTY_TOO_BIG, most)
    return Step(waits.registration, WaitNote.NOT_ENTITLED, sum(free.values()))


def line_first(pools: Sequence[PoolFact], entitled: Iterable[int], party: int, *, waited: bool) -> bool:
    """Must the line be asked before somebody new takes a seat? Only where anybody ever waited and a seat seems free."""
    mine = set(entitled)
    return waited and any(pool.free >= party for pool in pools if pool.id in mine)


def offer_ends(now: datetime, starts_at: datetime, zone: str) -> datetime | None:
    """Until when an offer made now stands; None when it is too late for offers.

    Shorter when the event is near, never later than an hour before it starts, and the hours of the night do not count.
    """
    closes = starts_at - BEFORE_START
    left = closes - now
    if left < SHORTEST:
        return None
    lasts = next(lasts for more_than, lasts in LASTS if left > more_than)
    return min(_awake(now, lasts, zone), closes)


def _awake(now: datetime, lasts: timedelta, zone: str) -> datetime:
    """The instant at which `lasts` have passed outside of the quiet hours."""
    local = ZoneInfo(zone)
    at = now.astimezone(local)
    while True:
        morning = datetime.combine(at.date(), MORNING, tzinfo=local)
        night = datetime.combine(at.date(), NIGHT, tzinfo=local)
        begins = max(at, morning)
        if begins + lasts <= night:
            return (begins + lasts).astimezone(now.tzinfo)
        lasts -= max(night - begins, timedelta(0))
        at = datetime.combine(at.date() + timedelta(days=1), MORNING, tzinfo=local)


def offer_over(offered_until: datetime, starts_at: datetime, now: datetime) -> bool:
    """Has an offer ended? Also one that an event moved forward has overtaken."""
    return now >= min(offered_until, starts_at - BEFORE_START)


def line_closed(starts_at: datetime, now: datetime) -> bool:
    """From an hour before the start nobody is offered anything: who waits may take what is free, as anybody may."""
    return now >= starts_at - BEFORE_START
