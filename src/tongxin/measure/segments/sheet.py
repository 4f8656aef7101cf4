"""Answering rules from the sheet: two Parquet files with a row a member, read column by column. No database, no engine.

A web worker may ask: a rule over a million members reads a few columns of whole numbers and compares them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tongxin.measure.segments.language import Ask, Both, Either, Not, Rule
from tongxin.measure.segments.words import WINDOWS

if TYPE_CHECKING:
    import numpy as np

CURRENT = "current.json"
PEOPLE, COUNTS, DICTIONARY = "people.parquet", "counts.parquet", "words.json"
RINGS = ("outer", "middle", "inner")
NEVER = 32_000  # days of silence of somebody who has given no sign at all


@dataclass(frozen=True)
class Sheet:
    """One preparation: where it lies, as of when, over how many, how long ago it was written and by which code."""

    folder: Path
    as_of: datetime
    prepared_at: datetime
    people: int
    fingerprint: str
    _read: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def column(self, name: str) -> np.ndarray:
        """One column over everybody."""
        if name not in self._read:
            import pyarrow.parquet as pq  # noqa: PLC0415  # slow: pages without segments do without it

            table = pq.read_table(self.folder / PEOPLE, columns=[name], use_threads=False)
            self._read[name] = table.column(0).to_numpy()
        found: np.ndarray = self._read[name]
        return found

    def counted(self, what: str, window: int) -> np.ndarray:
        """How often each did or bought one thing within a window; most have not, so only those who have are kept."""
        import numpy as np  # noqa: PLC0415  # slow, as above
        import pyarrow.parquet as pq  # noqa: PLC0415  # slow, as above

        out = np.zeros(self.people, dtype=np.int32)
        file = self.folder / COUNTS
        if file.exists():
            name = f"w{window}"
            table = pq.read_table(
                file, columns=["row", name], filters=[("what", "==", what)], use_threads=False
            )
            out[table.column("row").to_numpy()] = table.column(name).to_numpy()
        return out

    def words(self) -> dict[str, dict[str, str]]:
        """Names in rules → what the sheet calls them, by field (stores by code, categories by name)."""
        found: dict[str, dict[str, str]] = json.loads((self.folder / DICTIONARY).read_text("utf-8"))
        return found


def current(home: Path) -> Sheet | None:
    """The sheet that was prepared last; None before the first night."""
    try:
        kept = json.loads((home / CURRENT).read_text("utf-8"))
    except FileNotFoundError:
        return None
    return Sheet(
        home / kept["folder"],
        datetime.fromisoformat(kept["as_of"]),
        datetime.fromisoformat(kept["prepared_at"]),
        kept["people"],
        kept["fingerprint"],
    )


def mask(rule: Rule, sheet: Sheet) -> np.ndarray:
    """Who is meant, as a yes or no for each row. Who may not be looked at by what they did is never meant, also by a negation."""
    return _mask(rule, sheet) & sheet.column("usable")


def _mask(rule: Rule, sheet: Sheet) -> np.ndarray:
    import numpy as np  # noqa: PLC0415  # slow, as above

    if isinstance(rule, Not):
        return ~_mask(rule.part, sheet)
    if isinstance(rule, Both | Either):
        join = np.logical_and if isinstance(rule, Both) else np.logical_or
        found = _mask(rule.parts[0], sheet)
        for part in rule.parts[1:]:
            found = join(found, _mask(part, sheet))
        return found
    return _answer(rule, sheet)


def _answer(test: Ask, sheet: Sheet) -> np.ndarray:
    import numpy as np  # noqa: PLC0415  # slow, as above

    if test.field == "paid":
        return sheet.column("paid")
    if test.field == "consent":
        return sheet.column(f"consent_{test.args[0]}")
    if isinstance(test.value, tuple):
        return _named(test, sheet)
    values = _numbers(test, sheet)
    assert isinstance(test.value, float)
    compare = {
        ">=": np.greater_equal, "<=": np.less_equal, ">": np.greater, "<": np.less, "=": np.equal, "!=": np.not_equal,
    }[test.op]  # fmt: skip
    return compare(values, test.value * (100 if test.field == "spent" else 1))


def _numbers(test: Ask, sheet: Sheet) -> np.ndarray:
    if test.field in ("silent", "tenure"):
        return sheet.column(test.field)
    if test.field == "did":
        return sheet.counted(f"did:{test.args[0]}", int(test.args[1]))
    if test.field == "checkins":
        return sheet.counted("did:checked_in", int(test.args[0]))
    if test.field == "bought":
        code = sheet.words()["category"].get(str(test.args[0]), str(test.args[0]))
        return sheet.counted(f"bought:{code}", int(test.args[1]))
    return sheet.column(f"{test.field}_{test.args[0]}")


def _named(test: Ask, sheet: Sheet) -> np.ndarray:
    import numpy as np  # noqa: PLC0415  # slow, as above

    assert isinstance(test.value, tuple)
    if test.field == "ring":
        return np.isin(sheet.column("ring"), [RINGS.index(name) for name in test.value])
    names = sheet.words()[test.field]
    known = [int(names[name]) for name in test.value if name in names]
    if test.field == "store":
        return np.isin(sheet.column("store"), known)
    found = np.zeros(sheet.people, dtype=bool)
    for community in known:
        found |= sheet.counted(f"community:{community}", WINDOWS[-1]) > 0
    return found
