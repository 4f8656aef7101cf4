"""The end of a period: leaving, being asked to leave, or a leave that we learn of later."""

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from tongxin.communities import queries
from tongxin.communities.actions import letters, trails
from tongxin.communities.models import Membership, PartTerm, Welcome
from tongxin.communities.terms import Ended
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

LONGEST_REST = timedelta(days=365)


def leave(*, viewer: Viewer, community_id: UUID, quit_scene: str = "") -> Membership:
    """The member goes, in one tap and without a reason asked. Refuses `absent`, `communities.not_member`."""
    with transaction.atomic():
        community = queries.community_to_join(viewer, community_id)
        found = queries.my_membership(viewer, community)
        row = _locked(found.pk)
        end(viewer, row, Ended.LEFT, clock.now(), quit_scene=quit_scene)
        trails.of_membership(viewer, row, "communities.left")
    return row


def remove(*, viewer: Viewer, membership_id: UUID, reason: str, rests_days: int = 0) -> Membership:
    """A named person of the community asks a member to leave, with a reason that the member reads, and for how long.

    Refuses `absent`, `communities.not_member`, `communities.reason`, `input.bad`.
    """
    if not reason.strip():
        raise Refused("communities.reason")
    if not 0 <= rests_days <= LONGEST_REST.days:
        raise Refused("input.bad", field="rests_days", reason=f"0–{LONGEST_REST.days}")
    with transaction.atomic():
        row = _locked(queries.access_membership(viewer, membership_id).pk)
        now = clock.now()
        rests = now + timedelta(days=rests_days) if rests_days else None
        end(viewer, row, Ended.REMOVED, now, quit_scene=reason, rests_until=rests)
        # The reason names what somebody did: it stays with the membership, not in the trail.
        trails.of_membership(viewer, row, "communities.removed", after={"rests_days": rests_days})
        letters.tell(
            viewer=viewer,
            community=row.community,
            kind="communities.removed",
            persons=[row.person_id],
            key=str(row.public_id),
            reason=row.quit_scene,
        )
    return row


def note_left(*, viewer: Viewer, membership_id: UUID, at: datetime, quit_scene: str = "") -> Membership:
    """Somebody left outside and we learn of it now: the period ends when it happened, not when we heard.

    Refuses `absent`, `communities.not_member`, `input.bad` for an instant before they joined or in the future.
    """
    with transaction.atomic():
        row = _locked(queries.access_membership(viewer, membership_id).pk)
        if not row.joined_at <= at <= clock.now():
            raise Refused("input.bad", field="at", reason=row.joined_at.isoformat())
        end(viewer, row, Ended.LEFT, at, quit_scene=quit_scene)
        trails.of_membership(viewer, row, "communities.left", after={"at": at.isoformat()})
    return row


def end(
    viewer: Viewer,
    row: Membership,
    how: Ended,
    at: datetime,
    *,
    quit_scene: str = "",
    rests_until: datetime | None = None,
    booked: bool = True,
) -> None:
    """Close the period with all that hangs on it: parts, being somebody's buddy, what was still to be told."""
    if row.ended_at is not None:
        raise Refused("communities.not_member")
    row.ended_at, row.recorded_at, row.ended, row.ended_by = at, clock.now(), how, viewer.name
    row.quit_scene, row.rests_until = quit_scene.strip()[:120], rests_until
    row.hello, row.greeted_at, row.interests = "", None, []
    row.save()
    entries = people.cluster(row.person_id)
    PartTerm.objects.filter(community=row.community_id, person__in=entries, ended_at=None).update(
        ended_at=clock.now(), ended_by=viewer.name
    )
    Welcome.objects.filter(buddy=row).update(buddy=None)
    if booked:
        trails.book(trails.deed(row, "left", at))
    letters.withdraw(viewer=viewer, community=row.community, person=row.person_id, reason="left_community")


def _locked(pk: int) -> Membership:
    return Membership.objects.select_for_update(of=("self",)).select_related("community").get(pk=pk)
