"""The survey after an event: list and commitment are published, then the seed is revealed and those it picks are asked. Nobody picks."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, TextField
from django.db.models.functions import Cast

from tongxin.events.actions.letters import subject
from tongxin.events.models import Attendance, Occurrence, Survey, SurveyInvite
from tongxin.events.queries.surveys import access_survey_event, my_invite
from tongxin.events.rules import surveys as rules
from tongxin.events.survey_policy import lines
from tongxin.events.terms import State
from tongxin.events.terms_after import (
    SCORE_MOST,
    SURVEY_SHOWN_FOR,
    SURVEY_WITHIN,
    WORDS_KEPT,
    WORDS_MOST,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.draw import actions as draws
from tongxin.foundation.draw import queries as drawn
from tongxin.foundation.errors import Refused
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people import ledger
from tongxin.people.terms import CustomerState

ROOM = "events"
AT_ONCE = 200


def draw_survey(*, viewer: Viewer, event_id: UUID) -> dict[str, Any]:
    """Publish who of those who came may be drawn (opaque lots) and the commitment; answers the document. Again changes nothing.

    Headquarters and our own job only: a store's own people neither start it nor pick. Staff and children are not on the list.
    Refuses `absent`, `events.not_over`, `events.state`, `events.survey_late`, `events.survey_none`.
    """
    with transaction.atomic():
        event = _over(viewer, event_id)
        found = Survey.objects.filter(occurrence=event).first()
        if found is not None:
            return drawn.document(found.draw)
        if clock.now() > event.ends_at + SURVEY_WITHIN:
            raise Refused("events.survey_late")
        lots = list(_lots(event))
        if not lots:
            raise Refused("events.survey_none")
        line = rules.in_force(lines(), event.ends_at)
        asked = rules.to_ask(len(lots), line)
        made = draws.commit(
            viewer=viewer,
            title=event.title,
            entrants=lots,
            rules={
                "winners": asked,
                "purpose": "survey",
                "permille": line.permille,
                "least": line.least,
                "ground": line.ground,
                "entrants": "everybody who checked in, staff and children left out",
            },
        )
        Survey.objects.create(
            occurrence=event,
            draw=made.public_id,
            permille=line.permille,
            least=line.least,
            question_zh=line.question_zh,
            question_en=line.question_en,
            entrants=len(lots),
            asked=asked,
            committed_at=clock.now(),
        )
        trail(
            viewer=viewer,
            act="events.survey_drawn",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"draw": str(made.public_id), "entrants": len(lots), "asked": asked},
        )
    return drawn.document(made.public_id)


def _lots(event: Occurrence) -> dict[str, int]:
    """Lot → surviving person. Who is merged from two entries that both came has one lot, the first one's."""
    rows = (
        Attendance.objects.filter(occurrence=event, counted__isnull=False)
        .exclude(
            Q(person__state=CustomerState.ERASED)
            | Q(person__is_staff=True)
            | Q(person__survivor__is_staff=True)
        )
        .select_related("registration", "person")
        .order_by("id")
    )
    found: dict[int, str] = {}
    for row in rows:
        found.setdefault(
            row.person.survivor_id or row.person_id, rules.lot(event.public_id, row.registration.public_id)
        )
    return {lot: person for person, lot in found.items()}


def reveal_survey(*, viewer: Viewer, event_id: UUID) -> dict[str, Any]:
    """Open the seed, ask those whom it picks (one invitation each, through the gate); answers the document. Again changes nothing.

    Refuses `absent`, `events.survey_none` before `draw_survey`, `events.survey_early` within the first hour of the publication.
    """
    with transaction.atomic():
        event = _over(viewer, event_id)
        found = Survey.objects.select_for_update(no_key=True).filter(occurrence=event).first()
        if found is None:
            raise Refused("events.survey_none")
        if found.revealed_at is not None:
            return drawn.document(found.draw)
        now, from_then = clock.now(), found.committed_at + SURVEY_SHOWN_FOR
        if now < from_then:
            raise Refused("events.survey_early", at=from_then.isoformat())
        revealed = draws.reveal(viewer=viewer, public_id=found.draw)
        line = rules.in_force(lines(), event.ends_at)
        found.revealed_at, found.expires_at = now, now + timedelta(days=line.days)
        found.save(update_fields=["revealed_at", "expires_at"])
        lots = _lots(event)
        invites = SurveyInvite.objects.bulk_create(
            [SurveyInvite(survey=found, person_id=lots[lot]) for lot in revealed.winners if lot in lots]
        )
        _invite(viewer, event, found, invites)
        trail(
            viewer=viewer,
            act="events.survey_revealed",
            subject=(ROOM, "occurrence", str(event.public_id)),
            after={"draw": str(found.draw), "asked": len(invites)},
        )
    return drawn.document(found.draw)


def _invite(viewer: Viewer, event: Occurrence, survey: Survey, invites: list[SurveyInvite]) -> None:
    outreach.notify(
        viewer=viewer,
        sends=[
            SendIn(
                person=one.person_id,
                kind="events.survey",
                body={"title": event.title, "path": f"/m/surveys/{one.public_id}/"},
                message_class=MessageClass.SERVICE,
                subject=subject(event),
                key=f"events.survey:{one.public_id}",
                expires_at=survey.expires_at,
                store=event.store_id,
            )
            for one in invites
        ],
    )


def _over(viewer: Viewer, event_id: UUID) -> Occurrence:
    found = access_survey_event(viewer, event_id)
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


def survey_due(*, viewer: Viewer) -> int:
    """Reveal what has been public for an hour, publish what is over; answers how many events moved on. A job."""
    now = clock.now()
    shown = Survey.objects.filter(revealed_at=None, committed_at__lte=now - SURVEY_SHOWN_FOR)
    over = Occurrence.objects.filter(state=State.ENDED, ends_at__gt=now - SURVEY_WITHIN).exclude(
        pk__in=Survey.objects.values("occurrence")
    )
    over = over.filter(pk__in=Attendance.objects.filter(counted__isnull=False).values("occurrence"))
    moved = 0
    for key in list(shown.order_by("id").values_list("occurrence__public_id", flat=True)[:AT_ONCE]):
        reveal_survey(viewer=viewer, event_id=key)
        moved += 1
    for key in list(over.order_by("id").values_list("public_id", flat=True)[:AT_ONCE]):
        try:
            draw_survey(viewer=viewer, event_id=key)
        except (
            Refused
        ) as refused:  # only staff came: one event without anybody to ask must not stop the others
            if refused.code != "events.survey_none":
                raise
            continue
        moved += 1
    return moved


def answer_survey(*, viewer: Viewer, invite_id: UUID, score: int, words: str = "") -> SurveyInvite:
    """The one answer of whoever was drawn: 0 to 10, and a sentence if they like. It stands in the book with its value.

    Refuses `absent` to everybody else, `events.score`, `input.bad`, `events.survey_answered`, `events.survey_over`.
    """
    if isinstance(score, bool) or not 0 <= score <= SCORE_MOST:
        raise Refused("events.score")
    words = words.strip()
    if len(words) > WORDS_MOST:
        raise Refused("input.bad", field="words", reason=f"≤ {WORDS_MOST}")
    with transaction.atomic():
        found = my_invite(viewer, invite_id)
        event, now = found.survey.occurrence, clock.now()
        if found.answered_at is not None:
            raise Refused("events.survey_answered")
        found.score, found.words, found.answered_at = score, words, now
        open_now = SurveyInvite.objects.filter(pk=found.pk, answered_at=None, survey__expires_at__gt=now)
        if not open_now.update(score=score, words=words, answered_at=now):
            again = SurveyInvite.objects.filter(pk=found.pk, answered_at__isnull=False).exists()
            raise Refused("events.survey_answered" if again else "events.survey_over")
        ledger.record(
            viewer=viewer,
            person=found.person_id,
            kind="survey_answered",
            occurred_at=now,
            source=(ROOM, f"survey:{found.public_id}"),
            subject=event.subject_id,
            store=event.store_id,
            community=event.community,
            value=score,
        )
        trail(
            viewer=viewer,
            act="events.survey_answered",
            subject=(ROOM, "survey", str(found.survey.public_id)),
            after={"event": str(event.public_id)},
        )
    return found


def tidy_words(*, viewer: Viewer) -> int:
    """What was written beside a score goes after half a year; answers how many. A nightly job."""
    over = clock.now() - WORDS_KEPT
    with transaction.atomic():
        told = SurveyInvite.objects.filter(answered_at__lt=over).annotate(raw=Cast("words", TextField()))
        gone = SurveyInvite.objects.filter(pk__in=told.exclude(raw="").values("pk")).update(words="")
        if gone:
            trail(
                viewer=viewer,
                act="events.survey_words_tidied",
                subject=(ROOM, "survey", "many"),
                after={"count": gone},
            )
    return gone
