"""Bringing somebody in."""

from datetime import timedelta
from uuid import UUID

from django.db import transaction

from tongxin.communities import queries
from tongxin.communities.actions import trails
from tongxin.communities.models import Community, Invitation
from tongxin.communities.terms import INVITATION_LASTS, KEEPERS, Right, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

MOST_BY_MEMBER, MOST_BY_STAFF = 3, 500


def invite(
    *,
    viewer: Viewer,
    community_id: UUID,
    person: UUID | None = None,
    most: int = 1,
    lasts: timedelta = INVITATION_LASTS,
) -> Invitation:
    """A code that brings others in: by a member with the right (three people at most), or by staff (a poster at the till).

    Refuses `absent`, `forbidden`, `communities.not_open`, `input.bad`.
    """
    with transaction.atomic():
        community, staff = _by(viewer, community_id)
        if community.state != State.OPEN:
            raise Refused("communities.not_open")
        limit = MOST_BY_STAFF if staff else MOST_BY_MEMBER
        if not 1 <= most <= limit:
            raise Refused("input.bad", field="most", reason=f"1–{limit}")
        if not timedelta(0) < lasts <= INVITATION_LASTS:
            raise Refused("input.bad", field="lasts", reason=f"≤ {INVITATION_LASTS.days}")
        whom = None
        if person is not None:
            if not staff:  # a member hands over a code; naming somebody would ask who is a customer here
                raise Refused("forbidden")
            whom = people.access_customer(viewer, person, Verb.CHANGE)
        now = clock.now()
        made = Invitation.objects.create(
            community=community,
            inviter_id=None if staff else viewer.person,
            person=whom,
            invited_by=viewer.name,
            most=most,
            made_at=now,
            expires_at=now + lasts,
        )
        trails.of_community(viewer, community, "communities.invited", after={"most": most})
    return made


def end_invitation(*, viewer: Viewer, invitation_id: UUID) -> Invitation:
    """Take a code back; who used it stays. Twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        row = (
            Invitation.objects.select_for_update(of=("self",))
            .select_related("community")
            .filter(public_id=invitation_id)
            .first()
        )
        own = row is not None and viewer.person is not None and row.inviter_id == viewer.person
        if row is None or not (own or viewer.reaches(row.community.store_id, KEEPERS)):
            raise Refused("absent")
        if row.ended_at is None:
            row.ended_at = clock.now()
            row.save(update_fields=["ended_at"])
            trails.of_community(viewer, row.community, "communities.invitation_ended")
    return row


def _by(viewer: Viewer, community_id: UUID) -> tuple[Community, bool]:
    community = queries.community_to_join(viewer, community_id)
    if viewer.reaches(community.store_id, KEEPERS) or (
        community.store_id is None and bool(viewer.roles & KEEPERS)
    ):
        return community, True
    if not queries.has_right(viewer, community, Right.INVITE):
        raise Refused("forbidden")
    return community, False
