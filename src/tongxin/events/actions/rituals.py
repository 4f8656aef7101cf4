"""A member proposes a ritual and hosts it; the champion says yes or no. What took place is a deed of its host."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef

from tongxin.events.actions import publishing
from tongxin.events.actions.publishing import EventIn
from tongxin.events.formats import FORMATS
from tongxin.events.messages import spoken
from tongxin.events.models import Attendance, Occurrence, RitualProposal
from tongxin.events.queries.rituals import access_proposal
from tongxin.events.terms import Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people import ledger
from tongxin.people import queries as people
from tongxin.people.rules import DeedIn
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Store

ROOM = "events"
TITLE_MOST, WORDS_MOST, ANSWER_MOST = 80, 1000, 200
PLACES_MOST = 100
MINUTES = range(15, 8 * 60 + 1)
LOOK_BACK = timedelta(days=30)  # scans that come in later than this make no deed any more
AT_ONCE = 1000


@dataclass(frozen=True)
class ProposalIn:
    """What a member would like to host, when, and for how many."""

    format: str
    title: str
    wished_at: datetime
    minutes: int
    places: int
    words: str = ""


def propose_ritual(*, viewer: Viewer, store: Store, proposal: ProposalIn) -> RitualProposal:
    """A member offers to host a ritual in a store. Refuses `absent` for nobody, `events.past_start`, `events.format` for a format
    that members do not host, `events.waiting_for_answer` while another one of theirs waits at this store, `input.bad`."""
    if viewer.person is None:
        raise Refused("absent")
    _proper(proposal)
    with advisory(f"events.propose:{viewer.person}"):
        entries = people.cluster(viewer.person)
        if RitualProposal.objects.filter(person__in=entries, store=store, answered_at=None).exists():
            raise Refused("events.waiting_for_answer")
        made = RitualProposal.objects.create(
            person_id=viewer.person,
            store=store,
            format=proposal.format,
            title=proposal.title.strip(),
            words=proposal.words.strip(),
            wished_at=proposal.wished_at,
            minutes=proposal.minutes,
            places=proposal.places,
            made_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="events.ritual_proposed",
            subject=_subject(made),
            after={"format": made.format, "store": store.code},
        )
    return made


def _proper(proposal: ProposalIn) -> None:
    known = FORMATS.get(proposal.format)
    if known is None or not known.member_hosted:
        hosted = "/".join(code for code, one in FORMATS.items() if one.member_hosted)
        raise Refused("events.format", format=known.zh if known else "?", needs=hosted)
    if not 0 < len(proposal.title.strip()) <= TITLE_MOST:
        raise Refused("input.bad", field="title", reason=f"1–{TITLE_MOST}")
    if len(proposal.words) > WORDS_MOST:
        raise Refused("input.bad", field="words", reason=f"≤ {WORDS_MOST}")
    if proposal.minutes not in MINUTES:
        raise Refused("input.bad", field="minutes", reason=f"{MINUTES[0]}–{MINUTES[-1]}")
    if not 1 <= proposal.places <= PLACES_MOST:
        raise Refused("input.bad", field="places", reason=f"1–{PLACES_MOST}")
    if proposal.wished_at <= clock.now():
        raise Refused("events.past_start")


def approve_ritual(
    *,
    viewer: Viewer,
    proposal_id: UUID,
    starts_at: datetime | None = None,
    places: int | None = None,
    place: str = "",
    online_url: str = "",
    resources: tuple[UUID, ...] = (),
    community: int | None = None,
    answer: str = "",
) -> Occurrence:
    """Yes: a draft with the member as host, at the wished time unless said otherwise; the member is told.

    Doing it again answers the same draft. Refuses `absent`, `events.answered` after a no, and what `draft` refuses.
    """
    with transaction.atomic():
        found = _locked(viewer, proposal_id)
        if found.occurrence is not None:
            return found.occurrence
        host = found.person if found.person.survivor is None else found.person.survivor
        if found.answered_at is not None or host.state != CustomerState.LIVE:
            raise Refused("events.answered")
        begins = starts_at or found.wished_at
        if begins <= clock.now():
            raise Refused("events.past_start")
        made = publishing.draft(
            viewer=viewer,
            store=found.store,
            event=EventIn(
                title=found.title,
                format=found.format,
                kind=Kind.RITUAL,
                summary=found.words,
                starts_at=begins,
                ends_at=begins + timedelta(minutes=found.minutes),
                places=places or found.places,
                place=place,
                online_url=online_url,
                resources=resources,
                member_host=host.pk,
                community=community,
            ),
        )
        found.occurrence = made
        _answer(viewer, found, yes=True, answer=answer)
        zh, en = spoken(made.starts_at, found.store.zone)
        _tell(viewer, found, "events.ritual_approved", when_zh=zh, when_en=en, store_zh=found.store.name)
        return made


def decline_ritual(*, viewer: Viewer, proposal_id: UUID, answer: str) -> RitualProposal:
    """No, with words for the member. Doing it twice changes nothing. Refuses `absent`, `events.answered` after a yes, `input.bad`
    without words."""
    if not 0 < len(answer.strip()) <= ANSWER_MOST:
        raise Refused("input.bad", field="answer", reason=f"1–{ANSWER_MOST}")
    with transaction.atomic():
        found = _locked(viewer, proposal_id)
        if found.approved is False:
            return found
        if found.answered_at is not None:
            raise Refused("events.answered")
        _answer(viewer, found, yes=False, answer=answer)
        _tell(viewer, found, "events.ritual_declined")
        return found


def _locked(viewer: Viewer, proposal_id: UUID) -> RitualProposal:
    found = access_proposal(viewer, proposal_id, deciding=True)
    rows = RitualProposal.objects.select_for_update(no_key=True, of=("self",))
    return rows.select_related("store", "person__survivor", "occurrence").get(pk=found.pk)


def _answer(viewer: Viewer, found: RitualProposal, *, yes: bool, answer: str) -> None:
    found.approved, found.answer = yes, answer.strip()[:ANSWER_MOST]
    found.answered_at, found.answered_by = clock.now(), viewer.name
    found.save(update_fields=["approved", "answer", "answered_at", "answered_by", "occurrence"])
    trail(
        viewer=viewer,
        act="events.ritual_approved" if yes else "events.ritual_declined",
        subject=_subject(found),
        after={"event": str(found.occurrence.public_id)} if found.occurrence else None,
    )


def _tell(viewer: Viewer, found: RitualProposal, kind: str, **words: str) -> None:
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=found.person_id,
                kind=kind,
                body={"title": found.title, "answer": found.answer, **words},
                message_class=MessageClass.SERVICE,
                subject=(ROOM, str(found.public_id)),
                key=f"{kind}:{found.public_id}",
                store=found.store_id,
            )
        ],
    )


def _subject(found: RitualProposal) -> tuple[str, str, str]:
    return (ROOM, "ritual_proposal", str(found.public_id))


def book_hosted(*, viewer: Viewer) -> int:
    """Write down who hosted what has ended and took place (somebody came); answers how many are new. A nightly job.

    A scan that comes in later still makes the deed; the same event never makes two.
    """
    del viewer  # the deed names its source; the event's own trail says who ended it
    came = Attendance.objects.filter(occurrence=OuterRef("pk"), counted__isnull=False)
    rows = Occurrence.objects.filter(
        Exists(came),
        kind=Kind.RITUAL,
        state=State.ENDED,
        member_host__isnull=False,
        ends_at__gte=clock.now() - LOOK_BACK,
        member_host__state__in=[CustomerState.LIVE, CustomerState.MERGED],
    )
    with transaction.atomic():
        return ledger.write(
            [
                DeedIn(
                    person=row.member_host_id or 0,
                    kind="hosted_ritual",
                    occurred_at=row.ends_at,
                    source_system=ROOM,
                    source_id=f"hosted:{row.public_id}",
                    subject=row.subject_id,
                    store=row.store_id,
                    community=row.community,
                )
                for row in rows.order_by("id")[:AT_ONCE]
            ]
        )
