"""The pure rules: which state follows which, how peers answer, the mix. Tables, no database."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from tongxin.voices.rules.answers import Asked, answers
from tongxin.voices.rules.mix import mix, wanted, whole
from tongxin.voices.rules.states import editable, may_follow
from tongxin.voices.terms import EDITABLE_FOR, USUAL_MIX, ContentType, PostState

NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)
P, W, H, R, X = (
    PostState.PUBLISHED, PostState.WAITING, PostState.HIDDEN, PostState.REMOVED, PostState.WITHDRAWN,
)  # fmt: skip
MAY = {(W, P), (W, H), (W, R), (W, X), (P, W), (P, H), (P, R), (P, X), (H, P), (H, R), (H, X), (R, P)}


@pytest.mark.parametrize(("state", "wanted_state"), list(product(PostState, PostState)))
def test_which_state_follows_which(state, wanted_state):
    assert may_follow(state, wanted_state) is ((state, wanted_state) in MAY)


@pytest.mark.parametrize(
    ("state", "age", "yes"),
    [
        (P, timedelta(0), True),
        (W, EDITABLE_FOR, True),
        (P, EDITABLE_FOR + timedelta(seconds=1), False),
        (H, timedelta(0), False),
        (R, timedelta(0), False),
        (X, timedelta(0), False),
    ],
)
def test_how_long_words_can_be_changed(state, age, yes):
    assert editable(state, NOW - age, NOW) is yes


def asked(minutes=None, *, peer=None):
    return Asked(NOW, None if minutes is None else NOW + timedelta(minutes=minutes), peer)


def test_unanswered_questions_count_against_the_peers():
    found = answers([asked(10, peer=True), asked(20, peer=True), asked(60, peer=False), asked(), asked()])
    assert (found.peer_rate, found.answered_rate, found.median_minutes) == (0.4, 0.6, 20)
    assert (found.by_peers, found.minutes_saved) == (2, 12)
    assert answers([asked(10, peer=True)], minutes_each=10).minutes_saved == 10


def test_too_few_questions_say_nothing():
    found = answers([asked(10, peer=True)] * 4)
    assert (found.peer_rate, found.answered_rate, found.median_minutes, found.questions) == (
        None,
        None,
        None,
        4,
    )
    assert answers([]).minutes_saved == 0


def test_the_usual_mix_is_whole_and_says_what_to_bring_first():
    assert whole(USUAL_MIX)
    assert not whole({ContentType.TIP: 120, ContentType.NEWS: -20})
    nothing = mix({}, {})
    assert {one.content: one.target for one in nothing} == USUAL_MIX
    assert {one.real for one in nothing} == {None}
    assert wanted(nothing) == ContentType.TIP


def test_what_is_furthest_below_its_share_comes_next():
    found = mix({ContentType.TIP: 50, ContentType.STORY: 50}, {ContentType.TIP: 3, ContentType.STORY: 1})
    assert {one.content: one.gap for one in found if one.target} == {
        ContentType.TIP: -25,
        ContentType.STORY: 25,
    }
    assert wanted(found) == ContentType.STORY
