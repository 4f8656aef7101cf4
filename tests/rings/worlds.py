"""Small builders of traces: who did what, how many days ago."""

import random
from datetime import UTC, date, datetime, timedelta

from tongxin.people.facts import BY_CODE
from tongxin.rings.rules import DEFAULT, Evidence, Recognition, Standing, Trace, Traces
from tongxin.rings.terms import Ring

POLICY = DEFAULT
TODAY = date(2026, 3, 2)  # a Monday
NOW = datetime(2026, 3, 2, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEK = timedelta(days=7)


def did(kind, *ages, count=1, verified=None, ids=None):
    """Deeds of one kind, so many days before TODAY."""
    fact = BY_CODE[kind]
    day = TODAY.toordinal()
    return tuple(
        Trace(
            kind,
            day - age,
            fact.weight,
            fact.half_life_days,
            fact.daily_cap,
            count,
            count if verified is None else verified,
            (1000 + age,) if ids is None else ids,
        )
        for age in ages
    )


def heard(*pairs):
    """Recognitions as (days ago, by whom)."""
    return tuple(Recognition(TODAY.toordinal() - age, by, 5000 + age) for age, by in pairs)


def member(*deeds, **facts):
    """Traces of a consenting member."""
    return Traces(deeds=tuple(d for some in deeds for d in some), **{"consented": True, **facts})


REGULAR = Evidence(on=TODAY, consented=True, checkins=1, days_56=1, weeks_56=1, contribution=10.0)
RICH = Evidence(
    on=TODAY,
    consented=True,
    checkins=4,
    days_56=14,
    weeks_56=7,
    days_91=20,
    weeks_91=8,
    contribution=40.0,
    verified=3,
    verified_kinds=2,
    recognised_by=5,
    recognised_days=7,
)
NOTHING = Evidence(on=TODAY, consented=True)


def stood(ring, days, **more):
    """Somebody who has been in a ring for so many days."""
    return Standing(ring, NOW - days * DAY, **more)


INNER, MIDDLE, OUTER = Ring.INNER, Ring.MIDDLE, Ring.OUTER
POLICY = DEFAULT


KINDS = (
    "read",
    "reacted",
    "posted",
    "replied",
    "answered",
    "checked_in",
    "answer_accepted",
    "featured",
    "co_hosted",
)


def anybody(seed):
    """Somebody with a life of their own: from nobody at all to the busiest neighbour."""
    dice = random.Random(seed)
    busy = dice.choice((0.0, 0.1, 0.4, 1.0, 2.0))
    day, deeds = TODAY.toordinal(), {}
    for kind in KINDS:
        for _ in range(int(dice.expovariate(1) * 8 * busy)):
            when = day - int(dice.triangular(0, 380, 30))
            deeds[kind, when] = deeds.get((kind, when), 0) + 1
    traces = tuple(
        Trace(
            kind, when, fact.weight, fact.half_life_days, fact.daily_cap, n, n, (len(kind) * 10_000 + when,)
        )
        for (kind, when), n in sorted(deeds.items())
        for fact in (BY_CODE[kind],)
    )
    voices = tuple(
        Recognition(day - dice.randrange(0, 140), dice.randrange(1, 12), 9000 + n)
        for n in range(int(dice.expovariate(1) * 10 * busy))
    )
    broken = ((day - dice.randrange(0, 120), 1),) if dice.random() < 0.1 else ()
    return Traces(traces, voices, broken, consented=dice.random() < 0.8)
