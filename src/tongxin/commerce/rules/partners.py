"""Sponsored local events: what may be claimed of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tongxin.commerce.terms import Measure, SponsorState
from tongxin.foundation.errors import Refused

MOVES: dict[SponsorState, frozenset[SponsorState]] = {
    SponsorState.PLANNED: frozenset({SponsorState.HELD, SponsorState.CANCELLED}),
    SponsorState.HELD: frozenset(),
    SponsorState.CANCELLED: frozenset(),
}


@dataclass(frozen=True)
class Observed:
    """What came of an event for one measure: the hope, what was observed (None = nothing yet), and its cost apiece in fen."""

    measure: Measure
    hoped: int | None
    observed: int | None
    fen_each: int | None


def may_move(at: SponsorState, to: SponsorState) -> bool:
    """Can a sponsored event go from here to there?"""
    return to is at or to in MOVES[at]


def check_hopes(hopes: Mapping[str, int]) -> dict[str, int]:
    """The hopes by measure. Refuses `input.bad` for a measure we do not count or a negative number."""
    for name, value in hopes.items():
        if name not in {measure.value for measure in Measure} or isinstance(value, bool) or value < 0:
            raise Refused(
                "input.bad", field="we_hope", reason=", ".join(measure.value for measure in Measure)
            )
    return dict(hopes)


def observed(
    hopes: Mapping[str, int], outcomes: Iterable[tuple[Measure, int]], *, cost_fen: int
) -> tuple[Observed, ...]:
    """Hope, observation and cost apiece, for each measure that has one. Money against money has no cost apiece."""
    sums: dict[Measure, int] = {}
    for measure, value in outcomes:
        sums[measure] = sums.get(measure, 0) + value
    return tuple(
        Observed(
            measure,
            hopes.get(measure.value),
            sums.get(measure),
            cost_fen // sums[measure] if sums.get(measure) and measure is not Measure.SALES_FEN else None,
        )
        for measure in Measure
        if measure in sums or measure.value in hopes
    )
