"""Registration against its model: every answer of random acts is predicted, every row and counter compared after each."""

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from events.seat_model import SeatMachine
from tongxin.events.actions import claims
from tongxin.events.models import Pool

SMALL = settings(
    max_examples=16,
    stateful_step_count=22,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
FIRST_FAULT = settings(SMALL, phases=[Phase.generate])  # a control need not be made smaller


@pytest.mark.django_db
def test_every_answer_is_the_one_the_model_predicts(noon):
    SeatMachine.people()
    run_state_machine_as_test(SeatMachine, settings=SMALL)


@pytest.mark.django_db
def test_control_a_seat_that_is_not_given_back_is_found(noon, monkeypatch):
    monkeypatch.setattr(claims, "give_back", lambda pool, n: None)
    SeatMachine.people()
    with pytest.raises(AssertionError):
        run_state_machine_as_test(SeatMachine, settings=FIRST_FAULT)


@pytest.mark.django_db
def test_control_a_counter_that_runs_over_is_found(noon, monkeypatch):
    """Without the condition of the claim the database's own check stops it, or the model says who should have waited."""

    def careless(pool, n, schedule):
        Pool.objects.filter(pk=pool).update(taken=Pool.objects.get(pk=pool).taken + n)
        return True

    monkeypatch.setattr(claims, "claim", careless)
    SeatMachine.people()
    with pytest.raises(Exception):  # noqa: B017 - the check of the database or the comparison, whichever is first
        run_state_machine_as_test(SeatMachine, settings=FIRST_FAULT)
