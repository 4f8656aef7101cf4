"""What a naive number is: the rows it compares, how it compares them, and why it misleads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tongxin.compass.effects import Range
from tongxin.compass.frame import Frame
from tongxin.compass.match import Match


@dataclass(frozen=True)
class Naive:
    """One number that people quote; shown struck through beside the honest one, never alone.

    Attributes
    ----------
    baseline : callable
        Periods that the difference starts from, or None for a comparison of levels.
    within : bool
        Before against after of the treated alone.
    """

    code: str
    choose: Callable[[Frame], Match]
    baseline: Callable[[Frame], Range | None]
    within: bool
    zh: str
    en: str
    why_zh: str
    why_en: str
