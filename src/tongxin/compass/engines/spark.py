"""Apache Spark, for when one machine is outgrown: the same expressions, the same integers.

Optional (`pip install 'tongxin[spark]'`, Java 17). Nothing here is imported until an address asks for it.
"""

from __future__ import annotations

import os
import re
from typing import Any

import pyarrow as pa

from tongxin.compass.engines.base import Engine
from tongxin.compass.errors import BadInput, OutOfRoom

ADDRESSES = ("spark://host:7077", "local-cluster[workers,cores,MB]", "local[cores]")
_FORM = re.compile(
    r"spark://[\w.\-]+(:\d+)?(,[\w.\-]+(:\d+)?)*|local-cluster\[\d+,\d+,\d+\]|local\[(\d+|\*)\]"
)
#: 8 is right for one machine; a cluster's own configuration wins
_SHUFFLES = "spark.sql.shuffle.partitions"
_OUT_OF_MEMORY = ("OutOfMemoryError", "SparkOutOfMemoryError", "No space left on device")


def understands(address: str) -> bool:
    """Say whether this is the address of a Spark master.

    >>> understands("local-cluster[2,1,1024]"), understands("duckdb")
    (True, False)
    """
    return _FORM.fullmatch(address) is not None


def connect(address: str) -> Any:
    """Start or join a session.

    Raises
    ------
    BadInput
        pyspark is not installed, or no Java 17 can be started.
    """
    import ibis  # noqa: PLC0415  # slow: with its Spark side

    try:
        from pyspark.errors import PySparkException, PySparkRuntimeError  # noqa: PLC0415  # optional: extra `spark`
        from pyspark.sql import SparkSession  # noqa: PLC0415  # optional, as above

        backend = ibis.pyspark
    except ImportError as error:
        raise BadInput.one(
            "engine", f"{address} needs pyspark, which is not installed", ("pip install 'tongxin[spark]'",)
        ) from error
    builder = (
        SparkSession.builder.master(address)
        .appName("tongxin-compass")
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.parquet.inferTimestampNTZ.enabled", "false")
    )
    if address.startswith("local"):
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        builder = (
            builder.config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config(_SHUFFLES, "8")
        )
    try:
        session = builder.getOrCreate()
    except (PySparkException, PySparkRuntimeError) as error:
        first = str(error).splitlines()[0]
        raise BadInput.one("engine", f"{address}: {first}", ("Java 17 and a master that answers",)) from error
    session.sparkContext.setLogLevel("ERROR")
    return backend.connect(session)


def version(con: Any) -> str:
    """Return name and minor version, e.g. spark 4.0."""
    return f"spark {'.'.join(con.version.split('.')[:2])}"


def ask(con: Any, expression: Any) -> pa.Table:
    """Run an Ibis expression.

    Raises
    ------
    OutOfRoom
        An executor or the driver ran out of memory or disk.
    """
    from pyspark.errors import PySparkException  # noqa: PLC0415  # optional: extra `spark`

    try:
        # not expression.to_pyarrow(): by way of pandas, integers with a NULL among them would become floats
        return con._session.sql(con.compile(expression)).toArrow()  # noqa: SLF001 - ibis has no other door to it
    except PySparkException as error:
        raise _refusal(error) from error


def keep(expression: Any) -> Any:
    """Mark an expression to be computed once. Raises OutOfRoom as `ask` does."""
    from pyspark.errors import PySparkException  # noqa: PLC0415  # optional: extra `spark`

    try:
        return expression.cache()
    except PySparkException as error:
        raise _refusal(error) from error


def _refusal(error: Exception) -> Exception:
    if not any(sign in str(error) for sign in _OUT_OF_MEMORY):
        return error
    allowed = ("more partitions", "more executor memory")
    return OutOfRoom.one("engine", "the data do not fit into the executors", allowed)


ENGINE = Engine("spark", ADDRESSES, understands, connect, version, ask, keep)
