"""Buying together 拼团: a group is opened, joined, complete at its size, or released when its time is over.

Every member's piece is a registration like any other, claimed in the pool. Lock order: group, then what `register` takes; a group
is locked first and never while something else is held.
"""

from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from tongxin.events import queries
from tongxin.events.actions.letters import subject
from tongxin.events.actions.registering import cancel_registration, register
from tongxin.events.formats.group_buy import GROUP_BUY
from tongxin.events.messages import spoken
from tongxin.events.models import BuyGroup, BuyPlace, Occurrence, Registration
from tongxin.events.rules.channel_policy import Answer, Mechanic, may_enter
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn

ROOM = "events"
AT_ONCE = 200


def open_group(
    *, viewer: Viewer, event_id: UUID, came_from: str = "", channel: str = "member_page"
) -> BuyGroup:
    """A member begins a group with a piece of their own, held for as long as the group may take.

    Refuses `absent` for an event that is no group buy, `events.channel_policy` for who comes from Moments, `events.full`, and what
    `register` refuses.
    """
    _may_come(came_from)
    with transaction.atomic():
        event = _group_buy(viewer, event_id)
        seat = _piece(viewer, event, channel)
        ends = clock.now() + timedelta(hours=event.details["group_hours"])
        made = BuyGroup.objects.create(
            occurrence=event,
            size=event.details["group_size"],
            opened_at=clock.now(),
            deadline=min(ends, event.closes_at or event.starts_at),
        )
        BuyPlace.objects.create(group=made, registration=seat, joined_at=clock.now())
        trail(viewer=viewer, act="events.group_opened", subject=_subject(made), after={"size": made.size})
    return made


def join_group(
    *, viewer: Viewer, group_id: UUID, came_from: str = "", channel: str = "member_page"
) -> BuyGroup:
    """Take a piece in somebody's group; the last one makes it complete and everybody is told.

    Refuses `absent`, `events.channel_policy` for who comes from Moments, `events.group_full`, `events.group_closed`, `events.full`,
    and what `register` refuses.
    """
    _may_come(came_from)
    with transaction.atomic():
        group = BuyGroup.objects.select_for_update(no_key=True).filter(public_id=group_id).first()
        if group is None:
            raise Refused("absent")
        event = _group_buy(
            viewer, Occurrence.objects.values_list("public_id", flat=True).get(pk=group.occurrence_id)
        )
        if group.completed_at is not None:
            raise Refused("events.group_full")
        if group.released_at is not None or group.deadline <= clock.now():
            raise Refused("events.group_closed")
        seat = _piece(viewer, event, channel)
        BuyPlace.objects.create(group=group, registration=seat, joined_at=clock.now())
        trail(viewer=viewer, act="events.group_joined", subject=_subject(group))
        _complete(viewer, group, event)
    return group


def _may_come(came_from: str) -> None:
    verdict = may_enter(Mechanic.GROUP_BUY, came_from, clock.business_day(clock.now()))
    if verdict.answer is Answer.FORBIDDEN:
        raise Refused("events.channel_policy", clause=verdict.clause)


def _group_buy(viewer: Viewer, event_id: UUID) -> Occurrence:
    found = queries.event_to_join(viewer, event_id)
    if found.format != GROUP_BUY.code:
        raise Refused("absent")
    return found


def _piece(viewer: Viewer, event: Occurrence, channel: str) -> Registration:
    """A piece of the stock, or a refusal: a group never waits in a line."""
    seat = register(viewer=viewer, event_id=event.public_id, channel=channel)
    if seat.state != Seat.CONFIRMED:
        raise Refused("events.full")
    return seat


def _held(group: BuyGroup) -> list[Registration]:
    """The pieces of a group that nobody gave back."""
    places = BuyPlace.objects.filter(group=group).values("registration")
    return list(Registration.objects.filter(pk__in=places, state=Seat.CONFIRMED).order_by("id"))


def _complete(viewer: Viewer, group: BuyGroup, event: Occurrence) -> None:
    held = _held(group)
    if len(held) < group.size:
        return
    group.completed_at = clock.now()
    group.save(update_fields=["completed_at"])
    trail(viewer=viewer, act="events.group_completed", subject=_subject(group), after={"pieces": len(held)})
    _tell(viewer, group, event, held, "events.group_complete")


def release_due(*, viewer: Viewer) -> int:
    """Groups whose time is over without being complete: every piece is free again and everybody is told; answers how many groups.

    A job of every minute.
    """
    _release_alone(viewer)
    due = BuyGroup.objects.filter(completed_at=None, released_at=None, deadline__lte=clock.now())
    return sum(
        _release(viewer, key) for key in list(due.order_by("id").values_list("pk", flat=True)[:AT_ONCE])
    )


def _release_alone(viewer: Viewer) -> None:
    """A piece that belongs to no group (a champion took it for somebody) is a group of one: released after the same time."""
    now = clock.now()
    alone = Registration.objects.filter(
        ~Exists(BuyPlace.objects.filter(registration=OuterRef("pk"))),
        occurrence__format=GROUP_BUY.code,
        occurrence__starts_at__gt=now,
        state=Seat.CONFIRMED,
    ).select_related("occurrence")
    for seat in alone.order_by("id")[:AT_ONCE]:
        if seat.registered_at + timedelta(hours=seat.occurrence.details["group_hours"]) <= now:
            cancel_registration(viewer=viewer, registration_id=seat.public_id, reason="group_incomplete")


def _release(viewer: Viewer, key: int) -> int:
    with transaction.atomic():
        group = (
            BuyGroup.objects.select_for_update(no_key=True, of=("self",))
            .select_related("occurrence__store")
            .get(pk=key)
        )
        if group.completed_at is not None or group.released_at is not None:
            return 0
        held = _held(group)
        for seat in held:
            if group.occurrence.starts_at > clock.now():
                cancel_registration(viewer=viewer, registration_id=seat.public_id, reason="group_incomplete")
        group.released_at = clock.now()
        group.save(update_fields=["released_at"])
        trail(
            viewer=viewer, act="events.group_released", subject=_subject(group), after={"pieces": len(held)}
        )
        _tell(viewer, group, group.occurrence, held, "events.group_released")
    return 1


def _tell(viewer: Viewer, group: BuyGroup, event: Occurrence, seats: list[Registration], kind: str) -> None:
    zh, en = spoken(event.ends_at, event.store.zone)
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=seat.person_id,
                kind=kind,
                body={"title": event.title, "when_zh": zh, "when_en": en, "store_zh": event.store.name},
                message_class=MessageClass.SERVICE,
                subject=subject(event),
                key=f"{kind}:{group.public_id}:{seat.public_id}",
                store=event.store_id,
            )
            for seat in seats
        ],
    )


def _subject(group: BuyGroup) -> tuple[str, str, str]:
    return (ROOM, "group", str(group.public_id))
