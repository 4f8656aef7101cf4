"""Polls end in an answer, pools are shared to the fen by what was published, shortlists give one place in ten to the lot."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from amplify.worlds import TESTS, member, one, refused, someone
from stores.factories import StoreFactory
from tongxin.amplify import actions, queries
from tongxin.amplify.models import PollVote, PoolShare, Shortlist, ShortlistPlace
from tongxin.amplify.terms_demand import ANSWER_WITHIN, ListState, PollKind, Slot
from tongxin.foundation import clock
from tongxin.foundation.draw import queries as draws
from tongxin.foundation.draw.rules import verify
from tongxin.people.ledger import record, reverse
from tongxin.people.models import Customer, Deed

pytestmark = pytest.mark.django_db
WEEK = timedelta(days=7)


def poll(kind=PollKind.WANT, **more):
    given = {"options": ["月龄小包装", "大袋"], "closes_at": clock.now() + WEEK} | more
    return actions.open_poll(viewer=TESTS, kind=kind, title="小馒头要多大袋", **given)


def test_a_poll_is_one_vote_each_and_ends_in_an_answer(noon):
    row = poll()
    lin, he = someone(), someone()
    actions.vote(viewer=lin, poll_id=row.public_id, option=0)
    actions.vote(viewer=lin, poll_id=row.public_id, option=1)
    assert queries.my_polls(he)[0].tally == ()  # not before one's own vote
    actions.vote(viewer=he, poll_id=row.public_id, option=1)
    assert queries.my_polls(he)[0].tally == (0, 2)
    given = {"viewer": TESTS, "poll_id": row.public_id, "made": True, "answer": "先做大袋"}
    refused("amplify.poll_open", actions.answer_poll, **given)
    with clock.held(clock.now() + WEEK):
        refused("amplify.poll_closed", actions.vote, viewer=lin, poll_id=row.public_id, option=0)
        assert queries.polls(TESTS)[0].late is False
        with clock.held(clock.now() + ANSWER_WITHIN):
            assert queries.polls(TESTS)[0].late is True
        actions.answer_poll(**given)
        refused("amplify.poll_answered", actions.answer_poll, **given)
        assert (queries.my_polls(lin)[0].answer, queries.my_polls(lin)[0].made) == ("先做大袋", True)


def test_a_pre_order_counts_pieces_and_names_its_price(noon):
    refused("amplify.poll_form", poll, kind=PollKind.PREORDER)
    row = poll(PollKind.PREORDER, price_fen=2990, least=50)
    lin = someone()
    actions.vote(viewer=lin, poll_id=row.public_id, option=0, count=3)
    assert queries.poll_card(TESTS, row.public_id).tally == (3, 0)
    refused("amplify.poll_choice", actions.vote, viewer=lin, poll_id=row.public_id, option=0, count=21)
    refused("amplify.poll_choice", actions.vote, viewer=lin, poll_id=row.public_id, option=2)
    with pytest.raises(IntegrityError), transaction.atomic():
        PollVote.objects.create(poll=row, person_id=lin.person, option=0, at=clock.now())


def did(viewer, kind, n):
    for k in range(n):
        record(
            viewer=TESTS,
            person=viewer.person,
            kind=kind,
            occurred_at=clock.now(),
            source=("test", f"{viewer.person}:{kind}:{k}"),
            store=member(viewer).home_store,
        )


def pool(fen=10_000, points=None):
    return actions.publish_pool(
        viewer=TESTS,
        title="十月分享",
        pool_fen=fen,
        points=points or {"answered": 3, "hosted_ritual": 11},
        since=clock.now(),
        until=clock.now() + WEEK,
    )


def test_a_pool_is_shared_to_the_last_fen(noon):
    row = pool()
    people = [someone(), someone(), someone()]
    for viewer in people:
        did(viewer, "answered", 1)
    did(people[0], "posted", 9)  # not published
    refused("amplify.pool_early", actions.settle_pool, viewer=TESTS, pool_id=row.public_id)
    with clock.held(clock.now() + WEEK):
        actions.settle_pool(viewer=TESTS, pool_id=row.public_id)
        refused("amplify.pool_settled", actions.settle_pool, viewer=TESTS, pool_id=row.public_id)
    assert list(PoolShare.objects.order_by("person").values_list("points", "fen")) == [
        (3, 3334),
        (3, 3333),
        (3, 3333),
    ]
    assert queries.pools(people[0])[0].mine == (3, 3334)
    with pytest.raises(IntegrityError), transaction.atomic():
        PoolShare.objects.update(fen=9)


def test_what_was_taken_back_and_who_works_here_get_nothing_and_an_empty_pool_stays(noon):
    row = pool()
    lin, colleague = someone(), someone()
    did(lin, "answered", 1)
    did(colleague, "answered", 5)
    Customer.objects.filter(pk=colleague.person).update(is_staff=True)
    reverse(viewer=TESTS, deed_id=Deed.objects.get(person=lin.person, kind="answered").pk, reason="wrong")
    with clock.held(clock.now() + WEEK):
        done = actions.settle_pool(viewer=TESTS, pool_id=row.public_id)
    assert (done.back_fen, PoolShare.objects.count()) == (10_000, 0)


def test_points_stand_before_the_first_deed(noon):
    given = {"viewer": TESTS, "title": "x", "pool_fen": 1, "until": clock.now() + WEEK}
    early = clock.now() - timedelta(seconds=1)
    refused("amplify.pool_form", actions.publish_pool, **given, points={"answered": 1}, since=early)
    refused("amplify.pool_form", actions.publish_pool, **given, points={"nothing": 1}, since=clock.now())
    refused("amplify.pool_form", actions.publish_pool, **given, points={}, since=clock.now())


@pytest.fixture
def village(noon):
    """Twelve neighbours of two stores; the first three answer, and are thanked for it, much more than the others."""
    stores = [StoreFactory(), StoreFactory()]
    with clock.held(clock.now() - timedelta(days=60)):
        people = [someone(home_store=stores[n % 2]) for n in range(12)]
    Customer.objects.update(registered_at=clock.now() - timedelta(days=60))
    n = 0
    for giver, viewer in enumerate(people):
        for k, asker in enumerate(people):
            if viewer is asker or (giver >= 3 and (giver + k) % 4):
                continue
            for kind, who, other in (("replied", asker, viewer), ("reacted", asker, viewer)):
                n += 1
                record(
                    viewer=TESTS,
                    person=who.person,
                    counterpart=other.person,
                    kind=kind,
                    occurred_at=clock.now() - timedelta(days=1 + n % 20),
                    source=("test", f"v{n}"),
                    store=member(who).home_store,
                )
    return people


def test_a_list_gives_reasons_and_one_place_in_ten_to_the_lot(village):
    row = actions.ask_shortlist(viewer=TESTS, size=5, per_store=3)
    assert actions.draw_up_lists(viewer=TESTS) == 1
    card = queries.shortlist_card(TESTS, row.public_id)
    assert (card.state, len(card.places), {place.slot for place in card.places}) == (
        ListState.LISTED,
        4,
        {Slot.SCORE},
    )
    assert all(place.reasons for place in card.places[:3])
    assert {one(viewer) for viewer in village[:3]} <= {place.member for place in card.places}
    published = draws.document(card.draw)["commitment"]
    given = {"viewer": TESTS, "shortlist_id": row.public_id}
    refused("amplify.lot_early", actions.open_lot, **given)
    with clock.held(clock.now() + timedelta(hours=1)):
        actions.open_lot(**given)
        refused("amplify.list_state", actions.open_lot, **given)
    card = queries.shortlist_card(TESTS, row.public_id)
    assert [place.slot for place in card.places] == [*[Slot.SCORE] * 4, Slot.RANDOM]
    assert verify(draws.document(card.draw), published=published).ok
    assert Shortlist.objects.get().tickets == {}


def test_who_switched_it_off_is_not_looked_at(village):
    Customer.objects.filter(pk=village[0].person).update(personalise=False)
    actions.ask_shortlist(viewer=TESTS, size=20, per_store=10)
    actions.draw_up_lists(viewer=TESTS)
    assert not ShortlistPlace.objects.filter(person=village[0].person).exists()
    assert village[0].person not in Shortlist.objects.get().tickets.values()
    assert ShortlistPlace.objects.filter(person=village[1].person).exists()


def test_an_empty_book_says_so(noon):
    actions.ask_shortlist(viewer=TESTS, size=5, per_store=3)
    actions.draw_up_lists(viewer=TESTS)
    assert Shortlist.objects.get().state == ListState.NONE
    refused("absent", actions.ask_shortlist, viewer=someone(), size=5, per_store=3)
