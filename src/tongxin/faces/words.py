"""The English of the pages: Chinese texts are the keys, `locale/en/LC_MESSAGES/django.po` holds the translations.

`python -m tongxin.faces.words compile` writes the .mo that Django reads; `… missing` lists texts without an English one.
GNU gettext is not needed: the format is a header and two sorted tables (gettext manual, "The Format of GNU MO Files").
"""

import ast
import re
import struct
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
PO = HERE / "locale" / "en" / "LC_MESSAGES" / "django.po"
MO = PO.with_suffix(".mo")
MAGIC = 0x950412DE
IN_TEMPLATE = re.compile(r"""\{%\s*t\s+(?:'([^']*)'|"([^"]*)")""")
MARKERS = frozenset({"_", "gettext", "gettext_lazy"})
HAN = re.compile(r"[\u4e00-\u9fff]")


def texts() -> dict[str, str]:
    """Every text of ours that is shown, with the first file that shows it."""
    found: dict[str, str] = {}
    for file in sorted((HERE / "templates").rglob("*.html")):
        for match in IN_TEMPLATE.finditer(file.read_text()):
            found.setdefault(match[1] or match[2] or "", file.relative_to(HERE).as_posix())
    for file in sorted(HERE.rglob("*.py")):
        for text in _marked(file):
            found.setdefault(text, file.relative_to(HERE).as_posix())
    return found


def _marked(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text())):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKERS):
            continue
        first = node.args[0] if node.args else None
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def catalogue(po: str) -> dict[str, str]:
    """The entries of a .po file of ours: one line a key, one line a translation, no plurals."""
    found: dict[str, str] = {}
    key = ""
    for line in po.splitlines():
        if line.startswith("msgid "):
            key = ast.literal_eval(line[6:])
        elif line.startswith("msgstr "):
            found[key] = ast.literal_eval(line[7:])
    return found


def compiled(entries: dict[str, str]) -> bytes:
    """The .mo of a catalogue: header, table of keys, table of translations, then the strings."""
    pairs = sorted((k.encode(), v.encode()) for k, v in entries.items() if v)
    keys = b"".join(k + b"\0" for k, _ in pairs)
    values = b"".join(v + b"\0" for _, v in pairs)
    tables_at = 28
    keys_at = tables_at + 16 * len(pairs)
    values_at = keys_at + len(keys)
    first, second = [], []
    for key, value in pairs:
        first += [len(key), keys_at]
        second += [len(value), values_at]
        keys_at += len(key) + 1
        values_at += len(value) + 1
    head = struct.pack("<7I", MAGIC, 0, len(pairs), tables_at, tables_at + 8 * len(pairs), 0, 0)
    return head + struct.pack(f"<{len(first) * 2}I", *first, *second) + keys + values


def missing() -> list[str]:
    """Texts of ours that have no English, as `file: text`."""
    known = catalogue(PO.read_text()) if PO.exists() else {}
    return [f"{file}: {text}" for text, file in texts().items() if not known.get(text)]


def main(order: str) -> int:
    """`compile` or `missing`; 0 done, 1 something is missing, 2 no such order."""
    if order == "compile":
        MO.write_bytes(compiled(catalogue(PO.read_text())))
        return 0
    if order == "missing":
        found = missing()
        sys.stdout.write("".join(f"{line}\n" for line in found))
        return 1 if found else 0
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else ""))
