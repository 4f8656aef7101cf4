"""办成率: of those who said whether their job was done in 91 days, how many it was, with its interval."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tongxin.communities.models import Community, SolvedAnswer
from tongxin.communities.queries.access import community_to_join, my_membership
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.rings.rules.thanks import Arm, wilson

WINDOW = timedelta(days=91)
LEAST = 20


@dataclass(frozen=True)
class Proof:
    """`share` and its 95 % interval; None while fewer than twenty have said anything."""

    answers: int
    share: float | None
    low: float | None
    high: float | None


def proof_of(community: Community, now: datetime) -> Proof | None:
    """The newest word of each within 91 days; None before the first."""
    rows = (
        SolvedAnswer.objects.filter(community=community, at__gt=now - WINDOW)
        .order_by("person", "-at")
        .distinct("person")
        .values_list("solved", flat=True)
    )
    words = list(rows)
    if not words:
        return None
    if len(words) < LEAST:
        return Proof(len(words), None, None, None)
    arm = Arm(len(words), sum(words))
    low, high = wilson(arm)
    return Proof(len(words), arm.share, low, high)


def solved_open(viewer: Viewer, community_id: UUID) -> bool:
    """Is this month's word still open for the member who looks? Refuses `absent`, `communities.not_member`."""
    mine = my_membership(viewer, community_to_join(viewer, community_id))
    month = clock.month_start(clock.business_day(clock.now()))
    return not SolvedAnswer.objects.filter(
        community=mine.community_id, person=mine.person_id, month=month
    ).exists()
