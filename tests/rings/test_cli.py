"""`tongxin rings …`: the same answers for people and for programs, and the exit codes of the contract."""

import json

import pytest

from rings.chain import SYSTEM, act, join, open_chain
from tongxin.faces.cli.main import run
from tongxin.rings import actions

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def person():
    store, _ = open_chain()
    who = join(store, member_code=("till", "000123"))
    join(store, member_code=("till", "000999"))
    act(who, "checked_in", 1, 8, 15)
    return who


def test_recompute_speaks_json_and_words(person, capsys):
    assert run(["rings", "recompute", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rings"] == {"outer": 1, "middle": 1, "inner": 0}
    assert run(["rings", "recompute", "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "没有改动" in said
    assert "中环 互动层 1" in said
    assert run(["rings", "recompute", "--as-of", "2026-03-05", "--lang", "en"]) == 0
    assert "nothing was changed" in capsys.readouterr().out


def test_as_of_an_earlier_day_and_bad_days(person, capsys):
    assert run(["rings", "recompute", "--as-of", "2026-03-01", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["as_of"] == "2026-03-01T16:00:00+00:00"
    assert run(["rings", "recompute", "--as-of", "2026-03-09"]) == 2
    assert run(["rings", "recompute", "--as-of", "yesterday"]) == 2
    assert "YYYY-MM-DD" in capsys.readouterr().err


def test_explain_by_code_or_id(person, capsys):
    assert run(["rings", "explain", "000123"]) == 1, "there is no policy yet"
    actions.recompute(viewer=SYSTEM)
    assert run(["rings", "explain", "000123", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ring"], told["customer"]) == ("middle", str(person.public_id))
    assert all(len(line["evidence"]) <= 5 for line in told["held"])
    assert run(["rings", "explain", str(person.public_id), "--lang", "zh"]) == 0
    said = capsys.readouterr().out
    assert "中环 互动层" in said
    assert "到过场" in said
    assert run(["rings", "explain", "000999", "--lang", "en"]) == 0
    assert "Come to 3 more event(s)" in capsys.readouterr().out


def test_nobody_and_more_than_one(person, capsys):
    actions.recompute(viewer=SYSTEM)
    assert run(["rings", "explain", "no-such"]) == 2
    assert run(["rings", "explain", "00000000-0000-0000-0000-000000000000"]) == 2
    assert capsys.readouterr().err


def test_as_each_night(person, capsys, settings, tmp_path):
    settings.TONGXIN_LAKE = tmp_path
    assert run(["rings", "recompute", "--nightly", "--anew", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rings"] == {"outer": 1, "middle": 1, "inner": 0}
    assert run(["rings", "recompute", "--nightly", "--as-of", "2026-03-01"]) == 2
