"""What a measure says of itself, as plain values that can be kept: a sentence, tables, pictures, warnings, the JSON behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

Words = Mapping[str, str]  # {"zh": …, "en": …}
Cell = str | int | float | Words | None


@dataclass(frozen=True)
class Table:
    """One table: its title, the heads of its columns, its rows; `numbers` are the columns that are set to the right."""

    title: Words
    columns: tuple[Words, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numbers: tuple[int, ...] = ()
    note: Words | None = None


@dataclass(frozen=True)
class Picture:
    """One chart in both languages, with the sentence that it shows."""

    name: str
    title: Words
    said: Words
    svg: Words


@dataclass(frozen=True)
class Told:
    """A measure's answer. `verdict` is `said`, or `cannot_be_said` with the reasons in `reasons`.

    `plain` is the measure's own JSON; none of it names a person.
    """

    verdict: str
    words: Words
    plain: Mapping[str, Any]
    tables: tuple[Table, ...] = ()
    pictures: tuple[Picture, ...] = ()
    warnings: tuple[Words, ...] = ()
    reasons: tuple[Words, ...] = ()
    fingerprint: str = ""
    simulated: bool = field(default=False)

    def page(self) -> dict[str, Any]:
        """What a page shows, as JSON values."""
        return {
            "tables": [asdict(table) for table in self.tables],
            "pictures": [asdict(picture) for picture in self.pictures],
            "warnings": [dict(words) for words in self.warnings],
            "reasons": [dict(words) for words in self.reasons],
        }


def words(zh: str, en: str) -> Words:
    """A sentence in both languages.

    >>> words("好", "good")["en"]
    'good'
    """
    return {"zh": zh, "en": en}


class _Said(Protocol):
    """The engine's own pair of sentences."""

    @property
    def zh(self) -> str: ...

    @property
    def en(self) -> str: ...


class _Why(_Said, Protocol):
    """The engine's reason for a refusal, with what would cure it."""

    @property
    def cure_zh(self) -> str: ...

    @property
    def cure_en(self) -> str: ...


class _Chart(Protocol):
    """A chart of the engine (`compass/charts`): a sentence and an SVG from its own small data."""

    def sentence(self, found: Any, /) -> _Said: ...

    def draw_svg(self, found: Any, language: str, /) -> str: ...


def drawn(name: str, title: Words, chart: _Chart, data: Any) -> Picture:
    """One picture in both languages, drawn in the worker and kept."""
    svg = {language: chart.draw_svg(data, language) for language in ("zh", "en")}
    return Picture(name, title, both(chart.sentence(data)), svg)


def both(said: _Said) -> Words:
    """The engine's words as they are kept."""
    return {"zh": said.zh, "en": said.en}


def cured(why: _Why) -> Words:
    """A reason together with what would make the thing measurable."""
    return {"zh": f"{why.zh}{why.cure_zh}", "en": f"{why.en} {why.cure_en}"}
