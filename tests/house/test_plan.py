"""The house plan, held against the code."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "tongxin"
FILES = sorted(p for p in SOURCE.rglob("*.py") if "migrations" not in p.parts)
ROOMS = sorted(p.name for p in SOURCE.iterdir() if (p / "__init__.py").exists())


def rel(path: Path) -> str:
    return str(path.relative_to(SOURCE))


def test_the_inventory_in_the_house_plan_is_the_code():
    page = (ROOT / "docs" / "house.md").read_text()
    written = re.findall(r"^\| \d+ \| `(\w+)` \|", page, flags=re.MULTILINE)
    assert sorted(written) == ROOMS


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_in_a_few_lines_what_it_is_for_and_holds_no_code_at_its_door(room):
    tree = ast.parse((SOURCE / room / "__init__.py").read_text())
    words = ast.get_docstring(tree)
    assert words
    assert len(words.splitlines()) <= 8
    assert len(tree.body) == 1, "a room's __init__ holds text and no code"


def test_there_are_no_junk_drawers():
    junk = [
        rel(p)
        for p in FILES
        if re.fullmatch(r"(utils?|helpers?|common|misc)(\.py)?", p.name)
        or p.parent.name in {"utils", "helpers", "common", "misc"}
    ]
    assert junk == []


def test_no_file_is_longer_than_six_hundred_lines():
    assert [rel(p) for p in FILES if len(p.read_text().splitlines()) > 600] == []


def test_an_import_inside_a_function_says_why():
    """The command line loads every room late: starting `tongxin --help` must not cost a second. It is left out here."""
    silent = []
    for path in FILES:
        text = path.read_text()
        lines = text.splitlines()
        if "faces/cli/" in str(path) or not re.search(
            r"^\s.*\bimport\b|:.*\bimport\b", text, flags=re.MULTILINE
        ):
            continue  # no import stands anywhere but at the left
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for inner in ast.walk(node):
                    if isinstance(inner, ast.Import | ast.ImportFrom):
                        shown = " ".join(lines[inner.lineno - 1 : (inner.end_lineno or inner.lineno)])
                        if not re.search(r"#.*\b(slow|optional)\b", shown):
                            silent.append(f"{rel(path)}:{inner.lineno}")
    assert sorted(set(silent)) == []


# Files that may do what the house does without, each for the reason beside it.
EXCEPTIONS = {
    "markup marked safe by hand": {
        "faces/templatetags/tongxin.py",  # constants and sentences of our own templates
        "faces/enter/views.py",  # a QR code drawn here
        "faces/hq/studies.py",  # charts drawn by our engine and kept with the answer
    },
    "the ORM in a face": {
        "faces/cli/settling.py",  # sessions of a restored database end
        "faces/cli/care.py",  # is the lake still waiting to forget somebody
    },
    "printing from a room": {"project/supervisor.py"},  # a program of its own: that is its answer
}


@pytest.mark.parametrize(
    ("what", "pattern", "where"),
    [
        ("ORM signals", r"django\.db\.models\.signals|django\.dispatch|@receiver", "**/*.py"),
        ("markup marked safe by hand", r"mark_safe|\|safe\b|autoescape off", "**/*"),
        ("the ORM in a face", r"\.objects\b", "faces/**/*.py"),
        (
            "a naive or private clock",
            r"datetime\.now\(\)|datetime\.utcnow|timezone\.now\(|date\.today\(",
            "**/*.py",
        ),
        ("printing from a room", r"^\s*print\(", "[!f]*/**/*.py"),
    ],
)
def test_what_the_house_does_without(what, pattern, where):
    found = []
    for path in SOURCE.glob(where):
        if (
            path.suffix in {".py", ".html"}
            and "migrations" not in path.parts
            and rel(path) not in EXCEPTIONS.get(what, ())
        ):
            found += [
                f"{rel(path)}:{n}"
                for n, line in enumerate(path.read_text().splitlines(), 1)
                if re.search(pattern, line)
            ]
    assert found == [], what
    stale = [
        file
        for file in EXCEPTIONS.get(what, ())
        if not re.search(pattern, (SOURCE / file).read_text(), re.MULTILINE)
    ]
    assert stale == [], "an exception that nobody needs any more"


def test_rooms_share_no_foreign_key_upwards():
    """Django would allow it; the import plan sees only imports, so the strings are read too."""
    order = ["foundation", "stores", "people", "commerce", "rings", "measure"]
    labels = {"accounts": 0, "outbox": 0, "audit": 0} | {name: n for n, name in enumerate(order)}
    wrong = []
    for path in SOURCE.rglob("models*.py"):
        here = labels.get(path.relative_to(SOURCE).parts[0], 0)
        for label in re.findall(
            r"(?:ForeignKey|OneToOneField|ManyToManyField)\(\s*\"(\w+)\.", path.read_text()
        ):
            if labels.get(label, 0) > here:
                wrong.append((rel(path), label))
    assert wrong == []
