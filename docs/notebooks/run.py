"""Execute the example notebooks: `make notebooks`. Sources are the .py files beside this one (cells begin with `# %%`)."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

HERE = Path(__file__).parent
SOURCES = ("real-data", "simulated-truth")


def cells(text: str) -> list[nbformat.NotebookNode]:
    """Cells of a source: `# %% [markdown]` begins text (each line after `# `), `# %%` begins code."""
    made = []
    for part in text.split("# %%")[1:]:
        head, _, body = part.partition("\n")
        if head.strip() == "[markdown]":
            lines = (line.removeprefix("#").removeprefix(" ") for line in body.strip().splitlines())
            made.append(nbformat.v4.new_markdown_cell("\n".join(lines)))
        else:
            made.append(nbformat.v4.new_code_cell(body.strip()))
    for place, cell in enumerate(made):
        cell.id = f"cell-{place}"  # a run changes outputs only
    return made


def main() -> int:
    """Execute every source and write it with its outputs. A cell that raises ends the run."""
    for name in SOURCES:
        book = nbformat.v4.new_notebook(cells=cells((HERE / f"{name}.py").read_text(encoding="utf-8")))
        book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
        NotebookClient(book, timeout=600, kernel_name="python3").execute(cwd=str(HERE))
        for cell in book.cells:
            cell.metadata.pop("execution", None)  # times of day are no content
        book.metadata.pop("language_info", None)
        nbformat.write(book, HERE / f"{name}.ipynb")
        print(f"{name}: {len(book.cells)} cells")
    return 0


if __name__ == "__main__":
    sys.exit(main())
