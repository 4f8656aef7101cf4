"""What the social side brings: figures that rooms above hand in, each a sum over the chain or some stores, none about a person."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime

WINDOW = 91  # days

# since, as of, homes (None: the whole chain) → figures
SocialSource = Callable[[datetime, datetime, Collection[int] | None], "tuple[SocialFigure, ...]"]


@dataclass(frozen=True)
class SocialFigure:
    """One figure: how many out of how many. `rule` says what counts; an assumption is named as one."""

    code: str
    zh: str
    en: str
    value: int
    of: int | None
    rule_zh: str
    rule_en: str
    simulated: bool = False

    @property
    def share(self) -> float | None:
        """The share, where there is something to share."""
        return self.value / self.of if self.of else None
