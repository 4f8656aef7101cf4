"""What `make plan` prints: rooms, longest files, longest functions."""

import ast
import statistics
from pathlib import Path

SOURCE = Path(__file__).parents[1] / "src" / "tongxin"


def main() -> None:
    """Print the inventory, measured from the files as they are."""
    files = {p: len(p.read_text().splitlines()) for p in SOURCE.rglob("*.py") if "migrations" not in p.parts}
    functions = []
    for path in files:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                functions.append(((node.end_lineno or node.lineno) - node.lineno + 1, node.name, path))
    rooms: dict[str, list[int]] = {}
    for path, lines in files.items():
        rooms.setdefault(path.relative_to(SOURCE).parts[0], []).append(lines)
    print(f"{'room':<14}{'files':>6}{'lines':>8}{'median':>8}{'longest':>9}")
    for room, sizes in sorted(rooms.items()):
        print(f"{room:<14}{len(sizes):>6}{sum(sizes):>8}{int(statistics.median(sizes)):>8}{max(sizes):>9}")
    sizes = sorted(files.values())
    print(
        f"\nfiles: median {int(statistics.median(sizes))}, nine in ten under {sizes[int(len(sizes) * 0.9)]}"
    )
    lengths = sorted(n for n, _, _ in functions)
    print(
        f"functions: median {int(statistics.median(lengths))}, nine in ten under {lengths[int(len(lengths) * 0.9)]}"
    )
    print("\nlongest files")
    for path, lines in sorted(files.items(), key=lambda item: -item[1])[:12]:
        print(f"{lines:>6}  {path.relative_to(SOURCE)}")
    print("\nlongest functions")
    for lines, name, path in sorted(functions, key=lambda item: -item[0])[:12]:
        print(f"{lines:>6}  {path.relative_to(SOURCE)}:{name}")


if __name__ == "__main__":
    main()
