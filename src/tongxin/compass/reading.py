"""From a file's columns to typed ones: one SQL expression a kind, faults counted, doubles settled.

This is the one part of the way that speaks DuckDB's own SQL. Everything after it is Ibis.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import duckdb

from tongxin.compass.errors import BadInput, Fault
from tongxin.compass.tables import NAIVE_ZONE, Column, Table

_INTEGERS = (
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "HUGEINT",
)
_FLOATS = ("FLOAT", "DOUBLE")
_YUAN = r"[+-]?\d+(\.\d{1,2}0*)?"
_TRUE = "('true', 't', '1', 'yes', 'y', '是')"
_FALSE = "('false', 'f', '0', 'no', 'n', '否')"


@dataclass(frozen=True)
class Typed:
    """One column of a file: where it comes from, what it becomes, how its typed value is computed."""

    header: str
    column: Column
    expression: str
    source: str = "VARCHAR"

    @property
    def empty(self) -> str:
        """SQL condition: the file has no value here."""
        raw = quote(self.header)
        return f"nullif(trim({raw}), '') IS NULL" if self.source == "VARCHAR" else f"{raw} IS NULL"

    @property
    def lost(self) -> str:
        """SQL condition: there was a value and typing lost it (FALSE where that cannot happen)."""
        same = {
            "int": _INTEGERS,
            "money": _INTEGERS,
            "decimal": (*_INTEGERS, *_FLOATS, "DECIMAL"),
            "date": ("DATE",),
            "datetime": ("TIMESTAMP", "DATE"),
            "bool": ("BOOLEAN",),
        }
        if self.column.kind == "text" or self.source.startswith(same.get(self.column.kind, ("-",))):
            return "FALSE"
        return f"{self.expression} IS NULL AND NOT ({self.empty})"

    @property
    def outputs(self) -> tuple[str, ...]:
        """SQL select items of the column; a date-time also gives its business date and day number."""
        name = self.column.stored
        if self.column.kind != "datetime":
            return (f"{self.expression} AS {quote(name)}",)
        day = _day(self.expression)
        return (
            f"timezone('UTC', {self.expression}) AS {quote(name)}",
            f"DATE '1970-01-01' + CAST({day} AS INTEGER) AS {quote(name + '_date')}",
            f"{day} AS {quote(name + '_day')}",
        )


def _day(instant: str) -> str:
    """SQL of the business day in `NAIVE_ZONE`. Since 1992 its clock is UTC + 8 h: arithmetic, ten times as fast as a calendar."""
    calendar = f"date_diff('day', DATE '1970-01-01', CAST({instant} AS DATE))"
    return (
        f"CASE WHEN {instant} >= TIMESTAMPTZ '1992-01-01 00:00:00+00' "
        f"THEN (epoch_us({instant}) + 28800000000) // 86400000000 ELSE {calendar} END"
    )


def quote(name: str) -> str:
    """Return a name as an SQL identifier.

    >>> quote('a"b')
    '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def settle_zone(con: duckdb.DuckDBPyConnection) -> None:
    """Make the connection read date-times without an offset as Asia/Shanghai."""
    con.execute(f"SET TimeZone = '{NAIVE_ZONE}'")


def match_columns(table: Table, found: dict[str, str]) -> tuple[list[Typed], list[str]]:
    """Pair a file's columns with the canonical ones.

    Parameters
    ----------
    table : Table
    found : dict of str to str
        Column name in the file → its DuckDB type.

    Returns
    -------
    list of Typed, list of str
        The columns that are used and the names that are kept aside.

    Raises
    ------
    BadInput
        A required column is missing, a code column holds decimal numbers, or a money column is given twice.
    """
    by_lower = {name.strip().lower(): name for name in found}
    used: list[Typed] = []
    taken: set[str] = set()
    faults: list[Fault] = []
    for column in table.columns:
        headers = [by_lower[header] for header in column.headers if header in by_lower]
        if len(headers) > 1:
            faults.append(Fault(f"{table.name}.{column.name}", f"given twice: {' and '.join(headers)}"))
        if not headers:
            if column.need == "required":
                faults.append(_missing(table, column, found))
            continue
        header = headers[0]
        taken.update(headers)
        if column.kind in {"text", "enum"} and found[header].startswith(_FLOATS):
            faults.append(
                Fault(
                    f"{table.name}.{column.name}",
                    f"holds {found[header]} numbers",
                    ("text, leading zeros kept",),
                )
            )
            continue
        used.append(Typed(header, column, _expression(column, header, found[header]), found[header]))
    if faults:
        raise BadInput(faults)
    return used, [name for name in found if name not in taken]


def _missing(table: Table, column: Column, found: dict[str, str]) -> Fault:
    names = ", ".join(found) or "no columns"
    return Fault(f"{table.name}.{column.name}", f"required column is missing; found {names}", column.headers)


def _expression(column: Column, header: str, kind: str) -> str:
    raw = quote(header)
    text = f"nullif(trim({raw}), '')" if kind == "VARCHAR" else f"CAST({raw} AS VARCHAR)"
    if column.kind == "text":
        return _plain(raw, text) if kind == "VARCHAR" else text
    if column.kind == "enum":
        allowed = ", ".join(f"'{value}'" for value in column.values)
        return f"CASE WHEN lower({text}) IN ({allowed}) THEN lower({text}) END"
    if column.kind == "bool" and kind == "BOOLEAN":
        return raw
    if column.kind == "bool":
        return f"CASE WHEN lower({text}) IN {_TRUE} THEN TRUE WHEN lower({text}) IN {_FALSE} THEN FALSE END"
    if column.kind == "money":
        return _money(column, header, raw, text, kind)
    target = {"int": "BIGINT", "decimal": "DOUBLE", "date": "DATE", "datetime": "TIMESTAMPTZ"}[column.kind]
    return f"TRY_CAST({text if kind == 'VARCHAR' else raw} AS {target})"


def _plain(raw: str, trimmed: str) -> str:
    """SQL of a trimmed text. Plain ASCII without a blank at either end is already trimmed: a third of the time."""
    blank = f"strlen({raw}) <> length({raw}) OR prefix({raw}, ' ') OR suffix({raw}, ' ') OR {raw} = ''"
    return f"CASE WHEN {blank} THEN {trimmed} ELSE {raw} END"


def _money(column: Column, header: str, raw: str, text: str, kind: str) -> str:
    """Integer fen. A third decimal is no money and becomes NULL here, which `check_values` reports."""
    if header.strip().lower() == column.stored:
        return f"TRY_CAST({text if kind == 'VARCHAR' else raw} AS BIGINT)"
    if kind.startswith(_INTEGERS):
        return f"CAST({raw} AS BIGINT) * 100"
    if kind.startswith(_FLOATS):  # 12.34 is 12.339999… as a float: near a fen is that fen
        return f"CASE WHEN abs({raw} * 100 - round({raw} * 100)) < 1e-3 THEN CAST(round({raw} * 100) AS BIGINT) END"
    exact = f"CAST(CAST({text} AS DECIMAL(18, 2)) * 100 AS BIGINT)"
    return f"CASE WHEN regexp_full_match({text}, '{_YUAN}') THEN {exact} END"


def always_there(con: duckdb.DuckDBPyConnection, files: str) -> set[str]:
    """Name the columns that have a value in every row, as far as the statistics in the Parquet files show it.

    A text counts when the smallest and the largest begin with a visible ASCII character: then none is empty or blank.
    """
    rows = con.execute(
        "WITH c AS (SELECT file_name, row_group_id, path_in_schema AS name, type, "
        "coalesce(stats_min_value, stats_min) AS least, coalesce(stats_max_value, stats_max) AS most, stats_null_count AS nulls, num_values AS n "
        "FROM parquet_metadata(?)), whole AS (SELECT count(DISTINCT (file_name, row_group_id)) AS n FROM c) "
        "SELECT name FROM c GROUP BY name HAVING count(*) = (SELECT n FROM whole) AND "
        "bool_and(coalesce(nulls = 0 AND (type <> 'BYTE_ARRAY' OR (least >= '!' AND most < chr(127))) AND n > 0, FALSE))",
        [files],
    ).fetchall()
    return {row[0] for row in rows}


def check_values(
    con: duckdb.DuckDBPyConnection, table: Table, source: str, used: list[Typed], there: Collection[str] = ()
) -> None:
    """Count the values that did not survive typing; raise BadInput naming column, count and an example.

    The columns named in `there` are known to have a value in every row.
    """
    counts: list[tuple[Typed, str, str]] = []
    for typed in used:
        if typed.lost != "FALSE":
            counts.append((typed, "lost", typed.lost))
        if typed.column.need == "required" and typed.header not in there:
            counts.append((typed, "empty", typed.empty))
    if not counts:
        return
    parts = [
        f"count(*) FILTER (WHERE {condition}), min(CAST({quote(typed.header)} AS VARCHAR)) FILTER (WHERE {condition})"
        if kind == "lost"
        else f"count(*) FILTER (WHERE {condition}), NULL"
        for typed, kind, condition in counts
    ]
    row = con.execute(f"SELECT {', '.join(parts)} FROM {source}").fetchone()  # noqa: S608 - names are quoted
    assert row is not None
    faults = []
    for place, (typed, kind, _) in enumerate(counts):
        n, example = row[2 * place], row[2 * place + 1]
        where = f"{table.name}.{typed.column.name}"
        if n and kind == "lost":
            faults.append(
                Fault(where, f"{n} value(s) cannot be read, e.g. {example!r}", _allowed(typed.column))
            )
        elif n:
            faults.append(Fault(where, f"{n} row(s) have no value in a required column"))
    if faults:
        raise BadInput(faults)


def _allowed(column: Column) -> tuple[str, ...]:
    return {
        "enum": column.values,
        "bool": ("true", "false"),
        "money": ("yuan with at most two decimals", f"integer fen in {column.stored}"),
        "date": ("2026-03-07",),
        "datetime": ("2026-03-07T10:00:00+08:00", "2026-03-07 10:00:00"),
        "int": ("a whole number",),
        "decimal": ("a number",),
    }.get(column.kind, ())


def settle_doubles(
    con: duckdb.DuckDBPyConnection, table: Table, view: str, columns: list[str]
) -> tuple[str, int]:
    """Leave one row a natural key: equal rows fall together, the newest version wins.

    Returns
    -------
    str, int
        The name of the view to use and the number of rows that were set aside.

    Raises
    ------
    BadInput
        Rows of one key differ and neither `updated_at` nor `version` decides between them.
    """
    keys = [key for key in table.key if key in columns]
    struct = ", ".join(quote(key) for key in keys)
    # as many different hashes as rows: no key can repeat (64 bits are counted far faster than keys of text)
    rows, hashes = _one(con, f"SELECT count(*), count(DISTINCT hash({struct})) FROM {view}")  # noqa: S608 - quoted
    if rows == hashes:
        return view, 0
    whole = struct if len(keys) == 1 else f"({struct})"
    counts = f"SELECT count(*), count(DISTINCT {whole}) FROM "  # noqa: S608 - quoted
    rows, distinct = _one(con, counts + view)
    if rows == distinct:
        return view, 0
    newest = [quote(name) for name in table.newest_by if name in columns]
    order = ", ".join(f"{name} DESC NULLS LAST" for name in newest) or "1"
    settled = f"{view}_settled"
    con.execute(
        f"CREATE TEMP TABLE {settled} AS SELECT * FROM (SELECT DISTINCT * FROM {view}) "  # noqa: S608 - our own view names
        f"QUALIFY rank() OVER (PARTITION BY {struct} ORDER BY {order}) = 1"
    )
    left, keys_left = _one(con, counts + settled)
    if left != keys_left:
        raise BadInput.one(
            f"{table.name} ({', '.join(keys)})",
            f"{left - keys_left} row(s) repeat a key with other content and nothing says which is newer",
            tuple(f"a column {name}" for name in table.newest_by if name in table.names)
            or ("one row a key",),
        )
    return settled, rows - left


def _one(con: duckdb.DuckDBPyConnection, sql: str) -> tuple[int, int]:
    row = con.execute(sql).fetchone()
    assert row is not None
    return int(row[0]), int(row[1])
