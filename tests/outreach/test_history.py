"""Promise P26 over whole histories: nothing without consent, past the cap, at night, after a no, to somebody removed."""

import random

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from outreach import histories
from people.factories import CustomerFactory
from tongxin.foundation import clock
from tongxin.outreach import rules
from tongxin.project import wiring

pytestmark = pytest.mark.django_db

SMALL = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture
def town(monkeypatch, settings):
    """Three members and a gateway."""
    monkeypatch.setattr(wiring, "MESSAGE_KINDS", histories.KINDS)
    settings.TONGXIN_SMS_GATEWAY = "https://sms.example"
    settings.TONGXIN_SMS_SECRET = "whsec_x"
    with clock.held(histories.START):
        return [CustomerFactory() for _ in range(histories.PEOPLE)]


def played(members, history, **more):
    """Played and taken back."""
    with transaction.atomic():
        judge = histories.play(members, history, **more)
        transaction.set_rollback(True)
    return judge


steps = st.lists(
    st.tuples(
        st.sampled_from(histories.STEPS),
        st.integers(0, 2),
        st.integers(0, 2),
        st.integers(0, 23),
        st.integers(0, 1),
    ),
    min_size=4,
    max_size=16,
)


@SMALL
@given(steps)
def test_nobody_is_told_against_their_will(town, history):
    assert played(town, history).faults == []


def long_ones(dice, many):
    """Histories of thirty steps from one seed."""
    return [histories.generate(dice.randrange, 30) for _ in range(many)]


def test_long_histories(town):
    shown = 0
    for history in long_ones(random.Random(26), 6):
        judge = played(town, history)
        assert judge.faults == []
        shown += judge.shown
    assert shown > 20


# Take one protection away: the judge must see it. (name, a history that needs it, what the judge calls it)
OFF = [
    ("quiet_until", [("notify", 0, 1, 2, 0), ("wait", 0, 0, 12, 1), ("drain", 0, 0, 0, 0)], "at night"),
    ("free_from", [("notify", 0, 1, 2, 0), ("notify", 0, 1, 2, 0), ("drain", 0, 0, 0, 0)], "past cap"),
    ("_never", [("notify", 0, 1, 2, 0), ("withdraw", 0, 1, 0, 0), ("drain", 0, 0, 0, 0)], "no consent"),
    ("_never", [("notify", 0, 1, 2, 0), ("opt_out", 0, 1, 0, 0), ("drain", 0, 0, 0, 0)], "opted out"),
]


@pytest.mark.parametrize(("name", "history", "cry"), OFF)
def test_control_without_a_protection_the_judge_cries(town, monkeypatch, name, history, cry):
    assert played(town, history).faults == []
    monkeypatch.setattr(rules, name, lambda *_: None)
    assert any(what.startswith(cry) for what, *_ in played(town, history).faults)
