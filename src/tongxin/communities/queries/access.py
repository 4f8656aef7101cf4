"""Which community, application or membership, and may this viewer."""

from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.communities.models import (
    Acceptance,
    Application,
    Community,
    Container,
    Membership,
    PartTerm,
    RuleSet,
)
from tongxin.communities.rules.parts import by_tenure, may
from tongxin.communities.terms import EDITORS, KEEPERS, READERS, Part, Right, State
from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people


def access_community(viewer: Viewer, community_id: UUID, verb: Verb = Verb.READ) -> Community:
    """A community in reach of staff. Refuses `absent`.

    One of the whole brand may be read by who keeps some store; only who reaches the whole brand changes it.
    """
    found = Community.objects.select_related("store", "brand").filter(public_id=community_id).first()
    if found is None:
        raise Refused("absent")
    if verb is Verb.READ:
        reached = viewer.reaches(found.store_id, READERS) or (
            found.store_id is None and bool(viewer.roles & READERS)
        )
    else:
        reached = viewer.reaches(found.store_id, KEEPERS if verb is Verb.DECIDE else EDITORS)
    if not reached:
        raise Refused("absent")
    return found


def reached(viewer: Viewer) -> QuerySet[Community]:
    """The communities that staff may look at: of their stores, and those of the whole brand."""
    places = viewer.places(READERS)
    found = Community.objects.select_related("store")
    if places is None:
        return found
    if not viewer.roles & READERS:
        return found.none()
    return found.filter(Q(store__in=places) | Q(store=None))


def community_to_join(viewer: Viewer, community_id: UUID) -> Community:
    """A community that people can see: an open one, or a closed one they were in, or one in reach of staff. Refuses `absent`."""
    found = Community.objects.select_related("store", "brand").filter(public_id=community_id).first()
    if found is None:
        raise Refused("absent")
    if found.state == State.OPEN or viewer.reaches(found.store_id, READERS):
        return found
    was_in = (
        viewer.person is not None
        and Membership.objects.filter(community=found, person__in=people.cluster(viewer.person)).exists()
    )
    if found.state == State.CLOSED and was_in:
        return found
    raise Refused("absent")


def who_joins(viewer: Viewer, person: UUID | None) -> int:
    """The member themself, or somebody in reach whom staff bring in. Refuses `absent`."""
    if person is None:
        if viewer.person is None:
            raise Refused("absent")
        return viewer.person
    if not viewer.roles & KEEPERS:
        raise Refused("absent")
    return people.access_customer(viewer, person, Verb.CHANGE).pk


def open_membership(community: Community | int, person: int) -> Membership | None:
    """The period that a person is in now, by any entry of theirs."""
    return (
        Membership.objects.select_related("community")
        .filter(community=community, person__in=people.cluster(person), ended_at=None)
        .order_by("joined_at", "id")
        .first()
    )


def my_membership(viewer: Viewer, community: Community | int) -> Membership:
    """The viewer's own open membership. Refuses `communities.not_member`."""
    found = None if viewer.person is None else open_membership(community, viewer.person)
    if found is None:
        raise Refused("communities.not_member")
    return found


def parts_of(community: Community | int, person: int) -> frozenset[Part]:
    """The parts a person holds now: given ones whose term runs, and the one that follows from tenure."""
    now = clock.now()
    given = PartTerm.objects.filter(
        community=community, person__in=people.cluster(person), ended_at=None, until__gt=now
    ).values_list("part", flat=True)
    held = {Part(one) for one in given}
    member = open_membership(community, person)
    if member is None:
        return frozenset()
    tenure = by_tenure(member.joined_at, now)
    return frozenset(held | ({tenure} if tenure else set()))


def has_right(viewer: Viewer, community: Community | int, right: Right) -> bool:
    """Does a part of the viewer carry this right? Only while they are active: with the rules accepted."""
    if viewer.person is None or not may(parts_of(community, viewer.person), right):
        return False
    key = community if isinstance(community, int) else community.pk
    return accepted_number(key, viewer.person) >= required_number(key)


def access_application(viewer: Viewer, application_id: UUID, *, deciding: bool = False) -> Application:
    """One's own application, or one that the viewer decides about: as staff in reach or as a member with the right.

    `deciding` leaves the applicant out. Refuses `absent`.
    """
    found = (
        Application.objects.select_related("community__store", "person")
        .filter(public_id=application_id)
        .first()
    )
    if found is None:
        raise Refused("absent")
    own = viewer.person is not None and viewer.person == (found.person.survivor_id or found.person_id)
    if own:
        if deciding:
            raise Refused("absent")
        return found
    if not decides(viewer, found):
        raise Refused("absent")
    return found


def decides(viewer: Viewer, application: Application) -> bool:
    """May this viewer answer this application?"""
    if viewer.reaches(application.store_id, KEEPERS) or viewer.reaches(
        application.community.store_id, KEEPERS
    ):
        return True
    return has_right(viewer, application.community_id, Right.ADMIT)


def access_membership(viewer: Viewer, membership_id: UUID) -> Membership:
    """A membership that staff may act on. Refuses `absent`."""
    found = (
        Membership.objects.select_related("community__store", "person")
        .filter(public_id=membership_id)
        .first()
    )
    if found is None or not (
        viewer.reaches(found.store_id, KEEPERS) or viewer.reaches(found.community.store_id, KEEPERS)
    ):
        raise Refused("absent")
    return found


def access_container(viewer: Viewer, container_id: UUID) -> Container:
    """A container of a community in reach. Refuses `absent`."""
    found = Container.objects.select_related("community").filter(public_id=container_id).first()
    if found is None:
        raise Refused("absent")
    if not (viewer.reaches(found.store_id, KEEPERS) or viewer.reaches(found.community.store_id, KEEPERS)):
        raise Refused("absent")
    return found


def required_number(community: int) -> int:
    """The newest mandatory version of the rules in effect, 0 when there is none."""
    found = (
        RuleSet.objects.filter(community=community, mandatory=True, takes_effect_at__lte=clock.now())
        .order_by("-number")
        .values_list("number", flat=True)
        .first()
    )
    return found or 0


def accepted_number(community: int, person: int) -> int:
    """The newest version that a person has accepted, 0 for none."""
    found = (
        Acceptance.objects.filter(ruleset__community=community, person__in=people.cluster(person))
        .order_by("-ruleset__number")
        .values_list("ruleset__number", flat=True)
        .first()
    )
    return found or 0
