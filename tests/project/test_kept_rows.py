"""What is kept comes back as it was made, as often as it is asked for."""

import pytest
from django.db import transaction

from project import emptied, kept_rows
from tongxin.foundation.access import system
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores.actions import open_brand
from tongxin.stores.models import Brand

pytestmark = pytest.mark.django_db


@pytest.fixture
def make():
    """Something that writes through an action, and counts how often it was done."""

    def made():
        made.times += 1
        return {"brand": [str(open_brand(viewer=system("test"), code="K", name="Kept").public_id)]}

    made.times = 0
    yield made
    kept_rows._kept.pop("a brand", None)


def begun(make):
    """The answer and the rows it came with, all of it taken back."""
    with transaction.atomic():
        answer = kept_rows.begin("a brand", make)
        rows = [list(model.objects.order_by("pk").values()) for model in (Brand, Entry)]
        transaction.set_rollback(True)
    return answer, rows


def test_it_is_made_once_and_comes_back_row_by_row(make):
    first, rows = begun(make)
    assert [len(found) > 0 for found in rows] == [True, True]
    assert emptied.full() == []
    first["brand"].append("what a test writes into the answer stays there")
    second, again = begun(make)
    assert (again, len(second["brand"]), make.times) == (rows, 1, 1)


def test_what_is_written_next_gets_a_number_of_its_own(make):
    begun(make)
    kept_rows.begin("a brand", make)
    later = Brand.objects.create(code="L", name="Later")
    assert later.pk > Brand.objects.get(code="K").pk


def test_control_where_something_is_already_it_is_made(make):
    begun(make)
    Brand.objects.create(code="L", name="Earlier")
    with pytest.raises(Refused, match="brand_exists"):
        kept_rows.begin("a brand", make)
    assert make.times == 2
