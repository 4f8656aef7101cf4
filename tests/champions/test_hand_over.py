"""A champion leaves: the grant ends, a successor takes what is open, all of it or nothing."""

from datetime import timedelta

import pytest

from events.factories import drafted, published
from stores.factories import AccountFactory, GrantFactory, RegionFactory, StaffFactory, StoreFactory, viewer
from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.models import Handover
from tongxin.champions.terms import CheckWord
from tongxin.events.models import Booking, Occurrence
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Grant
from tongxin.stores.queries import viewer_for
from tongxin.stores.terms import Role

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


@pytest.fixture
def town():
    """A store with a champion who hosts an event in three days, a colleague beside her, a manager of the region above."""
    store = StoreFactory(region=RegionFactory())
    people = [AccountFactory() for _ in range(2)]
    cards = [StaffFactory(store=store, account=account) for account in people]
    grant = GrantFactory(account=people[0], role=Role.CHAMPION, store=store)
    return store, people, cards, grant, viewer(Role.REGION_MANAGER, region=store.region)


def leave(town, **more):
    _, people, _, grant, boss = town
    return actions.hand_over(
        **{"viewer": boss, "grant_id": grant.public_id, "successor_id": people[1].public_id} | more
    )


def hosted(town, days=3):
    store, _, cards, _, _ = town
    return published(store, starts_at=clock.now() + days * DAY, host=cards[0].pk)


def kinds(made):
    return [(one["kind"], one["said"]) for one in made.handed]


def test_all_of_it_goes_over_at_once(town):
    store, people, cards, _, _ = town
    event = hosted(town)
    draft = drafted(store, starts_at=clock.now() + 4 * DAY, host=cards[0].pk)
    past = published(store, starts_at=clock.now() + HOUR, host=cards[0].pk)
    Occurrence.objects.filter(pk=past.pk).update(starts_at=clock.now() - HOUR)
    actions.answer_check(
        viewer=viewer_for(people[0]),
        store=store,
        answers={"board": AnswerIn(CheckWord.NO, "告示板要换"), "invited": AnswerIn(CheckWord.YES)},
    )
    made = leave(town)
    assert kinds(made) == [("event", "新品试吃"), ("event", "新品试吃"), ("concern", "告示板要换")]
    hosts = dict(Occurrence.objects.values_list("pk", "host"))
    assert hosts == {event.pk: cards[1].pk, draft.pk: cards[1].pk, past.pk: cards[0].pk}
    assert set(Booking.objects.filter(occurrence=event).values_list("staff", flat=True)) == {cards[1].pk}
    assert viewer_for(people[0]).grants == ()
    assert viewer_for(people[1]).reaches(store.pk, {Role.CHAMPION})
    assert Entry.objects.filter(act="champions.handed_over").count() == 1


def test_from_the_next_request_on_she_reaches_nothing(town):
    store, people, *_ = town
    queries.desk(viewer_for(people[0]), store)
    leave(town)
    with pytest.raises(Refused, match="absent"):
        queries.desk(viewer_for(people[0]), store)


def test_without_a_successor_nothing_open_may_stay_and_nothing_is_written(town):
    hosted(town)
    with pytest.raises(Refused, match=r"champions\.no_successor"):
        leave(town, successor_id=None)
    assert not Handover.objects.exists()
    assert viewer_for(town[1][0]).reaches(town[0].pk, {Role.CHAMPION})


def test_without_anything_open_nobody_has_to_succeed(town):
    made = leave(town, successor_id=None)
    assert (made.successor, kinds(made)) == (None, [("check", "")])
    assert viewer_for(town[1][0]).grants == ()


def test_with_a_later_last_day_she_stays_until_then_and_hosts_until_then(town):
    store, people, cards, _, _ = town
    before, after = hosted(town, 2), hosted(town, 9)
    made = leave(town, last_day=queries.today_in(store) + 5 * DAY)
    assert dict(Occurrence.objects.values_list("pk", "host")) == {
        before.pk: cards[0].pk,
        after.pk: cards[1].pk,
    }
    assert viewer_for(people[0]).reaches(store.pk, {Role.CHAMPION})
    with clock.held(made.ends_at + HOUR):
        assert viewer_for(people[0]).grants == ()


@pytest.mark.parametrize("who", ["herself", "stranger", "nobody"])
def test_only_another_colleague_near_by_succeeds(town, who):
    hosted(town)
    far = StaffFactory(account=AccountFactory())
    heir = {"herself": town[1][0].public_id, "stranger": far.account.public_id, "nobody": "x"}[who]
    with pytest.raises(Refused, match=r"champions\.bad_successor"):
        leave(town, successor_id=heir)
    assert not Handover.objects.exists()


@pytest.mark.parametrize("role", [Role.CHAMPION, Role.HQ_EDITOR])
def test_who_may_not_grant_may_not_hand_over(town, role):
    place = {"store": town[0]} if role is Role.CHAMPION else {}
    with pytest.raises(Refused, match="absent"):
        leave(town, viewer=viewer(role, **place))
    assert not Handover.objects.exists()


def test_a_foreign_grant_and_one_that_is_no_champions_are_absent(town):
    far = viewer(Role.REGION_MANAGER, region=StoreFactory(region=RegionFactory()).region)
    door = GrantFactory(account=town[1][1], role=Role.DOOR, store=town[0])
    for more in ({"viewer": far}, {"grant_id": door.public_id}):
        with pytest.raises(Refused, match="absent"):
            leave(town, **more)


def test_her_door_grant_ends_with_it_and_her_other_store_stays(town):
    store, people, _, _, _ = town
    other = StoreFactory(region=store.region)
    GrantFactory(account=people[0], role=Role.DOOR, store=store)
    GrantFactory(account=people[0], role=Role.CHAMPION, store=other)
    leave(town)
    left = viewer_for(people[0])
    assert (left.places(), Grant.objects.filter(account=people[0], revoked_at=None).count()) == (
        frozenset({other.pk}),
        1,
    )


def test_a_refusal_at_the_end_takes_everything_back(town):
    hosted(town, 9)
    store, people, cards, _, _ = town
    GrantFactory(account=people[1], role=Role.CHAMPION, store=store)
    boss = viewer(Role.STORE_MANAGER, store=store)
    Grant.objects.filter(account=boss.account).update(until=clock.now() + DAY)
    with pytest.raises(
        Refused, match=r"stores\.wider_than_own"
    ):  # her last days reach beyond the manager's own
        leave(town, viewer=boss, last_day=queries.today_in(store) + 5 * DAY)
    assert viewer_for(people[0]).reaches(store.pk, {Role.CHAMPION})
    assert Occurrence.objects.get().host_id == cards[0].pk
    assert not Handover.objects.exists()


def test_the_successor_receives_the_list_once(town):
    hosted(town)
    made, heir = leave(town), viewer_for(town[1][1])
    assert queries.to_receive(heir, town[0]).mine
    with pytest.raises(Refused, match="absent"):
        actions.receive_handover(viewer=town[4], handover_id=made.public_id)
    assert actions.receive_handover(viewer=heir, handover_id=made.public_id).received_at == clock.now()
    with pytest.raises(Refused, match=r"champions\.received"):
        actions.receive_handover(viewer=heir, handover_id=made.public_id)
    assert queries.to_receive(heir, town[0]) is None


def test_without_a_staff_card_nobody_hosts(town):
    hosted(town)
    account = AccountFactory()
    card = StaffFactory(store=town[0], account=account)
    type(card).objects.filter(pk=card.pk).update(active=False)
    with pytest.raises(Refused, match=r"champions\.bad_successor"):
        leave(town, successor_id=account.public_id)
