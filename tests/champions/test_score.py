"""The score as it is read: from the newest kept index of the chain, as the engine wrote it; foreign stores stay foreign."""

from dataclasses import replace
from datetime import timedelta

import pytest

from compass.ees_facts import plain_facts
from stores.factories import StoreFactory
from tongxin.champions import queries
from tongxin.compass.ees import compute, versions
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.errors import Refused
from tongxin.measure.models import Measurement
from tongxin.measure.terms import StudyState
from tongxin.stores.queries import the_brand
from tongxin.stores.terms import Role

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
NAMES = ("s-one", "s-two", "s-few")


@pytest.fixture(scope="module")
def result():
    """Three stores; the last has too few answers to be published."""
    version = versions.load()
    quick = replace(
        version, bootstrap={**version.bootstrap, "draws": 40}, ranks={**version.ranks, "draws": 40}
    )
    return compute.run(replace(plain_facts(sizes=[60, 90, 12]), stores=NAMES), quick)


def kept(result, ago=0, **more):
    at = clock.now() - timedelta(days=ago)
    return Measurement.objects.create(
        **{
            "brand": the_brand(),
            "kind": "ees",
            "state": StudyState.DONE,
            "answer": result.as_json(),
            "asked_by_name": "hq",
            "registered_at": at,
            "at": at,
        }
        | more
    )


def of(*stores):
    places = frozenset(store.pk for store in stores)
    return Viewer(account=None, name="champion", grants=(Grant(Role.CHAMPION, places=places),))


@pytest.fixture
def shops():
    return [StoreFactory(code=name) for name in NAMES]


def test_one_store_reads_what_the_index_published(shops, result):
    kept(result)
    card, row = queries.score_of(of(shops[0]), shops[:1]), result.of("s-one")
    assert (card.score.value, card.score.low, card.score.high) == (row.value, *row.ci)
    assert (card.score.answers, card.score.rank) == (60, (round(row.rank[0]), round(row.rank[2])))
    assert dict(card.score.sides) == {k: v for k, v in row.dimensions.items() if v is not None}
    assert (card.version, card.as_of.isoformat(), card.score.ranked) == ("EES-1.0", result.as_of, 2)


def test_two_stores_are_joined_and_the_small_one_says_why(shops, result):
    kept(result)
    card = queries.score_of(of(*shops), shops)
    one, two = result.of("s-one").value, result.of("s-two").value
    assert card.score.value == pytest.approx((60 * one + 90 * two) / 150)
    assert (card.score.counted, card.score.of, card.score.rank) == (2, 3, None)
    assert [part.value is None for part in card.parts] == [False, False, True]
    assert "12" in card.parts[2].reasons[0][0]


def test_alone_the_small_store_has_no_score(shops, result):
    kept(result)
    card = queries.score_of(of(shops[2]), shops[2:])
    assert (card.score.said, card.score.rank) == (False, None)
    assert card.score.reasons


def test_before_the_index_was_asked_nothing_is_said(shops):
    card = queries.score_of(of(shops[0]), shops[:1])
    assert (card.score.said, card.at, card.score.of) == (False, None, 1)


def test_the_newest_answer_of_the_whole_chain_counts(shops, result):
    old = replace(result, stores=tuple(replace(row, value=1.0) for row in result.stores))
    kept(old, ago=3)
    kept(result, ago=1)
    kept(old, ago=0, store=shops[0])
    kept(old, ago=0, state=StudyState.RUNNING)
    kept(old, ago=0, answer={"version": "EES-1.0"})
    assert queries.score_of(of(shops[0]), shops[:1]).score.value == result.of("s-one").value


def test_a_store_that_opened_later_has_no_row(shops, result):
    kept(result)
    later = StoreFactory(code="s-new")
    card = queries.score_of(of(shops[0], later), [shops[0], later])
    assert (card.score.counted, card.score.of, card.parts[1].value) == (1, 2, None)


def test_a_foreign_store_is_absent(shops, result):
    kept(result)
    with pytest.raises(Refused, match="absent"):
        queries.score_of(of(shops[0]), shops[:2])


def test_one_statement_however_many_stores(shops, result, django_assert_num_queries):
    kept(result)
    for n in (1, 3):
        with django_assert_num_queries(1):
            queries.score_of(of(*shops), shops[:n])
