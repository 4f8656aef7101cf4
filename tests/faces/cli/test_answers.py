"""How commands speak: plain lines for pipes, tables and bars on a terminal, questions only where somebody can answer."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, NO, Stop


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture(autouse=True)
def speech():
    before = answers.style()
    answers.speak(json=False, language="zh", debug=False)
    yield
    answers.speak(**vars(before))


@dataclass(frozen=True)
class Found:
    name: str
    seen: datetime


def test_answers_become_plain_values():
    at = datetime(2026, 3, 5, tzinfo=UTC)
    assert answers.plain({1: Found("a", at), "b": ({3, 2}, None, 1.5, Decimal("2.5"), frozenset("x"))}) == {
        "1": {"name": "a", "seen": "2026-03-05T00:00:00+00:00"},
        "b": [[2, 3], None, 1.5, "2.5", ["x"]],
    }


def test_an_answer_without_a_picture_is_told_line_by_line(capsys):
    answers.answer({"a": 1})
    answers.answer(["x", "y"])
    assert capsys.readouterr().out == "a: 1\n0: x\n1: y\n"


def test_tables_are_lines_for_pipes_and_columns_on_a_terminal(capsys, monkeypatch):
    answers.table(("名称", "数"), [("门店[1]", None), ("x", 2)])
    assert capsys.readouterr().out == "名称\t数\n门店[1]\t\nx\t2\n"
    screen = Terminal()
    monkeypatch.setattr(answers.sys, "stdout", screen)
    answers.table(("名称", "数"), [("门店[1]", None), ("x", 2)], title="表")
    assert "门店[1]" in screen.getvalue()
    assert "\t" not in screen.getvalue()


def test_sentences_are_filled_in(capsys):
    answers.say("共 {n} 行", "{n} rows", n=3)
    answers.speak(language="en")
    answers.say("共 {n} 行", "{n} rows", n=3)
    assert capsys.readouterr().out == "共 3 行\n3 rows\n"


def test_progress_off_a_terminal_tells_every_two_seconds(capsys, monkeypatch):
    clock = iter([0.0, 1.0, 2.5, 2.5, 3.0])
    monkeypatch.setattr(answers, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with answers.progress("订单", 100) as advance:
        advance(10)
        advance(20)
        advance(5)
    assert capsys.readouterr().err == "订单: 30/100\n"


def test_progress_without_a_total(capsys, monkeypatch):
    clock = iter([0.0, 9.0, 9.0])
    monkeypatch.setattr(answers, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with answers.progress("orders") as advance:
        advance(7)
    assert capsys.readouterr().err == "orders: 7\n"


def test_progress_on_a_terminal_is_a_bar(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(answers.sys, "stderr", screen)
    with answers.progress("订单", 10) as advance:
        advance(10)
    assert "订单" in screen.getvalue()


class TestQuestions:
    def test_yes_given_before_asks_nothing(self):
        answers.confirm("做？", "do?", yes=True)

    def test_without_a_terminal_nobody_can_say_yes(self, monkeypatch):
        monkeypatch.setattr(answers.sys, "stdin", io.StringIO("y\n"))
        with pytest.raises(Stop) as stopped:
            answers.confirm("做？", "do?", yes=False)
        assert stopped.value.code == BAD

    @pytest.mark.parametrize(
        ("reply", "goes_on"), [("y", True), ("是", True), ("YES", True), ("", False), ("n", False)]
    )
    def test_only_a_yes_is_a_yes(self, monkeypatch, reply, goes_on):
        monkeypatch.setattr(answers, "on_terminal", lambda: True)
        monkeypatch.setattr("builtins.input", lambda label: reply)
        if goes_on:
            answers.confirm("做？", "do?", yes=False)
        else:
            with pytest.raises(Stop) as stopped:
                answers.confirm("做？", "do?", yes=False)
            assert stopped.value.code == NO

    def test_what_is_hidden_is_asked_for_by_typer(self, monkeypatch):
        import typer

        asked = []
        monkeypatch.setattr(typer, "prompt", lambda label, **how: asked.append((label, how)) or "geheim")
        assert answers.hidden("口令", twice=True) == "geheim"
        assert asked == [("口令", {"hide_input": True, "confirmation_prompt": True})]

    def test_a_process_without_input_is_no_terminal(self, monkeypatch):
        monkeypatch.setattr(answers.sys, "stdin", None)
        assert answers.on_terminal() is False
