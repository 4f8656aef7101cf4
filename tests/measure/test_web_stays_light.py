"""A web worker never loads the engine: DuckDB, Ibis, SciPy and Vega stay out of the process that answers requests."""

import json
import os
import subprocess
import sys

HEAVY = (
    "duckdb",
    "ibis",
    "scipy",
    "altair",
    "vl_convert",
    "sqlglot",
    "tongxin.compass.study",
    "tongxin.compass.dataset",
)

LOAD = """
import importlib, json, os, sys
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
import django
django.setup()
for name in {names!r}:
    importlib.import_module(name)
print(json.dumps([name for name in {heavy!r} if name in sys.modules]))
"""

WEB = (
    "tongxin.project.urls",
    "tongxin.project.permissions",
    "tongxin.project.wiring",
    "tongxin.measure.queries",
    "tongxin.measure.actions",
    "tongxin.measure.tasks",
    "tongxin.rings.queries",
    "tongxin.rings.actions",
)


def loaded(*names):
    code = LOAD.format(names=names, heavy=HEAVY)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=os.environ.copy(),
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_everything_the_web_needs_is_light():
    assert loaded(*WEB) == []


def test_control_arm_the_engine_itself_is_seen():
    assert "duckdb" in loaded("tongxin.compass.study")
