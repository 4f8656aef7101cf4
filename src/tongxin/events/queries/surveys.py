"""Surveys: who may see the draw, who answers, and what the answers say. Small counts stay hidden from the store."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.models import Occurrence, Survey, SurveyInvite
from tongxin.events.queries.access import ORGANISERS, event_to_join
from tongxin.events.rules import surveys as rules
from tongxin.events.terms_after import FEW
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.draw import queries as draws
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people.queries import cluster
from tongxin.stores.terms import Role

# Who starts a survey; who reads the figures of every size; who reads those of their stores.
STARTERS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})
HEADQUARTERS = STARTERS | {Role.HQ_ANALYST, Role.AUDITOR}
FIGURE_READERS = HEADQUARTERS | ORGANISERS


def access_survey_event(viewer: Viewer, event_id: UUID) -> Occurrence:
    """An event whose survey the viewer may start. Refuses `absent` to a store's own people too."""
    found = Occurrence.objects.select_related("store").filter(public_id=event_id).first()
    if found is None or not viewer.reaches(found.store_id, STARTERS):
        raise Refused("absent")
    return found


def survey_document(viewer: Viewer, event_id: UUID) -> dict[str, Any]:
    """The published draw of an event's survey, for anybody who sees the event: no names, only lots. Refuses `absent`."""
    event = event_to_join(viewer, event_id)
    found = Survey.objects.filter(occurrence=event).first()
    if found is None:
        raise Refused("absent")
    return draws.document(found.draw)


def my_invite(viewer: Viewer, invite_id: UUID) -> SurveyInvite:
    """The asking member's own invitation. Refuses `absent`."""
    found = (
        SurveyInvite.objects.select_related("survey__occurrence__store", "person")
        .filter(public_id=invite_id)
        .first()
    )
    if found is None or viewer.person is None:
        raise Refused("absent")
    if viewer.person not in {found.person_id, found.person.survivor_id}:
        raise Refused("absent")
    return found


@dataclass(frozen=True)
class MySurvey:
    """A survey that the member was drawn for."""

    invite: UUID
    event: UUID
    title: str
    starts_at: datetime
    store_name: str
    question: tuple[str, str]
    expires_at: datetime
    answered_at: datetime | None
    score: int | None
    lots: str

    def open_at(self, now: datetime) -> bool:
        """Can it still be answered?"""
        return self.answered_at is None and now < self.expires_at


def _mine(row: SurveyInvite) -> MySurvey:
    survey, event = row.survey, row.survey.occurrence
    return MySurvey(
        row.public_id,
        event.public_id,
        event.title,
        event.starts_at,
        event.store.name,
        (survey.question_zh, survey.question_en),
        survey.expires_at or clock.now(),
        row.answered_at,
        row.score,
        f"{survey.asked}/{survey.entrants}",
    )


def my_surveys(viewer: Viewer) -> list[MySurvey]:
    """What the member was asked lately, newest first. Refuses `absent` without a member."""
    if viewer.person is None:
        raise Refused("absent")
    rows = SurveyInvite.objects.select_related("survey__occurrence__store").filter(
        person__in=cluster(viewer.person)
    )
    return [_mine(row) for row in rows.order_by("-id")[:50]]


def my_survey(viewer: Viewer, invite_id: UUID) -> MySurvey:
    """One of them. Refuses `absent`."""
    return _mine(my_invite(viewer, invite_id))


@dataclass(frozen=True)
class Nps:
    """What an event's (or a kit version's) survey says. `hidden`: fewer answers than a store may read; then there is no score."""

    entrants: int
    asked: int
    n: int
    hidden: bool
    score: float | None
    low: float | None
    high: float | None
    response: float
    response_low: float
    response_high: float
    committed_at: datetime | None = None
    revealed_at: datetime | None = None
    expires_at: datetime | None = None


def _said(entrants: int, asked: int, scores: list[int], *, few: bool, **at: Any) -> Nps:
    hidden = few and len(scores) < FEW
    found = None if hidden else rules.net(scores)
    low, high = rules.wilson(len(scores), asked)
    return Nps(
        entrants,
        asked,
        len(scores),
        hidden,
        found.score if found else None,
        found.low if found else None,
        found.high if found else None,
        len(scores) / asked if asked else 0.0,
        low,
        high,
        **at,
    )


def nps(viewer: Viewer, event_id: UUID) -> Nps | None:
    """The figures of one event's survey; None when there is none. Refuses `absent`."""
    event = Occurrence.objects.filter(public_id=event_id).first()
    if event is None or not viewer.reaches(event.store_id, FIGURE_READERS):
        raise Refused("absent")
    found = Survey.objects.filter(occurrence=event).first()
    if found is None:
        return None
    scores = _scores([found.pk])[found.pk]
    return _said(
        found.entrants,
        found.asked,
        scores,
        few=not viewer.reaches(event.store_id, HEADQUARTERS),
        committed_at=found.committed_at,
        revealed_at=found.revealed_at,
        expires_at=found.expires_at,
    )


def _scores(surveys: list[int]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    rows = SurveyInvite.objects.filter(survey__in=surveys, answered_at__isnull=False).order_by("id")
    for survey, score in rows.values_list("survey", "score"):
        found[survey].append(score or 0)
    return found


@dataclass(frozen=True)
class NpsLine:
    """One event's figures in a list."""

    event: UUID
    title: str
    store: str
    starts_at: datetime
    kit: str
    simulated: bool
    figures: Nps


def nps_lines(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[NpsLine]:
    """The surveys of the stores in reach, newest first. A fixed number of statements."""
    places = viewer.places(FIGURE_READERS)
    rows = Survey.objects.select_related("occurrence__store")
    if places is not None:
        rows = rows.filter(occurrence__store__in=places)
    found = page(rows, by=("-committed_at", "-id"), limit=limit, cursor=cursor)
    scores = _scores([row.pk for row in found.items])
    return Page(
        tuple(
            NpsLine(
                row.occurrence.public_id,
                row.occurrence.title,
                row.occurrence.store.name,
                row.occurrence.starts_at,
                row.occurrence.kit,
                row.occurrence.simulated,
                _said(
                    row.entrants,
                    row.asked,
                    scores[row.pk],
                    few=not viewer.reaches(row.occurrence.store_id, HEADQUARTERS),
                    committed_at=row.committed_at,
                    revealed_at=row.revealed_at,
                    expires_at=row.expires_at,
                ),
            )
            for row in found.items
        ),
        found.cursor,
    )


@dataclass(frozen=True)
class KitNps:
    """The figures of all events of one version of a kit, in the stores in reach."""

    kit: str
    title: str
    version: int
    events: int
    figures: Nps


_BY_KIT = """
SELECT k.code, v.number, max(v.content ->> 'title'), count(DISTINCT s.id), sum(s.entrants), sum(s.asked),
    array_agg(i.scores) FROM events_survey s
JOIN events_occurrence o ON o.id = s.occurrence_id
JOIN kits_use u ON u.room = 'events' AND u.key = o.public_id::text
JOIN kits_version v ON v.id = u.version_id JOIN kits_kit k ON k.id = v.kit_id
CROSS JOIN LATERAL (SELECT coalesce(string_agg(score::text, ',' ORDER BY id), '') AS scores FROM events_surveyinvite
    WHERE survey_id = s.id AND answered_at IS NOT NULL) i
WHERE s.revealed_at IS NOT NULL AND (%(everywhere)s OR o.store_id = ANY(%(places)s))
GROUP BY k.code, v.number ORDER BY k.code, v.number
"""


def nps_by_kit(viewer: Viewer) -> list[KitNps]:
    """Net promoter score by kit and version, over the stores in reach. Two answers of one event are not two events: mind the n."""
    places = viewer.places(FIGURE_READERS)
    few = not viewer.reaches(None, HEADQUARTERS)
    with connection.cursor() as cursor:
        cursor.execute(_BY_KIT, {"everywhere": places is None, "places": list(places or ())})
        return [
            KitNps(
                code,
                title or code,
                number,
                events,
                _said(int(entrants), int(asked), _numbers(scores), few=few),
            )
            for code, number, title, events, entrants, asked, scores in cursor.fetchall()
        ]


def _numbers(listed: list[str]) -> list[int]:
    return [int(one) for each in listed for one in each.split(",") if one]


def asked_about(viewer: Viewer, event_id: UUID) -> MySurvey | None:
    """The asking member's invitation for an event, if they were drawn. Refuses `absent` as the event's page does."""
    event = event_to_join(viewer, event_id)
    if viewer.person is None:
        return None
    row = (
        SurveyInvite.objects.select_related("survey__occurrence__store")
        .filter(survey__occurrence=event, person__in=cluster(viewer.person))
        .first()
    )
    return None if row is None else _mine(row)
