"""How the media store forgets a person and says what it holds.

Shaped like the eraser port of the rooms above (`room`, `erase`, `export`); plugged in by `project/wiring.py`.
"""

from typing import Any, Protocol

from tongxin.foundation.access import system
from tongxin.foundation.media.actions import erase_person
from tongxin.foundation.media.models import Picture


class Somebody(Protocol):
    """All ids under which one person is known."""

    @property
    def ids(self) -> tuple[int, ...]:
        """Their numbers."""
        ...


class MediaEraser:
    """`ERASERS = (…, MediaEraser())`."""

    room = "media"

    def erase(self, person: Somebody) -> int:
        """Delete their pictures, files included; answers how many. Twice changes nothing."""
        return sum(erase_person(viewer=system("erase"), person=key) for key in person.ids)

    def export(self, person: Somebody) -> dict[str, list[dict[str, Any]]]:
        """Their pictures, by the name under which each is served."""
        found = Picture.objects.filter(person__in=person.ids).order_by("id")
        return {
            "pictures": [
                {"name": p.name, "purpose": p.purpose, "created_at": p.created_at.isoformat()} for p in found
            ]
        }
