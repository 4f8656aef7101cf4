"""The nightly run."""

from datetime import timedelta

import pytest

from rings.chain import join, open_chain
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.rings.models import Placement, Policy, Run
from tongxin.rings.tasks import nightly_run

pytestmark = pytest.mark.django_db


def test_the_nightly_run_places_everybody_and_waits_for_a_chain():
    assert not nightly_run(0)
    store, _ = open_chain()
    join(store)
    assert nightly_run(0)
    Policy.objects.update(body={"nonsense": 1})
    with clock.held(clock.now() + timedelta(days=7)), pytest.raises(Refused, match=r"rings.policy_bad"):
        nightly_run(0)
    assert (Run.objects.count(), Placement.objects.count()) == (1, 1)
