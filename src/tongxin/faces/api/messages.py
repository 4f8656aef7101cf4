"""`/me/inbox` and `/messages`: what was told to a member, and what staff plan to tell."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Moment, Out, Reason, Yes
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.outreach import actions, queries
from tongxin.outreach.terms import MessageClass, SendState
from tongxin.outreach.terms_plans import Target, Topic
from tongxin.people import queries as people
from tongxin.stores import queries as stores

router = Router(tags=["messages"])

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=600, pattern=PLAIN)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)]
Channel = Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z_-]*$")]


class Item(Out):
    """One message in the member's own inbox."""

    id: uuid.UUID
    text: str
    path: str
    message_class: MessageClass
    store_name: str
    at: datetime
    read_at: datetime | None


class Inbox(Out):
    items: list[Item]
    cursor: str | None
    unread: int


@router.get("/me/inbox", url_name="me.inbox", operation_id="me.inbox", response=Inbox)
def read_inbox(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Inbox:
    """One's own messages, newest first."""
    page = queries.my_inbox(request.viewer, limit=limit, cursor=cursor)
    names = [name for name in Item.model_fields if name != "id"]
    items = [Item(id=one.public_id, **{name: getattr(one, name) for name in names}) for one in page.items]
    return Inbox(items=items, cursor=page.cursor, unread=queries.unread_count(request.viewer))


@router.post(
    "/me/inbox/{uuid:item_id}/read", url_name="me.inbox.read", operation_id="me.inbox.read", response=Done
)
@write()
def mark_read(request: Asked, item_id: uuid.UUID) -> Done:
    """It was read."""
    actions.mark_read(viewer=request.viewer, public_id=item_id)
    return Done()


class OptOut(Out):
    message_class: MessageClass
    channel: str
    since: datetime


class OptOuts(Out):
    items: list[OptOut]


class HearWish(In):
    """`wanted` false stops this class of messages at once; `channel` empty means all of them."""

    message_class: MessageClass
    channel: Channel = ""
    wanted: Yes


@router.get("/me/opt-outs", url_name="me.opt_outs", operation_id="me.opt_outs", response=OptOuts)
def list_opt_outs(request: Asked) -> OptOuts:
    """What one does not want to hear."""
    return OptOuts(items=[OptOut.model_validate(one) for one in queries.my_opt_outs(request.viewer)])


@router.post("/me/opt-outs", url_name="me.opt_outs", operation_id="me.opt_out", response=Done)
@write()
def set_opt_out(request: Asked, body: HearWish) -> Done:
    """Stop a class of messages, or take them again."""
    viewer = request.viewer
    me = people.access_customer(viewer, people.me(viewer).public_id)
    if body.wanted:
        actions.opt_in(viewer=viewer, customer=me, message_class=body.message_class, channel=body.channel)
    else:
        actions.opt_out(
            viewer=viewer, customer=me, message_class=body.message_class, channel=body.channel, via="api"
        )
    return Done()


class Message(Out):
    """A plan: whom, what, when, how far it is."""

    id: uuid.UUID
    message_class: MessageClass
    channel: str
    title: str
    text: str
    state: SendState
    due_at: datetime
    expires_at: datetime
    recipients: int | None
    target: Target = Target.PERSONS
    topic: str = ""
    code: str = ""
    voucher: str = ""


class MessagePage(Out):
    items: list[Message]
    cursor: str | None


class NewMessage(In):
    """`audience` is one of the installation's audiences, `audience_key` what it is asked for (the store's id, …)."""

    message_class: MessageClass
    channel: Channel
    audience: Word
    audience_key: Word
    text: Text
    expires_at: Moment
    store: uuid.UUID | None = None
    due_at: Moment | None = None
    title: Word = ""
    text_en: Annotated[str, StringConstraints(strip_whitespace=True, max_length=600, pattern=PLAIN)] = ""
    target: Target = Target.PERSONS
    topic: Topic = Topic.NONE
    path: Annotated[str, StringConstraints(max_length=200, pattern=r"^(/[^/\s][^\s]*)?$")] = ""
    code: Annotated[str, StringConstraints(max_length=32, pattern=r"^[A-Za-z0-9_-]*$")] = ""
    voucher: Annotated[str, StringConstraints(strip_whitespace=True, max_length=64, pattern=PLAIN)] = ""


class Told(Message):
    """A plan with its progress: how many recipients are in which state, how many were held or dropped and why."""

    states: dict[str, int]
    dropped: dict[str, int]
    held: dict[str, int]


class Task(Out):
    """What somebody of a store has to send by hand."""

    id: uuid.UUID
    message: uuid.UUID
    text: str
    channel: str
    store_name: str
    group_name: str
    reminded: int
    state: SendState
    people: int
    counted: int | None
    expires_at: datetime


class Tasks(Out):
    items: list[Task]


def _shown(found: Any) -> dict[str, Any]:
    names = [name for name in Message.model_fields if name != "id"]
    return {"id": found.public_id, **{name: getattr(found, name) for name in names}}


@router.get("/messages", url_name="messages", operation_id="messages.list", response=MessagePage)
def list_messages(
    request: Asked, state: SendState | None = None, limit: Limit = 50, cursor: Cursor | None = None
) -> MessagePage:
    """The plans in reach, newest first."""
    page = queries.messages_for(request.viewer, state=state, limit=limit, cursor=cursor)
    return MessagePage(items=[Message(**_shown(one)) for one in page.items], cursor=page.cursor)


@router.post("/messages", url_name="messages", operation_id="messages.plan", response={201: Message})
@write(201)
def plan(request: Asked, body: NewMessage) -> Message:
    """A draft; nobody is told anything before it is approved, and nobody at all whom the gate holds back."""
    store = None if body.store is None else stores.access_store(request.viewer, body.store)
    made = actions.plan_message(viewer=request.viewer, store=store, **body.model_dump(exclude={"store"}))
    return Message(**_shown(made))


@router.get("/messages/{uuid:message_id}", url_name="message", operation_id="messages.read", response=Told)
def read_message(request: Asked, message_id: uuid.UUID) -> Told:
    """One plan with its progress."""
    found = queries.access_message(request.viewer, message_id)
    progress = queries.message_progress(request.viewer, message_id)
    return Told(
        **_shown(found),
        states={str(state): n for state, n in progress.states.items()},
        dropped={str(why): n for why, n in progress.dropped.items()},
        held={str(why): n for why, n in progress.held.items()},
    )


@router.post(
    "/messages/{uuid:message_id}/approve",
    url_name="message.approve",
    operation_id="messages.approve",
    response=Message,
)
@write()
def approve(request: Asked, message_id: uuid.UUID) -> Message:
    """Let it go; above 5,000 recipients somebody else than the author must."""
    return Message(**_shown(actions.approve_message(viewer=request.viewer, public_id=message_id)))


class StopWhy(In):
    reason: Reason


class Stopped(Out):
    stopped: int


@router.post(
    "/messages/{uuid:message_id}/cancel",
    url_name="message.cancel",
    operation_id="messages.cancel",
    response=Stopped,
)
@write()
def cancel(request: Asked, message_id: uuid.UUID, body: StopWhy) -> Stopped:
    """What has not gone never goes."""
    return Stopped(
        stopped=actions.cancel_message(viewer=request.viewer, public_id=message_id, reason=body.reason)
    )


@router.get(
    "/messages/{uuid:message_id}/tasks",
    url_name="message.tasks",
    operation_id="messages.tasks",
    response=Tasks,
)
def list_tasks(request: Asked, message_id: uuid.UUID) -> Tasks:
    """Who has to send what of it by hand."""
    names = [name for name in Task.model_fields if name != "id"]
    return Tasks(
        items=[
            Task(id=one.public_id, **{name: getattr(one, name) for name in names})
            for one in queries.tasks_of(request.viewer, message_id)
        ]
    )


class Sent(In):
    """`counted` is how many were really reached, when fewer than asked for."""

    counted: Annotated[int, Field(strict=True, ge=0, le=100_000)] | None = None


@router.post("/tasks/{uuid:task_id}/sent", url_name="task.sent", operation_id="tasks.sent", response=Done)
@write()
def sent(request: Asked, task_id: uuid.UUID, body: Sent) -> Done:
    """It was sent by hand. Only this, or a polled result, is ever called sent."""
    actions.confirm_sent(viewer=request.viewer, public_id=task_id, counted=body.counted)
    return Done()


@router.post(
    "/tasks/{uuid:task_id}/put-off", url_name="task.put_off", operation_id="tasks.put_off", response=Done
)
@write()
def put_off(request: Asked, task_id: uuid.UUID) -> Done:
    """Not today: it comes back tomorrow morning, unless it would be over by then."""
    actions.put_off(viewer=request.viewer, public_id=task_id)
    return Done()


class DayCount(Out):
    """So many get it on a day."""

    day: date
    count: int


class QuotaLine(Out):
    """A line of the policy: how many have reached it, and how many will have with this message."""

    clause: str
    message_class: MessageClass | None
    hours: int
    most: int
    platform: bool
    full: int
    after: int


class MessageForecast(Out):
    """As of `at`: who would get it when, who would wait or not get it, and why. `tasks` are the staff's."""

    at: datetime
    groups: bool
    total: int
    now: int
    going: int
    by_day: list[DayCount]
    held: dict[str, int]
    dropped: dict[str, int]
    quotas: list[QuotaLine]
    tasks: int


@router.get(
    "/messages/{uuid:message_id}/forecast",
    url_name="message.forecast",
    operation_id="messages.forecast",
    response=MessageForecast,
)
def read_forecast(request: Asked, message_id: uuid.UUID) -> MessageForecast:
    """What would become of a plan if it went when it is due: asked of the gate for everybody, nothing is written."""
    found = queries.forecast(request.viewer, message_id)
    return MessageForecast(
        at=found.at,
        groups=found.groups,
        total=found.total,
        now=found.now,
        going=found.going,
        by_day=[DayCount(day=day, count=n) for day, n in found.by_day],
        held={str(why): n for why, n in found.held.items()},
        dropped={str(why): n for why, n in found.dropped.items()},
        quotas=[QuotaLine.model_validate(one) for one in found.quotas],
        tasks=found.tasks,
    )


class Reminded(Out):
    """How many tasks were reminded of, and how often one may be reminded of this message today."""

    tasks: int
    left: int


@router.post(
    "/messages/{uuid:message_id}/remind",
    url_name="message.remind",
    operation_id="messages.remind",
    response=Reminded,
)
@write()
def remind(request: Asked, message_id: uuid.UUID) -> Reminded:
    """Remind the stores that have not sent yet; at most three times in 24 hours."""
    tasks = actions.remind(viewer=request.viewer, public_id=message_id)
    return Reminded(tasks=tasks, left=queries.reminders_left(request.viewer, message_id))


class ChannelLimit(Out):
    """What a platform allows."""

    scope: str
    hours: float
    most: int
    clause: str


class ChannelLine(Out):
    """A way out: what it can do, what limits it, whether it is set up."""

    id: str
    zh: str
    en: str
    ready: bool
    caps: list[str]
    limits: list[ChannelLimit]


class Channels(Out):
    items: list[ChannelLine]


@router.get("/channels", url_name="channels", operation_id="channels.list", response=Channels)
def list_channels(request: Asked) -> Channels:
    """The channels in the order of preference."""
    return Channels(
        items=[
            ChannelLine(
                id=one.id,
                zh=one.zh,
                en=one.en,
                ready=one.ready,
                caps=[str(cap) for cap in one.caps],
                limits=[
                    ChannelLimit(
                        scope=each.scope,
                        hours=each.window.total_seconds() / 3600,
                        most=each.most,
                        clause=each.clause,
                    )
                    for each in one.limits
                ],
            )
            for one in queries.ways(request.viewer)
        ]
    )
