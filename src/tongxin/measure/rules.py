"""What may be asked of a study before anything heavy is loaded: shapes, not statistics."""

from collections.abc import Mapping
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.measure.terms import DESIGN_FIELDS, TREATED_KINDS

LONGEST_LIST = 24


def read_design(treated: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The design as plain JSON values. Refuses `measure.design_bad` for unknown names and wrong shapes.

    Whether a design makes sense for the data is for the engine to say; it answers in the study itself.
    """
    _treated(treated)
    for name, value in given.items():
        kind = DESIGN_FIELDS.get(name)
        if kind is None:
            raise _bad(name, "没有这一项 · unknown")
        if not _fits(value, kind):
            raise _bad(name, f"应为 {kind.__name__} · must be {kind.__name__}")
    return dict(given) | {"treated": treated}


def _treated(treated: str) -> None:
    kind, _, code = treated.partition(":")
    if treated != "participation" and (kind not in TREATED_KINDS or not code or len(code) > 120):
        raise _bad("treated", f"participation, {', '.join(f'{k}:ID' for k in TREATED_KINDS)}")


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is list:
        return (
            isinstance(value, list | tuple)
            and len(value) <= LONGEST_LIST
            and all(isinstance(item, int | str) and not isinstance(item, bool) for item in value)
        )
    return isinstance(value, kind)


def _bad(field: str, reason: str) -> Refused:
    return Refused("measure.design_bad", field=field[:40], reason=reason)
