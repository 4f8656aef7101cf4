"""Planned and actual cost of a kit at an event."""

from dataclasses import dataclass

from tongxin.foundation.access import Viewer
from tongxin.kits.models import Actual
from tongxin.kits.queries.access import access_use
from tongxin.kits.rules.adapting import effective
from tongxin.kits.rules.content import planned


@dataclass(frozen=True)
class CostLine:
    """One material: what was planned and, once somebody wrote it down, what it came to."""

    key: str
    name: str
    unit: str
    quantity: int
    planned_fen: int
    used: int | None
    actual_fen: int | None


@dataclass(frozen=True)
class Bill:
    """The bill of materials of one event."""

    lines: tuple[CostLine, ...]
    budget_fen: int

    @property
    def planned_fen(self) -> int:
        """What it should come to."""
        return sum(line.planned_fen for line in self.lines)

    @property
    def actual_fen(self) -> int | None:
        """What it came to, None until somebody has written anything down."""
        known = [line.actual_fen for line in self.lines if line.actual_fen is not None]
        return sum(known) if known else None


def bill_of(viewer: Viewer, room: str, key: str) -> Bill:
    """The bill of the kit at an event, by its own version and values. Refuses `absent`."""
    use = access_use(viewer, room, key)
    content = effective(use.version.content, use.overrides)
    spent = {row.material: row for row in Actual.objects.filter(use=use)}
    return Bill(
        tuple(
            CostLine(
                one.key,
                one.name,
                one.unit,
                one.quantity,
                one.fen,
                spent[one.key].quantity if one.key in spent else None,
                spent[one.key].fen if one.key in spent else None,
            )
            for one in planned(content)
        ),
        content["budget_fen"],
    )
