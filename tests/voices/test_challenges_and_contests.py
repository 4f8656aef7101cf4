"""Days are ticked once, made up for twice a month; a contest keeps its rules and its count to itself until the end."""

from datetime import UTC, datetime, timedelta

import pytest

from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.draw import queries as draws
from tongxin.foundation.draw.rules import verify
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Deed
from tongxin.stores.models import Store
from tongxin.voices.actions import challenges as acting
from tongxin.voices.actions import contests as contesting
from tongxin.voices.actions import states
from tongxin.voices.models import ChallengeStay, CheckIn, Contest, Entry, MakeUp, Post, Vote
from tongxin.voices.queries import challenges as reading
from tongxin.voices.rules.contests import faults, rules_hash
from tongxin.voices.terms import PostState
from voices.factories import old_community, says, settled

pytestmark = pytest.mark.django_db


def refused(code, act, **given):
    kinds = (ChallengeStay, CheckIn, MakeUp, Contest, Entry, Vote, Deed)
    rows = [model.objects.count() for model in kinds]
    with pytest.raises(Refused) as caught:
        act(**given)
    assert caught.value.code == code
    assert [model.objects.count() for model in kinds] == rows


@pytest.fixture
def place(noon):
    community = old_community(StoreFactory())
    return community, settled(community), settled(community)


def challenge(community, **more):
    day = clock.business_day(clock.now())
    given = {
        "title": "一周三次新食材",
        "starts_on": day - timedelta(days=10),
        "ends_on": day + timedelta(days=30),
    }
    return acting.open_challenge(viewer=TESTS, community_id=community.public_id, **(given | more))


def test_join_tick_and_tick_again(place):
    community, viewer, _ = place
    row = challenge(community)
    refused("voices.challenge_out", acting.check_in, viewer=viewer, challenge_id=row.public_id)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    first = acting.check_in(viewer=viewer, challenge_id=row.public_id)
    assert acting.check_in(viewer=viewer, challenge_id=row.public_id).pk == first.pk
    card = reading.challenge(viewer, row.public_id)
    assert (card.people, card.days, card.week.done, card.week.target, card.done_today) == (1, 1, 1, 3, True)
    assert Deed.objects.filter(person=viewer.person, kind="punched_in").count() == 1
    with clock.held(clock.now() + timedelta(days=1)):
        acting.check_in(viewer=viewer, challenge_id=row.public_id)
        assert reading.challenge(viewer, row.public_id).week.done == 2


def test_the_day_turns_when_the_store_does(noon):
    store = StoreFactory()
    Store.objects.filter(pk=store.pk).update(cutoff_hour=4)
    community = old_community(store)
    viewer = settled(community)
    row = challenge(community)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    late = datetime(2026, 3, 5, 19, 30, tzinfo=UTC)  # 03:30 on Friday in Shanghai
    with clock.held(late):
        assert acting.check_in(viewer=viewer, challenge_id=row.public_id).day.isoformat() == "2026-03-05"
    with clock.held(late + timedelta(minutes=30)):
        assert acting.check_in(viewer=viewer, challenge_id=row.public_id).day.isoformat() == "2026-03-06"


def test_two_days_a_month_are_made_up_for_and_each_is_a_row(place):
    community, viewer, _ = place
    row = challenge(community)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    today = reading.today(row)
    with clock.held(clock.now() + timedelta(days=3)):
        now_day = reading.today(row)
        assert reading.challenge(viewer, row.public_id).make_ups_left == 2
        for back in (1, 2):
            acting.make_up(viewer=viewer, challenge_id=row.public_id, day=now_day - timedelta(days=back))
        refused(
            "voices.make_ups_used",
            acting.make_up,
            viewer=viewer,
            challenge_id=row.public_id,
            day=today,
        )
        card = reading.challenge(viewer, row.public_id)
        assert (card.make_ups_left, card.make_up_days, card.week.done) == (0, (), 2)
        assert sorted(MakeUp.objects.values_list("slot", flat=True)) == [1, 2]
    with clock.held(clock.now() + timedelta(days=29)):  # April
        day = reading.today(row) - timedelta(days=1)
        acting.make_up(viewer=viewer, challenge_id=row.public_id, day=day)
        assert MakeUp.objects.count() == 3


@pytest.mark.parametrize("back", [0, -1, 8])
def test_a_day_that_cannot_be_made_up_for(place, back):
    community, viewer, _ = place
    row = challenge(community)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    day = reading.today(row) - timedelta(days=back)
    refused("voices.make_up_day", acting.make_up, viewer=viewer, challenge_id=row.public_id, day=day)


def test_leaving_and_coming_back_keep_the_days(place):
    community, viewer, _ = place
    row = challenge(community)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    acting.check_in(viewer=viewer, challenge_id=row.public_id)
    acting.leave_challenge(viewer=viewer, challenge_id=row.public_id)
    refused("voices.challenge_out", acting.check_in, viewer=viewer, challenge_id=row.public_id)
    assert not reading.challenge(viewer, row.public_id).joined
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    assert reading.challenge(viewer, row.public_id).week.done == 1


def test_who_may_open_and_when_it_is_over(place):
    community, viewer, _ = place
    day = clock.business_day(clock.now())
    given = {"community_id": community.public_id, "title": "x", "starts_on": day, "ends_on": day}
    refused("absent", acting.open_challenge, viewer=viewer, **given)
    refused("voices.challenge_target", acting.open_challenge, viewer=TESTS, weekly_target=8, **given)
    refused(
        "voices.challenge_days",
        acting.open_challenge,
        viewer=TESTS,
        **(given | {"ends_on": day - timedelta(days=1)}),
    )
    row = challenge(community)
    acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    acting.close_challenge(viewer=TESTS, challenge_id=row.public_id)
    refused("voices.challenge_closed", acting.check_in, viewer=viewer, challenge_id=row.public_id)
    assert reading.my_challenges(viewer) == []


def test_one_and_three_challenges_cost_the_same(place, django_assert_num_queries):
    community, viewer, _ = place
    rows = [challenge(community)]
    acting.join_challenge(viewer=viewer, challenge_id=rows[0].public_id)
    reading.challenges(viewer, community.public_id)
    with django_assert_num_queries(7):
        assert len(reading.challenges(viewer, community.public_id)) == 1
    rows += [challenge(community), challenge(community)]
    for row in rows:
        acting.join_challenge(viewer=viewer, challenge_id=row.public_id)
    with django_assert_num_queries(7):
        assert len(reading.challenges(viewer, community.public_id)) == 3


# ---- contests


def contest(community, **more):
    now = clock.now()
    given = {
        "title": "最好看的辅食",
        "prize": "烘焙课一席",
        "entries_until": now + timedelta(days=7),
        "votes_until": now + timedelta(days=14),
    }
    row = contesting.make_contest(viewer=TESTS, community_id=community.public_id, **(given | more))
    return contesting.open_contest(viewer=TESTS, contest_id=row.public_id)


def test_rules_are_frozen_when_it_opens(place):
    community, viewer, _ = place
    row = contest(community)
    shown = reading.document(viewer, row.public_id)
    assert shown["rules_hash"] == rules_hash(shown["rules"])
    Contest.objects.filter(pk=row.pk).update(prize="换了奖品")
    changed = reading.document(viewer, row.public_id)
    assert changed["rules_hash"] == shown["rules_hash"] != rules_hash(changed["rules"])
    refused("voices.contest_state", contesting.open_contest, viewer=TESTS, contest_id=row.public_id)


def test_entering(place):
    community, viewer, other = place
    row = contest(community)
    post, foreign = says(viewer, community), says(other, community)
    given = {"viewer": viewer, "contest_id": row.public_id}
    refused("voices.contest_entry", contesting.enter_contest, post_id=foreign.public_id, **given)
    contesting.enter_contest(post_id=post.public_id, **given)
    refused(
        "voices.contest_entered", contesting.enter_contest, post_id=says(viewer, community).public_id, **given
    )
    with clock.held(row.entries_until):
        refused(
            "voices.contest_state",
            contesting.enter_contest,
            viewer=other,
            contest_id=row.public_id,
            post_id=foreign.public_id,
        )


def test_the_whole_contest_and_its_recount(place):
    community, viewer, other = place
    voters = [settled(community) for _ in range(3)]
    row = contest(community)
    entries = [
        contesting.enter_contest(viewer=one, contest_id=row.public_id, post_id=says(one, community).public_id)
        for one in (viewer, other)
    ]
    key = row.public_id
    refused(
        "voices.contest_state",
        contesting.vote,
        viewer=voters[0],
        contest_id=key,
        entry_id=entries[0].public_id,
    )
    with clock.held(row.entries_until):
        assert contesting.move_contests_on(viewer=TESTS) == 1
        row.refresh_from_db()
        committed = draws.document(row.draw_id)
        assert (committed["seed"], committed["winners"]) == ("", [])
        refused(
            "voices.contest_own",
            contesting.vote,
            viewer=viewer,
            contest_id=key,
            entry_id=entries[0].public_id,
        )
        contesting.vote(viewer=voters[0], contest_id=key, entry_id=entries[1].public_id)
        contesting.vote(viewer=voters[0], contest_id=key, entry_id=entries[0].public_id)
        contesting.vote(viewer=voters[1], contest_id=key, entry_id=entries[1].public_id)
        assert Vote.objects.count() == 2
        shown = reading.contest(voters[0], key)
        assert [one.votes for one in shown.entries] == [None, None]
        assert [one.chosen for one in shown.entries] == [True, False]
        assert reading.document(viewer, key)["result"] == {}
        assert contesting.move_contests_on(viewer=TESTS) == 0
    with clock.held(row.votes_until):
        refused(
            "voices.contest_state",
            contesting.vote,
            viewer=voters[2],
            contest_id=key,
            entry_id=entries[0].public_id,
        )
        contesting.move_contests_on(viewer=TESTS)
        document = reading.document(viewer, key)
        assert faults(document) == ()
        drawn = draws.document(row.draw_id)
        assert verify(drawn, published=committed["commitment"]).ok
        assert document["result"]["order"] == drawn["winners"]
        first = drawn["winners"][0]  # one vote each: the draw settles it
        assert document["result"]["places"] == [[first, 1, True], [drawn["winners"][1], 1, False]]
        slips = {slip for slip, _ in document["result"]["ballots"]}
        assert reading.contest(voters[0], key).slip in slips
        assert reading.contest(voters[2], key).slip not in slips
        winner = next(one for one in entries if str(one.public_id) == first)
        assert list(Send.objects.filter(kind="voices.contest_won").values_list("person", flat=True)) == [
            winner.person_id
        ]


def test_what_is_no_longer_seen_cannot_win(place):
    community, viewer, other = place
    row = contest(community)
    post = says(viewer, community)
    entry = contesting.enter_contest(viewer=viewer, contest_id=row.public_id, post_id=post.public_id)
    with clock.held(row.entries_until):
        contesting.move_on(viewer=TESTS, contest_id=row.public_id)
        contesting.vote(viewer=other, contest_id=row.public_id, entry_id=entry.public_id)
    locked = Post.objects.select_related("community").get(pk=post.pk)
    states.move(viewer=TESTS, post=locked, state=PostState.REMOVED)
    with clock.held(row.votes_until):
        done = contesting.move_on(viewer=TESTS, contest_id=row.public_id)
    assert done.result["out"] == [str(entry.public_id)]
    assert done.result["places"] == []
    assert Send.objects.filter(kind="voices.contest_won").count() == 0


def test_without_an_entry_it_simply_ends(place):
    community, viewer, _ = place
    row = contest(community)
    with clock.held(row.entries_until):
        contesting.move_on(viewer=TESTS, contest_id=row.public_id)
    with clock.held(row.votes_until):
        contesting.move_on(viewer=TESTS, contest_id=row.public_id)
        assert faults(reading.document(viewer, row.public_id)) == ()
