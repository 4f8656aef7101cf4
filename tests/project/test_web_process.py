"""What the web server loads before it forks its workers: nothing that a fork would break, and nothing heavy.

What the doors open later may bring a table or two, never the engine: DuckDB, Ibis, SciPy and Vega stay out of the process that
answers requests. Both are asked of one process, in this order.
"""

import json
import os
import subprocess
import sys

HEAVY = ("numpy", "pyarrow", "xlsxwriter", "duckdb", "scipy")
ENGINE = (
    "duckdb", "ibis", "scipy", "pandas", "altair", "vl_convert", "sqlglot", "tongxin.compass.study", "tongxin.compass.dataset",
)  # fmt: skip
LATER = (
    "tongxin.project.urls", "tongxin.project.permissions", "tongxin.project.wiring",
    "tongxin.measure.queries", "tongxin.measure.actions", "tongxin.measure.tasks",
    "tongxin.rings.queries", "tongxin.rings.actions", "tongxin.connect.files.actions",
    "tongxin.commerce.queries", "tongxin.commerce.actions", "tongxin.commerce.erasing",
)  # fmt: skip
LOAD = """
import json, sys, threading
from importlib import import_module
import django
django.setup()
there = lambda names: [name for name in names if name in sys.modules]
{first}
from django.db import connections
database = connections["default"]
found = {{
    "threads": threading.active_count(),
    "connection": database.connection is not None,
    "pools": len(database._connection_pools),
    "heavy": there({heavy!r}),
}}
for name in {later!r}:
    import_module(name)
print(json.dumps(found | {{"engine": there({engine!r})}}))
"""
ALL = """
from tongxin.project.web import LOADED
for name in LOADED:
    import_module(name)
"""
BAD = """
import pyarrow, tongxin.compass.study
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def loaded(first, *later):
    code = LOAD.format(first=first, heavy=HEAVY, later=later, engine=ENGINE)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True, text=True, timeout=120, check=False, env=os.environ.copy(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_loading_starts_no_thread_opens_no_connection_and_brings_nothing_heavy_and_no_engine_later():
    nothing = {"threads": 1, "connection": False, "pools": 0, "heavy": [], "engine": []}
    assert loaded(ALL, *LATER) == nothing


def test_control_a_thread_a_heavy_library_and_the_engine_are_seen():
    found = loaded(BAD)
    assert found["threads"] >= 2
    assert "pyarrow" in found["heavy"]
    assert {"duckdb", "tongxin.compass.study"} <= set(found["engine"])
