"""How far out a photo may stand, who is asked after an event, what the answers say: tables without a database."""

from datetime import UTC, datetime
from uuid import UUID

import pytest

from tongxin.events.rules import reviews, surveys
from tongxin.events.rules.photos import SeenOne, Sight, Standing, allowed, covers, standing
from tongxin.events.rules.surveys import Net, Sampling, in_force, net, to_ask, wilson
from tongxin.events.survey_policy import lines
from tongxin.events.terms_after import LADDER, PhotoState, Unfit

PRIVATE, GROUP, PUBLIC, ADVERT = LADDER
ALL = frozenset({GROUP, PUBLIC, ADVERT})


def adult(*uses, record=True):
    return SeenOne(child=False, record=record, uses=frozenset(uses))


def child(*uses, record=True):
    return SeenOne(child=True, record=record, uses=frozenset(uses))


def sight(*seen, said=True, child_visible=None, strangers=False):
    visible = any(one.child for one in seen) if child_visible is None else child_visible
    return Sight(said, visible, strangers, seen)


CASES = [
    ("nobody has said who is seen", sight(said=False), Standing(PRIVATE, Unfit.UNSEEN)),
    ("only biscuits are seen", sight(), Standing(ADVERT)),
    ("a stranger is seen", sight(adult(*ALL), strangers=True), Standing(PRIVATE, Unfit.STRANGERS)),
    ("a child, but whose?", sight(adult(*ALL), child_visible=True), Standing(PRIVATE, Unfit.CHILD_UNNAMED)),
    (
        "a child is named and said not to be seen",
        sight(child(*ALL), child_visible=False),
        Standing(PRIVATE, Unfit.CHILD_UNNAMED),
    ),
    ("one agreed to nothing", sight(adult(*ALL), adult()), Standing(PRIVATE, Unfit.NO_CONSENT, 1)),
    (
        "both to the group, one to more",
        sight(adult(*ALL), adult(GROUP)),
        Standing(GROUP, Unfit.NO_CONSENT, 1),
    ),
    ("both to public", sight(adult(GROUP, PUBLIC), adult(*ALL)), Standing(PUBLIC, Unfit.NO_CONSENT, 1)),
    ("all to all", sight(adult(*ALL), child(*ALL)), Standing(ADVERT)),
    (
        "photos at all were refused since",
        sight(adult(*ALL, record=False)),
        Standing(PRIVATE, Unfit.NO_CONSENT, 1),
    ),
    ("a guardian's file is missing", sight(child(*ALL, record=False)), Standing(PRIVATE, Unfit.NO_FILE, 1)),
    ("the guardian agreed to the group", sight(adult(*ALL), child(GROUP)), Standing(GROUP, Unfit.NO_FILE, 1)),
    ("a yes to adverts alone opens no door", sight(adult(ADVERT)), Standing(PRIVATE, Unfit.NO_CONSENT, 1)),
]


@pytest.mark.parametrize(("situation", "known", "expected"), CASES, ids=[case[0] for case in CASES])
def test_how_far_out_a_photo_may_stand(situation, known, expected):
    assert standing(known) == expected
    assert [allowed(known, state) for state in LADDER] == [
        state.reach <= expected.furthest.reach for state in LADDER
    ]


def test_a_yes_includes_what_is_further_in_and_a_no_what_is_further_out():
    assert covers(PUBLIC, granted=True) == (GROUP, PUBLIC)
    assert covers(PUBLIC, granted=False) == (PUBLIC, ADVERT)
    assert covers(GROUP, granted=False) == (GROUP, PUBLIC, ADVERT)
    assert covers(PRIVATE, granted=True) == ()


SAMPLING = Sampling(datetime(2026, 1, 1, tzinfo=UTC), 300, 10, 7, "?", "?", "")


@pytest.mark.parametrize(
    ("came", "asked"), [(0, 0), (1, 1), (10, 10), (11, 10), (33, 10), (34, 11), (100, 30), (101, 31)]
)
def test_a_share_is_asked_but_at_least_so_many(came, asked):
    assert to_ask(came, SAMPLING) == asked


def test_the_newest_line_that_held_then_is_the_one():
    older = Sampling(datetime(2025, 1, 1, tzinfo=UTC), 100, 5, 7, "?", "?", "")
    assert in_force([SAMPLING, older], datetime(2025, 6, 1, tzinfo=UTC)) == older
    assert in_force([older, SAMPLING], datetime(2026, 6, 1, tzinfo=UTC)) == SAMPLING
    with pytest.raises(LookupError):
        in_force([older], datetime(2024, 6, 1, tzinfo=UTC))
    assert all(line.ground and 0 < line.permille <= 1000 for line in lines())


def test_a_lot_says_nothing_and_is_not_the_one_of_a_draw_of_seats():
    from tongxin.events.rules.lottery import lot

    one, two = UUID(int=1), UUID(int=2)
    assert surveys.lot(one, two) != lot(one, two)
    assert len(surveys.lot(one, two)) == 24


def test_intervals_of_shares_and_scores():
    assert wilson(0, 0) == (0.0, 1.0)
    assert [round(x, 4) for x in wilson(8, 10)] == [0.4902, 0.9433]  # Wilson 1927, as in any table of it
    assert [round(x, 4) for x in wilson(10, 10)] == [0.7225, 1.0]
    assert net([]) is None
    said = net([10, 9, 9, 8, 7, 3])
    assert said == Net(
        6,
        3,
        1,
        pytest.approx(33.333, abs=0.001),
        pytest.approx(-26.74, abs=0.01),
        pytest.approx(71.19, abs=0.01),
    )
    alike = net([10] * 8)
    assert (alike.score, alike.high) == (100.0, 100.0)
    assert 30 < alike.low < 70  # the plain interval would have no width at all


def test_the_interval_covers_the_truth_about_nineteen_times_in_twenty():
    import numpy as np

    rng = np.random.default_rng(20261122)
    for truth in ([0.5, 0.3, 0.2], [0.8, 0.15, 0.05]):
        for n in (10, 30):
            hits = 0
            for up, _, down in rng.multinomial(n, truth, size=400):
                found = net([10] * up + [8] * (n - up - down) + [2] * down)
                hits += found.low <= 100 * (truth[0] - truth[2]) <= found.high
            assert hits / 400 >= 0.92


def test_three_questions_each_with_both_languages():
    for asked in reviews.QUESTIONS.values():
        assert len(asked) == 3
        assert all(one.zh and one.en for one in asked)
    assert reviews.missing({"went_well": "好", "to_change": " ", "said_by_guests": "谢谢"}).key == "to_change"
    assert reviews.unknown({"went_well": "", "phone": ""}) == ["phone"]


def test_control_the_ladder_is_the_one_of_the_page():
    assert [str(state) for state in PhotoState] == ["private", "group", "public", "advert"]
