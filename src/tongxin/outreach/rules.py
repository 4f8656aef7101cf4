"""The one gate: may this person be told this now? And who is held out of it, and what night is."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from math import log2
from string import Formatter
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from tongxin.outreach.terms import AD_MARK, Decision, MessageClass, Reason

QUIET_FROM, QUIET_UNTIL = time(21, 30), time(8, 30)
RECALLED_AGAIN = timedelta(
    hours=1
)  # what a recalled kit holds back is asked again so often, and at once when it is freed
ROUNDS = 8  # hold after hold (night, cap, night again …): each moves on by hours, so a few rounds reach any sensible expiry


@dataclass(frozen=True)
class Past:
    """Something a person was told lately, over all channels, senders and entries that are this person."""

    message_class: MessageClass
    at: datetime


@dataclass(frozen=True)
class Line:
    """At most `most` within `hours`, of one class or (None) of all but service. `clause` says on which ground."""

    message_class: MessageClass | None
    hours: int
    most: int
    clause: str

    def counts(self, message_class: MessageClass) -> bool:
        """Does a message of this class fall under the line?"""
        if self.message_class is None:
            return message_class is not MessageClass.SERVICE
        return message_class is self.message_class


@dataclass(frozen=True)
class Fatigue:
    """How disturbance adds up: so much a message of a class, halved every `half_life`; at `bars` a class waits until it is less.

    Where no line of the policy holds, nothing tires anybody.
    """

    half_life: timedelta = timedelta(days=7)
    weights: tuple[tuple[MessageClass, float], ...] = ()
    bars: tuple[tuple[MessageClass, float], ...] = ()
    clause: str = ""


@dataclass(frozen=True)
class Policy:
    """The caps that hold, for people and for groups, the night, and what tires people."""

    lines: tuple[Line, ...]
    quiet_from: time = QUIET_FROM
    quiet_until: time = QUIET_UNTIL
    fatigue: Fatigue = Fatigue()
    groups: tuple[Line, ...] = ()


@dataclass(frozen=True)
class Facts:
    """What the gate wants to know of one person and one message.

    `consent` is the newest answer to the purpose that the class needs, None when never asked. `zone` is the store's.
    """

    message_class: MessageClass
    zone: str
    due_at: datetime
    expires_at: datetime | None = None
    urgent: bool = False
    cancelled: bool = False
    erased: bool = False
    consent: bool | None = None
    opted_out: bool = False
    in_audience: bool = True
    held_out: bool = False
    twice: bool = False
    kit_recalled: bool = False
    paused: bool = False
    reachable: bool = True
    past: tuple[Past, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """Sent, held until an instant, or dropped; and why."""

    outcome: Decision
    why: Reason
    until: datetime | None = None


SEND = Verdict(Decision.SENT, Reason.ALLOWED)


def may_message(facts: Facts, policy: Policy, now: datetime) -> Verdict:
    """Asked before every send. A no comes before a not-yet; what would expire while it waits is dropped at once."""
    if no := _never(facts, now):
        return Verdict(Decision.DROPPED, no)
    why, until = _wait(facts, policy, now)
    if until is None:
        return SEND if why is Reason.ALLOWED else Verdict(Decision.DROPPED, why)
    if facts.expires_at is not None and facts.expires_at <= until:
        return Verdict(Decision.DROPPED, Reason.EXPIRES_FIRST)
    return Verdict(Decision.HELD, why, until)


def _never(facts: Facts, now: datetime) -> Reason | None:
    if facts.cancelled:
        return Reason.CANCELLED
    if facts.erased:
        return Reason.ERASED
    if facts.expires_at is not None and facts.expires_at <= now:
        return Reason.EXPIRED
    if facts.opted_out:
        return Reason.OPTED_OUT
    if facts.consent is False:
        return Reason.WITHDRAWN
    if facts.consent is None and facts.message_class is not MessageClass.SERVICE:
        return Reason.NO_CONSENT
    if not facts.in_audience:
        return Reason.LEFT_AUDIENCE
    if facts.held_out and facts.message_class is not MessageClass.SERVICE:
        return Reason.HELD_OUT
    if facts.twice:
        return Reason.TWICE
    return None if facts.reachable else Reason.NO_WAY


def _wait(facts: Facts, policy: Policy, now: datetime) -> tuple[Reason, datetime | None]:
    """Until when, and for what first; no instant and ALLOWED when at once, no instant and CAP when never."""
    if facts.due_at > now:
        return Reason.NOT_YET, facts.due_at
    # What cannot wait (moved, cancelled) people must hear all the more.
    if facts.kit_recalled and not facts.urgent:
        return Reason.KIT_RECALLED, now + RECALLED_AGAIN
    if facts.paused:
        return Reason.PAUSED, now + RECALLED_AGAIN
    first, at = Reason.ALLOWED, now
    for _ in range(ROUNDS):
        why, later = Reason.QUIET_HOURS, None if facts.urgent else quiet_until(at, facts.zone, policy)
        if later is None:
            why, later = Reason.CAP, free_from(facts, policy, at)
        if later is None:
            why, later = Reason.TIRED, rested_from(facts, policy.fatigue, at)
        if later is None:
            break
        if later == NEVER:
            return Reason.CAP, None
        first, at = (why if first is Reason.ALLOWED else first), later
    return first, (at if at > now else None)


def quiet_until(at: datetime, zone: str, policy: Policy) -> datetime | None:
    """When the night that `at` lies in is over, by the clock on the store's wall; None by day."""
    local = at.astimezone(ZoneInfo(zone))
    if policy.quiet_until <= local.time() < policy.quiet_from:
        return None
    day = local.date() + timedelta(days=1 if local.time() >= policy.quiet_from else 0)
    return datetime.combine(day, policy.quiet_until, tzinfo=ZoneInfo(zone)).astimezone(at.tzinfo)


NEVER = datetime.max.replace(tzinfo=UTC)


def free_from(facts: Facts, policy: Policy, at: datetime) -> datetime | None:
    """From when the caps have room again: None when they have now, NEVER when a line allows none at all."""
    found = [
        when
        for line in policy.lines
        if line.counts(facts.message_class) and (when := _free(line, facts.past, at)) is not None
    ]
    return NEVER if NEVER in found else max(found, default=None)


def _free(line: Line, past: Sequence[Past], at: datetime) -> datetime | None:
    if line.most == 0:
        return NEVER
    window = timedelta(hours=line.hours)
    inside = sorted(one.at for one in past if line.counts(one.message_class) and one.at > at - window)
    return inside[len(inside) - line.most] + window if len(inside) >= line.most else None


def fatigue(past: Iterable[Past], policy: Fatigue, at: datetime) -> float:
    """How tired somebody is at an instant: each message weighs by its class, and half as much after every half-life."""
    weights = dict(policy.weights)
    return sum(
        weights.get(one.message_class, 0.0) * 0.5 ** ((at - one.at) / policy.half_life)
        for one in past
        if one.at <= at
    )


def rested_from(facts: Facts, policy: Fatigue, at: datetime) -> datetime | None:
    """From when a message of this class tires nobody too much; None when it does not now.

    Every message fades alike, so the whole does: from the score to the bar takes log2(score / bar) half-lives.
    """
    bar = dict(policy.bars).get(facts.message_class)
    if bar is None:
        return None
    score = fatigue(facts.past, policy, at)
    if score < bar:
        return None
    return at + timedelta(seconds=1) + policy.half_life * log2(score / bar)


@dataclass(frozen=True)
class GroupFacts:
    """What the gate wants to know of one group and one post. Who is in a group cannot be left out of it, so the group is the unit."""

    message_class: MessageClass
    zone: str
    due_at: datetime
    expires_at: datetime | None = None
    cancelled: bool = False
    there: bool = True
    held_out: bool = False
    kit_recalled: bool = False
    paused: bool = False
    past: tuple[Past, ...] = ()


def may_post(group: GroupFacts, policy: Policy, now: datetime) -> Verdict:
    """May this be posted into this group now? The same questions in the same order, with the caps of groups."""
    asked = Facts(
        message_class=group.message_class,
        zone=group.zone,
        due_at=group.due_at,
        expires_at=group.expires_at,
        cancelled=group.cancelled,
        consent=True,
        in_audience=group.there,
        held_out=group.held_out,
        kit_recalled=group.kit_recalled,
        paused=group.paused,
        past=group.past,
    )
    return may_message(asked, Policy(policy.groups, policy.quiet_from, policy.quiet_until), now)


def newest_lines(rows: Iterable[tuple[datetime, Line]], now: datetime) -> tuple[Line, ...]:
    """Of dated lines those that hold now: per class and window the one with the latest date not in the future."""
    holding: dict[tuple[MessageClass | None, int], tuple[datetime, Line]] = {}
    for since, line in rows:
        place = line.message_class, line.hours
        if since <= now and (place not in holding or since >= holding[place][0]):
            holding[place] = since, line
    return tuple(line for _, line in holding.values())


def above_platform(line: Line, platform: Iterable[Line]) -> Line | None:
    """The line of the platform that ours would break, if any: as many or fewer in as long a window or a longer one is fine."""
    return next(
        (theirs for theirs in platform if line.hours <= theirs.hours and line.most > theirs.most), None
    )


def held_out(seed: str, persons: Iterable[str], share_permille: int) -> bool:
    """Is this person (any of the entries that are one) in the random share? Follows from seed and public id alone."""
    return any(_draw(seed, one) < share_permille for one in persons)


def _draw(seed: str, person: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}|{person}".encode()).digest()[:8]) % 1000


def render(template: str, fields: dict[str, object]) -> str:
    """A kind's words with its fields filled in: plain `{name}` only, no attributes or indices. Raises KeyError without one."""
    parts = []
    for literal, name, _, _ in Formatter().parse(template):
        parts.append(literal)
        if name is not None:
            parts.append(str(fields[name]))
    return "".join(parts)


def marked(text: str, message_class: str, *, english: bool = False) -> str:
    """The text with the word that law wants before an advertisement (广告法 14)."""
    promotes = message_class == MessageClass.PROMOTION and bool(text)
    return f"{AD_MARK[1 if english else 0]}{text}" if promotes else text


def with_code(path: str, code: str) -> str:
    """A link with its channel code, so that who comes by it is counted where they came from."""
    if not path or not code:
        return path
    before, mark, anchor = path.partition("#")
    return f"{before}{'&' if '?' in before else '?'}{urlencode({'c': code})}{mark}{anchor}"
