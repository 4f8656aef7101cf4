"""Proposals of rituals: those a champion has to answer, one's own, and one in reach."""

from uuid import UUID

from django.db.models import QuerySet

from tongxin.events.models import RitualProposal
from tongxin.events.queries.access import ORGANISERS
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.people import queries as people
from tongxin.stores.models import Store


def access_proposal(viewer: Viewer, proposal_id: UUID, *, deciding: bool = False) -> RitualProposal:
    """A proposal of one's own, or one to a store in reach. `deciding` leaves the member out. Refuses `absent`."""
    found = _rows().filter(public_id=proposal_id).first()
    if found is None:
        raise Refused("absent")
    own = viewer.person is not None and viewer.person == (found.person.survivor_id or found.person_id)
    if not (own and not deciding) and not viewer.reaches(found.store_id, ORGANISERS):
        raise Refused("absent")
    return found


def proposals_to_answer(
    viewer: Viewer, *, limit: int = 30, cursor: str | None = None
) -> Page[RitualProposal]:
    """What members propose to the stores in reach and nobody has answered, oldest first."""
    places = viewer.places(ORGANISERS)
    rows = _rows().filter(answered_at=None)
    if places is not None:
        rows = rows.filter(store__in=places)
    return page(rows, by=("made_at", "id"), limit=limit, cursor=cursor)


def store_to_host_in(viewer: Viewer, store_id: UUID) -> Store:
    """A store that is open, for a member who would like to host there. Refuses `absent` for any other, and for who is no member."""
    found = Store.objects.filter(public_id=store_id, unsorted=False, closed_on=None).first()
    if found is None or viewer.person is None:
        raise Refused("absent")
    return found


def my_proposals(viewer: Viewer) -> list[RitualProposal]:
    """The asking member's own, newest first."""
    if viewer.person is None:
        return []
    return list(_rows().filter(person__in=people.cluster(viewer.person)).order_by("-made_at", "-id")[:50])


def _rows() -> QuerySet[RitualProposal]:
    return RitualProposal.objects.select_related("store", "person", "occurrence")
