"""Membership against its model: periods never overlap, and nobody is active with unaccepted rules."""

import os

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from communities.membership_model import MembershipMachine
from tongxin.communities.actions import joining
from tongxin.communities.queries import active

# More by hand: TONGXIN_EXAMPLES=50. The controls stop at their first fault.
EXAMPLES = int(os.environ.get("TONGXIN_EXAMPLES", "3"))
SMALL = settings(
    max_examples=EXAMPLES,
    stateful_step_count=16,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
FIRST_FAULT = settings(SMALL, phases=[Phase.generate], report_multiple_bugs=False, max_examples=12)


@pytest.mark.django_db
def test_every_period_is_the_one_the_model_predicts(noon):
    MembershipMachine.make_people()
    run_state_machine_as_test(MembershipMachine, settings=SMALL)


@pytest.mark.django_db
def test_control_counting_the_open_periods_alone_is_found(noon, monkeypatch):
    monkeypatch.setattr(active, "active_members", active.members)
    MembershipMachine.make_people()
    with pytest.raises(AssertionError):
        run_state_machine_as_test(MembershipMachine, settings=FIRST_FAULT)


@pytest.mark.django_db
def test_control_without_the_look_at_earlier_periods_the_rest_is_not_kept(noon, monkeypatch):
    monkeypatch.setattr(joining, "_free_to_join", lambda community, person: None)
    MembershipMachine.make_people()
    with pytest.raises(AssertionError):
        run_state_machine_as_test(MembershipMachine, settings=FIRST_FAULT)
