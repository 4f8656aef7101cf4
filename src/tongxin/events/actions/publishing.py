"""Drafting, changing, publishing, moving, cancelling and ending an occurrence."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F

from tongxin.events import queries
from tongxin.events.actions import bookings, calling_off, claims, freezing, kit_links, pricing, waiting
from tongxin.events.actions.letters import supersede, tell_all
from tongxin.events.formats import FORMATS
from tongxin.events.models import Occurrence, Pool
from tongxin.events.terms import LIVE, Admission, Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.people.subjects import SubjectIn, note
from tongxin.stores.models import Store

ROOM = "events"


@dataclass(frozen=True)
class Allotment:
    """Places kept for one audience ("ring:middle", "tag:…") until `release_at`."""

    audience: str
    size: int
    release_at: datetime | None = None


@dataclass(frozen=True)
class EventIn:
    """What an occurrence is drafted with. `places` counts all seats, allotments included."""

    title: str
    format: str
    starts_at: datetime
    ends_at: datetime
    places: int
    kind: Kind = Kind.BRAND_EVENT
    theme: str = ""
    summary: str = ""
    place: str = ""
    online_url: str = ""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    admission: Admission = Admission.FIRST_COME
    party_most: int = 1
    questions: tuple[Mapping[str, Any], ...] = ()
    fee_fen: int = 0
    voucher_fen: int = 0
    voucher_days: int = 30
    details: Mapping[str, Any] = field(default_factory=dict)
    allotments: tuple[Allotment, ...] = ()
    host: int | None = None
    member_host: int | None = None
    resources: tuple[UUID, ...] = ()
    kit: str = ""
    community: int | None = None
    simulated: bool = False


PLAIN = (
    "title", "format", "starts_at", "ends_at", "kind", "theme", "summary", "place", "online_url", "opens_at", "closes_at",
    "admission", "party_most", "fee_fen", "voucher_fen", "voucher_days", "kit", "community", "simulated",
)  # fmt: skip


def subject_of(occurrence: Occurrence) -> tuple[str, str, str]:
    """What the trail calls an occurrence."""
    return (ROOM, "occurrence", str(occurrence.public_id))


def anchor_of(occurrence: Occurrence) -> tuple[str, str]:
    """What messages are anchored to."""
    return (ROOM, str(occurrence.public_id))


def draft(*, viewer: Viewer, store: Store, event: EventIn) -> Occurrence:
    """A new occurrence, unseen by members. Refuses `absent` out of reach, `events.times`, `events.no_places`, `events.format`,
    `events.clash`."""
    if not viewer.reaches(store.pk, queries.ORGANISERS):
        raise Refused("absent")
    _check(event)
    with transaction.atomic():
        made = Occurrence.objects.create(
            store=store,
            **{name: getattr(event, name) for name in PLAIN},
            questions=[dict(q) for q in event.questions],
            details=dict(event.details),
            host_id=event.host,
            member_host_id=event.member_host,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        _pools(made, event)
        bookings.book(occurrence=made, resources=event.resources, staff=event.host)
        trail(
            viewer=viewer,
            act="events.drafted",
            subject=subject_of(made),
            after={"format": event.format, "store": store.code},
        )
    return made


def _check(event: EventIn) -> None:
    if event.ends_at <= event.starts_at:
        raise Refused("events.times")
    kept = sum(a.size for a in event.allotments)
    if event.places < 1 or kept > event.places:
        raise Refused("events.no_places")
    known = FORMATS.get(event.format)
    if known is None:
        raise Refused("input.bad", field="format", reason="/".join(FORMATS))
    known.check(
        event.details, online=bool(event.online_url), fee_fen=event.fee_fen, admission=event.admission
    )


def _pools(made: Occurrence, event: EventIn) -> None:
    kept = sum(a.size for a in event.allotments)
    Pool.objects.bulk_create(
        [
            Pool(occurrence=made, size=event.places - kept),
            *(
                Pool(occurrence=made, audience=a.audience, size=a.size, release_at=a.release_at)
                for a in event.allotments
            ),
        ]
    )


def change(*, viewer: Viewer, event_id: UUID, version: int, **words: Any) -> Occurrence:
    """Change what is told of an occurrence (not when or where; see `move`). Refuses `absent`, `edit.stale`, `events.state`."""
    with transaction.atomic():
        found = _locked(viewer, event_id)
        if found.version != version:
            raise Refused("edit.stale", version=found.version)
        if found.state not in {State.DRAFT, State.PUBLISHED}:
            raise Refused("events.state")
        allowed = {
            "title",
            "theme",
            "summary",
            "place",
            "online_url",
            "questions",
            "details",
            "opens_at",
            "closes_at",
            "party_most",
        }
        if found.admission == Admission.LOTTERY and found.state == State.PUBLISHED:
            _frozen(words)
        if found.state == State.DRAFT:
            allowed |= {"admission", "fee_fen", "voucher_fen", "voucher_days"}
        unknown = sorted(set(words) - allowed)
        if unknown:
            raise Refused("input.bad", field=unknown[0], reason="")
        kit_links.said(found, words)
        kit_links.looked_at(found.kit, words)
        before = {name: _plain(getattr(found, name)) for name in words}
        for name, value in words.items():
            setattr(found, name, value)
        if words.keys() & {"fee_fen", "voucher_fen"}:
            found.priced_by = viewer.name
        FORMATS[found.format].check(
            found.details,
            online=bool(found.online_url),
            fee_fen=found.fee_fen,
            admission=Admission(found.admission),
        )
        found.version += 1
        found.sequence += 1
        found.changed_at = clock.now()
        found.save(update_fields=[*words, "priced_by", "version", "sequence", "changed_at"])
        if found.subject_id is not None:
            _noted(found)
        trail(
            viewer=viewer,
            act="events.changed",
            subject=subject_of(found),
            before=before,
            after={name: _plain(value) for name, value in words.items()},
        )
    return found


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def publish(*, viewer: Viewer, event_id: UUID) -> Occurrence:
    """Let members see it and take seats. Doing it twice changes nothing.

    Refuses `absent`, `events.state`, `events.past_start`, `commerce.second_person_needed` when it promises more vouchers than one
    person may.
    """
    with transaction.atomic():
        found = _locked(viewer, event_id)
        if found.state == State.PUBLISHED:
            return found
        if found.state != State.DRAFT:
            raise Refused("events.state")
        now = clock.now()
        if found.starts_at <= now:
            raise Refused("events.past_start")
        pricing.let_out(viewer=viewer, event=found)
        kit_links.looked_at(found.kit, kit_links.words_of(found))
        found.state, found.published_at = State.PUBLISHED, now
        found.subject = _noted(found)
        found.save(update_fields=["state", "published_at", "subject"])
        if found.admission == Admission.LOTTERY:
            freezing.freeze_rules(occurrence=found)
        Pool.objects.filter(occurrence=found).update(opened=True, schedule=found.schedule)
        kit_links.opened(viewer, [found])
        trail(viewer=viewer, act="events.published", subject=subject_of(found))
    return found


def _noted(found: Occurrence) -> Any:
    return note(
        SubjectIn(
            room=ROOM,
            key=str(found.public_id),
            kind=str(found.kind),
            store=found.store_id,
            type=found.kit or found.format,  # studies ask by kit; an event without one is of its format
            title=found.title,
            opened_at=found.starts_at,
            closed_at=found.ends_at,
            simulated=found.simulated,
        )
    )


def move(
    *,
    viewer: Viewer,
    event_id: UUID,
    version: int,
    starts_at: datetime,
    ends_at: datetime,
    place: str | None = None,
) -> Occurrence:
    """Another time or place: everybody who holds a place is told, letters move along, the calendar's SEQUENCE goes up.
    A letter about an earlier move that has not left is not sent any more.

    Who was looking at the old time while registering is refused with `events.moved`. Refuses `absent`, `edit.stale`,
    `events.state`, `events.times`, `events.past_start`, `events.clash`.
    """
    if ends_at <= starts_at:
        raise Refused("events.times")
    with transaction.atomic():
        found = _locked(viewer, event_id)
        if found.version != version:
            raise Refused("edit.stale", version=found.version)
        if found.state not in {State.DRAFT, State.PUBLISHED}:
            raise Refused("events.state")
        if starts_at <= clock.now():
            raise Refused("events.past_start")
        before = {
            "starts_at": found.starts_at.isoformat(),
            "ends_at": found.ends_at.isoformat(),
            "place": found.place,
        }
        kit_links.timed(found, starts_at, ends_at)
        shift: timedelta = starts_at - found.starts_at
        found.starts_at, found.ends_at = starts_at, ends_at
        found.place = found.place if place is None else place
        if found.closes_at is not None:
            found.closes_at += shift
        if found.series_id is not None:
            found.detached = True
        found.version += 1
        found.schedule += 1
        found.sequence += 1
        found.changed_at = clock.now()
        found.save(
            update_fields=[
                "starts_at",
                "ends_at",
                "place",
                "closes_at",
                "detached",
                "version",
                "schedule",
                "sequence",
                "changed_at",
            ]
        )
        Pool.objects.filter(occurrence=found).update(
            schedule=found.schedule, release_at=F("release_at") + shift
        )
        bookings.move(occurrence=found)
        kit_links.moved(viewer, [found])
        if found.state == State.PUBLISHED:
            _noted(found)
            outreach.anchor(viewer=viewer, subject=anchor_of(found), at=starts_at)
            supersede(viewer=viewer, occurrences=[found], kind="events.moved")
            tell_all(viewer=viewer, occurrence=found, kind="events.moved", states=LIVE)
        trail(
            viewer=viewer,
            act="events.moved",
            subject=subject_of(found),
            before=before,
            after={"starts_at": starts_at.isoformat(), "ends_at": ends_at.isoformat(), "place": found.place},
        )
    return found


def cancel(*, viewer: Viewer, event_id: UUID, reason: str) -> Occurrence:
    """Call it off: no seat can be taken from this instant, everybody is told, fees go back, vouchers not yet used are taken back.

    Doing it twice changes nothing. Refuses `absent`, `events.state` once it is over.
    """
    with transaction.atomic():
        found = _locked(viewer, event_id)
        if found.state == State.CANCELLED:
            return found
        if found.state == State.ENDED:
            raise Refused("events.state")
        calling_off.call_off(viewer=viewer, rows=[found], reason=reason)
    return found


def resize(*, viewer: Viewer, event_id: UUID, version: int, audience: str, size: int) -> Pool:
    """More or fewer places in a pool; new ones go to the waiting list first. Refuses `absent`, `edit.stale`, `events.state`,
    `events.size_below_taken`, `commerce.second_person_needed` as `publish`."""
    with transaction.atomic():
        found = _locked(viewer, event_id)
        if found.version != version:
            raise Refused("edit.stale", version=found.version)
        if found.state not in {State.DRAFT, State.PUBLISHED}:
            raise Refused("events.state")
        pool = Pool.objects.filter(occurrence=found, audience=audience).first()
        if pool is None:
            raise Refused("absent")
        if size < pool.taken + pool.held:
            raise Refused("events.size_below_taken", taken=pool.taken + pool.held)
        if size < pool.size and found.admission == Admission.LOTTERY and found.state == State.PUBLISHED:
            raise Refused(
                "events.draw_frozen"
            )  # more seats than promised do no harm: they go down the ranking
        before, pool.size = pool.size, size
        pool.save(update_fields=["size"])
        if size > before and found.state == State.PUBLISHED:
            pricing.let_out(viewer=viewer, event=found)
        kit_links.resized(found)
        found.version += 1
        found.save(update_fields=["version"])
        trail(
            viewer=viewer,
            act="events.resized",
            subject=subject_of(found),
            before={"audience": audience, "size": before},
            after={"audience": audience, "size": size},
        )
        waiting.pass_on(viewer=viewer, occurrence=found)
    return pool


def _frozen(words: Mapping[str, Any]) -> None:
    """What the published rules of a draw stand on does not change any more."""
    if set(words) & {"opens_at", "closes_at", "party_most"}:
        raise Refused("events.draw_frozen")


def _locked(viewer: Viewer, event_id: UUID) -> Occurrence:
    found = queries.access_event(viewer, event_id, Verb.CHANGE)
    event = claims.locked_occurrence(found.pk)
    claims.locked(event)
    return event
