"""Training through its actions: who reads, who signs for whom, who is shown as unsigned."""

import pytest
from django.db import IntegrityError, transaction

from stores.factories import AccountFactory, GrantFactory, RegionFactory, StoreFactory, viewer
from tongxin.champions import actions, queries
from tongxin.champions.models import TrainingSign, TrainingTick
from tongxin.champions.terms import Trained
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def town():
    store = StoreFactory(region=RegionFactory())
    account = AccountFactory()
    GrantFactory(account=account, role=Role.CHAMPION, store=store)
    return store, account


def read_all(account):
    who = viewer_for(account)
    for item in queries.my_training(who).version.items:
        actions.read_lesson(viewer=who, item=item.key)


def state_of(account):
    return queries.training_of(account.pk).standing.state


def test_a_champion_reads_and_the_region_signs(town):
    store, account = town
    trainer = viewer(Role.REGION_MANAGER, region=store.region)
    assert [row.standing.state for row in queries.champions_for(trainer)] == [Trained.OPEN]
    read_all(account)
    assert state_of(account) is Trained.READ
    made = actions.sign_training(viewer=trainer, account_id=account.public_id)
    assert (made.version, made.by) == (1, trainer.name)
    assert state_of(account) is Trained.SIGNED
    assert Entry.objects.filter(act="champions.training_signed").count() == 1
    with pytest.raises(Refused, match=r"champions\.signed"):
        actions.sign_training(viewer=trainer, account_id=account.public_id)


def test_reading_twice_is_one_tick_and_what_is_not_on_the_card_is_absent(town):
    who = viewer_for(town[1])
    assert [actions.read_lesson(viewer=who, item="door") for _ in range(2)] == [True, False]
    with pytest.raises(Refused, match="absent"):
        actions.read_lesson(viewer=who, item="nothing")
    assert TrainingTick.objects.count() == 1


def test_nothing_is_signed_that_was_not_read(town):
    with pytest.raises(Refused, match=r"champions\.not_read"):
        actions.sign_training(viewer=viewer(Role.HQ_EDITOR), account_id=town[1].public_id)
    assert not TrainingSign.objects.exists()


@pytest.mark.parametrize(
    ("role", "code"),
    [(Role.STORE_MANAGER, "forbidden"), (Role.HQ_ANALYST, "forbidden"), (Role.CHAMPION, "forbidden")],
)
def test_who_is_no_trainer_signs_nothing(town, role, code):
    store, account = town
    read_all(account)
    place = {} if role is Role.HQ_ANALYST else {"store": store}
    with pytest.raises(Refused, match=code):
        actions.sign_training(viewer=viewer(role, **place), account_id=account.public_id)
    assert not TrainingSign.objects.exists()


def test_a_trainer_of_another_region_sees_nobody_and_oneself_is_not_signed(town):
    store, account = town
    read_all(account)
    far = viewer(Role.REGION_MANAGER, region=StoreFactory(region=RegionFactory()).region)
    assert queries.champions_for(far) == []
    with pytest.raises(Refused, match="absent"):
        actions.sign_training(viewer=far, account_id=account.public_id)
    GrantFactory(account=account, role=Role.REGION_MANAGER, region=store.region)
    with pytest.raises(Refused, match=r"champions\.own_training"):
        actions.sign_training(viewer=viewer_for(account), account_id=account.public_id)
    assert not TrainingSign.objects.exists()


def test_the_unsigned_stand_first_and_the_list_filters(town):
    store, account = town
    read_all(account)
    actions.sign_training(viewer=viewer(Role.HQ_EDITOR), account_id=account.public_id)
    other = StoreFactory(code="z999")
    GrantFactory(role=Role.CHAMPION, store=other)
    hq = viewer(Role.ADMIN)
    assert [row.store_code for row in queries.champions_for(hq)] == ["z999", store.code]
    assert [row.store_code for row in queries.champions_for(hq, region=store.region.code)] == [store.code]
    assert [row.store_code for row in queries.champions_for(hq, state=Trained.OPEN)] == ["z999"]


def test_a_signature_is_there_for_good(town):
    read_all(town[1])
    made = actions.sign_training(viewer=viewer(Role.HQ_EDITOR), account_id=town[1].public_id)
    for act in (lambda: TrainingSign.objects.filter(pk=made.pk).update(by="x"), made.delete):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            act()


def test_the_list_takes_the_same_statements_for_one_and_three(town, django_assert_num_queries):
    hq = viewer(Role.ADMIN)
    for _ in range(2):
        with django_assert_num_queries(4):
            queries.champions_for(hq)
        for _ in range(2):
            GrantFactory(role=Role.CHAMPION, store=StoreFactory(region=town[0].region))
