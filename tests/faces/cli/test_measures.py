"""`tongxin ees|indices compute`, `concentration|attribution report`: files out, JSON, exit codes, no Django."""

import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from compass.ees_facts import chain, stamp, table
from tongxin.faces.cli import answers, main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A chain with everything the four measures need, two communities among it."""
    tables = chain(stores=3, members=60)
    parts = tables["participation"]
    community = [f"K{code[1:3]}" for code in parts["member_code"].to_pylist()]
    tables["participation"] = parts.append_column("community_code", pa.array(community))
    tables["members"] = tables["members"].append_column(
        "registered_at", pa.array([stamp(95 if n % 3 else 10) for n in range(len(tables["members"]))])
    )
    orders = tables["orders"].to_pylist()
    orders.append(dict(orders[0], order_no="early", ordered_at=stamp(120), member_code="M01001"))
    tables["orders"] = pa.Table.from_pylist(orders)
    out = tmp_path_factory.mktemp("chain")
    for name, one in tables.items():
        pq.write_table(one, out / f"{name}.parquet")
    return out


def run(capsys, *argv):
    code = main.run([str(word) for word in argv])
    told = capsys.readouterr()
    return code, told.out, told.err


def test_ees(folder, tmp_path, capsys):
    asked = tmp_path / "asked.csv"
    asked.write_text("store_code,asked\nS00,40\n", encoding="utf-8")
    code, said, _ = run(
        capsys, "ees", "compute", folder, "--out", tmp_path / "o", "--asked", asked, "--lang", "zh"
    )
    assert code == 0
    kept = json.loads((tmp_path / "o" / "ees.json").read_text(encoding="utf-8"))
    assert kept["schema"] == "tongxin.ees/1"
    assert kept["stores"][0]["asked"] == 40
    assert "回答" in said
    assert "没有公布" in said
    code, told, _ = run(capsys, "ees", "compute", folder, "--json", "--asked", asked)
    assert code == 0
    assert json.loads(told)["digest"] == kept["digest"]  # the same bits again
    code, said, _ = run(capsys, "ees", "compute", folder, "--as-of", "2020-01-01", "--demand", "--lang", "en")
    assert code == 1
    assert "3 stores are not published" in said
    answers.speak(language="zh")


def test_ees_of_ones_own_version(folder, tmp_path, capsys):
    from tongxin.compass.ees import versions

    text = (versions.HERE / "EES-1.0.toml").read_text(encoding="utf-8").replace("answers = 30", "answers = 5")
    (tmp_path / "own.toml").write_text(text.replace("draws = 400", "draws = 20"), encoding="utf-8")
    code, said, _ = run(capsys, "ees", "compute", folder, "--version", tmp_path / "own.toml")
    assert code == 0
    assert "没有公布" not in said


def test_indices_freeze_then_use(folder, tmp_path, capsys):
    code, said, _ = run(capsys, "indices", "compute", folder, "--out", tmp_path, "--name", "2026Q1")
    assert code == 0
    assert "参与度" in said
    kept = json.loads((tmp_path / "indices.json").read_text(encoding="utf-8"))
    assert len(kept["communities"]) == 3
    assert kept["reference"] == "2026Q1"
    code, told, _ = run(
        capsys, "indices", "compute", folder, "--reference", tmp_path / "reference.json", "--json"
    )
    assert code == 0
    assert json.loads(told)["communities"] == kept["communities"]
    code, _, told = run(capsys, "indices", "compute", folder, "--reference", tmp_path / "none.json")
    assert code == 2
    assert "none.json" in told


def test_concentration(folder, tmp_path, capsys):
    code, said, _ = run(capsys, "concentration", "report", folder, "--out", tmp_path)
    assert code == 0
    assert "10% 带来 70%" in said
    kept = json.loads((tmp_path / "concentration.json").read_text(encoding="utf-8"))
    assert [each["measure"] for each in kept["measures"]] == ["revenue", "growth", "output"]
    assert len(kept["measures"][0]["lorenz"]) == 101


def test_attribution(folder, tmp_path, capsys):
    from fractions import Fraction

    code, said, _ = run(capsys, "attribution", "report", folder, "--out", tmp_path)
    assert code == 0
    assert "因谁而来" in said
    kept = json.loads((tmp_path / "attribution.json").read_text(encoding="utf-8"))
    for model in ("first", "last", "removal"):
        rows = [row for row in kept["credits"] if row["model"] == model]
        assert sum(Fraction(row["credit"]) for row in rows) == kept["conversions"]


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["ees", "compute", "nowhere"], "is not a directory"),
        (["ees", "compute", "CHAIN", "--version", "EES-9"], "EES-9"),
        (["ees", "compute", "CHAIN", "--as-of", "yesterday"], "--as-of"),
        (["ees", "compute", "CHAIN", "--asked", "CHAIN/none.csv"], "store_code,asked"),
        (["attribution", "report", "CHAIN", "--out", "CHAIN/orders.parquet/x"], "a folder"),
    ],
)
def test_exit_codes(folder, capsys, argv, says):
    code, _, told = run(capsys, *(word.replace("CHAIN", str(folder)) for word in argv))
    assert code == 2
    assert says in told


def test_without_django(folder):
    code = (
        "import sys; from tongxin.faces.cli import main; "
        f"code = main.run(['indices', 'compute', {str(folder)!r}]); assert code == 0; assert 'django' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def test_a_share_that_cannot_be_said_is_a_dash(tmp_path, capsys):
    rows = [(f"O{n}", stamp(n), "S1", "a", "5") for n in range(10)]
    pq.write_table(
        table(rows, "order_no", "ordered_at", "store_code", "member_code", "total_paid"),
        tmp_path / "orders.parquet",
    )
    code, said, _ = run(capsys, "concentration", "report", tmp_path)
    assert code == 0
    assert "—" in said
