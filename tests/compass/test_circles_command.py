"""`tongxin koc shortlist`, `segments find`, `dormancy report`: tables, JSON, exit codes, no Django."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from compass.made_circles import tables
from tongxin.faces.cli import answers, main


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("circles")
    for name, table in tables().items():
        pq.write_table(table, folder / f"{name}.parquet")
    return str(folder)


@pytest.fixture(autouse=True)
def chinese():
    answers.speak(json=False, language="zh")
    yield
    answers.speak(json=False, language="zh")


def test_shortlist_as_a_table_and_as_json(chain, capsys, tmp_path):
    rings = tmp_path / "rings.csv"
    rings.write_text("member_code,ring\nM0000,共创层\n", encoding="utf-8")
    assert main.run(["koc", "shortlist", chain, "--size", "8", "--rings", str(rings)]) == 0
    printed = capsys.readouterr().out
    assert "M0000" in printed
    assert "已在共创层" in printed
    assert "不是结论" in printed
    assert main.run(["koc", "shortlist", chain, "--size", "8", "--json", "--lang", "en"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["candidates"][0]["code"] in {"M0000", "M0001", "M0002"}
    assert len(answer["candidates"][0]["components"]) == 5


def test_segments_and_dormancy_as_tables_and_as_json(chain, capsys, tmp_path):
    assert main.run(["segments", "find", chain, "--outcome", "retained", "--lang", "en"]) == 0
    assert "what would bring it about" in capsys.readouterr().out
    assert main.run(["segments", "find", chain, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["reasons"][0]["code"] == "R0"
    out = tmp_path / "states.parquet"
    assert main.run(["dormancy", "report", chain, "--out", str(out), "--lang", "zh"]) == 0
    assert "沉睡" in capsys.readouterr().out
    assert pq.read_table(out).column_names[0] == "member_code"
    assert main.run(["dormancy", "report", chain, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {row["state"] for row in document["states"]} == {"never", "once", "active", "at_risk", "dormant"}
    assert "M0000" not in json.dumps(document)  # codes only in the table that was asked for


def test_a_chain_with_a_group_prints_it(capsys, tmp_path):
    from compass.test_segments import chain as families

    for name, table in families().items():
        pq.write_table(table, tmp_path / f"{name}.parquet")
    assert main.run(["segments", "find", str(tmp_path), "--outcome", "events"]) == 0
    printed = capsys.readouterr().out
    assert "周末带小孩的家庭" in printed
    assert "倍数" in printed


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["koc", "shortlist", "nowhere"], "is not a directory"),
        (["koc", "shortlist", "CHAIN", "--size", "0"], "koc.size"),
        (["koc", "shortlist", "CHAIN", "--rings", "missing.csv"], "--rings"),
        (["koc", "shortlist", "CHAIN", "--rings", "WRONG"], "member_code, ring"),
        (["segments", "find", "CHAIN", "--outcome", "luck"], "--outcome: 'luck'"),
        (["dormancy", "report", "CHAIN", "--out", "/nowhere/x.parquet"], "--out"),
        (["dormancy", "report", "CHAIN", "--weeks", "0"], "--weeks"),
    ],
)
def test_bad_input_is_exit_2_with_one_line(chain, tmp_path, capsys, argv, says):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    swap = {"CHAIN": chain, "WRONG": str(wrong)}
    assert main.run([swap.get(word, word) for word in argv]) == 2
    assert says in capsys.readouterr().err


def test_no_django(chain):
    code = (
        "import sys; from tongxin.faces.cli import main; "
        f"assert main.run(['koc', 'shortlist', {chain!r}, '--size', '5']) == 0; assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
