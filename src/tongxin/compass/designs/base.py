"""What a design is given and what it hands back: the same parts of an answer, whatever the design."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from tongxin.compass.answer import EventPoint, KpiAnswer, People
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.effects import Reader
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population
from tongxin.compass.sentence import Words


@dataclass(frozen=True)
class Asked:
    """One question to one dataset, after orders and people have been looked up."""

    dataset: Dataset
    design: Design
    panel: Panel
    population: Population
    reader: Reader
    notes: tuple[Words, ...] = ()


@dataclass(frozen=True)
class Draft:
    """Everything of an `Answer` that depends on the design."""

    people: People
    balance: tuple[Mapping[str, Any], ...]
    kpis: tuple[KpiAnswer, ...]
    event_study: tuple[EventPoint, ...]
    checks: Mapping[str, Any]
    words: Words
    warnings: tuple[tuple[str, Words], ...]
    matches: pa.Table
    cells: pa.Table


@dataclass(frozen=True)
class Kind:
    """One design of the visible list.

    Attributes
    ----------
    answer : callable or None
        From a question to the parts of its answer; None for the default study, which `study` walks itself.
    randomised : bool
        Whether a lot decided, so that no assumption about people is needed.
    headline : str
        What `headline` of a figure says.
    why_not_default : Words
        What a reader must know before choosing it instead of the default.
    """

    code: str
    zh: str
    en: str
    randomised: bool
    headline: str
    why_not_default: Words
    answer: Callable[[Asked], Draft] | None
