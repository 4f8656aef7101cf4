"""Posts into groups: a task for each group, asked about at the gate like a send to a person, with the caps of groups."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.plugs import wiring
from tongxin.kits import queries as kits
from tongxin.outreach import rules, standing
from tongxin.outreach.actions import wecom_posts
from tongxin.outreach.models import DecisionRow, Enrolment, Message, Task
from tongxin.outreach.ports import GroupLine, GroupSource
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Arm, SequenceState

LOCK = "outreach.groups"  # one at a time, so that a group's cap holds whoever posts
BATCH = 1000
COUNTED = (SendState.AWAITING_STAFF, SendState.SENT, SendState.PARTLY_SENT, SendState.UNKNOWN)


def source(name: str) -> GroupSource:
    """The source of groups of that name. Refuses `outreach.no_audience`."""
    found: GroupSource | None = wiring().GROUPS.get(name)
    if found is None:
        raise Refused("outreach.no_audience")
    return found


def expand_groups(found: Message) -> int:
    """A task for each group there is now; answers how many are new. May be repeated."""
    groups = list(source(found.audience).groups(found.audience_key, at=clock.now()))
    with transaction.atomic():
        message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
        if message.state != SendState.APPROVED:
            return 0
        before = Task.objects.filter(message=message).count()
        Task.objects.bulk_create(
            [task_in(message, one, due=message.due_at, expires_at=message.expires_at) for one in groups],
            ignore_conflicts=True,
        )
        message.state, message.expanded_at = SendState.QUEUED, clock.now()
        message.expanded = message.recipients = sum(one.members for one in groups)
        message.save(update_fields=["state", "expanded_at", "expanded", "recipients"])
        return Task.objects.filter(message=message).count() - before


def task_in(message: Message, group: GroupLine, *, due: datetime, expires_at: datetime) -> Task:
    """One group's part of a plan, waiting for the gate."""
    return Task(
        message=message,
        store_id=group.store,
        channel=message.channel,
        state=SendState.QUEUED,
        group_key=group.key[:120],
        group_name=group.name[:80],
        next_at=due,
        created_at=clock.now(),
        expires_at=expires_at,
    )


@dataclass(frozen=True)
class _Seen:
    """What the gate is told of these tasks' groups."""

    past: dict[str, list[tuple[int, rules.Past]]]
    recalled: frozenset[tuple[str, str]]
    held: frozenset[tuple[int, str]]
    zones: standing.Places


def drain_groups(*, most: int = 10_000) -> int:
    """Ask the gate for the groups' tasks that are due by now; answers how often it was asked."""
    asked, by = 0, clock.now()
    while asked < most:
        with advisory(LOCK):
            tasks = list(
                Task.objects.select_for_update(of=("self",), skip_locked=True)
                .select_related("message__sequence")
                .filter(state=SendState.QUEUED, next_at__lte=by)
                .exclude(group_key="")
                .order_by("next_at", "id")[:BATCH]
            )
            if not tasks:
                return asked
            ask_groups(tasks)
            asked += len(tasks)
    return asked


def ask_groups(tasks: Sequence[Task]) -> None:
    """Ask for each of these (locked) tasks that wait, and write down what was said; in the caller's transaction."""
    now = clock.now()
    policy, seen = caps(now), _look(tasks, now)
    for task in tasks:
        verdict = rules.may_post(_facts(task, seen), policy, now)
        _say(task, verdict, now)
        if verdict.outcome is Decision.SENT:
            told = rules.Past(MessageClass(task.message.message_class), now)
            seen.past[task.group_key].append((task.pk, told))
    wecom_posts.take([task for task in tasks if task.state == SendState.AWAITING_STAFF])
    Task.objects.bulk_update(tasks, ["state", "channel", "reason", "next_at", "told_at", "done_at"])


def verdict_now(task: Task) -> rules.Verdict:
    """What the gate says of a group's task in this moment."""
    now = clock.now()
    return rules.may_post(_facts(task, _look([task], now)), caps(now), now)


def _say(task: Task, verdict: rules.Verdict, now: datetime) -> None:
    last = (
        DecisionRow.objects.filter(task=task).order_by("-id").values_list("outcome", "why", "until").first()
    )
    if last != (verdict.outcome, verdict.why, verdict.until):
        DecisionRow.objects.create(
            task=task,
            outcome=verdict.outcome,
            why=verdict.why,
            until=verdict.until,
            channel=task.channel,
            at=now,
        )
    if verdict.outcome is Decision.SENT:
        task.state, task.told_at = SendState.AWAITING_STAFF, now
    elif verdict.outcome is Decision.HELD:
        task.state, task.told_at, task.next_at = SendState.QUEUED, None, verdict.until
    else:
        gone = verdict.why in {Reason.EXPIRED, Reason.EXPIRES_FIRST}
        task.state = SendState.EXPIRED if gone else SendState.CANCELLED
        task.told_at, task.reason, task.done_at = None, verdict.why, now


def drop(task: Task, verdict: rules.Verdict) -> None:
    """A task that is on a colleague's desk may not be sent (any more, or yet): it leaves the desk, with the reason."""
    _say(task, verdict, clock.now())
    task.save(update_fields=["state", "reason", "next_at", "told_at", "done_at"])


def admit(post: int) -> bool:
    """May this group's task leave now, through a platform? If not, it leaves the desk or waits, with the reason."""
    with advisory(LOCK):
        task = Task.objects.select_for_update(of=("self",)).select_related("message__sequence").get(pk=post)
        if task.state != SendState.AWAITING_STAFF:
            return False
        verdict = verdict_now(task)
        if verdict.outcome is not Decision.SENT:
            drop(task, verdict)
            return False
        task.opened_at = clock.now()
        task.save(update_fields=["opened_at"])
    return True


def _facts(task: Task, seen: _Seen) -> rules.GroupFacts:
    message = task.message
    sequence = message.sequence
    return rules.GroupFacts(
        message_class=MessageClass(message.message_class),
        zone=seen.zones.zone(task.store_id),
        due_at=message.due_at,
        expires_at=task.expires_at,
        cancelled=message.state == SendState.CANCELLED,
        held_out=sequence is not None and (sequence.pk, task.group_key) in seen.held,
        kit_recalled=(message.about_room, message.about_key) in seen.recalled,
        paused=sequence is not None and sequence.state == SequenceState.PAUSED,
        past=tuple(one for other, one in seen.past[task.group_key] if other != task.pk),
    )


def _look(tasks: Sequence[Task], now: datetime) -> _Seen:
    hours = max((line.hours for line in caps(now).groups), default=0)
    past: dict[str, list[tuple[int, rules.Past]]] = defaultdict(list)
    rows = Task.objects.filter(
        group_key__in={task.group_key for task in tasks},
        told_at__gt=now - timedelta(hours=hours),
        state__in=COUNTED,
    )
    for pk, key, word, at in rows.values_list("id", "group_key", "message__message_class", "told_at"):
        if at is not None:
            past[key].append((pk, rules.Past(MessageClass(word), at)))
    return _Seen(
        past=past,
        recalled=kits.recalled(
            {(task.message.about_room, task.message.about_key) for task in tasks if task.message.about_room}
        ),
        held=_held(task.message.sequence_id for task in tasks),
        zones=standing.places(),
    )


def _held(sequences: Iterable[int | None]) -> frozenset[tuple[int, str]]:
    wanted = {one for one in sequences if one is not None}
    if not wanted:
        return frozenset()
    rows = Enrolment.objects.filter(sequence__in=wanted, arm=Arm.HELD).exclude(group_key="")
    return frozenset(rows.values_list("sequence", "group_key"))


def check_groups(viewer: Viewer, name: str, key: str) -> int:
    """How many members the groups have, looked at by who plans. Refuses `outreach.no_audience`, `absent`, `outreach.no_groups`."""
    found = source(name)
    found.access(viewer, key)
    groups = list(found.groups(key, at=clock.now()))
    if not groups:
        raise Refused("outreach.no_groups")
    return sum(one.members for one in groups)
