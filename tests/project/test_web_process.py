"""What the web server loads before it forks its workers: nothing that a fork would break, and nothing heavy."""

import json
import os
import subprocess
import sys

HEAVY = ("numpy", "pyarrow", "xlsxwriter", "duckdb", "scipy")
LOAD = """
import json, sys, threading
from importlib import import_module
{before}
from tongxin.project.web import LOADED
for name in LOADED:
    import_module(name)
from django.db import connections
there = connections["default"]
print(json.dumps({{
    "threads": threading.active_count(),
    "connection": there.connection is not None,
    "pools": len(there._connection_pools),
    "heavy": [name for name in {heavy!r} if name in sys.modules],
}}))
"""


def loaded(before=""):
    done = subprocess.run(
        [sys.executable, "-c", LOAD.format(before=before, heavy=HEAVY)],
        capture_output=True, text=True, timeout=120, check=False, env=os.environ.copy(),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_loading_starts_no_thread_opens_no_connection_and_brings_nothing_heavy():
    assert loaded() == {"threads": 1, "connection": False, "pools": 0, "heavy": []}


def test_control_a_thread_and_a_heavy_library_are_seen():
    before = "import pyarrow\nthreading.Thread(target=threading.Event().wait, daemon=True).start()"
    found = loaded(before)
    assert (found["threads"], "pyarrow" in found["heavy"]) == (2, True)
