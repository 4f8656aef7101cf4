"""A member says whether the community helped to get the job done, once a month; a second word of the month takes the first's place."""

from uuid import UUID

from django.db import transaction

from tongxin.communities.actions.trails import ROOM
from tongxin.communities.models import SolvedAnswer
from tongxin.communities.queries.access import community_to_join, my_membership
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail


def say_solved(*, viewer: Viewer, community_id: UUID, solved: bool) -> SolvedAnswer:
    """Refuses `absent`, `communities.not_member`."""
    with transaction.atomic():
        row = community_to_join(viewer, community_id)
        mine = my_membership(viewer, row)
        now = clock.now()
        answer, _new = SolvedAnswer.objects.update_or_create(
            community=row,
            person_id=mine.person_id,
            month=clock.month_start(clock.business_day(now)),
            defaults={"solved": solved, "at": now},
        )
        trail(viewer=viewer, act="communities.solved_said", subject=(ROOM, "community", str(row.public_id)))
    return answer
