"""What a programme cost, as the design states it: whole fen, nothing guessed, nothing forgotten.

A cost that is not stated is unknown, not zero; whoever had none writes 0.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tongxin.compass.errors import BadInput, Fault

#: the four kinds of cost in the answer, in its order
KINDS = ("materials", "vouchers", "labour", "other")


@dataclass(frozen=True)
class Costs:
    """Costs of everybody the programme served.

    Attributes
    ----------
    materials_fen, vouchers_fen, other_fen : int or None
        None = not stated.
    staff_hours : str or None
        A decimal number as written, e.g. "37.5"; text so that nothing is lost.
    hourly_fen : int or None
        What one hour of staff costs.
    uncertain_fen : int
        Standard deviation of the total where hours or vouchers are estimates; 0 = exact.
    people : int or None
        How many members the money was spent on; None = everybody the data show as taking part.
    """

    materials_fen: int | None = None
    vouchers_fen: int | None = None
    staff_hours: str | None = None
    hourly_fen: int | None = None
    other_fen: int | None = None
    uncertain_fen: int = 0
    people: int | None = None

    @property
    def labour_fen(self) -> int | None:
        """Staff hours times the hourly rate, rounded half up to a whole fen once.

        >>> Costs(staff_hours="7.5", hourly_fen=3001).labour_fen
        22508
        """
        if self.staff_hours is None:
            return None
        if self.hourly_fen is None:
            return 0 if Fraction(self.staff_hours) == 0 else None
        exact = Fraction(self.staff_hours) * self.hourly_fen
        return int((exact + Fraction(1, 2)).__floor__())

    @property
    def by_kind(self) -> dict[str, int | None]:
        """Fen by kind; None where it was not stated."""
        return dict(
            zip(KINDS, (self.materials_fen, self.vouchers_fen, self.labour_fen, self.other_fen), strict=True)
        )

    @property
    def unstated(self) -> tuple[str, ...]:
        """Kinds without a figure."""
        return tuple(kind for kind, fen in self.by_kind.items() if fen is None)

    @property
    def total_fen(self) -> int | None:
        """Sum of the four kinds; None unless all are stated.

        >>> Costs(1200_00, 300_00, "10", 25_00, 0).total_fen
        175000
        """
        found = [fen for fen in self.by_kind.values() if fen is not None]
        return sum(found) if len(found) == len(KINDS) else None

    def as_json(self) -> dict[str, Any]:
        """Plain values in a fixed order."""
        return dataclasses.asdict(self)


#: a design that says nothing about costs
NOT_STATED = Costs()


def from_mapping(given: Mapping[str, Any]) -> Costs:
    """Read the table `[costs]` of a design.

    Raises
    ------
    BadInput
        Unknown names, amounts that are not whole fen from 0 up, hours that are no number.

    Examples
    --------
    >>> from_mapping({"materials_fen": 5000, "staff_hours": 7.5, "hourly_fen": 4000}).labour_fen
    30000
    """
    names = tuple(item.name for item in dataclasses.fields(Costs))
    faults = [Fault(f"design.costs.{key}", "unknown field", names) for key in given if key not in names]
    values: dict[str, Any] = {}
    for key, value in given.items():
        if key == "staff_hours":
            values[key] = _hours(value, faults)
        elif key in names and value is not None:
            whole = isinstance(value, int) and not isinstance(value, bool) and value >= (key == "people")
            if not whole:
                what = "a whole number from 1 up" if key == "people" else "whole fen, 0 or more"
                faults.append(Fault(f"design.costs.{key}", repr(value), (what,)))
            values[key] = value
    if faults:
        raise BadInput(faults)
    return Costs(**values)


def _hours(value: Any, faults: list[Fault]) -> str | None:
    if value is None:
        return None
    try:
        hours = Fraction(-1) if isinstance(value, bool) else Fraction(str(value))
    except (ValueError, ZeroDivisionError):
        hours = Fraction(-1)
    if hours < 0:
        faults.append(Fault("design.costs.staff_hours", repr(value), ("hours, e.g. 37.5",)))
        return None
    return str(value)
