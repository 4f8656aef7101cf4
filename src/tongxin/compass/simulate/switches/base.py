"""What a switch is: one thing that really happens in a chain, off by default, with its truth written down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from tongxin.compass.simulate.draft import Draft

#: in this order; a switch changes only what its stage may change
STAGES = ("spending", "joining", "entered", "gain", "after", "records")

Act = Callable[[Draft, float, np.random.Generator], dict[str, Any]]


@dataclass(frozen=True)
class Switch:
    """One switch.

    Attributes
    ----------
    stage : str
        `spending`: untreated spending and leanings; `joining`: more leanings, which may look at spending;
        `entered`: what happens around the drawn entries; `gain`: the form of the planted effect; `after`: what
        else joining changes; `records`: what the tables show of it.
    default, least, most : float
        Value of a bare `--with NAME`, and the range that is allowed.
    unit : str
        What the value means.
    act : callable
        Changes the draft; returns what `truth.json` tells besides the value.
    needs : tuple of str
        Switches that must be on too.
    """

    code: str
    stage: str
    default: float
    least: float
    most: float
    unit: str
    zh: str
    en: str
    act: Act
    needs: tuple[str, ...] = ()
