"""The night's jobs do what the actions do, for yesterday and for companions whose days are over."""

from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from people.factories import CustomerFactory
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.people import actions, ledger, tasks
from tongxin.people.models import Companion

pytestmark = pytest.mark.django_db


def test_a_companion_stays_until_its_day_and_goes_in_the_night_after(noon):
    guardian = CustomerFactory()
    own = Viewer(account=None, name="member", person=guardian.pk, grants=(Grant("member"),))
    actions.add_companion(viewer=own, nickname="豆豆", age_years=4, agreed=True, notice_version="2026-01")
    with clock.held(noon + timedelta(days=29)):
        assert tasks.tidy(timestamp=0) == 0
    with clock.held(noon + timedelta(days=32)):
        assert tasks.tidy(timestamp=0) == 1
    assert not Companion.objects.exists()


def test_the_copy_of_the_book_holds_yesterday_and_not_today(noon, settings, tmp_path):
    settings.TONGXIN_LAKE = tmp_path
    member = CustomerFactory()
    for n, at in enumerate((noon - timedelta(days=1), noon)):
        with clock.held(at):
            ledger.record(
                viewer=system("test"), person=member, kind="posted", occurred_at=at, source=("test", str(n))
            )
    with clock.held(noon):
        name = tasks.copy_book(timestamp=0)
    table = pq.read_table(next(Path(tmp_path / "book").rglob(name)))
    assert table.num_rows == 1


def test_before_the_chain_is_set_up_there_is_no_book_to_copy():
    assert tasks.copy_book(timestamp=0) == ""
