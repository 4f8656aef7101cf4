"""The embedded engine: DuckDB in this process, the default."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import ibis
import pyarrow as pa

from tongxin.compass.engines.base import Engine
from tongxin.compass.errors import OutOfRoom

#: rows of a batch: a few megabytes, so that what is done with it stays in the cache
BATCH = 1 << 18


def connect(address: str) -> Any:
    """Return a fresh embedded database; the address is only its name."""
    assert address == "duckdb"
    return ibis.duckdb.connect()


def version(con: Any) -> str:
    """Return name and minor version, e.g. duckdb 1.5."""
    return f"duckdb {'.'.join(con.version.removeprefix('v').split('.')[:2])}"


def ask(con: Any, expression: Any) -> pa.Table:
    """Run an Ibis expression.

    Raises
    ------
    OutOfRoom
        The memory or disk limit was reached.
    """
    try:
        # not expression.to_pyarrow(): that needs pandas and pyarrow-hotfix for a conversion we do not use
        return con.con.execute(con.compile(expression)).to_arrow_table()
    except duckdb.OutOfMemoryException as error:
        raise _out_of_room() from error


def stream(con: Any, expression: Any) -> Iterator[pa.RecordBatch]:
    """Yield the rows of an Ibis expression batch by batch; until the last one the connection can do nothing else.

    Raises
    ------
    OutOfRoom
        As `ask`.
    """
    try:
        yield from con.con.execute(con.compile(expression)).to_arrow_reader(BATCH)
    except duckdb.OutOfMemoryException as error:
        raise _out_of_room() from error


def keep(expression: Any) -> Any:
    """Compute an expression into a temporary table. Raises OutOfRoom as `ask` does."""
    try:
        return expression.cache()
    except duckdb.OutOfMemoryException as error:
        raise _out_of_room() from error


def _out_of_room() -> OutOfRoom:
    return OutOfRoom.one(
        "engine",
        "the data do not fit into the memory and disk that were allowed",
        (
            "a larger memory limit",
            "more partitions",
            "a larger temp_directory",
            "a dataset cut to fewer stores",
        ),
    )


ENGINE = Engine(
    "duckdb", ("duckdb",), lambda address: address == "duckdb", connect, version, ask, keep, stream
)
