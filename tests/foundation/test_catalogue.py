"""The catalogue of events is the catalogue of acts: whatever the source writes into the trail stands in it."""

import ast
import re
from pathlib import Path

import tongxin
from tongxin.project.wiring import ACTS, CARRIERS

SOURCE = Path(tongxin.__file__).parent
WORD = re.compile(r"[a-z_]+\.[a-z_]+")


def acts_in(text):
    """The words given as `act=` anywhere in a source text, both sides of a condition included."""
    given = [
        k.value
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Call)
        for k in node.keywords
        if k.arg == "act"
    ]
    words = [
        n.value
        for value in given
        for n in ast.walk(value)
        if isinstance(n, ast.Constant) and isinstance(n.value, str)
    ]
    return {word for word in words if WORD.fullmatch(word)}


def test_every_act_of_the_source_is_in_the_catalogue():
    used = {
        act: file.relative_to(SOURCE)
        for file in SOURCE.rglob("*.py")
        if "act=" in (text := file.read_text())  # the others need not be parsed
        for act in acts_in(text)
    }
    assert {act: str(file) for act, file in used.items() if act not in ACTS} == {}
    assert len(used) > 10


def test_control_the_search_finds_both_sides_of_a_condition():
    assert acts_in('trail(act="a.b" if x else "c.d")\nonce(act=lambda: None)\nf(act="no act")') == {
        "a.b",
        "c.d",
    }


def test_each_act_has_a_room_and_a_label():
    assert all(WORD.fullmatch(act) and label for act, label in ACTS.items())


def test_carriers():
    assert set(CARRIERS) == {"screen", "webhook-out", "email", "webhook_out", "robot", "wecom_app"}
    assert all(hasattr(c, "carry") and isinstance(c.dedupes, bool) for c in CARRIERS.values())
