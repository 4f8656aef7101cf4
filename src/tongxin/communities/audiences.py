"""People a message can be for: the members of a community, its newcomers, or those who have not accepted the newest rules."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from tongxin.communities.models import Community, Membership
from tongxin.communities.queries.access import required_number
from tongxin.communities.queries.active import accepted, unaccepted
from tongxin.communities.queries.dormant import quiet_people
from tongxin.communities.rules.waking import Quiet
from tongxin.communities.terms import NEW_FOR
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.terms import PLANNERS
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState

ACTIVE, NEWCOMERS, UNACCEPTED = "active", "newcomers", "unaccepted"
WHICH = frozenset({ACTIVE, NEWCOMERS, UNACCEPTED, *Quiet})


class CommunityMembers:
    """`AUDIENCES = {"community": CommunityMembers()}`. The key is `<community's public id>:<active, newcomers, unaccepted,
    at_risk or dormant>`. Who is quiet is asked anew when a message is about to go: who came back meanwhile is spared.
    """

    id = "community"

    def access(self, viewer: Viewer, key: str) -> None:
        """Whoever plans messages for the community's store (for the whole brand's: for the brand). Refuses `absent`."""
        community, _ = _read(key)
        if community is None or not viewer.reaches(community.store_id, PLANNERS):
            raise Refused("absent")

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:
        """The surviving people who were in it at an instant."""
        return _people(key, at).values_list("id", flat=True)

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these are in it now: who left or is paused gets nothing any more."""
        return frozenset(_people(key, clock.now()).filter(id__in=persons).values_list("id", flat=True))


def _people(key: str, at: datetime) -> QuerySet[Customer]:
    community, which = _read(key)
    live = Customer.objects.filter(state=CustomerState.LIVE)
    if community is None:
        return live.none()
    inside = Membership.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=at), community=community, joined_at__lte=at
    )
    if which == NEWCOMERS:
        inside = inside.filter(joined_at__gt=at - NEW_FOR)
    if which in set(Quiet):
        return live.filter(id__in=quiet_people(community, Quiet(which), at))
    needs = required_number(community.pk)
    choose = unaccepted if which == UNACCEPTED else accepted
    rows = choose(inside, community.pk, needs)
    return live.filter(id__in=rows.values_list(Coalesce(F("person__survivor"), F("person"))))


def _read(key: str) -> tuple[Community | None, str]:
    """The community and which of its people; no community for a key of another shape."""
    name, _, which = key.partition(":")
    if which not in WHICH:
        return None, ""
    try:
        return Community.objects.filter(public_id=UUID(name)).first(), which
    except ValueError:
        return None, ""
