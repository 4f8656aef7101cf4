"""低门槛体验: a first visit at a small fixed price, for who has never been; once in a membership."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tongxin.events.formats.base import Format
from tongxin.events.rules.channel_policy import Mechanic
from tongxin.events.terms import Admission
from tongxin.foundation.errors import Refused

MOST_FEN = 1990  # a small price: more than this is an ordinary fee


@dataclass(frozen=True)
class FirstVisit(Format):
    """A format whose fee is part of what it is."""

    def check(
        self,
        details: Mapping[str, Any],
        *,
        online: bool,
        fee_fen: int,
        admission: Admission = Admission.FIRST_COME,
    ) -> None:
        """Refuses `events.format` without a fee, or for one that is not small."""
        if not 1 <= fee_fen <= MOST_FEN:
            raise Refused("events.format", format=self.zh, needs=f"fee 1–{MOST_FEN}")
        super().check(details, online=online, fee_fen=fee_fen, admission=admission)


LOW_THRESHOLD = FirstVisit(
    "low_threshold",
    "首次体验",
    "first visit",
    card_zh="第一次来，小小价格",
    card_en="your first time, a small price",
    needs=("item",),
    unit_zh="份",
    unit_en="shares",
    admissions=(Admission.FIRST_COME, Admission.APPROVAL),
    mechanic=Mechanic.LOW_THRESHOLD,
    once_a_life=True,
)
