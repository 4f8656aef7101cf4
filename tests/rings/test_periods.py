"""A period that ends at the instant it began was nobody's: it goes instead of breaking the table."""

import pytest

from people.factories import CustomerFactory
from tongxin.foundation.access import system
from tongxin.rings import actions
from tongxin.rings.models import Placement

pytestmark = pytest.mark.django_db


def test_erasing_at_the_instant_of_the_placement_leaves_no_empty_period(noon):
    member = CustomerFactory()
    actions.recompute(viewer=system("test"))
    assert Placement.objects.filter(customer=member).count() == 1
    rows = list(actions.periods.open_periods([member.pk]).values())
    actions.periods.close(rows, noon)
    assert not Placement.objects.filter(customer=member).exists()
