"""How communities forget a person and say what they hold: plugged into `people` by `project/wiring.py`."""

from typing import Any

from django.db.models import Q, TextField
from django.db.models.functions import Cast

from tongxin.communities.actions import admitting, leaving
from tongxin.communities.models import (
    Acceptance,
    Application,
    ContainerStay,
    Decision,
    Introduction,
    Invitation,
    Membership,
    PartTerm,
    SolvedAnswer,
    Welcome,
)
from tongxin.communities.queries.standing import said
from tongxin.communities.terms import Applied, Ended
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.people.ports import Person

ERASURE = system("communities.erasure")
Row = dict[str, Any]


class CommunitiesEraser:
    """`ERASERS = (…, CommunitiesEraser())`."""

    room = "communities"

    def erase(self, person: Person) -> int:
        """Memberships end; answers, hellos, reasons and introductions go; bare periods and proofs stay as figures of an opaque number."""
        now = clock.now()
        mine = Membership.objects.filter(person__in=person.ids)
        touched = 0
        for row in mine.filter(ended_at=None).select_for_update(of=("self",)).select_related("community"):
            leaving.end(ERASURE, row, Ended.ERASED, now, booked=False)
            touched += 1
        touched += mine.exclude(quit_scene="", greeted_at=None, interests=[]).update(
            quit_scene="", hello="", greeted_at=None, interests=[]
        )
        asked = Application.objects.filter(person__in=person.ids)
        for row_asked in asked.filter(state=Applied.UNDERWAY).select_related("community"):
            admitting.close_fee(ERASURE, row_asked, earned=False)
        asked.filter(state=Applied.UNDERWAY).update(
            state=Applied.WITHDRAWN, ended_at=now, ended_by=ERASURE.name, waiting_for_us=False
        )
        told = asked.annotate(raw=Cast("answers", TextField())).exclude(raw="", reason="", answers_until=None)
        touched += asked.filter(pk__in=told.values("pk")).update(answers="", reason="", answers_until=None)
        touched += Decision.objects.filter(application__in=asked).exclude(reason="").update(reason="")
        touched += Introduction.objects.filter(Q(one__in=mine) | Q(other__in=mine)).delete()[0]
        touched += Welcome.objects.filter(buddy__in=mine).update(buddy=None)
        touched += (
            PartTerm.objects.filter(person__in=person.ids)
            .exclude(shown_as="", reason="")
            .update(shown_as="", reason="")
        )
        touched += ContainerStay.objects.filter(person__in=person.ids, until=None).update(
            until=now, how_out=""
        )
        touched += SolvedAnswer.objects.filter(person__in=person.ids).delete()[0]
        return touched

    def export(self, person: Person) -> dict[str, list[Row]]:
        """The person's communities: memberships, what they said to come in, proofs, invitations, parts, groups, introductions."""
        mine = Membership.objects.filter(person__in=person.ids)
        return {
            "memberships": [
                {
                    "community": row.community.name,
                    "joined_at": row.joined_at.isoformat(),
                    "ended_at": None if row.ended_at is None else row.ended_at.isoformat(),
                    "ended": row.ended,
                    "scene": row.scene,
                    "channel": row.channel,
                    "quit_scene": row.quit_scene,
                    "rests_until": None if row.rests_until is None else row.rests_until.isoformat(),
                    "hello": row.hello,
                    "greeted_at": None if row.greeted_at is None else row.greeted_at.isoformat(),
                    "interests": row.interests,
                }
                for row in mine.select_related("community").order_by("id")
            ],
            "solved": [
                {"community": row.community.name, "month": row.month.isoformat(), "solved": row.solved}
                for row in SolvedAnswer.objects.filter(person__in=person.ids)
                .select_related("community")
                .order_by("id")
            ],
            "applications": [
                {
                    "community": row.community.name,
                    "state": row.state,
                    "answers": said(row),
                    "scene": row.scene,
                    "channel": row.channel,
                    "began_at": row.began_at.isoformat(),
                    "ended_at": None if row.ended_at is None else row.ended_at.isoformat(),
                    "reason": row.reason,
                }
                for row in Application.objects.filter(person__in=person.ids)
                .select_related("community")
                .order_by("id")
            ],
            "decisions": [
                {"gate": row.gate, "yes": row.yes, "reason": row.reason, "at": row.at.isoformat()}
                for row in Decision.objects.filter(application__person__in=person.ids).order_by("id")
            ],
            "accepted_rules": [
                {
                    "community": row.ruleset.community.name,
                    "version": row.ruleset.number,
                    "shown_at": row.shown_at.isoformat(),
                    "accepted_at": row.accepted_at.isoformat(),
                    "channel": row.channel,
                }
                for row in Acceptance.objects.filter(person__in=person.ids)
                .select_related("ruleset__community")
                .order_by("id")
            ],
            "invitations": [
                {"community": row.community.name, "made_at": row.made_at.isoformat()}
                for row in Invitation.objects.filter(inviter__in=person.ids)
                .select_related("community")
                .order_by("id")
            ],
            "parts": [
                {
                    "community": row.community.name,
                    "part": row.part,
                    "shown_as": row.shown_as,
                    "reason": row.reason,
                }
                for row in PartTerm.objects.filter(person__in=person.ids)
                .select_related("community")
                .order_by("id")
            ],
            "containers": [
                {
                    "container": row.container.name,
                    "since": row.since.isoformat(),
                    "until": None if row.until is None else row.until.isoformat(),
                    "how_in": row.how_in,
                    "how_out": row.how_out,
                }
                for row in ContainerStay.objects.filter(person__in=person.ids)
                .select_related("container")
                .order_by("id")
            ],
            "first_weeks": [
                {"began_at": row.began_at.isoformat(), "until": row.until.isoformat()}
                for row in Welcome.objects.filter(newcomer__in=mine).order_by("id")
            ],
            "introductions": [
                {"about": row.about, "made_at": row.made_at.isoformat(), "met": row.met}
                for row in Introduction.objects.filter(Q(one__in=mine) | Q(other__in=mine)).order_by("id")
            ],
        }
