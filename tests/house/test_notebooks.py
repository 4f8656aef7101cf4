"""The example notebooks hold what their sources say, were executed from first to last cell, and name nothing of a machine."""

import json
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "docs" / "notebooks"
NAMES = sorted(path.stem for path in FOLDER.glob("*.ipynb"))


def code_cells(source):
    parts = (part.partition("\n") for part in source.split("# %%")[1:])
    return [body.strip() for head, _, body in parts if head.strip() != "[markdown]"]


def test_there_is_one_on_real_data_and_one_with_a_known_truth():
    assert NAMES == ["real-data", "simulated-truth"]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_its_source_executed(name):
    book = json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))
    cells = [cell for cell in book["cells"] if cell["cell_type"] == "code"]
    source = (FOLDER / f"{name}.py").read_text(encoding="utf-8")
    assert ["".join(cell["source"]) for cell in cells] == code_cells(source), "make notebooks"
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell["outputs"]]
    assert all(output["output_type"] != "error" for output in outputs)
    assert any("image/svg+xml" in output.get("data", {}) for output in outputs)
    assert "/home/" not in json.dumps(book)
    assert "/work" not in json.dumps(book)
