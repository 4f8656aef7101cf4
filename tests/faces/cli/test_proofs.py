"""`tongxin draw verify` and `tongxin audit verify`, through the one door of the command line."""

import json

import pytest
from django.db import connection, transaction

from foundation.draw.test_draw import published
from tongxin.faces.cli.main import run
from tongxin.foundation.access import system
from tongxin.foundation.audit.actions import seal, trail


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "抽签.json"
    path.write_text(json.dumps(published(), ensure_ascii=False), encoding="utf-8")
    return path


def test_an_honest_draw_is_done(file, capsys):
    assert run(["draw", "verify", str(file), "--commitment", published()["commitment"]]) == 0
    out = capsys.readouterr().out
    assert "中签 3 位" in out
    assert "挑选过种子" not in out


def test_json_and_the_note_without_a_public_value(file, capsys):
    file.write_text(json.dumps(published(beacon=False)), encoding="utf-8")
    assert run(["draw", "verify", str(file), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["beacon"] is False
    assert run(["--lang", "en", "draw", "verify", str(file)]) == 0
    assert "chosen the seed" in capsys.readouterr().out


def test_a_cheat_is_a_no_with_its_sentence(file, capsys):
    file.write_text(json.dumps(published() | {"winners": ["friend"]}), encoding="utf-8")
    assert run(["draw", "verify", str(file)]) == 1
    assert "中签名单" in capsys.readouterr().err


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"{"])
def test_bad_files_are_bad_input(tmp_path, content, capsys):
    path = tmp_path / "x.json"
    if content is not None:
        path.write_bytes(content)
    assert run(["draw", "verify", str(path)]) == 2
    assert "x.json" in capsys.readouterr().err


@pytest.mark.django_db
def test_the_audit_trail_says_what_is_sealed_and_what_is_not(capsys):
    with transaction.atomic():
        trail(viewer=system("test"), act="draw.committed", subject=("draw", "draw", 1))
    seal()
    for n in range(25):
        trail(viewer=system("test"), act="draw.revealed", subject=("draw", "draw", n))
    assert run(["audit", "verify"]) == 0
    out = capsys.readouterr().out
    assert "已封存 1 条" in out
    assert "未封存 25 条" in out
    assert "…" in out
    assert run(["audit", "verify", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["ok"], told["sealed"], len(told["unsealed"])) == (True, 1, 25)
    assert run(["audit", "verify", "--head", told["head"]]) == 0
    assert run(["audit", "verify", "--head", "1:0"]) == 1
    capsys.readouterr()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE audit_entry DISABLE TRIGGER USER")
        cursor.execute("UPDATE audit_entry SET reason = 'x' WHERE position = 1")
        cursor.execute("ALTER TABLE audit_entry ENABLE TRIGGER USER")
    assert run(["audit", "verify"]) == 1
    assert "内容被改动 @ 1" in capsys.readouterr().err
