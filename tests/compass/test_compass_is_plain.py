"""The engine stands alone: no Django, no network, no pandas of its own; its examples run."""

import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tongxin import compass

HERE = Path(compass.__file__).parent
MODULES = ["tongxin.compass", *(m.name for m in pkgutil.walk_packages([str(HERE)], "tongxin.compass."))]


def fresh(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )


def test_every_module_imports_in_a_fresh_process_without_django():
    done = fresh(
        f"import importlib, sys\nfor name in {MODULES!r}: importlib.import_module(name)\n"
        "bad = {'django', 'requests', 'httpx', 'ninja'} & set(sys.modules)\nassert not bad, bad"
    )
    assert done.returncode == 0, done.stderr


def test_control_arm_the_check_sees_django():
    done = fresh("import django, sys\nassert 'django' not in sys.modules")
    assert done.returncode == 1


def test_the_package_itself_is_empty():
    assert (HERE.parent / "__init__.py").read_text(encoding="utf-8") == ""


def test_no_pandas_and_no_paths_of_the_product_in_the_engine():
    for path in HERE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^\s*(import|from) pandas|to_pandas\(", text, re.MULTILINE), path
        assert "var/lake" not in text


@pytest.mark.parametrize("name", MODULES)
def test_examples_in_docstrings_run(name):
    found = doctest.testmod(importlib.import_module(name))
    assert found.failed == 0


def test_files_stay_small():
    lengths = sorted(len(path.read_text(encoding="utf-8").splitlines()) for path in HERE.rglob("*.py"))
    assert lengths[len(lengths) // 2] <= 200
    assert lengths[-1] <= 450


def test_the_canonical_tables_are_the_twelve_of_the_contract():
    from tongxin.compass.tables import TABLES

    assert list(TABLES) == [
        "stores", "staff", "members", "memberships", "categories", "products",
        "orders", "order_lines", "refunds", "participation", "surveys", "ties",
    ]  # fmt: skip
    for table in TABLES.values():
        assert set(table.key) <= set(table.names)
        assert table.needed("required")
        assert len(set(table.headers)) == len(table.headers)
        for column in table.columns:
            assert (column.kind == "enum") == bool(column.values)
            assert table.column(column.name) is column
