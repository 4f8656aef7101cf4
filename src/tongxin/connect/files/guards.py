"""What a file must be before anybody parses it: its size, how far it unpacks, and nothing that points outside."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq

from tongxin.connect.files.report import BadFile, Fault, name_of

MB = 1024 * 1024
CHUNK = 1 * MB
#: below this a file cannot do harm however well it was packed, and tidy tables pack very well
RATIO_FLOOR = 1 * MB
#: an XML part with a document type can name entities; spreadsheets written by programs have none
DOCTYPES = tuple(
    word.encode(coding)
    for word in ("<!DOCTYPE", "<!ENTITY")
    for coding in ("utf-8", "utf-16-le", "utf-16-be")
)


@dataclass(frozen=True)
class Limits:
    """None = no limit. The command line streams any size; an upload does not (promise P20)."""

    unpacked: int | None = None
    rows: int | None = None
    ratio: int = 100


COMMAND_LINE = Limits()
UPLOAD = Limits(unpacked=50 * MB, rows=200_000)


def check(path: Path, limits: Limits) -> None:
    """Refuse a file that must not be parsed. Reads XLSX parts as a stream and stops at the first sign.

    Raises BadFile: missing, empty, too large, packed more than `ratio` times, document types, passwords, old .xls.
    """
    if not path.is_file():
        raise BadFile(_fault(path, "no such file", "a CSV, XLSX or Parquet file"))
    size = path.stat().st_size
    if size == 0:
        raise BadFile(_fault(path, "the file is empty", "a header and at least one row"))
    if limits.unpacked is not None and size > limits.unpacked:
        raise BadFile(
            _fault(
                path,
                f"{size // MB} MB",
                f"at most {limits.unpacked // MB} MB; the command line takes any size",
            )
        )
    with path.open("rb") as file:
        head = file.read(8)
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise BadFile(
            _fault(path, "an old .xls workbook or one with a password", "an .xlsx without a password, or CSV")
        )
    if head.startswith(b"PK"):
        _check_workbook(path, limits, size)
    elif head.startswith(b"PAR1"):
        _check_parquet(path, limits, size)


def kind(path: Path) -> str:
    """`xlsx`, `parquet` or `csv`: by the first bytes, because names lie."""
    with path.open("rb") as file:
        head = file.read(4)
    return "xlsx" if head.startswith(b"PK") else "parquet" if head == b"PAR1" else "csv"


def _check_workbook(path: Path, limits: Limits, size: int) -> None:
    """Unpack every part and forget it: declared sizes can lie, bytes cannot."""
    total = rows = 0
    try:
        with zipfile.ZipFile(path) as book:
            for part in book.infolist():
                if part.flag_bits & 0x1:
                    raise BadFile(_fault(path, "a workbook with a password", "one without"))
                tail = b""
                with book.open(part) as stream:
                    while piece := stream.read(CHUNK):
                        total += len(piece)
                        if limits.unpacked is not None and total > limits.unpacked:
                            raise BadFile(
                                _fault(
                                    path, f"unpacks to more than {limits.unpacked // MB} MB", "a smaller file"
                                )
                            )
                        if total > RATIO_FLOOR and total > limits.ratio * size:
                            raise BadFile(
                                _fault(
                                    path,
                                    f"unpacks to more than {limits.ratio} times its size",
                                    "an ordinary workbook",
                                )
                            )
                        seen = tail + piece
                        if any(word in seen for word in DOCTYPES):
                            raise BadFile(
                                _fault(path, "an XML document type or entity inside", "an ordinary workbook")
                            )
                        if part.filename.startswith("xl/worksheets/"):
                            rows += seen.count(b"<row") - tail.count(b"<row")
                        if limits.rows is not None and rows > limits.rows + 1:
                            allowed = f"at most {limits.rows}; the command line takes any number"
                            raise BadFile(_fault(path, f"more than {limits.rows} rows", allowed))
                        tail = piece[-32:]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as fault:
        raise BadFile(_fault(path, "the workbook is damaged or cut off", "a complete .xlsx")) from fault


def _check_parquet(path: Path, limits: Limits, size: int) -> None:
    try:
        meta = pq.read_metadata(path)
    except (OSError, ValueError) as fault:
        raise BadFile(_fault(path, "the Parquet file is damaged or cut off", "a complete file")) from fault
    unpacked = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    if limits.unpacked is not None and unpacked > limits.unpacked:
        raise BadFile(_fault(path, f"unpacks to more than {limits.unpacked // MB} MB", "a smaller file"))
    if unpacked > RATIO_FLOOR and unpacked > limits.ratio * size:
        raise BadFile(_fault(path, f"unpacks to more than {limits.ratio} times its size", "an ordinary file"))
    if limits.rows is not None and meta.num_rows > limits.rows:
        raise BadFile(
            _fault(path, f"{meta.num_rows} rows", f"at most {limits.rows}; the command line takes any number")
        )


def _fault(path: Path, found: str, allowed: str) -> Fault:
    return Fault(name_of(path), 0, "", found, allowed)
