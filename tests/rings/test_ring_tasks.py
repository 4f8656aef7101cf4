"""The weekly run."""

from datetime import timedelta

import pytest

from rings.chain import join, open_chain
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.rings.models import Placement, Policy, Run
from tongxin.rings.tasks import weekly_run

pytestmark = pytest.mark.django_db


def test_the_weekly_run_places_everybody_and_waits_for_a_chain():
    assert not weekly_run(0)
    store, _ = open_chain()
    join(store)
    assert weekly_run(0)
    Policy.objects.update(body={"nonsense": 1})
    with clock.held(clock.now() + timedelta(days=7)), pytest.raises(Refused, match=r"rings.policy_bad"):
        weekly_run(0)
    assert (Run.objects.count(), Placement.objects.count()) == (1, 1)
