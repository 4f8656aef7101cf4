"""The command line's doors to importing and exporting, and what web workers never load."""

import errno
import json

import pytest
from django.db import DatabaseError

from tongxin.connect.files.runs import speaking_of_space
from tongxin.faces.cli.main import run
from tongxin.foundation.access import system
from tongxin.foundation.errors import Refused
from tongxin.stores.actions import open_brand
from tongxin.stores.models import Store

STORES = "store_code,name\nS1,一店\nS2,二店\n"


@pytest.fixture
def place(db, tmp_path, settings):
    settings.HOME, settings.TONGXIN_LAKE = tmp_path / "home", tmp_path / "lake"
    open_brand(viewer=system("test"), code="b", name="B")
    return tmp_path


def test_import_and_export(place, capsys):
    (place / "stores.csv").write_text(STORES)
    assert run(["import", str(place / "stores.csv"), "--json"]) == 0
    (report,) = json.loads(capsys.readouterr().out)["reports"]
    assert (report["table"], report["new"], report["state"]) == ("stores", 2, "done")
    assert run(["import", str(place / "stores.csv"), "--lang", "zh"]) == 0
    assert "以前导入过" in capsys.readouterr().out
    assert run(["export", "stores", "--to", str(place / "out"), "--format", "csv"]) == 0
    assert "一店" in (place / "out" / "stores.csv").read_text("utf-8-sig")


def test_bad_input_is_exit_2_with_one_line_a_fault(place, capsys):
    (place / "stores.csv").write_text("store_code,name,心情\nS1,一店,好\n,二店,坏\nS3,,坏\n")
    assert run(["import", str(place / "stores.csv")]) == 2
    said = capsys.readouterr()
    assert [line.split(" ")[0] for line in said.err.splitlines() if line.startswith("stores.csv:")] == [
        "stores.csv:3",
        "stores.csv:4",
    ]
    assert "心情" in said.out
    assert "错误行" in said.out
    assert Store.objects.count() == 1
    assert run(["import", str(place / "nothing.csv")]) == 2
    assert run(["export", "shops", "--to", str(place / "out")]) == 2


def test_a_dry_run_from_the_command_line(place, capsys):
    (place / "stores.csv").write_text(STORES)
    assert run(["import", str(place / "stores.csv"), "--dry-run", "--lang", "en"]) == 0
    assert "nothing written" in capsys.readouterr().out
    assert not Store.objects.exists()


def test_a_full_database_disk_is_no_space():
    class Full(Exception):
        sqlstate = "53100"

    with pytest.raises(Refused, match="no_space"), speaking_of_space():
        raise DatabaseError from Full()
    with pytest.raises(Refused, match="no_space"), speaking_of_space():
        raise OSError(errno.ENOSPC, "full")
    for other in (DatabaseError("other"), OSError(errno.EACCES, "no")):
        with pytest.raises(type(other)), speaking_of_space():
            raise other
