"""A licence that is taken back while somebody puts the work to use: whichever comes second sees the first."""

from datetime import timedelta
from threading import Event, Thread

import pytest
from django.db import connection, transaction

from amplify.worlds import TESTS, one, someone
from tongxin.amplify import actions
from tongxin.amplify.actions import works
from tongxin.amplify.models import Star, WorkUse
from tongxin.amplify.terms import Scope
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lin():
    with transaction.atomic():
        return someone()


@pytest.fixture
def work(lin):
    star = actions.invite_star(viewer=TESTS, customer=one(lin), why="常帮人")
    actions.accept_star(viewer=lin, shown_as="小林")
    work = actions.add_work(viewer=lin, words="一口一口来")
    until = clock.now() + timedelta(days=30)
    actions.license_work(viewer=lin, work_id=work.public_id, scope=Scope.PUBLIC, until=until)
    actions.show_star(viewer=TESTS, star_id=star.public_id)
    return work


def used_while_taken_back(lin, work):
    """What became of a use that begins inside the transaction of the withdrawal."""
    told, begun = [], Event()

    def use():
        begun.set()
        try:
            actions.use_work(viewer=TESTS, work_id=work.public_id, scope=Scope.PUBLIC, place="门口海报")
            told.append("used")
        except Refused as refused:
            told.append(refused.data.get("reason", refused.code))
        finally:
            connection.close()

    other = Thread(target=use)
    with transaction.atomic():
        actions.withdraw_licence(viewer=lin, work_id=work.public_id)
        other.start()
        assert begun.wait(5)
        other.join(0.4)  # without the lock it is through by now
    other.join(10)
    return told


def test_a_use_waits_for_the_withdrawal_and_is_refused(lin, work):
    before = actions.use_work(viewer=TESTS, work_id=work.public_id, scope=Scope.PUBLIC, place="收银台旁")
    at = clock.now()
    assert used_while_taken_back(lin, work) == ["withdrawn"]
    assert WorkUse.objects.get().pk == before.pk
    # what stood before is to be taken down, and says so from the moment of the withdrawal on
    assert WorkUse.objects.get().down_by - timedelta(days=1) - at < timedelta(minutes=1)


def test_control_without_the_lock_a_use_slips_in_and_nobody_takes_it_down(lin, work, monkeypatch):
    class Unlocked:
        objects = type(
            "Rows",
            (),
            {
                "filter": Star.objects.filter,
                "select_for_update": staticmethod(lambda **_: Star.objects.all()),
            },
        )

    real = works.use_work

    def careless(**given):
        with monkeypatch.context() as patch:
            patch.setattr(works, "Star", Unlocked)
            return real(**given)

    monkeypatch.setattr(actions, "use_work", careless)
    assert used_while_taken_back(lin, work) == ["used"]
    assert WorkUse.objects.get().down_by is None
