"""What a gate is. One file a gate, one line in the list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tongxin.communities.rules.standing import Ask, Facts, Step

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Gate:
    """One kind of gate: its words, what it needs to be set up, what it asks, and where an applicant stands at it.

    `faults` names what is wrong with settings, `asks` what the applicant is asked, `stand` is the verdict.
    """

    code: str
    zh: str
    en: str
    hint_zh: str
    hint_en: str
    faults: Callable[[Settings], tuple[str, ...]]
    asks: Callable[[Settings], tuple[Ask, ...]]
    stand: Callable[[Settings, Facts], Step]
    decided_by_us: bool = False
