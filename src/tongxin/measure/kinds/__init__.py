"""The visible list of measures beside studies; a new one is one module here and one line below.

A module is loaded in the job worker only; it has one function, `tell(found: Extract, brief: Brief) -> Told`.
"""

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from tongxin.measure.telling import Told

if TYPE_CHECKING:
    from tongxin.measure.extract import Extract


@dataclass(frozen=True)
class Kind:
    """A measure: its name, and the question of daily work that it answers."""

    code: str
    zh: str
    en: str
    asks_zh: str
    asks_en: str


@dataclass(frozen=True)
class Brief:
    """What a measure is told besides the data: the day it speaks of, the seed of its draws."""

    as_of: Any
    seed: int = 20260307


KINDS: dict[str, Kind] = {
    kind.code: kind
    for kind in (
        Kind("concentration", "集中度", "concentration", "生意是不是靠少数人撑着？", "Does the business rest on a few people?"),
    )
}  # fmt: skip


def tell(code: str, found: "Extract", brief: Brief) -> Told:
    """Answer one measure. KeyError for a code that is not in the list."""
    module = import_module(f"tongxin.measure.kinds.{KINDS[code].code}")
    told: Told = module.tell(found, brief)
    return told
