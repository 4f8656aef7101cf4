"""How amplify forgets a person and says what it holds: plugged into `people` by `project/wiring.py`."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Q

from tongxin.amplify.actions import ambassadors, demand, outside, panels, referrals, stars, teachers
from tongxin.amplify.models import (
    Ambassador,
    AmbassadorTask,
    Item,
    Licence,
    OutsideTalent,
    PanelSeat,
    PayoutLine,
    PollVote,
    PoolShare,
    Referral,
    ReferralCode,
    RewardEntry,
    ShortlistPlace,
    Star,
    Teacher,
    TrialAnswer,
    Work,
)
from tongxin.people.ports import Person

Row = dict[str, Any]


class AmplifyEraser:
    """`ERASERS = (…, AmplifyEraser())`."""

    room = "amplify"

    def erase(self, person: Person) -> int:
        """Times as a Star end, words and names go, uses elsewhere are to be taken down; proofs and figures stay without the person."""
        ids = list(person.ids)
        return (
            stars.forget_star(ids)
            + referrals.forget_friends(ids)
            + ambassadors.forget_ambassador(ids)
            + panels.forget_panels(ids)
            + demand.forget_demand(ids)
            + teachers.forget_teacher(ids)
            + outside.forget_outside(ids)
        )

    def export(self, person: Person) -> dict[str, list[Row]]:
        """Invitations and answers, works, licences."""
        ids = person.ids
        return {
            "stars": [
                {
                    "state": row.state,
                    "why": row.why,
                    "shown_as": row.shown_as,
                    "invited_at": row.invited_at.isoformat(),
                    "answered_at": iso(row.answered_at),
                    "shown_at": iso(row.shown_at),
                    "ended_at": iso(row.ended_at),
                }
                for row in Star.objects.filter(person__in=ids).order_by("id")
            ],
            "works": [
                {"kind": row.kind, "words": row.words, "added_at": row.added_at.isoformat()}
                for row in Work.objects.filter(star__person__in=ids).order_by("id")
            ],
            "licences": [
                {
                    "work": str(row.work.public_id),
                    "granted": row.granted,
                    "scope": row.scope,
                    "until": row.until.isoformat(),
                    "channel": row.channel,
                    "at": row.at.isoformat(),
                }
                for row in Licence.objects.filter(work__star__person__in=ids)
                .select_related("work")
                .order_by("id")
            ],
            "codes": [
                {"code": row.code, "made_at": row.made_at.isoformat()}
                for row in ReferralCode.objects.filter(person__in=ids).order_by("id")
            ],
            "friends": [
                {
                    "as": "brought" if row.invitee_id in ids else "bringing",
                    "state": row.state,
                    "named_at": row.named_at.isoformat(),
                    "bought_on": iso(row.bought_on) if row.invitee_id in ids else None,
                    "due_on": iso(row.due_on) if row.invitee_id in ids else None,
                    "decided_at": iso(row.decided_at),
                    "reason": row.reason if row.invitee_id in ids else "",
                }
                for row in Referral.objects.filter(
                    Q(invitee__in=ids) | Q(referrer__in=ids) | Q(assist__in=ids)
                ).order_by("id")
            ],
            "thanks": [
                {"part": row.part, "kind": row.kind, "fen": row.fen, "at": row.at.isoformat()}
                for row in RewardEntry.objects.filter(person__in=ids).order_by("id")
            ],
            **_programmes(ids),
        }


def _programmes(ids: Sequence[int]) -> dict[str, list[Row]]:
    """Terms as an ambassador, seats and scores, ideas with answers, places on lists, votes, shares."""
    return {
        "ambassador": [
            {
                "state": row.state,
                "tier": row.tier,
                "why": row.why,
                "agreement": None if row.agreement is None else row.agreement.number,
                "agreed_at": iso(row.agreed_at),
                "learned": row.learned,
                "began_at": iso(row.began_at),
                "until": iso(row.until),
                "asked_at": row.asked_at.isoformat(),
                "decided_at": iso(row.decided_at),
                "ended_at": iso(row.ended_at),
                "reason": row.reason,
            }
            for row in Ambassador.objects.filter(person__in=ids).select_related("agreement").order_by("id")
        ],
        "tasks": [
            {"words": row.words, "done_at": iso(row.done_at)}
            for row in AmbassadorTask.objects.filter(ambassador__person__in=ids).order_by("id")
        ],
        "seats": [
            {
                "panel": row.panel.name,
                "state": row.state,
                "why": row.why,
                "invited_at": row.invited_at.isoformat(),
                "until": row.until.isoformat(),
                "agreed_at": iso(row.agreed_at),
                "ended_at": iso(row.ended_at),
            }
            for row in PanelSeat.objects.filter(person__in=ids).select_related("panel").order_by("id")
        ],
        "trials": [
            {"product": row.trial.product, "scores": row.scores, "at": row.at.isoformat()}
            for row in TrialAnswer.objects.filter(seat__person__in=ids).select_related("trial").order_by("id")
        ],
        "ideas": [
            {
                "words": row.words,
                "answer": row.answer,
                "answered_at": iso(row.answered_at),
                "credit": row.credit,
                "given_at": row.given_at.isoformat(),
            }
            for row in Item.objects.filter(person__in=ids).order_by("id")
        ],
        "lists": [
            {"score": row.score, "reasons": row.reasons}
            for row in ShortlistPlace.objects.filter(person__in=ids).order_by("id")
        ],
        "votes": [
            {"poll": row.poll.title, "option": row.option, "count": row.count, "at": row.at.isoformat()}
            for row in PollVote.objects.filter(person__in=ids).select_related("poll").order_by("id")
        ],
        "shares": [
            {"points": row.points, "fen": row.fen, "at": row.at.isoformat()}
            for row in PoolShare.objects.filter(person__in=ids).order_by("id")
        ],
        "payouts": [
            {
                "thanks_fen": row.thanks_fen,
                "shares_fen": row.shares_fen,
                "before_fen": row.before_fen,
                "fen": row.fen,
                "drawn_at": row.payout.drawn_at.isoformat(),
                "paid_at": iso(row.payout.paid_at),
            }
            for row in PayoutLine.objects.filter(person__in=ids).select_related("payout").order_by("id")
        ],
        "teaching": [
            {
                "state": row.state,
                "specialties": row.specialties,
                "shown_as": row.shown_as,
                "words": row.words,
                "why": row.why,
                "invited_at": row.invited_at.isoformat(),
                "answered_at": iso(row.answered_at),
                "ended_at": iso(row.ended_at),
            }
            for row in Teacher.objects.filter(person__in=ids).order_by("id")
        ],
        "talents": [
            {"community": row.community.name, "what": row.what, "agreed_at": row.agreed_at.isoformat()}
            for row in OutsideTalent.objects.filter(person__in=ids).select_related("community").order_by("id")
        ],
    }


def iso(at: Any) -> str | None:
    """An instant as text."""
    return None if at is None else at.isoformat()
