"""What a measure says of itself, as plain values that can be kept: a sentence, tables, pictures, warnings, the JSON behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

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
