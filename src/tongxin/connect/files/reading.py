"""A file becomes batches of raw columns: CSV, XLSX or Parquet, never all of it at once where the format allows.

`open_file` has passed the guards, settled the encoding and found the header; `batches` then streams. Row numbers are those a
person sees: line of the file (CSV), row of the sheet (XLSX), row after the header (Parquet counts its header as line 1).
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineError, CalamineWorkbook

from tongxin.connect.files import guards
from tongxin.connect.files.cells import shown
from tongxin.connect.files.encoding import settle, sha256_of
from tongxin.connect.files.guards import Limits
from tongxin.connect.files.mapping import header_row
from tongxin.connect.files.report import BadFile, Fault, name_of

BATCH = 50_000
WIDEST_CELL = 32_768
SEPARATORS = ",\t;|"


@dataclass(frozen=True)
class Batch:
    """Some rows: one array a header, the number of each row, and the rows that could not be cut into cells."""

    columns: tuple[pa.Array, ...]
    numbers: tuple[int, ...]
    broken: tuple[Fault, ...] = ()
    from_numbers: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Opened:
    """A file that may be read: its kind, hash, encoding, headers, and the row the header stands in."""

    path: Path
    name: str
    kind: str
    sha256: str
    headers: tuple[str, ...]
    header_row: int
    encoding: str = ""
    separator: str = ","
    warnings: tuple[str, ...] = ()

    def batches(self, skip: int = 0) -> Iterator[Batch]:
        """The rows after the first `skip`. Raises BadFile when the file breaks off."""
        return {"csv": _csv_batches, "xlsx": _xlsx_batches, "parquet": _parquet_batches}[self.kind](
            self, skip
        )


def open_file(path: Path, limits: Limits = guards.COMMAND_LINE, encoding: str = "") -> Opened:
    """Guard, hash, decode and find the header. Raises BadFile."""
    guards.check(path, limits)
    kind = guards.kind(path)
    if kind == "parquet":
        headers = tuple(pq.read_schema(path).names)
        return Opened(path, name_of(path), kind, sha256_of(path), headers, 1)
    if kind == "xlsx":
        rows = [[shown(cell) for cell in row] for row in itertools.islice(_sheet(path), 10)]
        at, headers = _header(path, rows)
        return Opened(path, name_of(path), kind, sha256_of(path), headers, at)
    text = settle(path, encoding)
    with path.open(encoding=text.encoding, newline="") as file:
        separator = _separator(file.read(65_536))
    with path.open(encoding=text.encoding, newline="") as file:
        rows = _first(_lines(file, separator, name_of(path)))
    said = () if text.last_line_ends else ("文件最后一行没有换行，可能不完整：请核对最后一行",)
    at, headers = _header(path, rows)
    if limits.rows is not None and text.lines - at > limits.rows:
        found, allowed = (
            f"{text.lines - at} rows",
            f"at most {limits.rows}; the command line takes any number",
        )
        raise BadFile(Fault(name_of(path), 0, "", found, allowed))
    return Opened(path, name_of(path), kind, text.sha256, headers, at, text.encoding, separator, said)


def _first(lines: Iterator[tuple[int, list[str]]]) -> list[list[str]]:
    """The cells of the first ten rows; a row that breaks among them is for the reading of the rows to report."""
    found: list[list[str]] = []
    try:
        for _, cells in itertools.islice(lines, 10):
            found.append(cells)
    except BadFile:
        if not found:
            raise
    return found


def _header(path: Path, rows: list[list[str]]) -> tuple[int, tuple[str, ...]]:
    """The row of the header (1 = the first) and its cells. Raises BadFile when there is none."""
    at = header_row(rows)
    if not rows or not any(cell.strip() for cell in rows[at]):
        raise BadFile(Fault(name_of(path), 1, "", "no header", "a header and at least one row"))
    return at + 1, tuple(rows[at])


# CSV


def _separator(sample: str) -> str:
    """The separator that the first lines hold most often; a comma when none does."""
    head = sample.splitlines()[:10]
    counts = {mark: sum(line.count(mark) for line in head) for mark in SEPARATORS}
    best = max(counts, key=lambda mark: counts[mark])
    return best if counts[best] else ","


def _lines(file: TextIO, separator: str, name: str) -> Iterator[tuple[int, list[str]]]:
    """(line number, cells). Raises BadFile where the quoting breaks: what comes after cannot be cut into rows."""
    csv.field_size_limit(WIDEST_CELL)
    reader = csv.reader((line.replace("\0", "\ufffd") for line in file), delimiter=separator, strict=True)
    started = 1
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as fault:
            raise BadFile(
                Fault(name, started, "", f"a row that cannot be read ({fault})", "closed quotes")
            ) from fault
        yield started, cells
        started = reader.line_num + 1


def _csv_batches(opened: Opened, skip: int) -> Iterator[Batch]:
    wide = len(opened.headers)
    with opened.path.open(encoding=opened.encoding, newline="") as file:
        lines = _lines(file, opened.separator, opened.name)
        kept = (line for line in itertools.islice(lines, opened.header_row, None) if any(line[1]))
        filled = itertools.islice(kept, skip, None)
        stopped: Fault | None = None
        while stopped is None:
            numbers: list[int] = []
            rows: list[list[str]] = []
            broken: list[Fault] = []
            try:
                for number, cells in itertools.islice(filled, BATCH):
                    if len(cells) == wide or not any(cells[wide:]):
                        cut = len(cells) < wide
                        if not cut:
                            numbers.append(number)
                            rows.append(cells[:wide])
                            continue
                    allowed = f"{wide} cells as in the header"
                    broken.append(
                        Fault(
                            opened.name, number, "", f"{len(cells)} cells; cut off or badly quoted?", allowed
                        )
                    )
            except BadFile as fault:
                stopped = fault.faults[0]
                broken.append(stopped)
            if not rows and not broken:
                return
            columns = zip(*rows, strict=True) if rows else [()] * wide
            yield Batch(
                tuple(pa.array(column, pa.string()) for column in columns), tuple(numbers), tuple(broken)
            )


# XLSX


def _sheet(path: Path) -> Iterator[Sequence[object]]:
    """The rows of the first sheet that has any. Raises BadFile for a workbook that cannot be read."""
    try:
        book = CalamineWorkbook.from_path(str(path))
        sheets = [book.get_sheet_by_name(name) for name in book.sheet_names]
        sheet = next((s for s in sheets if s.height > 0), None)
    except (CalamineError, OSError, ValueError) as fault:
        raise BadFile(
            Fault(name_of(path), 0, "", "the workbook cannot be read", "a complete .xlsx")
        ) from fault
    if sheet is not None:
        skipped = sheet.start[0] if sheet.start else 0
        yield from ([] for _ in range(skipped))
        yield from sheet.iter_rows()


def _xlsx_batches(opened: Opened, skip: int) -> Iterator[Batch]:
    wide = len(opened.headers)
    rows = enumerate(_sheet(opened.path), start=1)
    kept = (
        (number, row)
        for number, row in itertools.islice(rows, opened.header_row, None)
        if any(cell not in ("", None) for cell in row)
    )
    filled = itertools.islice(kept, skip, None)
    while chunk := list(itertools.islice(filled, BATCH)):
        numbers = tuple(number for number, _ in chunk)
        padded = [[*row, *[""] * (wide - len(row))][:wide] for _, row in chunk]
        from_numbers = {}
        columns = []
        for place, column in enumerate(zip(*padded, strict=True)):
            from_numbers[place] = sum(type(cell) in (float, int) for cell in column)
            columns.append(pa.array([shown(cell) for cell in column], pa.string()))
        yield Batch(tuple(columns), numbers, (), from_numbers)


# Parquet


def _parquet_batches(opened: Opened, skip: int) -> Iterator[Batch]:
    with pq.ParquetFile(opened.path) as file:
        at = 0
        for part in file.iter_batches(batch_size=BATCH):
            first = max(skip - at, 0)
            if first < part.num_rows:
                rows = part.slice(first)
                numbers = tuple(range(at + first + 2, at + part.num_rows + 2))
                yield Batch(tuple(rows.columns), numbers)
            at += part.num_rows
