"""热点: rare under the usual, among all that were looked at, said by enough people in enough places."""

import math
import random

import pytest

from tongxin.voices.rules.bursts import FLOOR, Count, chance, hot, usual


def test_the_usual_forgets_by_half_in_four_weeks() -> None:
    assert usual([]) == FLOOR
    assert usual([0, 0, 0]) == FLOOR
    assert usual([4, 4, 4, 4]) == 4
    assert usual([8, 0, 0, 0, 0]) == pytest.approx(8 / sum(0.5 ** (n / 4) for n in range(5)))


@pytest.mark.parametrize(("count", "mean"), [(0, 2.0), (1, 2.0), (5, 2.0), (12, 4.0)])
def test_the_tail_is_a_negative_binomial(count: int, mean: float) -> None:
    size, share = 5, 5 / (5 + mean)
    below = sum(math.comb(n + size - 1, n) * share**size * (1 - share) ** n for n in range(count))
    assert chance(count, mean) == pytest.approx(1 - below)


def test_a_burst_is_hot_only_with_enough_people_and_places() -> None:
    quiet = [Count(f"话题{n}", 2, 2, 2, (2,) * 12) for n in range(20)]
    burst = Count("冷柜", 20, 12, 5, (1,) * 12)
    assert [one.subject for one in hot([*quiet, burst])] == ["冷柜"]
    assert hot([*quiet, Count("冷柜", 20, 4, 5, (1,) * 12)]) == ()
    assert hot([*quiet, Count("冷柜", 20, 12, 2, (1,) * 12)]) == ()
    assert hot([]) == ()


def test_nothing_is_hot_where_nothing_happens_and_a_plain_threshold_would_cry_wolf() -> None:
    draw = random.Random(2026)

    def gamma_poisson(mean: float) -> int:
        rate, count, left = draw.gammavariate(5, mean / 5), 0, 1.0
        while (left := left * draw.random()) > math.exp(-rate):
            count += 1
        return count

    found = cried = 0
    for _ in range(60):
        days = [
            Count(f"{n}", gamma_poisson(4), 9, 9, tuple(gamma_poisson(4) for _ in range(12)))
            for n in range(40)
        ]
        found += bool(hot(days))
        cried += any(one.today > 2 * usual(one.before) for one in days)
    assert found <= 9  # of 60 quiet days, at a rate of 5 per cent and an estimated mean
    assert cried > 50  # the control arm: twice the usual
