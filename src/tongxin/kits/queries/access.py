"""Which kit, version or instance, and may this viewer. Foreign ones answer as absent."""

from uuid import UUID

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits.models import Instance, Kit, Offer, Recall, RecallWarning, StepReport, Use, Version
from tongxin.kits.terms import ADOPTERS, EDITORS, OVERSEERS, READERS

WRITES = frozenset({Verb.CREATE, Verb.CHANGE, Verb.DECIDE, Verb.ERASE})


def seen_by(viewer: Viewer) -> QuerySet[Kit]:
    """Headquarters sees every kit; a store sees what is released and offered to it."""
    if viewer.reaches(None, OVERSEERS):
        return Kit.objects.all()
    places = viewer.places(READERS)
    if places is not None and not places:
        return Kit.objects.none()
    offers = Offer.objects.filter(kit=OuterRef("pk"))
    if places is not None:
        offers = offers.filter(store__in=places)
    released = Exists(Version.objects.filter(kit=OuterRef("pk")))
    return Kit.objects.filter(Q(everywhere=True) | Exists(offers)).filter(released)


def access_kit(viewer: Viewer, kit_id: UUID | str, verb: Verb = Verb.READ) -> Kit:
    """A kit that the viewer sees; to write, headquarters'. Refuses `absent`, `forbidden` for a store that would write."""
    found = seen_by(viewer).filter(public_id=_uuid(kit_id)).first()
    if found is None:
        raise Refused("absent")
    if verb in WRITES and not viewer.reaches(None, EDITORS):
        raise Refused("forbidden")
    return found


def access_version(viewer: Viewer, version_id: UUID | str, verb: Verb = Verb.READ) -> Version:
    """A released version of a kit that the viewer sees. Refuses `absent`, `forbidden`."""
    found = Version.objects.select_related("kit").filter(public_id=_uuid(version_id)).first()
    if found is None:
        raise Refused("absent")
    access_kit(viewer, found.kit.public_id, verb)
    return found


def version_numbered(viewer: Viewer, kit_id: UUID | str, number: int, verb: Verb = Verb.READ) -> Version:
    """The same by its number. Refuses `absent`, `forbidden`."""
    kit = access_kit(viewer, kit_id, verb)
    found = Version.objects.select_related("kit").filter(kit=kit, number=number).first()
    if found is None:
        raise Refused("absent")
    return found


def version_to_take(viewer: Viewer, kit_id: UUID | str, number: int | None) -> Version:
    """A version by its number, or the newest that is not recalled. Refuses `absent`."""
    if number is not None:
        return version_numbered(viewer, kit_id, number)
    found = newest_of(access_kit(viewer, kit_id).pk)
    if found is None:
        raise Refused("absent")
    return found


def access_instance(viewer: Viewer, instance_id: UUID | str, verb: Verb = Verb.READ) -> Instance:
    """An instance of a store in reach. Refuses `absent`."""
    rows = Instance.objects.select_related("version__kit", "kit", "store")
    found = rows.filter(public_id=_uuid(instance_id)).first()
    if found is None or not viewer.reaches(found.store_id, ADOPTERS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def access_use(viewer: Viewer, room: str, key: str, verb: Verb = Verb.READ) -> Use:
    """The use of a kit at an event of a store in reach. Refuses `absent`."""
    rows = Use.objects.select_related("version__kit", "instance", "store")
    found = rows.filter(room=room, key=key).first()
    if found is None or not viewer.reaches(found.store_id, ADOPTERS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def access_report(viewer: Viewer, report_id: UUID | str, verb: Verb = Verb.READ) -> StepReport:
    """A step that was reported: by a store in reach, for headquarters all. Refuses `absent`."""
    found = (
        StepReport.objects.select_related("version__kit", "store").filter(public_id=_uuid(report_id)).first()
    )
    if found is None or not viewer.reaches(found.store_id, EDITORS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def access_warning(viewer: Viewer, warning_id: UUID | str, verb: Verb = Verb.READ) -> RecallWarning:
    """A warning of a store in reach. Refuses `absent`."""
    found = RecallWarning.objects.filter(public_id=_uuid(warning_id)).first()
    if found is None or not viewer.reaches(found.store_id, ADOPTERS if verb in WRITES else READERS):
        raise Refused("absent")
    return found


def offered(kit: Kit, store: int) -> bool:
    """Is the kit for this store?"""
    return kit.everywhere or Offer.objects.filter(kit=kit, store=store).exists()


def recall_of(version: int) -> Recall | None:
    """The recall of a version, if any."""
    return Recall.objects.filter(version=version).first()


def newest_of(kit: int) -> Version | None:
    """The newest version of a kit that is not recalled."""
    rows = Version.objects.filter(kit=kit).exclude(
        pk__in=Recall.objects.filter(version__kit=kit).values("version")
    )
    return rows.select_related("kit").order_by(F("number").desc()).first()


def _uuid(raw: UUID | str) -> UUID:
    if isinstance(raw, UUID):
        return raw
    try:
        return UUID(raw)
    except ValueError:
        raise Refused("absent") from None


def kit_of_version(version: int) -> UUID:
    """The public id of a version's kit."""
    return Version.objects.values_list("kit__public_id", flat=True).get(pk=version)
