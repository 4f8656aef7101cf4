"""The champion's review of an event, the group offered after it, the letter of thanks."""

from collections.abc import Mapping
from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q

from tongxin.events import queries
from tongxin.events.actions.letters import subject
from tongxin.events.models import Attendance, FollowUp, Occurrence, Registration, Review
from tongxin.events.rules import reviews as rules
from tongxin.events.terms import State
from tongxin.events.terms_after import GROUP_MOST, REVIEW_MOST, STAR_MOST, THANKS_AT
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.kits.rules.links import is_link
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Message
from tongxin.outreach.terms import MessageClass, SendIn, SendState
from tongxin.people.terms import CustomerState

ROOM = "events"
THANKS_EXPIRE = timedelta(days=7)


def submit_review(
    *,
    viewer: Viewer,
    event_id: UUID,
    answers: Mapping[str, str],
    star: UUID | None = None,
    star_why: str = "",
    version: int | None = None,
) -> Review:
    """Write the review of an event that is over, or with the version one has seen a new one in its place.

    `star` is the registration of whoever is nominated as a Star; they came, and `star_why` says why. Refuses `absent`,
    `events.not_over`, `events.state`, `events.review_empty`, `events.star_not_there`, `events.star_why`, `input.bad`, `edit.stale`.
    """
    said = _said(answers, star_why if star else "")
    if star is not None and not star_why.strip():
        raise Refused("events.star_why")
    with transaction.atomic():
        event = _over(viewer, event_id)
        found = Review.objects.select_for_update(no_key=True).filter(occurrence=event).first()
        if (found.version if found else None) != version:
            raise Refused("edit.stale")
        nominee = None if star is None else _nominee(event, star)
        now = clock.now()
        row = found or Review(occurrence=event, submitted_at=now, submitted_by=viewer.name, version=0)
        row.questions, row.answers = rules.LATEST, said
        row.star_id, row.star_why = nominee, star_why.strip() if star else ""
        row.version, row.changed_at, row.changed_by = row.version + 1, now, viewer.name
        row.save()
        trail(
            viewer=viewer,
            act="events.review_submitted",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"questions": rules.LATEST, "star": nominee is not None, "version": row.version},
        )
    return row


def _said(answers: Mapping[str, str], star_why: str) -> dict[str, str]:
    if unknown := rules.unknown(answers):
        raise Refused("input.bad", field="answers", reason=unknown[0][:24])
    said = {key: words.strip() for key, words in answers.items()}
    if lacking := rules.missing(said):
        raise Refused("events.review_empty", question=lacking.zh)
    if any(len(words) > REVIEW_MOST for words in said.values()):
        raise Refused("input.bad", field="answers", reason=f"≤ {REVIEW_MOST}")
    if len(star_why.strip()) > STAR_MOST:
        raise Refused("input.bad", field="star_why", reason=f"≤ {STAR_MOST}")
    return said


def _over(viewer: Viewer, event_id: UUID) -> Occurrence:
    found = queries.access_event(viewer, event_id, Verb.CHANGE)
    event = (
        Occurrence.objects.select_for_update(no_key=True, of=("self",))
        .select_related("store")
        .get(pk=found.pk)
    )
    if event.state not in {State.PUBLISHED, State.ENDED}:
        raise Refused("events.state")
    if event.ends_at > clock.now():
        raise Refused("events.not_over")
    return event


def _nominee(event: Occurrence, registration: UUID) -> int:
    found = (
        Attendance.objects.filter(
            occurrence=event,
            registration__public_id=registration,
            counted__isnull=False,
            person__is_staff=False,
        )
        .exclude(person__state=CustomerState.ERASED)
        .first()
    )
    if found is None:
        raise Refused("events.star_not_there")
    return found.person_id


def offer_group(
    *, viewer: Viewer, event_id: UUID, text: str, url: str, version: int | None = None
) -> FollowUp:
    """Say which group those who came may join: a sentence and a link. Both empty takes it back.

    Refuses `absent`, `events.group_half`, `events.link` unless it is a whole https one, `input.bad`, `edit.stale`.
    """
    text, url = text.strip(), url.strip()
    if bool(text) != bool(url):
        raise Refused("events.group_half")
    if url and not is_link(url):
        raise Refused("events.link")
    if len(text) > GROUP_MOST:
        raise Refused("input.bad", field="text", reason=f"≤ {GROUP_MOST}")
    with transaction.atomic():
        found = queries.access_event(viewer, event_id, Verb.CHANGE)
        event = Occurrence.objects.select_for_update(no_key=True).get(pk=found.pk)
        row = FollowUp.objects.select_for_update(no_key=True).filter(occurrence=event).first()
        if version is not None and version != (row.version if row else 0):
            raise Refused("edit.stale")
        row = row or FollowUp(occurrence=event, version=0)
        row.text, row.url, row.version = text, url, row.version + 1
        row.set_at, row.set_by = clock.now(), viewer.name
        row.save()
        trail(
            viewer=viewer,
            act="events.group_offered",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"offered": bool(url), "version": row.version},
        )
    return row


def thank_guests(*, viewer: Viewer, event_id: UUID) -> int:
    """A letter of thanks to everybody who came, with the group if one is offered; once each, however often it is asked for.

    Where the kit has words of its own for who came, those go, and ours only with a group. Answers how many are written to.
    Refuses `absent`, `events.not_over`, `events.state`.
    """
    with transaction.atomic():
        event = _over(viewer, event_id)
        return thank(viewer=viewer, event=event)


def thank(*, viewer: Viewer, event: Occurrence) -> int:
    """The same for an event whose row the caller holds."""
    group = queries.group_after(event)
    if group is None and _kit_thanks(event):
        return 0
    came = Attendance.objects.filter(occurrence=event, counted__isnull=False).values("registration")
    rows = Registration.objects.filter(pk__in=came).exclude(person__state=CustomerState.ERASED)
    due = _morning_after(event)
    sends = [
        SendIn(
            person=row.person_id,
            kind="events.thanks",
            body={
                "title": event.title,
                "store_zh": event.store.name,
                "group_zh": f"{group.text} {group.url}" if group else "",
                "group_en": f"{group.text} {group.url}" if group else "",
                "path": f"/m/events/{event.public_id}/",
            },
            message_class=MessageClass.SERVICE,
            subject=subject(event),
            key=f"events.thanks:{row.public_id}",
            due_at=due,
            expires_at=due + THANKS_EXPIRE,
            store=event.store_id,
        )
        for row in rows.order_by("id")
    ]
    outreach.notify(viewer=viewer, sends=sends)
    if sends:
        trail(
            viewer=viewer,
            act="events.thanked",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"people": len(sends), "group": group is not None},
        )
    return len(sends)


def _morning_after(event: Occurrence) -> datetime:
    """Ten o'clock in the store on the day after; now, where that is past."""
    zone = ZoneInfo(event.store.zone)
    day = event.ends_at.astimezone(zone).date() + timedelta(days=1)
    return max(clock.now(), datetime.combine(day, time(THANKS_AT), tzinfo=zone))


def _kit_thanks(event: Occurrence) -> bool:
    """Has the kit words for who came, planned or gone?"""
    key = str(event.public_id)
    return (
        bool(event.kit)
        and Message.objects.filter(about_room=ROOM, about_key=key, audience_key=f"{key}:attended")
        .exclude(Q(state=SendState.CANCELLED) | Q(state=SendState.FAILED))
        .exists()
    )
