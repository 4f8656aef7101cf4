"""The gates and how they compose, as tables: no database, no clock."""

from dataclasses import dataclass, field

import pytest

from communities.factories import QUESTIONS
from tongxin.communities.gates import GATES
from tongxin.communities.rules.standing import Ask, Step, compose, unanswered
from tongxin.communities.terms import Standing

DONE, YOURS, OURS, NO = Standing.DONE, Standing.YOURS, Standing.OURS, Standing.NO


@dataclass(frozen=True)
class Known:
    """Plain facts."""

    said: dict = field(default_factory=dict)
    decided: dict = field(default_factory=dict)
    invited: bool = False
    paid: bool = False
    fee: str = ""
    did: dict = field(default_factory=dict)

    def answers(self, gate):
        return self.said.get(gate, {})

    def decision(self, gate):
        return self.decided.get(gate)

    def deeds(self, kind):
        return self.did.get(kind, 0)


AGE = {"application": {"months": "7–12 个月"}}
OPEN_TO_ALL = QUESTIONS | {"decide": False}
VISIT = {"zh": "来一次妈妈早茶会", "deed": "checked_in", "times": 2}
FEE = {"fee_fen": 990}
BOWL = {"zh": "说说宝宝今天的一碗"}


@pytest.mark.parametrize(
    ("gate", "settings", "facts", "standing", "code"),
    [
        ("invitation", {}, Known(), YOURS, "invitation_needed"),
        ("invitation", {}, Known(invited=True), DONE, ""),
        ("application", QUESTIONS, Known(), YOURS, "questions"),
        ("application", QUESTIONS, Known(said={"application": {"months": "两岁"}}), YOURS, "questions"),
        ("application", QUESTIONS, Known(said=AGE), OURS, "being_read"),
        ("application", QUESTIONS, Known(said=AGE, decided={"application": True}), DONE, ""),
        ("application", QUESTIONS, Known(decided={"application": True}), DONE, ""),
        ("application", QUESTIONS, Known(said=AGE, decided={"application": False}), NO, "declined"),
        ("application", OPEN_TO_ALL, Known(said=AGE), DONE, ""),
        ("application", OPEN_TO_ALL, Known(), YOURS, "questions"),
        ("task", BOWL, Known(), YOURS, "task"),
        ("task", BOWL, Known(said={"task": {"told": "南瓜泥"}}), OURS, "being_looked_at"),
        ("task", BOWL, Known(said={"task": {"told": "南瓜泥"}}, decided={"task": True}), DONE, ""),
        ("task", BOWL, Known(said={"task": {"told": "x"}}, decided={"task": False}), NO, "task_not_met"),
        ("task", VISIT, Known(did={"checked_in": 1}), YOURS, "deed_missing"),
        ("task", VISIT, Known(did={"checked_in": 2}), DONE, ""),
        ("paid", {}, Known(), YOURS, "paid_membership_needed"),
        ("paid", {}, Known(paid=True), DONE, ""),
        ("paid", FEE, Known(paid=True), YOURS, "fee_later"),
        ("paid", FEE, Known(fee="fee_due"), YOURS, "fee_due"),
        ("paid", FEE, Known(fee="paid"), DONE, ""),
    ],
)
def test_where_an_applicant_stands_at_a_gate(gate, settings, facts, standing, code):
    step = GATES[gate].stand(settings, facts)
    assert (step.gate, step.standing, step.code) == (gate, standing, code)


@pytest.mark.parametrize(
    ("gate", "settings", "faults"),
    [
        ("invitation", {}, ()),
        ("invitation", {"free": True}, ("free",)),
        ("application", QUESTIONS, ()),
        ("application", {}, ("questions",)),
        ("application", {"questions": [{"name": "a"}]}, ("questions",)),
        ("application", {"questions": [{"name": "a", "zh": "?", "kind": "choice"}]}, ("questions",)),
        ("application", {"questions": [{"name": "a", "zh": "?"}] * 2}, ("questions",)),
        ("application", {"questions": [{"name": str(n), "zh": "?"} for n in range(6)]}, ("questions",)),
        ("application", QUESTIONS | {"decide": "no"}, ("decide",)),
        ("task", BOWL, ()),
        ("task", {}, ("zh",)),
        ("task", VISIT, ()),
        ("task", VISIT | {"deed": "posted"}, ("deed",)),
        ("task", VISIT | {"times": 0}, ("times",)),
        ("paid", {"fee": 10}, ("fee", "fee_fen")),
    ],
)
def test_a_gate_says_what_is_wrong_with_its_settings(gate, settings, faults):
    assert GATES[gate].faults(settings) == faults


def test_a_gate_declares_what_it_asks():
    assert [(a.name, a.kind, a.required) for a in GATES["application"].asks(QUESTIONS)] == [
        ("months", "choice", True),
        ("shop", "text", False),
    ]
    assert GATES["task"].asks(VISIT) == ()
    assert GATES["paid"].asks({}) == ()


@pytest.mark.parametrize(
    ("standings", "rules", "ready", "turn"),
    [
        ((), True, True, None),
        ((), False, False, "rules"),
        ((DONE, DONE), True, True, None),
        ((DONE, DONE), False, False, "rules"),
        ((DONE, YOURS), True, False, "1"),
        ((OURS, YOURS), True, False, "0"),
        ((DONE, OURS), False, False, "1"),
    ],
)
def test_gates_compose_with_and(standings, rules, ready, turn):
    way = compose([Step(str(n), one) for n, one in enumerate(standings)], rules_accepted=rules)
    assert (way.ready, None if way.turn is None else way.turn.gate) == (ready, turn)


def test_one_no_is_a_no_whatever_else_is_done():
    way = compose([Step("a", DONE), Step("b", NO, "declined"), Step("c", DONE)], rules_accepted=True)
    assert not way.ready
    assert way.refused is not None
    assert (way.refused.gate, way.refused.code) == ("b", "declined")


def test_control_arm_composing_with_or_would_let_in_who_passed_one_gate():
    way = compose([Step("a", DONE), Step("b", YOURS)], rules_accepted=True)
    assert any(step.standing is DONE for step in way.steps)
    assert not way.ready


@pytest.mark.parametrize(
    ("ask", "said", "bad"),
    [
        (Ask("q", "text", "?", "?"), {"q": "x"}, False),
        (Ask("q", "text", "?", "?"), {"q": "  "}, True),
        (Ask("q", "text", "?", "?", required=False), {}, False),
        (Ask("q", "choice", "?", "?", ("a", "b")), {"q": "c"}, True),
        (Ask("q", "choice", "?", "?", ("a", "b"), required=False), {"q": ""}, False),
        (Ask("q", "tick", "?", "?"), {"q": "no"}, True),
        (Ask("q", "tick", "?", "?"), {"q": "yes"}, False),
    ],
)
def test_what_counts_as_an_answer(ask, said, bad):
    assert (unanswered([ask], said) is ask) is bad
