"""`tongxin roi run` and `tongxin simulate`: files out, exit codes of the contract, no Django."""

import json
import subprocess
import sys

import pyarrow.parquet as pq
import pytest

from tongxin.faces.cli import answers, main


@pytest.fixture(scope="module")
def chain(tmp_path_factory):
    folder = tmp_path_factory.mktemp("chain")
    code = main.run(
        [
            "simulate",
            "--regime",
            "level",
            "--effect",
            "25%",
            "--members",
            "1500",
            "--seed",
            "7",
            "--out",
            str(folder),
        ]
    )
    assert code == 0
    return folder


def test_simulate_writes_the_tables_and_the_truth(chain):
    truth = json.loads((chain / "truth.json").read_text(encoding="utf-8"))
    assert truth["effect"]["share"] == 0.25
    assert pq.read_table(chain / "truth.parquet").num_rows == 1500 * 24
    assert pq.read_table(chain / "orders.parquet").num_rows > 30_000


def test_roi_run_writes_four_files(chain, tmp_path, capsys):
    assert (
        main.run(["roi", "run", str(chain), "--treated", "participation", "--out", str(tmp_path / "o")]) == 0
    )
    printed = capsys.readouterr().out
    assert {path.name for path in (tmp_path / "o").iterdir()} == {
        "study.json",
        "report.html",
        "matches.parquet",
        "cells.parquet",
    }
    answer = json.loads((tmp_path / "o" / "study.json").read_text(encoding="utf-8"))
    assert answer["simulated"] is True
    assert answer["words"]["zh"] in printed
    assert "模拟数据" in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")


def test_json_and_english(chain, tmp_path, capsys):
    file = tmp_path / "d.toml"
    file.write_text("windows = [3]\ndraws = 99\n", encoding="utf-8")
    argv = [
        "roi",
        "run",
        str(chain),
        "--design",
        str(file),
        "--out",
        str(tmp_path / "o"),
        "--json",
        "--lang",
        "en",
    ]
    assert main.run(argv) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["design"]["windows"] == [3]
    assert '<html lang="en">' in (tmp_path / "o" / "report.html").read_text(encoding="utf-8")
    answers.speak(language="zh")


@pytest.mark.parametrize(
    ("argv", "code", "says"),
    [
        (["nowhere"], 2, "is not a directory"),
        (["postgresql://x@y/z"], 2, "complete-journey"),
        (["CHAIN", "--engine", "moon"], 2, "engine: 'moon' (allowed: duckdb, spark://host:7077"),
        (["CHAIN", "--treated", "luck"], 2, "design.treated: 'luck'"),
        (["CHAIN", "--treated", "event:none", "--demand"], 1, ""),
        (["CHAIN", "--treated", "event:none"], 0, ""),
    ],
)
def test_exit_codes(  # noqa: PLR0917 - three fixtures, three parameters
    chain, tmp_path, capsys, argv, code, says
):
    argv = [str(chain) if word == "CHAIN" else word for word in argv]
    assert main.run(["roi", "run", *argv, "--out", str(tmp_path / "o")]) == code
    told = capsys.readouterr().err
    assert says in told
    assert "x@y" not in told  # an address may hold a password


def test_simulate_refuses_by_name(tmp_path, capsys):
    assert main.run(["simulate", "--regime", "null", "--effect", "10", "--out", str(tmp_path)]) == 2
    assert "--regime level" in capsys.readouterr().err
    (tmp_path / "file").write_text("x")
    assert main.run(["simulate", "--members", "200", "--out", str(tmp_path / "file" / "x")]) == 2


def test_the_complete_journey_gives_an_honest_answer_in_a_process_without_django(tmp_path):
    """Real baskets, no known truth: no headline that is not earned, FUEL as negative control, the naive far away."""
    code = (
        "import sys; from tongxin.faces.cli import main; "
        f"argv = ['roi', 'run', 'complete-journey', '--treated', 'participation', '--lang', 'zh', '--out', {str(tmp_path)!r}]; "
        "code = main.run(argv); assert code == 0, code; assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert "出版方" in done.stdout
    answer = json.loads((tmp_path / "study.json").read_text(encoding="utf-8"))
    primary = next(kpi for kpi in answer["kpis"] if kpi["primary"])
    assert answer["design"]["period"] == "four_weeks"
    assert answer["currency"] == "USD"
    assert answer["checks"]["negative_control"]["category"] == "FUEL"
    assert answer["checks"]["negative_control"]["status"] == "passes"
    # 186 people find 33 dollars four times out of five; what matters is half of that (5 % of what they spend)
    assert primary["verdict"] == "cannot_be_said"
    assert "R1" in [reason["code"] for reason in primary["reason_words"]]
    assert primary["power"]["mde"] > 2 * primary["power"]["threshold"]
    assert primary["naive"]["versus_all_others"] > 150  # dollars a month, before anything was redeemed
    entry = next(p for p in answer["event_study"] if p["kpi"] == "spend_per_month" and p["period"] == 0)
    assert entry["ci"][0] > 0  # redeeming needs a trip: the period of entry is shown and never counted
    assert entry["counted"] is False
