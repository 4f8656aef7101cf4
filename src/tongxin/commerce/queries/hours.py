"""Work on the parts of an envelope: how long and what it cost."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Sum
from django.db.models.functions import Coalesce

from tongxin.commerce.models import StaffHours
from tongxin.commerce.queries.envelopes import access_commitment, access_envelope
from tongxin.commerce.terms import SPENDERS
from tongxin.foundation.access import Viewer

MINUTES = 60


@dataclass(frozen=True)
class HoursLine:
    """Work that somebody wrote down."""

    worked_on: date
    minutes: int
    cost_fen: int
    note: str
    by: str


@dataclass(frozen=True)
class Hours:
    """All work on an envelope: the sums, and the newest lines."""

    minutes: int
    cost_fen: int
    lines: tuple[HoursLine, ...]

    @property
    def hours(self) -> str:
        """Hours with one decimal, without a tail of zero."""
        return f"{round(self.minutes / MINUTES, 1):g}"


def hours_of(viewer: Viewer, envelope_id: UUID | str, *, limit: int = 20) -> Hours:
    """What was worked out of an envelope in reach. Refuses `absent`."""
    found = access_envelope(viewer, envelope_id)
    rows = StaffHours.objects.filter(commitment__envelope=found)
    sums = rows.aggregate(minutes=Coalesce(Sum("minutes"), 0), cost_fen=Coalesce(Sum("cost_fen"), 0))
    newest = rows.select_related("commitment").order_by("-worked_on", "-id")[:limit]
    return Hours(
        **{name: int(value) for name, value in sums.items()},
        lines=tuple(
            HoursLine(row.worked_on, row.minutes, row.cost_fen, row.commitment.note, row.by) for row in newest
        ),
    )


def envelope_of(viewer: Viewer, commitment_id: UUID | str) -> UUID:
    """The envelope of a part that the viewer may spend from. Refuses `absent`."""
    return access_commitment(viewer, commitment_id, SPENDERS).envelope.public_id
