"""How acts on places and doors stand in the trail: the one place where their subjects are spelled."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from tongxin.events.models import Door, Registration
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail, trail_many

ROOM = "events"


def of_place(
    viewer: Viewer,
    place: UUID,
    act: str,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """An act on a registration, by its public id."""
    trail(
        viewer=viewer,
        act=act,
        subject=(ROOM, "registration", str(place)),
        before=before,
        after=after,
        reason=reason,
    )


def of_state(viewer: Viewer, found: Registration, act: str, reason: str = "") -> None:
    """The same, with the state that the registration is in now."""
    of_place(viewer, found.public_id, act, after={"state": str(found.state)}, reason=reason)


def of_states(viewer: Viewer, rows: Sequence[Registration], act: str) -> None:
    """The same act on many, in one statement."""
    trail_many(
        viewer=viewer,
        act=act,
        rows=[((ROOM, "registration", str(row.public_id)), {"state": str(row.state)}) for row in rows],
    )


def of_door(viewer: Viewer, door: Door, act: str, after: dict[str, Any] | None = None) -> None:
    """An act on a phone at a door."""
    trail(viewer=viewer, act=act, subject=(ROOM, "door", str(door.public_id)), after=after)
