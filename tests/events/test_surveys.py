"""The survey after an event: drawn so that anybody can recompute it, answered once, counted with its uncertainty, never a child."""

from datetime import timedelta

import pytest

from events.after_setup import After, staff
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, queries
from tongxin.events.models import Survey, SurveyInvite
from tongxin.events.rules.surveys import lot
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.draw.rules import verify
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Customer, Deed
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def refusal(act, *args, **given):
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    return refused.value.code


def drawn(after):
    """Published an hour after the end, revealed an hour later."""
    key = after.event.public_id
    with clock.held(after.over):
        actions.draw_survey(viewer=TESTS, event_id=key)
    with clock.held(after.over + HOUR):
        return actions.reveal_survey(viewer=TESTS, event_id=key)


def invites(after):
    return list(SurveyInvite.objects.filter(survey__occurrence=after.event).order_by("id"))


def viewer_of(after, invite):
    return next(v for v, m in zip(after.viewers, after.members, strict=True) if m.pk == invite.person_id)


def test_the_list_is_published_first_and_everybody_can_recompute_who_was_asked(noon):
    after = After(14)
    key = after.event.public_id
    with clock.held(after.over):
        before = actions.draw_survey(viewer=TESTS, event_id=key)
        assert (before["seed"], before["winners"], len(before["entrants"])) == ("", [], 14)
        assert refusal(actions.reveal_survey, viewer=TESTS, event_id=key) == "events.survey_early"
    with clock.held(after.over + HOUR):
        actions.reveal_survey(viewer=TESTS, event_id=key)
        again = actions.reveal_survey(viewer=TESTS, event_id=key)
    verdict = verify(
        queries.survey_document(member_viewer(CustomerFactory()), key), published=before["commitment"]
    )
    assert (verdict.ok, len(verdict.winners)) == (True, 10)
    assert again["winners"] == list(verdict.winners)
    lots = {lot(key, seat.public_id): seat.person_id for seat in after.seats}
    assert {row.person_id for row in invites(after)} == {lots[one] for one in verdict.winners}
    sent = Send.objects.filter(kind="events.survey")
    assert {row.person_id for row in sent} == {row.person_id for row in invites(after)}
    assert sent.count() == 10


def test_control_another_seed_would_not_verify(noon):
    document = dict(drawn(After(14)))
    assert verify(document).ok
    document["seed"] = "0" * 64
    assert not verify(document).ok


def test_children_staff_and_those_who_did_not_come_are_not_on_the_list(noon):
    after = After(3, families=2)
    Customer.objects.filter(pk=after.members[2].pk).update(is_staff=True)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=after.event.public_id)
    with clock.held(after.over):
        document = actions.draw_survey(viewer=TESTS, event_id=after.event.public_id)
    assert sorted(document["entrants"]) == sorted(
        lot(after.event.public_id, seat.public_id) for seat in after.seats[:2]
    )


def test_a_store_can_neither_start_nor_pick_nor_ask_again(noon):
    after, key = After(2), None
    key = after.event.public_id
    with clock.held(after.over):
        for role in (Role.CHAMPION, Role.STORE_MANAGER, Role.REGION_MANAGER):
            if role is Role.REGION_MANAGER:
                continue
            assert refusal(actions.draw_survey, viewer=staff(after.store, role), event_id=key) == "absent"
        assert not Survey.objects.exists()
        first = actions.draw_survey(viewer=staff(after.store, Role.HQ_EDITOR), event_id=key)
        assert actions.draw_survey(viewer=TESTS, event_id=key)["commitment"] == first["commitment"]
    assert Survey.objects.count() == 1
    late = After(1)
    with clock.held(late.event.ends_at + timedelta(days=8)):
        assert (
            refusal(actions.draw_survey, viewer=TESTS, event_id=late.event.public_id) == "events.survey_late"
        )


def test_one_answer_a_person_in_time_and_in_the_book(noon):
    after, stranger = After(2), member_viewer(CustomerFactory())
    drawn(after)
    one, two = invites(after)
    me = viewer_of(after, one)
    at = after.over + 2 * HOUR
    with clock.held(at):
        for code, given in [
            ("absent", {"viewer": stranger, "score": 9}),
            ("absent", {"viewer": viewer_of(after, two), "score": 9}),
            ("absent", {"viewer": after.champion, "score": 9}),
            ("events.score", {"viewer": me, "score": 11}),
            ("events.score", {"viewer": me, "score": -1}),
            ("events.score", {"viewer": me, "score": True}),
            ("input.bad", {"viewer": me, "score": 9, "words": "长" * 201}),
        ]:
            assert refusal(actions.answer_survey, invite_id=one.public_id, **given) == code
        assert not Deed.objects.filter(kind="survey_answered").exists()
        actions.answer_survey(viewer=me, invite_id=one.public_id, score=9, words="围裙小了")
        assert (
            refusal(actions.answer_survey, viewer=me, invite_id=one.public_id, score=0)
            == "events.survey_answered"
        )
    deed = Deed.objects.get(kind="survey_answered")
    assert (deed.value, deed.person_id, deed.occurred_at, deed.subject_id) == (
        9,
        one.person_id,
        at,
        after.event.subject_id,
    )
    with clock.held(after.over + HOUR + timedelta(days=7)):
        late = {"viewer": viewer_of(after, two), "invite_id": two.public_id, "score": 5}
        assert refusal(actions.answer_survey, **late) == "events.survey_over"
    assert Entry.objects.filter(act="events.survey_answered").count() == 1
    assert "围裙" not in Entry.objects.get(act="events.survey_answered").after


def answered(after, scores):
    with clock.held(after.over + 2 * HOUR):
        for one, score in zip(invites(after), scores, strict=False):
            actions.answer_survey(viewer=viewer_of(after, one), invite_id=one.public_id, score=score)


def test_figures_come_with_n_and_interval_and_small_counts_stay_hidden_from_the_store(noon):
    after = After(7)
    drawn(after)
    answered(after, [10, 9, 8, 3])
    few = queries.nps(after.champion, after.event.public_id)
    assert (few.n, few.asked, few.hidden, few.score, few.low) == (4, 7, True, None, None)
    hq = queries.nps(staff(after.store, Role.HQ_ANALYST), after.event.public_id)
    assert (hq.hidden, hq.score) == (False, 25.0)
    fifth = invites(after)[4]
    with clock.held(after.over + 3 * HOUR):
        actions.answer_survey(viewer=viewer_of(after, fifth), invite_id=fifth.public_id, score=10)
    enough = queries.nps(after.champion, after.event.public_id)
    assert (enough.n, enough.hidden, enough.score) == (5, False, 40.0)
    assert enough.low < 40 < enough.high
    assert (round(enough.response, 3), round(enough.response_low, 3), round(enough.response_high, 3)) == (
        0.714,
        0.359,
        0.918,
    )
    assert refusal(queries.nps, staff(StoreFactory()), after.event.public_id) == "absent"


def test_a_list_costs_the_same_however_long_and_ends_at_ones_stores(noon, django_assert_num_queries):
    first = After(2)
    drawn(first)
    with django_assert_num_queries(2):
        assert len(queries.nps_lines(first.champion).items) == 1
    for _ in range(2):
        drawn(After(2, store=first.store))
    drawn(After(1))
    with django_assert_num_queries(2):
        assert len(queries.nps_lines(first.champion).items) == 3
    assert len(queries.nps_lines(staff(first.store, Role.HQ_EDITOR)).items) == 4
    assert queries.nps_by_kit(first.champion) == []


def test_the_job_publishes_and_an_hour_later_asks_while_an_event_of_staff_alone_stops_nobody(noon):
    after, ours = After(2), After(1)
    Customer.objects.filter(pk=ours.members[0].pk).update(is_staff=True)
    at = after.event.ends_at + timedelta(days=1)
    with clock.held(at):
        actions.end_due(viewer=TESTS)
        assert actions.survey_due(viewer=TESTS) == 1
        assert actions.survey_due(viewer=TESTS) == 0
    with clock.held(at + HOUR):
        assert actions.survey_due(viewer=TESTS) == 1
        assert actions.survey_due(viewer=TESTS) == 0
    assert len(invites(after)) == 2


def test_words_go_after_half_a_year_and_the_score_stays(noon):
    after = After(1)
    drawn(after)
    (one,) = invites(after)
    with clock.held(after.over + 2 * HOUR):
        actions.answer_survey(viewer=viewer_of(after, one), invite_id=one.public_id, score=9, words="好")
        assert actions.tidy_words(viewer=TESTS) == 0
    with clock.held(after.over + timedelta(days=181)):
        assert actions.tidy_words(viewer=TESTS) == 1
    one.refresh_from_db()
    assert (one.words, one.score) == ("", 9)
