"""No way out without everybody's yes: random walks over every path, and controls in which a protection is switched off."""

import os

import pytest
from django.db import IntegrityError, connection
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from events.photo_machine import Walk
from tongxin.events.actions import photo_states

# More by hand: TONGXIN_EXAMPLES=50. The controls stop at their first fault.
EXAMPLES = int(os.environ.get("TONGXIN_EXAMPLES", "3"))
SMALL = settings(
    phases=[Phase.generate],
    max_examples=EXAMPLES,
    stateful_step_count=18,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=False,
)
FIRST_FAULT = settings(SMALL, report_multiple_bugs=False, max_examples=12)


@pytest.mark.django_db
def test_no_path_leads_further_out_than_everybody_seen_agrees_to():
    Walk.world()
    run_state_machine_as_test(Walk, settings=SMALL)


@pytest.mark.django_db
def test_control_without_the_rule_the_walk_or_the_database_finds_it(monkeypatch):
    monkeypatch.setattr(photo_states, "allowed", lambda sight, state: True)
    Walk.world()
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(Walk, settings=FIRST_FAULT)


@pytest.mark.django_db
def test_control_a_no_that_pulls_nothing_back_is_found(monkeypatch):
    monkeypatch.setattr(photo_states, "put_back", lambda **given: False)
    Walk.world()
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(Walk, settings=FIRST_FAULT)


@pytest.mark.django_db
def test_control_without_rule_and_without_trigger_it_goes_out(monkeypatch):
    """The trigger alone keeps a child's photo in, whatever our code does; without both it would be out."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE events_photo DISABLE TRIGGER events_photo_guarded")
    monkeypatch.setattr(photo_states, "allowed", lambda sight, state: True)
    Walk.world()
    with pytest.raises((AssertionError, IntegrityError)):
        run_state_machine_as_test(Walk, settings=FIRST_FAULT)
