"""A champion looks at what the doors disagree about, and says what was right."""

from uuid import UUID, uuid5

from tongxin.events.actions import settling
from tongxin.events.actions.settling import Comer
from tongxin.events.models import DoorConflict, Scan
from tongxin.events.queries.access import ORGANISERS
from tongxin.events.terms import Did, Why
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.acting import one_act
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

ROOM = "events"
WORDS = 200


def resolve(*, viewer: Viewer, conflict_id: UUID, verdict: str, came: bool = False) -> DoorConflict:
    """Say what was right. `came`: the person was there all the same, which is a scan of its own; no old scan is rewritten.

    Repeating changes nothing. Refuses `absent`, `input.bad` without words, `events.seat_state` when nobody is named by the scan.
    """
    said = verdict.strip()[:WORDS]
    if not said:
        raise Refused("input.bad", field="verdict", reason="")
    with one_act():
        row = (
            DoorConflict.objects.select_for_update(no_key=True, of=("self",))
            .select_related("occurrence", "registration")
            .filter(public_id=conflict_id)
            .first()
        )
        if row is None or not viewer.reaches(row.occurrence.store_id, ORGANISERS):
            raise Refused("absent")
        if row.resolved_at is not None:
            return row
        row.resolved_at, row.resolved_by, row.verdict = clock.now(), viewer.name, said
        row.save(update_fields=["resolved_at", "resolved_by", "verdict"])
        if came:
            _came(viewer, row)
        # The champion's words stay with the conflict: they may name somebody, and the trail is for good.
        trail(
            viewer=viewer,
            act="events.conflict_resolved",
            subject=(ROOM, "door_conflict", str(row.public_id)),
            after={"kind": row.kind, "came": came},
        )
    return row


def _came(viewer: Viewer, row: DoorConflict) -> None:
    if row.registration is None:
        raise Refused("events.seat_state")
    place, old = row.registration, Scan.objects.get(nonce=row.scan)
    comer = Comer(place.pk, place.public_id, place.person_id)
    settling.hold(row.occurrence, [comer])
    Scan.objects.bulk_create(
        [
            Scan(
                nonce=uuid5(old.nonce, "came"),
                occurrence=row.occurrence,
                registration=place,
                via=old.via,
                did=Did.ADMITTED,
                did_why=Why.OK,
                server=Did.ADMITTED,
                server_why=Why.OK,
                forced=True,
                scanned_at=old.scanned_at,
                received_at=clock.now(),
                by=viewer.name,
            )
        ],
        ignore_conflicts=True,
    )
    settling.settle(viewer=viewer, event=row.occurrence, comers=[comer], patient=True)
