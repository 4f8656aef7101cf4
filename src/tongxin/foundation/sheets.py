"""Lists as CSV that Excel and WPS open safely: no cell of ours becomes a formula."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

MARK = "\ufeff"  # tells spreadsheets that it is UTF-8
BLOCK = 1 << 16

_DANGEROUS = re.compile(r"'?[=+\-@\t\r\n＝＋－＠﹢﹣﹦﹫−]")


def safe(text: str) -> str:
    """A text that no spreadsheet takes for a formula.

    >>> safe("=1+1"), safe("－2"), safe("a=b"), safe("12")
    ("'=1+1", "'－2", 'a=b', '12')
    """
    return f"'{text}" if _DANGEROUS.match(text) else text


def csv_blocks(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> Iterator[bytes]:
    """A header and rows as blocks of CSV, as they come: times in ISO 8601, numbers as numbers, nothing for None, texts safe."""
    held = io.StringIO()
    held.write(MARK)
    writer = csv.writer(held)
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
        if held.tell() >= BLOCK:
            yield held.getvalue().encode()
            held.seek(0)
            held.truncate()
    yield held.getvalue().encode()


def _cell(value: Any) -> Any:
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return value.isoformat() if isinstance(value, date) else safe(str(value))
