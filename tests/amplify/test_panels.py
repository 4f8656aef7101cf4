"""Panels: a seat is taken with a word to keep it to oneself, a product is tried once, and everything that was written is answered."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from amplify.worlds import TESTS, member, one, refused, someone
from tongxin.amplify import actions, queries
from tongxin.amplify.models import Item, ItemStep, PanelSeat, TrialAnswer
from tongxin.amplify.terms_panels import ANSWER_WITHIN, SEAT_ASKED_FOR, SEAT_FOR, SeatState, Stage
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel(noon):
    return actions.open_panel(
        viewer=TESTS, name="儿童食品共创会", about="先试新品", confidential="上市前不外传", seats=2
    )


def seat(panel, viewer, *, sits=True):
    made = actions.offer_seat(
        viewer=TESTS, panel_id=panel.public_id, customer=one(viewer), why="常给别人出主意"
    )
    if sits:
        actions.answer_seat(viewer=viewer, seat_id=made.public_id, yes=True, keeps=True)
    return made


def trial(panel, questions=("好不好嚼", "还会再买吗")):
    until = clock.now() + timedelta(days=10)
    return actions.open_trial(
        viewer=TESTS, panel_id=panel.public_id, product="南瓜小馒头", questions=questions, until=until
    )


def answers(viewer, one_trial, a=8, b=10, words=""):
    return actions.answer_trial(
        viewer=viewer, trial_id=one_trial.public_id, scores={"0": a, "1": b}, words=words
    )


def test_from_a_seat_to_a_product_with_a_name(panel):
    lin = someone()
    sits = seat(panel, lin, sits=False)
    refused("amplify.confidential", actions.answer_seat, viewer=lin, seat_id=sits.public_id, yes=True)
    actions.answer_seat(viewer=lin, seat_id=sits.public_id, yes=True, keeps=True)
    tries = trial(panel)
    answers(lin, tries, words="再小一号，一口一个")
    line = queries.panel_card(TESTS, panel.public_id).trials[0]
    assert [(q, s.n, s.mean, s.high) for q, s in line.scored] == [
        ("好不好嚼", 1, 8.0, 0),
        ("还会再买吗", 1, 10.0, 1),
    ]
    item = Item.objects.get()
    actions.move_item(viewer=TESTS, item_id=item.public_id, stage=Stage.TRIAL, answer="下一炉就做小的")
    refused(
        "amplify.product_needed",
        actions.move_item,
        viewer=TESTS,
        item_id=item.public_id,
        stage=Stage.PRODUCT,
        answer="做成了",
    )
    refused("amplify.credit_state", actions.take_credit, viewer=lin, item_id=item.public_id, name="小林")
    actions.move_item(
        viewer=TESTS, item_id=item.public_id, stage=Stage.PRODUCT, answer="下周上架", product="一口南瓜馒头"
    )
    assert queries.made_together() == []  # no name without the author's word
    actions.take_credit(viewer=lin, item_id=item.public_id, name="小林")
    assert [(made.product, made.credit) for made in queries.made_together()] == [("一口南瓜馒头", "小林")]
    actions.take_credit(viewer=lin, item_id=item.public_id, name="")
    assert queries.made_together() == []
    assert list(
        Deed.objects.filter(source_system="amplify").order_by("id").values_list("kind", flat=True)
    ) == [
        "panel_session",
        "idea_adopted",
    ]
    assert list(ItemStep.objects.order_by("id").values_list("before", "after")) == [
        ("new", "trial"),
        ("trial", "product"),
    ]


def test_what_is_not_answered_in_time_is_seen(panel):
    lin = someone()
    item = actions.give_idea(viewer=lin, words="门口放一张能坐下的长椅")
    assert (queries.late_items(TESTS), queries.my_items(lin)[0].late) == (0, False)
    with clock.held(clock.now() + ANSWER_WITHIN):
        assert (queries.late_items(TESTS), queries.my_items(lin)[0].late) == (1, True)
        assert [one_.late for one_ in queries.items(TESTS, waiting=True).items] == [True]
        actions.move_item(
            viewer=TESTS, item_id=item.public_id, stage=Stage.CLOSED, answer="门口归物业，这次放不了"
        )
        assert (queries.late_items(TESTS), queries.items(TESTS, waiting=True).items) == (0, ())
    refused(
        "amplify.item_step",
        actions.move_item,
        viewer=TESTS,
        item_id=item.public_id,
        stage=Stage.TRIAL,
        answer="又行了",
    )


def test_only_who_sits_tries_and_once(panel):
    lin, other = someone(), someone()
    seat(panel, lin)
    waits = seat(panel, other, sits=False)
    tries = trial(panel)
    refused("absent", answers, viewer=other, one_trial=tries)
    refused("amplify.trial_scores", answers, viewer=lin, one_trial=tries, a=11)
    answers(lin, tries)
    refused("amplify.trial_answered", answers, viewer=lin, one_trial=tries)
    actions.answer_seat(viewer=other, seat_id=waits.public_id, yes=True, keeps=True)
    with clock.held(clock.now() + timedelta(days=10)):
        refused("amplify.trial_over", answers, viewer=other, one_trial=tries)
    actions.leave_seat(viewer=other, seat_id=waits.public_id)
    refused("absent", answers, viewer=other, one_trial=tries)
    assert TrialAnswer.objects.count() == 1


def test_seats_are_few_and_end(panel):
    first, second, third = someone(), someone(), someone()
    seat(panel, first)
    seat(panel, second, sits=False)
    given = {"viewer": TESTS, "panel_id": panel.public_id, "why": "常来"}
    refused("amplify.panel_full", actions.offer_seat, **given, customer=one(third))
    refused("amplify.seat_already", actions.offer_seat, **given, customer=one(first))
    with clock.held(clock.now() + SEAT_ASKED_FOR):
        assert actions.end_seats(viewer=TESTS) == 1
        actions.offer_seat(**given, customer=one(third))
    with clock.held(clock.now() + SEAT_FOR):
        assert queries.my_seats(first) == []
        assert actions.end_seats(viewer=TESTS) == 2
    assert set(PanelSeat.objects.values_list("state", flat=True)) == {SeatState.ENDED}


def test_what_this_room_refuses_a_stranger(panel):
    lin = someone()
    sits = seat(panel, lin)
    item = actions.give_idea(viewer=lin, words="想要小包装")
    he = someone()
    refused("absent", actions.leave_seat, viewer=he, seat_id=sits.public_id)
    refused("absent", actions.move_item, viewer=he, item_id=item.public_id, stage=Stage.ANSWERED, answer="好")
    refused("absent", actions.take_credit, viewer=he, item_id=item.public_id, name="他")
    refused("absent", actions.open_panel, viewer=he, name="a", about="b", confidential="c", seats=3)
    refused("absent", queries.item_line, viewer=he, item_id=item.public_id)
    for _ in range(4):
        actions.give_idea(viewer=lin, words="再小一点")
    refused("amplify.ideas_many", actions.give_idea, viewer=lin, words="第六个")


def test_an_erasure_leaves_scores_and_no_words(panel):
    lin = someone()
    seat(panel, lin)
    answers(lin, trial(panel), words="再小一号")
    people.erase(viewer=TESTS, customer=member(lin), reason="asked")
    row = Item.objects.get()
    assert (row.words, PanelSeat.objects.get().state, queries.items(TESTS).items) == ("", SeatState.ENDED, ())
    assert TrialAnswer.objects.get().scores == {"0": 8, "1": 10}


def test_pages_of_three_cost_what_pages_of_one_do(panel):
    found = []
    for n in range(3):
        lin = someone()
        where = (
            panel
            if n == 0
            else actions.open_panel(viewer=TESTS, name="另一个", about="试", confidential="不外传", seats=2)
        )
        seat(where, lin)
        answers(lin, trial(where), words="再小一号")
        actions.give_idea(viewer=lin, words="想要小包装")
        with CaptureQueriesContext(connection) as seen:
            queries.panels(TESTS)
            queries.items(TESTS)
            queries.made_together()
        found.append(len(seen))
    assert len(set(found)) == 1, found
