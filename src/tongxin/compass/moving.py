"""From the embedded engine to another one: the typed tables are written once, as Parquet, where that engine can read them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from tongxin.compass.dataset import Dataset
from tongxin.compass.engines import ENGINES
from tongxin.compass.engines.base import Engine
from tongxin.compass.errors import BadInput


def engine_of(address: str) -> Engine:
    """Return the engine of an address.

    Raises
    ------
    BadInput
        No engine understands it; names the forms that are allowed.
    """
    for engine in ENGINES.values():
        if engine.understands(address):
            return engine
    forms = tuple(form for engine in ENGINES.values() for form in engine.addresses)
    raise BadInput.one("engine", repr(address), forms)


def move(dataset: Dataset, address: str, folder: Path) -> Dataset:
    """Return the dataset on another engine (itself for `duckdb`).

    Parameters
    ----------
    dataset : Dataset
        On the embedded engine: read, typed and settled.
    address : str
        `duckdb`, `spark://host:7077`, `local-cluster[2,1,1024]`, `local[2]`.
    folder : Path
        A folder that every worker sees; one folder of Parquet a table is written into it.

    Raises
    ------
    BadInput
        The engine is unknown or not installed, or the folder cannot be written to.
    """
    engine = engine_of(address)
    if engine.name == dataset.engine_kind:
        return dataset
    con = engine.connect(address)
    tables = {}
    for name, table in dataset.tables.items():
        place = folder / name
        _write(dataset, table, place)
        # the prefix keeps it apart from a table of the cluster's own catalogue
        tables[name] = con.read_parquet(place.absolute().as_uri(), table_name=f"tongxin_{name}")
    return replace(dataset, con=con, tables=tables, engine=engine.version(con), engine_kind=engine.name)


def _write(dataset: Dataset, table: object, place: Path) -> None:
    literal = str(place).replace("'", "''")
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput.one(str(place), error.strerror or str(error), ("a folder to write to",)) from error
    dataset.con.con.execute(
        f"COPY ({dataset.con.compile(table)}) TO '{literal}/part.parquet' (FORMAT parquet, COMPRESSION zstd)"
    )
