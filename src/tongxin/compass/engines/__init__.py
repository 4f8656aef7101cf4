"""Where the Ibis expressions run: one module an engine, one visible list.

The way in (reading, typing, settling) is always the embedded DuckDB; an engine is what adds the rows up after it.
"""

from __future__ import annotations

from tongxin.compass.engines import duckdb, spark
from tongxin.compass.engines.base import Engine

#: a new engine is one module and one entry here
ENGINES: dict[str, Engine] = {"duckdb": duckdb.ENGINE, "spark": spark.ENGINE}
