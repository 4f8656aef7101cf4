"""What staff read: plans and their progress, and the tasks of the stores in reach."""

from collections import Counter, defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, F, Min, QuerySet
from django.db.models.functions import Coalesce

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.outreach.models import DecisionRow, Message, Reminder, Send, Task
from tongxin.outreach.rules import marked, with_code
from tongxin.outreach.terms import PLANNERS, SENDERS, Decision, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import REMINDER_WINDOW, REMINDERS, Target
from tongxin.people.models import Customer
from tongxin.people.rules import pseudonym
from tongxin.stores.models import Store


@dataclass(frozen=True)
class TaskLine:
    """One task on a colleague's desk."""

    public_id: UUID
    message: UUID
    title: str
    text: str
    text_en: str
    path: str
    poster: UUID | None
    message_class: MessageClass
    channel: str
    store_name: str
    group_name: str
    voucher: str
    reminded: int
    state: SendState
    reason: Reason | None
    why: str
    people: int
    counted: int | None
    created_at: datetime
    opened_at: datetime | None
    expires_at: datetime
    done_at: datetime | None


@dataclass(frozen=True)
class TaskPerson:
    """Somebody a task is for."""

    public_id: UUID
    name: str


@dataclass(frozen=True)
class Progress:
    """How far a plan is: people by state, why some were not told, and what waits and why."""

    recipients: int
    states: dict[SendState, int]
    dropped: dict[Reason, int]
    held: dict[Reason, int]

    @property
    def total(self) -> int:
        """How many sends there are."""
        return sum(self.states.values())


def _plans(viewer: Viewer) -> QuerySet[Message]:
    places = viewer.places(PLANNERS)
    rows = Message.objects.select_related("store")
    return rows if places is None else rows.filter(store__in=places)


def _tasks(viewer: Viewer, roles: frozenset[str] = SENDERS) -> QuerySet[Task]:
    places = viewer.places(roles)
    rows = Task.objects.select_related("message", "store")
    return rows if places is None else rows.filter(store__in=places)


def messages_for(
    viewer: Viewer, *, state: SendState | None = None, limit: int = 50, cursor: str | None = None
) -> Page[Message]:
    """The plans of the stores in reach, newest first; the steps of sequences stand with their sequence."""
    rows = _plans(viewer).filter(sequence=None)
    return page(rows.filter(state=state) if state else rows, by=["-id"], limit=limit, cursor=cursor)


def access_message(viewer: Viewer, public_id: UUID | str) -> Message:
    """A plan of a store in reach. Refuses `absent`."""
    found = _plans(viewer).filter(public_id=_id(public_id)).first()
    if found is None:
        raise Refused("absent")
    return found


def message_progress(viewer: Viewer, public_id: UUID | str) -> Progress:
    """How far a plan in reach is. Refuses `absent`."""
    message = access_message(viewer, public_id)
    if message.target == Target.GROUPS:
        return _group_progress(message)
    mine = Send.objects.filter(message=message)
    states = mine.order_by().values_list("state").annotate(n=Count("id"))
    gone = mine.filter(state__in=[SendState.CANCELLED, SendState.EXPIRED], reason__in=list(Reason))
    dropped = gone.order_by().values_list("reason").annotate(n=Count("id"))
    return Progress(
        recipients=message.recipients,
        states={SendState(state): n for state, n in states},
        dropped={Reason(why): n for why, n in dropped},
        held=dict(held_sends([message.pk]).get(message.pk, Counter())),
    )


def _group_progress(message: Message) -> Progress:
    """The same of a plan into groups: its tasks, and what the gate last said of those that wait."""
    mine = Task.objects.filter(message=message).order_by()
    gone = mine.filter(state__in=[SendState.CANCELLED, SendState.EXPIRED], reason__in=list(Reason))
    held = held_posts([message.pk])
    return Progress(
        recipients=message.recipients,
        states={SendState(state): n for state, n in mine.values_list("state").annotate(n=Count("id"))},
        dropped={Reason(why): n for why, n in gone.values_list("reason").annotate(n=Count("id"))},
        held=dict(held.get(message.pk, Counter())),
    )


def held_posts(messages: Collection[int]) -> dict[int, Counter[Reason]]:
    """Why tasks of these plans wait for the gate, by plan. One statement."""
    waiting = (
        DecisionRow.objects.filter(task__message__in=list(messages), task__state=SendState.QUEUED)
        .order_by("task", "-id")
        .distinct("task")
        .values_list("task__message", "outcome", "why")
    )
    found: dict[int, Counter[Reason]] = defaultdict(Counter)
    for message, outcome, why in waiting:
        if outcome == Decision.HELD:
            found[message][Reason(why)] += 1
    return found


def held_sends(messages: Collection[int]) -> dict[int, Counter[Reason]]:
    """Why sends of these plans wait for the gate, by plan. One statement."""
    waiting = (
        DecisionRow.objects.filter(
            send__message__in=list(messages), send__state=SendState.QUEUED, send__handed_at=None
        )
        .order_by("send", "-id")
        .distinct("send")
        .values_list("send__message", "outcome", "why")
    )
    found: dict[int, Counter[Reason]] = defaultdict(Counter)
    for message, outcome, why in waiting:
        if outcome == Decision.HELD:
            found[message][Reason(why)] += 1
    return found


@dataclass(frozen=True)
class StoreProgress:
    """How far one store is with a plan: people (or groups) that are done, that wait, that were missed; when it was opened."""

    store_name: str
    done: int
    waiting: int
    missed: int
    opened_at: datetime | None


def progress_by_store(viewer: Viewer, public_id: UUID | str, *, limit: int = 700) -> list[StoreProgress]:
    """The stores of a plan in reach, those furthest behind first. Refuses `absent`."""
    message = access_message(viewer, public_id)
    counts: dict[int | None, Counter[str]] = defaultdict(Counter)
    root = Coalesce(F("store"), F("task__store"), F("person__survivor__home_store"), F("person__home_store"))
    sends = Send.objects.filter(message=message).order_by()
    for store, state, n in sends.annotate(at=root).values_list("at", "state").annotate(n=Count("id")):
        counts[store][state] += n
    tasks = Task.objects.filter(message=message).order_by()
    for store, state, n in tasks.exclude(group_key="").values_list("store", "state").annotate(n=Count("id")):
        counts[store][state] += n
    opened = dict(tasks.values_list("store").annotate(at=Min("opened_at")))
    names = dict(Store.objects.filter(id__in=[one for one in counts if one]).values_list("id", "name"))
    found = [
        StoreProgress(
            names.get(store or 0, ""),
            done=states[SendState.SENT] + states[SendState.PARTLY_SENT] + states[SendState.UNKNOWN],
            waiting=states[SendState.AWAITING_STAFF],
            missed=states[SendState.FAILED] + states[SendState.EXPIRED],
            opened_at=opened.get(store),
        )
        for store, states in counts.items()
    ]
    told = [one for one in found if one.done or one.waiting or one.missed]
    return sorted(told, key=lambda one: (-one.waiting, -one.missed, one.store_name))[:limit]


def reminders_left(viewer: Viewer, public_id: UUID | str) -> int:
    """How often colleagues may still be reminded of a plan in reach within these 24 hours. Refuses `absent`."""
    message = access_message(viewer, public_id)
    since = clock.now() - REMINDER_WINDOW
    return max(REMINDERS - Reminder.objects.filter(message=message, at__gt=since).count(), 0)


def access_task(viewer: Viewer, public_id: UUID | str) -> Task:
    """A task of a store in reach. Refuses `absent`."""
    found = _tasks(viewer).filter(public_id=_id(public_id)).first()
    if found is None:
        raise Refused("absent")
    return found


def tasks_for(
    viewer: Viewer,
    *,
    store: int | None = None,
    open_only: bool = True,
    limit: int = 50,
    cursor: str | None = None,
) -> Page[TaskLine]:
    """The tasks on the desks of the stores in reach (or of one of them), newest first, with how many people each is for."""
    rows = _tasks(viewer)
    if store is not None:
        rows = rows.filter(store=store)
    found = page(
        rows.filter(state=SendState.AWAITING_STAFF) if open_only else rows.exclude(state=SendState.QUEUED),
        by=["-id"],
        limit=limit,
        cursor=cursor,
    )
    return Page(_lines(found.items), found.cursor)


def tasks_of(viewer: Viewer, public_id: UUID | str) -> list[TaskLine]:
    """All tasks of a plan in reach, oldest first. Refuses `absent`."""
    message = access_message(viewer, public_id)
    return list(_lines(tuple(_tasks(viewer, PLANNERS | SENDERS).filter(message=message).order_by("id"))))


def task_line(viewer: Viewer, public_id: UUID | str) -> TaskLine:
    """One task in reach. Refuses `absent`."""
    return _lines((access_task(viewer, public_id),))[0]


def _lines(tasks: tuple[Task, ...]) -> tuple[TaskLine, ...]:
    counts = dict(
        Send.objects.filter(task__in=[task.pk for task in tasks])
        .exclude(state__in=[SendState.CANCELLED, SendState.QUEUED])
        .order_by()
        .values_list("task")
        .annotate(n=Count("id"))
    )
    reminded = dict(
        Reminder.objects.filter(
            message__in={task.message_id for task in tasks if task.state == SendState.AWAITING_STAFF},
            at__gt=clock.now() - REMINDER_WINDOW,
        )
        .order_by()
        .values_list("message")
        .annotate(n=Count("id"))
    )
    held = dict(
        DecisionRow.objects.filter(
            task__in=[task.pk for task in tasks if task.state == SendState.QUEUED], outcome=Decision.HELD
        )
        .order_by("task", "-id")
        .distinct("task")
        .values_list("task", "why")
    )
    return tuple(
        TaskLine(
            public_id=task.public_id,
            message=task.message.public_id,
            title=task.message.title,
            text=marked(task.message.text, task.message.message_class),
            text_en=marked(task.message.text_en, task.message.message_class, english=True),
            path=with_code(task.message.path, task.message.code),
            poster=task.message.poster,
            message_class=MessageClass(task.message.message_class),
            channel=task.channel,
            store_name=task.store.name if task.store else "",
            group_name=task.group_name,
            voucher=task.message.voucher,
            reminded=reminded.get(task.message_id, 0),
            state=SendState(task.state),
            reason=_reason(task, held),
            why="" if task.state == SendState.AWAITING_STAFF else task.message.reason,
            people=1 if task.group_key else counts.get(task.pk, 0),
            counted=task.counted,
            created_at=task.created_at,
            opened_at=task.opened_at,
            expires_at=task.expires_at,
            done_at=task.done_at,
        )
        for task in tasks
    )


def _reason(task: Task, held: dict[int, str]) -> Reason | None:
    """Why it is not on the desk (any more, or yet), by the gate."""
    if task.state == SendState.QUEUED:
        return Reason(held[task.pk]) if task.pk in held else None
    return Reason(task.reason) if task.reason in set(Reason) else None


def task_people(
    viewer: Viewer, public_id: UUID | str, *, limit: int = 50, cursor: str | None = None
) -> Page[TaskPerson]:
    """Whom a task in reach is for, by the gate's word when it was opened (before that: as planned). Refuses `absent`."""
    task = access_task(viewer, public_id)
    rows = (
        Send.objects.filter(task=task)
        .exclude(state__in=[SendState.CANCELLED, SendState.QUEUED])
        .defer("body")
    )
    if task.opened_at is not None:
        rows = rows.filter(begun_at__isnull=False)
    found = page(rows, by=["id"], limit=limit, cursor=cursor)
    known = Customer.objects.select_related("survivor").in_bulk([row.person_id for row in found.items])
    people = [known[row.person_id].survivor or known[row.person_id] for row in found.items]
    return Page(
        tuple(TaskPerson(one.public_id, one.nickname or pseudonym(str(one.public_id))) for one in people),
        found.cursor,
    )


def _id(public_id: UUID | str) -> UUID:
    try:
        return public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
