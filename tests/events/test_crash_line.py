"""SIGKILL after each statement of answering an offer and of the minute's job (promise P5).

The old state or the new one, nothing between; what was answered is there; a repeat completes; each letter once.
"""

import pytest

from events.crash_world import accepts, declines, lapses, one_is_offered, survives_every_kill

pytestmark = pytest.mark.django_db(transaction=True)

FLOWS = [
    ("accepts", one_is_offered, accepts),
    ("lets it go", one_is_offered, declines),
    ("the minute's job", one_is_offered, lapses),
]


@pytest.mark.sampled
@pytest.mark.parametrize(("prepare", "act"), [flow[1:] for flow in FLOWS], ids=[flow[0] for flow in FLOWS])
def test_killed_after_each_statement_it_is_the_old_state_or_the_new_one(prepare, act):
    survives_every_kill(prepare, act)
