"""Where everybody stood at several instants, without a name or a number."""

from datetime import timedelta

import pytest

from rings.chain import SYSTEM, act, join, open_chain
from tongxin.foundation import clock
from tongxin.people.models import Customer
from tongxin.rings import actions, queries
from tongxin.rings.terms import Ring

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_a_path_per_person_with_gaps_before_they_were_placed():
    near, far = open_chain()
    start = clock.now()
    with clock.held(start):
        early = join(near)
        actions.recompute(viewer=SYSTEM)
    with clock.held(start + timedelta(days=40)):
        late = join(far)
        act(early, "checked_in", 1, 8, 15)
        actions.recompute(viewer=SYSTEM)
    instants = [start + timedelta(days=days) for days in (1, 41)]
    paths = queries.ring_paths(instants, simulated=False)
    assert sorted(paths, key=str) == sorted([(Ring.OUTER, Ring.MIDDLE), (None, Ring.OUTER)], key=str)
    assert queries.ring_paths(instants, simulated=False, stores={far.pk}) == [(None, Ring.OUTER)]
    assert queries.ring_paths(instants, simulated=True) == []
    Customer.objects.filter(pk=late.pk).update(simulated=True)
    assert queries.ring_paths(instants, simulated=True) == [(None, Ring.OUTER)]
    assert len(queries.ring_paths(instants, simulated=False)) == 1
