"""Communities offered after something of an upper room: an event of some format, a kit, a series."""

from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q

from tongxin.communities.models import Community, FollowUp, Membership
from tongxin.communities.queries.access import access_community
from tongxin.communities.queries.member import CommunityLine, lines
from tongxin.communities.terms import State
from tongxin.foundation.access import Viewer
from tongxin.people import queries as people

MOST = 3


def offers_for(
    viewer: Viewer, *, room: str, after: Sequence[tuple[str, str]], store: int | None = None
) -> list[CommunityLine]:
    """Open communities that want to be offered after one of these (kind, key) of a room, without those one is in.

    Those of the store come before the brand's; another store's are left out.
    """
    if not after:
        return []
    wanted = Q(pk=None)
    for kind, key in after:
        wanted |= Q(room=room, kind=kind, key=key)
    entries = people.cluster(viewer.person) if viewer.person is not None else []
    inside = Membership.objects.filter(person__in=entries, ended_at=None).values("community")
    rows = (
        Community.objects.select_related("store")
        .filter(state=State.OPEN, id__in=FollowUp.objects.filter(wanted).values("community"))
        .filter(Q(store=None) | Q(store=store))
        .exclude(id__in=inside)
        .order_by("name")
    )
    found = sorted(rows, key=lambda one: one.store_id is None)
    return lines(found[:MOST], entries)


def after_of(viewer: Viewer, community_id: UUID) -> frozenset[tuple[str, str, str]]:
    """After what a community is offered, as (room, kind, key). Refuses `absent`."""
    row = access_community(viewer, community_id)
    return frozenset(FollowUp.objects.filter(community=row).values_list("room", "kind", "key"))
