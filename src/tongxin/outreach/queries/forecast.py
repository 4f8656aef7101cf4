"""What would become of a plan: who gets it when, who waits and why, what the caps have left, and how many taps it costs the staff."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.plugs import wiring
from tongxin.kits import queries as kits
from tongxin.outreach import rules, standing
from tongxin.outreach.channels import INBOX
from tongxin.outreach.models import Holdout, Message, Task
from tongxin.outreach.policy import shipped
from tongxin.outreach.ports import Channel
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.queries.desk import access_message
from tongxin.outreach.terms import Cap, Decision, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Target


@dataclass(frozen=True)
class Quota:
    """One line of the policy, ours or the platform's: how many of the audience have reached it, and how many would with this."""

    clause: str
    message_class: MessageClass | None
    hours: int
    most: int
    platform: bool
    full: int
    after: int


@dataclass(frozen=True)
class Forecast:
    """As of `at`: people (or groups) in all, what goes by day, what waits and what is dropped and why, the quotas, the staff's taps."""

    at: datetime
    groups: bool
    total: int
    now: int
    by_day: tuple[tuple[date, int], ...]
    held: dict[Reason, int]
    dropped: dict[Reason, int]
    quotas: tuple[Quota, ...]
    tasks: int
    limits: tuple[tuple[str, str], ...] = ()

    @property
    def going(self) -> int:
        """How many get it in the end, if nothing else happens."""
        return sum(n for _, n in self.by_day)


def forecast(viewer: Viewer, public_id: UUID | str) -> Forecast:
    """The forecast of a plan in reach, as of its due time or now. Nothing is written or sent. Refuses `absent`."""
    message = access_message(viewer, public_id)
    at = max(message.due_at, clock.now())
    return _of_groups(message, at) if message.target == Target.GROUPS else _of_people(message, at)


def ways_of(name: str, channels: dict[str, Channel]) -> tuple[str, ...]:
    """The ways a plan by this channel may take: staff's alone, everything else beside the inbox."""
    if name in channels and Cap.STAFF_CONFIRM in channels[name].caps:
        return (name,)
    return (INBOX, name) if name != INBOX else (INBOX,)


def _of_people(message: Message, at: datetime) -> Forecast:
    now = clock.now()
    source = wiring().AUDIENCES.get(message.audience)
    persons = sorted(set(source.persons(message.audience_key, at=now))) if source is not None else []
    channels = {one.id: one for one in wiring().CHANNELS}
    ways = ways_of(message.channel, channels)
    policy = caps(at)
    asked = _asked(message, ways, at)
    places = standing.places(message.store_id)
    stands = list(
        standing.standing(
            persons,
            asked,
            policy,
            at,
            places=places,
            reached={way: _reached(channels.get(way), persons) for way in ways},
            ahead=True,
        )
    )
    zone = ZoneInfo(places.zones[None])
    staff = Cap.STAFF_CONFIRM in channels[message.channel].caps if message.channel in channels else False
    sent = [one for one in stands if one.verdict.outcome is not Decision.DROPPED]
    return _told(
        at,
        [one.verdict for one in stands],
        zone,
        groups=False,
        quotas=_quotas(policy.lines, stands, MessageClass(message.message_class), at),
        tasks=len({message.store_id or one.home for one in sent}) if staff else 0,
        limits=_limits(channels.get(message.channel)),
    )


def _asked(message: Message, ways: tuple[str, ...], at: datetime) -> standing.Asked:
    rows = Holdout.objects.filter(since__lte=at, until__gt=at)
    about = message.about_room, message.about_key
    return standing.Asked(
        message_class=MessageClass(message.message_class),
        due_at=message.due_at,
        expires_at=message.expires_at,
        ways=ways,
        message=message.pk,
        holdouts=tuple(
            (row.seed, row.share_permille) for row in rows if row.message_id in {None, message.pk}
        ),
        kit_recalled=bool(message.about_room) and about in kits.recalled({about}),
    )


def _reached(channel: Channel | None, persons: Sequence[int]) -> Collection[int] | None:
    """Whom it has an address of; None for everybody."""
    if channel is None or not channel.ready():
        return frozenset()
    found = channel.reaches(persons)
    return None if len(found) == len(persons) else found


def _limits(channel: Channel | None) -> tuple[tuple[str, str], ...]:
    return () if channel is None else tuple((one.scope, one.clause) for one in channel.limits())


def _told(
    at: datetime, verdicts: Sequence[rules.Verdict], zone: ZoneInfo, *, groups: bool, **more: object
) -> Forecast:
    days: Counter[date] = Counter()
    counted = Counter((one.outcome, one.why, one.until) for one in verdicts)
    held: Counter[Reason] = Counter()
    dropped: Counter[Reason] = Counter()
    for (outcome, why, until), n in counted.items():
        if outcome is Decision.DROPPED:
            dropped[why] += n
            continue
        days[(until or at).astimezone(zone).date()] += n
        if outcome is Decision.HELD:
            held[why] += n
    return Forecast(
        at=at,
        groups=groups,
        total=len(verdicts),
        now=sum(n for (outcome, _, _), n in counted.items() if outcome is Decision.SENT),
        by_day=tuple(sorted(days.items())),
        held=dict(held),
        dropped=dict(dropped),
        **more,  # type: ignore[arg-type]  # the fields that are told by name
    )


def _quotas(
    own: Iterable[rules.Line], stands: Sequence[standing.Stand], message_class: MessageClass, at: datetime
) -> tuple[Quota, ...]:
    """Each line that counts this class: how many have had as many as it allows, and how many will with one more."""
    lines = [(line, False) for line in own] + [
        (line, True) for line in rules.newest_lines(shipped()["platform"], at)
    ]
    alike = Counter((one.past, one.verdict.outcome is Decision.SENT) for one in stands)
    found = []
    for line, platform in lines:
        if not line.counts(message_class):
            continue
        since = at - timedelta(hours=line.hours)
        full = after = 0
        for (past, goes), n in alike.items():
            had = sum(line.counts(one.message_class) and one.at > since for one in past)
            full += n * (had >= line.most)
            after += n * (had + goes >= line.most)
        found.append(Quota(line.clause, line.message_class, line.hours, line.most, platform, full, after))
    return tuple(found)


def _of_groups(message: Message, at: datetime) -> Forecast:
    source = wiring().GROUPS.get(message.audience)
    lines = list(source.groups(message.audience_key, at=at)) if source is not None else []
    policy, places = caps(at), standing.places()
    hours = max((line.hours for line in policy.groups), default=0)
    past: dict[str, list[rules.Past]] = {one.key: [] for one in lines}
    rows = Task.objects.filter(group_key__in=list(past), told_at__gt=at - timedelta(hours=hours)).exclude(
        state__in=[SendState.CANCELLED, SendState.EXPIRED, SendState.FAILED]
    )
    for key, word, told in rows.values_list("group_key", "message__message_class", "told_at"):
        if told is not None:
            past[key].append(rules.Past(MessageClass(word), told))
    about = message.about_room, message.about_key
    recalled = bool(message.about_room) and about in kits.recalled({about})
    verdicts = [
        rules.may_post(
            rules.GroupFacts(
                message_class=MessageClass(message.message_class),
                zone=places.zone(one.store),
                due_at=message.due_at,
                expires_at=message.expires_at,
                kit_recalled=recalled,
                past=tuple(past[one.key]),
            ),
            policy,
            at,
        )
        for one in lines
    ]
    stands = [
        standing.Stand(n, one.store, verdict, tuple(past[one.key]))
        for n, (one, verdict) in enumerate(zip(lines, verdicts, strict=True))
    ]
    return _told(
        at,
        verdicts,
        ZoneInfo(places.zones[None]),
        groups=True,
        quotas=_quotas(policy.groups, stands, MessageClass(message.message_class), at),
        tasks=sum(one.outcome is not Decision.DROPPED for one in verdicts),
    )
