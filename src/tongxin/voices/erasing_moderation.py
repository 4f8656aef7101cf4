"""How cases, challenges, contests and the inbox of voices forget a person and say what they hold; plugged in by `project/wiring.py`."""

from typing import Any

from django.db.models import TextField
from django.db.models.functions import Cast

from tongxin.people.ports import Person
from tongxin.voices.models import (
    Appeal,
    Case,
    ChallengeStay,
    CheckIn,
    Evidence,
    Item,
    MakeUp,
    Mute,
    Report,
    Strike,
    Vote,
)
from tongxin.voices.models import Entry as ContestEntry

Row = dict[str, Any]


class ModerationEraser:
    """`ERASERS = (…, ModerationEraser())`."""

    room = "voices.moderation"

    def erase(self, person: Person) -> int:
        """Words go: evidence, reports, reasons, appeals, days of challenges. Bare verdicts and votes stay as figures of an opaque number."""
        own = Case.objects.filter(post__person__in=person.ids)
        touched = Evidence.objects.filter(case__in=own).delete()[0]
        told = own.annotate(raw=Cast("why", TextField())).exclude(raw="")
        touched += own.filter(pk__in=list(told.values_list("pk", flat=True))).update(why="")
        asked = Appeal.objects.filter(case__in=own).annotate(
            raw=Cast("said", TextField()), said_back=Cast("answer", TextField())
        )
        spoken = list(asked.exclude(raw="", said_back="").values_list("pk", flat=True))
        touched += Appeal.objects.filter(pk__in=spoken).update(said="", answer="")
        touched += Report.objects.filter(person__in=person.ids).delete()[0]
        stays = ChallengeStay.objects.filter(person__in=person.ids)
        touched += MakeUp.objects.filter(stay__in=stays).delete()[0]
        touched += CheckIn.objects.filter(stay__in=stays).delete()[0]
        return touched

    def export(self, person: Person) -> dict[str, list[Row]]:
        """Decisions on the person's words, reminders and pauses, what they reported, challenges, contests, what became of their voice."""
        ids = person.ids
        return {
            "decisions_on_posts": [
                {
                    "post": str(row.post.public_id),
                    "verdict": row.verdict,
                    "why": row.why,
                    "at": None if row.decided_at is None else row.decided_at.isoformat(),
                }
                for row in Case.objects.filter(post__person__in=ids).select_related("post").order_by("id")
            ],
            "appeals": [
                {
                    "said": row.said,
                    "at": row.at.isoformat(),
                    "answered_at": None if row.answered_at is None else row.answered_at.isoformat(),
                    "upheld": row.upheld,
                    "answer": row.answer,
                }
                for row in Appeal.objects.filter(case__post__person__in=ids).order_by("id")
            ],
            "reminders": [
                {
                    "at": row.at.isoformat(),
                    "lifted_at": None if row.lifted_at is None else row.lifted_at.isoformat(),
                }
                for row in Strike.objects.filter(person__in=ids).order_by("id")
            ],
            "pauses": [
                {
                    "since": row.since.isoformat(),
                    "until": row.until.isoformat(),
                    "lifted_at": None if row.lifted_at is None else row.lifted_at.isoformat(),
                }
                for row in Mute.objects.filter(person__in=ids).order_by("id")
            ],
            "reports": [
                {"kind": row.kind, "note": row.note, "at": row.at.isoformat()}
                for row in Report.objects.filter(person__in=ids).order_by("id")
            ],
            "challenges": [
                {
                    "challenge": row.challenge.title,
                    "joined_at": row.joined_at.isoformat(),
                    "left_at": None if row.left_at is None else row.left_at.isoformat(),
                }
                for row in ChallengeStay.objects.filter(person__in=ids)
                .select_related("challenge")
                .order_by("id")
            ],
            "challenge_days": [
                {"day": row.day.isoformat(), "made_up": row.made_up, "at": row.at.isoformat()}
                for row in CheckIn.objects.filter(stay__person__in=ids).order_by("id")
            ],
            "made_up_days": [
                {"month": row.month.isoformat(), "day": row.day.isoformat(), "at": row.at.isoformat()}
                for row in MakeUp.objects.filter(stay__person__in=ids).order_by("id")
            ],
            "contest_entries": [
                {"contest": row.contest.title, "at": row.at.isoformat()}
                for row in ContestEntry.objects.filter(person__in=ids)
                .select_related("contest")
                .order_by("id")
            ],
            "votes": [
                {"contest": row.contest.title, "entry": row.entry.number, "at": row.at.isoformat()}
                for row in Vote.objects.filter(person__in=ids)
                .select_related("contest", "entry")
                .order_by("id")
            ],
            "voice": [
                {"guess": row.guess, "label": row.label, "outcome": row.outcome}
                for row in Item.objects.filter(post__person__in=ids).order_by("id")
            ],
        }
