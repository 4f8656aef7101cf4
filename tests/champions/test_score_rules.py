"""The champion's score: joined by answers, never without its interval, never a rank over several stores."""

from datetime import date, timedelta

import pytest

from tongxin.champions.rules.score import StorePart, combine, stale, weakest

FEW = ("回答太少。", "Too few answers.")


def part(value=60.0, low=50.0, high=70.0, answers=40, **more):
    return StorePart("s", "店", value, low, high, answers, **more)


def none(**more):
    return part(None, None, None, 0, reasons=(FEW,), **more)


def joined(*parts):
    return combine(parts, level=0.9, ranked=20)


def test_one_store_keeps_its_own_interval_and_its_rank_as_an_interval():
    score = joined(part(low=45.0, rank=(3, 11)))
    assert (score.value, score.low, score.high, score.answers) == (60.0, 45.0, 70.0, 40)
    assert (score.rank, score.ranked) == ((3, 11), 20)


def test_two_stores_weigh_by_answers_and_the_interval_shrinks():
    score = joined(part(rank=(3, 11)), part(80.0, 70.0, 90.0, 120))
    assert score.value == pytest.approx(75.0)
    # half width 10 each, independent: 10 · √(¼² + ¾²)
    assert (score.value - score.low, score.high - score.value) == (
        pytest.approx(7.90569),
        pytest.approx(7.90569),
    )
    assert score.rank is None


def test_a_store_that_may_not_be_published_enters_nothing_and_says_why():
    score = joined(part(), none())
    assert (score.value, score.counted, score.of, score.reasons) == (60.0, 1, 2, (FEW,))
    assert score.rank is None


@pytest.mark.parametrize("parts", [(), (none(),), (none(), none())], ids=["no store", "one", "two"])
def test_without_a_published_store_it_cannot_be_said(parts):
    score = joined(*parts)
    assert (score.said, score.value, score.low, score.high, score.answers, score.rank) == (
        False,
        None,
        None,
        None,
        0,
        None,
    )
    assert score.reasons == ((FEW,) if parts else ())


def test_the_interval_stays_on_the_scale():
    score = joined(part(3.0, 0.0, 12.0), part(1.0, 0.0, 12.0))
    assert score.low == 0.0


def test_sides_are_joined_over_the_stores_that_have_them_and_the_weakest_is_named():
    score = joined(
        part(sides=(("recommendation", 80.0), ("belonging", None))),
        part(answers=120, sides=(("recommendation", 40.0), ("belonging", 30.0))),
    )
    assert score.sides == (("recommendation", 50.0), ("belonging", 30.0))
    assert weakest(score) == "belonging"
    assert weakest(joined(part())) is None


@pytest.mark.parametrize(("days", "verdict"), [(0, False), (120, False), (121, True)])
def test_a_figure_of_another_season_says_so(days, verdict):
    day = date(2026, 3, 7)
    assert stale(day, day + timedelta(days=days)) is verdict
