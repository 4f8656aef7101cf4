"""Which occurrence, which registration, and may this viewer."""

from uuid import UUID

from tongxin.events.models import Occurrence, Registration
from tongxin.events.terms import State
from tongxin.foundation.access import SYSTEM, Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.stores.terms import Role

# Who makes and changes events of a store; who may also look at them there; who works at its door.
ORGANISERS = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)
READERS = ORGANISERS | {Role.HQ_ANALYST, Role.AUDITOR, Role.DOOR, Role.DEVICE}
DOOR = frozenset({SYSTEM, Role.STORE_MANAGER, Role.CHAMPION, Role.DOOR, Role.DEVICE})
WRITES = frozenset({Verb.CREATE, Verb.CHANGE, Verb.DECIDE, Verb.ERASE})


def access_event(viewer: Viewer, event_id: UUID, verb: Verb = Verb.READ) -> Occurrence:
    """An occurrence in reach of staff. Refuses `absent` for the unknown, the foreign, and for who only looks at a store."""
    found = Occurrence.objects.select_related("store").filter(public_id=event_id).first()
    if found is None or not viewer.reaches(found.store_id, ORGANISERS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def event_to_join(viewer: Viewer, event_id: UUID) -> Occurrence:
    """An occurrence that members can see, or one in reach of the asking staff. Refuses `absent`; a draft is absent to members."""
    found = Occurrence.objects.select_related("store").filter(public_id=event_id).first()
    if found is None:
        raise Refused("absent")
    joinable(viewer, found)
    return found


def joinable(viewer: Viewer, event: Occurrence) -> None:
    """Refuses `absent` for a draft, but not to who organises it."""
    if event.state == State.DRAFT and not viewer.reaches(event.store_id, ORGANISERS):
        raise Refused("absent")


def who_registers(viewer: Viewer, event: Occurrence, person: int | None) -> int:
    """The member themself, or somebody whom a champion of the store registers. Refuses `absent` for anybody else."""
    if person is None or person == viewer.person:
        if viewer.person is None:
            raise Refused("absent")
        return viewer.person
    if not viewer.reaches(event.store_id, ORGANISERS):
        raise Refused("absent")
    found = Customer.objects.filter(pk=person, state=CustomerState.LIVE).first()
    if found is None:
        raise Refused("absent")
    return people.access_customer(viewer, found.public_id, Verb.CHANGE).pk


def access_registration(viewer: Viewer, registration_id: UUID, *, deciding: bool = False) -> Registration:
    """A registration: one's own, or one of an event in reach. `deciding` leaves the member out. Refuses `absent`."""
    found = (
        Registration.objects.select_related("occurrence__store", "person")
        .filter(public_id=registration_id)
        .first()
    )
    if found is None:
        raise Refused("absent")
    own = viewer.person is not None and viewer.person == (found.person.survivor_id or found.person_id)
    if not (own and not deciding) and not viewer.reaches(found.occurrence.store_id, ORGANISERS):
        raise Refused("absent")
    return found
