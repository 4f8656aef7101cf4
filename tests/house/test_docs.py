"""Documents that would drift are held against the tree."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return [p for name in listed.stdout.splitlines() if (p := ROOT / name).is_file()]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page):
    links = re.findall(r"\]\(([^)#\s]+)", page.read_text())
    local = [link for link in links if not re.match(r"https?://|mailto:", link)]
    assert [link for link in local if not (page.parent / link).exists()] == []


def test_every_decision_is_in_the_list():
    notes = sorted(p.name for p in (ROOT / "docs" / "decisions").glob("0*.md"))
    listed = re.findall(r"\]\((0\d+[^)]*\.md)\)", (ROOT / "docs" / "decisions" / "README.md").read_text())
    assert sorted(listed) == notes


@pytest.mark.parametrize("note", sorted((ROOT / "docs" / "decisions").glob("0*.md")), ids=lambda p: p.stem)
def test_a_decision_says_context_decision_and_consequence(note):
    text = note.read_text()
    assert all(f"**{word}.**" in text for word in ("Context", "Decision", "Consequence"))


def test_the_pages_made_from_the_code_are_up_to_date():
    made = subprocess.run(
        [sys.executable, "docs/build.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert made.returncode == 0, f"{made.stdout}{made.stderr} (make docs)"


def test_the_glossary_holds_the_words_of_every_file_of_words():
    """`terms.py` of each room, and the `terms_<subject>.py` beside it."""
    listed = set(
        re.findall(r"^\*\*(\w+)\*\*:", (ROOT / "docs" / "glossary.md").read_text(), flags=re.MULTILINE)
    )
    for file in sorted((ROOT / "src" / "tongxin").rglob("terms*.py")):
        named = re.findall(r"^class (\w+)\((?:Str|Int)?Enum\)", file.read_text(), flags=re.MULTILINE)
        assert set(named) <= listed, file.name


def test_make_targets_named_in_the_readmes_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    for name in ("README.md", "README.zh.md"):
        assert set(re.findall(r"`?make ([a-z]+)", (ROOT / name).read_text())) <= targets


def test_lock_files_hold_names_versions_and_hashes_and_no_address():
    for lock in (ROOT / "requirements").glob("*.txt"):
        text = lock.read_text()
        assert "://" not in text, lock.name
        pins = re.findall(r"^([a-z0-9][\w.\-\[\],]*)==", text, flags=re.MULTILINE)
        assert len(pins) >= 30
        assert text.count("--hash=sha256:") >= len(pins)


def test_no_committed_file_holds_a_path_of_a_machine():
    here = str(ROOT.parent) + "/"
    texts = [
        p
        for p in tracked()
        if p.suffix in {".py", ".md", ".html", ".toml", ".txt", ".ini", ".css", ".js", ".po", ""}
    ]
    assert [str(p.relative_to(ROOT)) for p in texts if here in p.read_text(errors="replace")] == []
    assert [
        str(p.relative_to(ROOT))
        for p in texts
        if p != Path(__file__) and re.search(r"/root/|/home/\w+/", p.read_text(errors="replace"))
    ] == []


def test_no_secret_stands_in_a_committed_file():
    shapes = r"-----BEGIN [A-Z ]*PRIVATE KEY|AKIA[0-9A-Z]{16}|(?i:secret|password|token)\s*=\s*['\"][A-Za-z0-9+/_\-]{24,}['\"]"
    found = [
        str(p.relative_to(ROOT))
        for p in tracked()
        if p.suffix in {".py", ".toml", ".json", ".md"}
        and p != Path(__file__)
        and re.search(shapes, p.read_text(errors="replace"))
    ]
    assert found == [], "and the shapes do find one: see the next line"
    assert re.search(shapes, 'token = "abcdefghijklmnopqrstuvwxyz012345"')
