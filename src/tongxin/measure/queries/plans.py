"""What a message plan brought beyond what would have come anyway: those it was for against those held out of it at random.

By intention to treat: who was for it counts as reached, whether or not the message went. An arm is recomputed from the seed.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.outreach.models import Holdout, Message, Send
from tongxin.outreach.queries import access_message
from tongxin.outreach.rules import held_out
from tongxin.rings.rules.thanks import Arm, Effect, effect

WINDOW = timedelta(days=28)


@dataclass(frozen=True)
class PlanReturn:
    """A plan with a holdout: arms, effect (None until its window is over, or without a holdout), and when it can be told."""

    message: UUID
    title: str
    share_permille: int
    due_at: datetime
    ends_at: datetime
    effect: Effect | None


_BACK = """
SELECT DISTINCT coalesce(c.survivor_id, c.id) FROM people_deed d JOIN people_customer c ON c.id = d.person_id
WHERE d.person_id IN (SELECT id FROM people_customer WHERE id = ANY(%(persons)s) OR survivor_id = ANY(%(persons)s))
    AND d.weight > 0 AND d.reverses_id IS NULL AND d.occurred_at > %(since)s AND d.occurred_at <= %(until)s
    AND NOT EXISTS (SELECT 1 FROM people_deed x WHERE x.reverses_id = d.id)
"""


def plan_return(viewer: Viewer, message_id: UUID | str, *, cost_fen: int = 0) -> PlanReturn | None:
    """The incremental return of one plan in reach; None without a holdout of its own. Refuses `absent`."""
    message = access_message(viewer, message_id)
    holdout = Holdout.objects.filter(message=message).order_by("since", "id").first()
    return None if holdout is None else _told(message, holdout, cost_fen)


def plan_returns(viewer: Viewer, audience_starts: str, *, limit: int = 6) -> list[PlanReturn]:
    """The plans with a holdout whose audience key begins so (`<community>:`), newest first, as far as they are in reach."""
    rows = Holdout.objects.filter(message__audience_key__startswith=audience_starts).select_related("message")
    found = []
    for row in rows.order_by("-since", "-id")[:limit]:
        assert row.message is not None
        told = plan_return(viewer, row.message.public_id)
        if told is not None:
            found.append(told)
    return found


def _told(message: Message, holdout: Holdout, cost_fen: int) -> PlanReturn:
    ends = message.due_at + WINDOW
    found = None
    if clock.now() >= ends:
        people = list(
            Send.objects.filter(message=message)
            .order_by("person")
            .values_list("person", "person__public_id")
            .distinct()
        )
        with connection.cursor() as cursor:
            cursor.execute(
                _BACK, {"persons": [person for person, _ in people], "since": message.due_at, "until": ends}
            )
            back = {row[0] for row in cursor.fetchall()}
        held = {
            person
            for person, public_id in people
            if held_out(holdout.seed, [str(public_id)], holdout.share_permille)
        }
        reached = {person for person, _ in people} - held
        found = effect(Arm(len(reached), len(reached & back)), Arm(len(held), len(held & back)), cost_fen)
    return PlanReturn(message.public_id, message.title, holdout.share_permille, message.due_at, ends, found)
