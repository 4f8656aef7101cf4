"""Three people to invite today: who has a reason, and whose turn it is. What is known of them is handed in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from statistics import median

from tongxin.champions.terms import INVITES_MOST, InviteReason
from tongxin.outreach.rules import Verdict
from tongxin.outreach.terms import Decision
from tongxin.outreach.terms import Reason as Quiet

VISITS_LEAST = 3  # two gaps make a rhythm, one is an accident
LATE = 1.5  # so many times the usual gap is "not since"
LATE_LEAST = 14  # days: who comes daily is not missed on the second day
LOST = 365
NEW_DAYS = 60
STEPS_MOST = 2
STEP_DEEDS = frozenset({"checked_in", "co_hosted"})  # what an invitation to an event leads to


@dataclass(frozen=True)
class Reason:
    """Why this person; `order` is smaller for who comes first among those with the same reason."""

    person: int
    why: InviteReason
    order: float
    facts: tuple[tuple[str, int | str], ...] = ()


@dataclass(frozen=True)
class NearStep:
    """The nearest missing step towards the fire, as rings say it."""

    deed: str
    count: int
    opens: bool
    said_zh: str
    said_en: str


def missed(person: int, visits: Sequence[date], today: date) -> Reason | None:
    """Came in a rhythm of their own and has not come since: longer than one and a half of the usual gap."""
    days = sorted(set(visits))
    if len(days) < VISITS_LEAST:
        return None
    every = median((later - earlier).days for earlier, later in pairwise(days))
    since = (today - days[-1]).days
    if not max(LATE * every, LATE_LEAST) <= since <= LOST:
        return None
    facts = (("times", len(days)), ("every", round(every)), ("since", since))
    return Reason(person, InviteReason.MISSED, -since / every, facts)


def one_step_away(person: int, step: NearStep | None) -> Reason | None:
    """An event or two would open the next gate."""
    if step is None or not step.opens or step.deed not in STEP_DEEDS or step.count > STEPS_MOST:
        return None
    return Reason(
        person, InviteReason.STEP, step.count, (("said_zh", step.said_zh), ("said_en", step.said_en))
    )


def newcomer(person: int, registered: date | None, today: date, *, touched: bool) -> Reason | None:
    """A member of the last two months who has neither come to an event nor registered for one."""
    if registered is None or touched or not 0 <= (today - registered).days <= NEW_DAYS:
        return None
    since = (today - registered).days
    return Reason(person, InviteReason.NEW, since, (("since", since),))


def turns(reasons: Iterable[Reason]) -> list[Reason]:
    """Everybody once, in the order in which they would be asked: the reasons take turns, so that no kind of person is left out."""
    given = list(reasons)
    queues = {
        why: sorted((one for one in given if one.why is why), key=lambda one: (one.order, one.person))
        for why in InviteReason
    }
    ordered: list[Reason] = []
    seen: set[int] = set()
    while any(queues.values()):
        for why in InviteReason:
            while queues[why]:
                one = queues[why].pop(0)
                if one.person not in seen:
                    seen.add(one.person)
                    ordered.append(one)
                    break
    return ordered


def allowed_today(verdict: Verdict, today: date, until: date | None) -> bool:
    """May we speak to them today: now, or when the night is over and it is still this business day (`until`)."""
    if verdict.outcome is Decision.SENT:
        return True
    return (verdict.outcome, verdict.why, until) == (Decision.HELD, Quiet.QUIET_HOURS, today)


def whom(ordered: Sequence[Reason], allowed: Mapping[int, bool], most: int = INVITES_MOST) -> list[Reason]:
    """The first of them whom the gate of messages would let us address today."""
    return [one for one in ordered if allowed.get(one.person, False)][:most]
