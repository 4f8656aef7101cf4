"""Tables as files that Excel and WPS open safely: no cell of ours becomes a formula, numbers stay numbers.

A text that begins with = + - @, tab or return (or their full-width forms) gets an apostrophe in front; the importer takes
exactly that apostrophe off again.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

import xlsxwriter

from tongxin.compass.tables import NAIVE_ZONE, Column
from tongxin.foundation import money
from tongxin.foundation.sheets import safe

Format = Literal["parquet", "csv", "xlsx"]
FORMATS: tuple[Format, ...] = ("parquet", "csv", "xlsx")
#: rows of one sheet, less the header
SHEET = 1_048_575

_XML_FORBIDS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


def cell(value: object, column: Column) -> str | int | float | bool | None:
    """A stored value as it stands in a CSV or XLSX file: money in yuan, times with their offset, texts safe."""
    match value:
        case None:
            return None
        case bool():
            return value
        case int() if column.kind == "money":
            return float(money.plain(value)) if abs(value) < 10**14 else money.plain(value)
        case datetime():
            return value.astimezone(ZoneInfo(NAIVE_ZONE)).isoformat(
                timespec="microseconds" if value.microsecond else "seconds"
            )
        case date():
            return value.isoformat()
        case int() | float():
            return value
        case _:
            return safe(_XML_FORBIDS.sub("", str(value)))


def write_csv(path: Path, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """UTF-8 with a mark, so that Excel knows. Answers the number of rows."""
    count = 0
    with replacing(path) as fresh, fresh.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(headers)
        for row in rows:
            writer.writerow([_plain(value) for value in row])
            count += 1
    return count


def write_xlsx(path: Path, headers: Sequence[str], rows: Iterable[Sequence[object]]) -> int:
    """One sheet, row by row; texts are written as texts. Raises ValueError beyond what a sheet holds."""
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
    }
    count = 0
    with replacing(path) as fresh, xlsxwriter.Workbook(str(fresh), options) as book:
        sheet = book.add_worksheet()
        as_text = book.add_format({"num_format": "@"})
        for place, header in enumerate(headers):
            sheet.write_string(0, place, header)
        for row in rows:
            count += 1
            if count > SHEET:
                raise ValueError(f"a sheet holds {SHEET} rows; take csv or parquet")
            for place, value in enumerate(row):
                if isinstance(value, bool):
                    sheet.write_boolean(count, place, value)
                elif isinstance(value, int | float):
                    sheet.write_number(count, place, value)
                elif value is not None:
                    sheet.write_string(count, place, str(value), as_text)
    return count


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Write beside the file and take its place at the end: nobody finds half of it. Only its owner may read it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    try:
        fresh.touch(mode=0o600)
        yield fresh
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


def _plain(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.2f}" if round(value, 2) == value else repr(value)
    return "" if value is None else value
