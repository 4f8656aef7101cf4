"""How events forget a person and say what they hold: plugged into `people` by `project/wiring.py`."""

import json
from typing import Any

from tongxin.events.actions import forgetting
from tongxin.events.models import (
    Attendance,
    CalendarFeed,
    Occurrence,
    Participant,
    Pass,
    PhotoAnswer,
    Registration,
    Review,
    RitualProposal,
    SurveyInvite,
    WaitLine,
)
from tongxin.people.ports import Person

Row = dict[str, Any]


class EventsEraser:
    """`ERASERS = (…, EventsEraser())`."""

    room = "events"

    def erase(self, person: Person) -> int:
        """Places to come go to the next; answers, children and proposals go; past places stay as figures of an opaque number."""
        return forgetting.erase_person(person=person)

    def export(self, person: Person) -> dict[str, list[Row]]:
        """The person's events: places with answers, who came along, the waiting list, attendance, courses, proposals, hosting."""
        mine = Registration.objects.filter(person__in=person.ids)
        return {
            "registrations": [_registration(row) for row in mine.select_related("occurrence").order_by("id")],
            "participants": [
                {
                    "registration": str(row.registration.public_id),
                    "companion": str(row.companion),
                    "allergy": row.allergy,
                    "delete_on": row.delete_on.isoformat(),
                }
                for row in Participant.objects.filter(registration__in=mine)
                .select_related("registration")
                .order_by("id")
            ],
            "waiting_list": [
                {
                    "registration": str(row.registration.public_id),
                    "note": row.note,
                    "at": row.at.isoformat(),
                    "seats": row.seats,
                }
                for row in WaitLine.objects.filter(registration__in=mine)
                .select_related("registration")
                .order_by("id")
            ],
            "attendance": [
                {"registration": str(row.registration.public_id), "at": _said(row.at)}
                for row in Attendance.objects.filter(person__in=person.ids)
                .select_related("registration")
                .order_by("id")
            ],
            "passes": [
                {
                    "series": row.series.title,
                    "taken_at": row.taken_at.isoformat(),
                    "given_back_at": _said(row.given_back_at),
                }
                for row in Pass.objects.filter(person__in=person.ids).select_related("series").order_by("id")
            ],
            "ritual_proposals": [
                {
                    "title": row.title,
                    "words": row.words,
                    "wished_at": row.wished_at.isoformat(),
                    "answer": row.answer,
                }
                for row in RitualProposal.objects.filter(person__in=person.ids).order_by("id")
            ],
            "calendar_feeds": [
                {"opened_at": row.opened_at.isoformat(), "revoked_at": _said(row.revoked_at)}
                for row in CalendarFeed.objects.filter(person__in=person.ids).order_by("id")
            ],
            "surveys": [
                {
                    "event": row.survey.occurrence.title,
                    "answered_at": _said(row.answered_at),
                    "score": row.score,
                    "words": row.words,
                }
                for row in SurveyInvite.objects.filter(person__in=person.ids)
                .select_related("survey__occurrence")
                .order_by("id")
            ],
            "photo_answers": [
                {
                    "photo": str(row.photo.public_id),
                    "companion": str(row.companion) if row.companion else None,
                    "use": row.use,
                    "granted": row.granted,
                    "at": row.at.isoformat(),
                }
                for row in PhotoAnswer.objects.filter(person__in=person.ids)
                .select_related("photo")
                .order_by("id")
            ],
            "star_nominations": [
                {"event": row.occurrence.title, "why": row.star_why, "at": row.changed_at.isoformat()}
                for row in Review.objects.filter(star__in=person.ids)
                .select_related("occurrence")
                .order_by("id")
            ],
            "hosted": [
                {"title": row.title, "starts_at": row.starts_at.isoformat()}
                for row in Occurrence.objects.filter(member_host__in=person.ids).order_by("starts_at", "id")
            ],
        }


def _said(at: Any) -> str | None:
    return at.isoformat() if at else None


def _registration(row: Registration) -> Row:
    return {
        "event": row.occurrence.title,
        "starts_at": row.occurrence.starts_at.isoformat(),
        "state": row.state,
        "party": row.party,
        "number": row.number,
        "answers": json.loads(row.answers) if row.answers else {},
        "channel": row.channel,
        "walk_in": row.walk_in,
        "registered_at": row.registered_at.isoformat(),
        "offered_until": _said(row.offered_until),
        "decided_at": _said(row.decided_at),
        "ended_at": _said(row.ended_at),
        "reason": row.reason,
    }
