"""Transition matrix, forecast with interval, memory of the chain, levers."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass import forecast
from tongxin.compass.errors import BadInput

STATES = ("outer", "middle", "inner")
TRUE = np.array([[0.90, 0.09, 0.01], [0.15, 0.80, 0.05], [0.02, 0.13, 0.85]])


def walk(matrix, members, months, rng, start=None):
    here = rng.integers(0, len(matrix), members) if start is None else np.full(members, start)
    out = [here]
    for _ in range(months - 1):
        edges = matrix.cumsum(axis=1)[out[-1]]
        out.append((rng.random(members)[:, None] > edges).sum(axis=1))
    return np.stack(out, axis=1)


def twin_matrix(counts, chain, a):
    """p_ij = (n_ij + a P_ij) / (n_i + a) in plain loops."""
    size = len(counts)
    out = [[0.0] * size for _ in range(size)]
    for i in range(size):
        n_i, all_i = sum(counts[i]), sum(chain[i])
        for j in range(size):
            pooled = chain[i][j] / all_i if all_i else float(i == j)
            out[i][j] = (counts[i][j] + a * pooled) / (n_i + a)
    return out


@given(
    st.lists(st.lists(st.integers(0, 500), min_size=3, max_size=3), min_size=3, max_size=3),
    st.integers(1, 60),
)
def test_matrix_against_the_twin(rows, a):
    counts = np.array(rows)
    chain = counts + np.array([[5, 1, 0], [0, 0, 0], [2, 2, 2]])
    found = forecast.transition_matrix(counts, chain, float(a))
    assert found == pytest.approx(np.array(twin_matrix(rows, chain.tolist(), a)))
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_a_small_store_leans_on_the_chain_and_a_large_one_on_itself():
    chain = np.array([[900, 100], [100, 900]])
    small, large = np.array([[0, 4], [0, 1]]), np.array([[0, 4000], [0, 1000]])
    assert forecast.transition_matrix(small, chain)[0, 1] == pytest.approx((4 + 20 * 0.1) / 24)
    assert forecast.transition_matrix(large, chain)[0, 1] > 0.99


def test_moves_are_counted_by_hand_and_gaps_are_left_out():
    paths = np.array([[0, 1, 1], [-1, 0, 2], [1, -1, 1]])
    assert forecast.count_moves(paths, 3).tolist() == [[0, 1, 1], [0, 1, 0], [0, 0, 0]]
    assert forecast.count_moves(paths[::-1], 3).tolist() == forecast.count_moves(paths, 3).tolist()


def test_forecast_recovers_the_truth_within_its_interval():
    rng = np.random.default_rng(1)
    paths = walk(TRUE, 3000, 12, rng)
    counts = forecast.count_moves(paths, 3)
    today = np.bincount(paths[:, -1], minlength=3)
    entrants = np.array([30.0, 0, 0])
    got = forecast.forecast(
        today, counts, counts, np.random.default_rng(2), entrants=entrants, states=STATES, draws=300
    )
    truth = today.astype(float)
    for _ in range(12):
        truth = truth @ TRUE + entrants
    assert got.expected[12] == pytest.approx(truth, rel=0.06)
    assert ((got.low[12] <= truth * 1.03) & (truth * 0.97 <= got.high[12])).all()
    assert got.expected[12].sum() == pytest.approx(today.sum() + 360)
    assert (got.low[0] == today).all()
    assert (got.high[0] == today).all()
    width = got.high - got.low
    assert (width[12] > width[1]).all()


def test_coverage_of_the_interval():
    """80 % intervals of a twelve-month forecast, 60 stores of 150 members: near 80 % of the real counts fall inside."""
    rng = np.random.default_rng(7)
    chain = forecast.count_moves(walk(TRUE, 4000, 12, rng), 3)
    inside = []
    for store in range(60):
        past = walk(TRUE, 150, 7, rng)
        today = np.bincount(past[:, -1], minlength=3)
        future = np.zeros(3, dtype=np.int64)
        for state in range(3):
            end = walk(TRUE, int(today[state]), 7, rng, start=state)[:, -1]
            future += np.bincount(end, minlength=3)
        got = forecast.forecast(
            today,
            forecast.count_moves(past, 3),
            chain,
            np.random.default_rng(store),
            horizon=6,
            draws=120,
            states=STATES,
        )
        inside.append((got.low[6] <= future) & (future <= got.high[6]))
    assert 0.72 <= np.mean(inside) <= 0.92


def test_drawn_matrices_keep_the_impossible_impossible():
    alpha = np.array([[5.0, 1.0, 0.0], [0.0, 3.0, 0.0], [1.0, 1.0, 1.0]])
    drawn = forecast.draw_matrix(alpha, np.random.default_rng(0))
    assert drawn.sum(axis=1) == pytest.approx(1.0)
    assert drawn[0, 2] == drawn[1, 0] == 0
    assert drawn[1, 1] == 1


def twin_g2(paths):
    """G² over (state before | state now | state after) in plain loops, for members seen three months running."""
    seen, by_pair, by_next, by_now = {}, {}, {}, {}
    for row in paths.tolist():
        for h, i, j in zip(row, row[1:], row[2:], strict=False):
            for table, key in ((seen, (h, i, j)), (by_pair, (h, i)), (by_next, (i, j)), (by_now, i)):
                table[key] = table.get(key, 0) + 1
    return 2 * sum(
        n * math.log(n * by_now[i] / (by_pair[h, i] * by_next[i, j])) for (h, i, j), n in seen.items()
    )


def test_order_one_is_not_rejected_where_it_is_true_and_order_two_is_found():
    rng = np.random.default_rng(3)
    p_values, split = [], 0
    for _ in range(100):
        found = forecast.memory(walk(TRUE, 400, 12, rng), STATES)
        p_values.append(found.p_value)
        split += found.split != ()
    assert np.mean(np.array(p_values) < 0.05) <= 0.12
    assert split <= 5
    paths = walk(TRUE, 1000, 12, rng)
    assert forecast.memory(paths, STATES).g2 == pytest.approx(twin_g2(paths))


def test_new_members_of_a_ring_that_leave_faster_get_a_state_of_their_own():
    rng = np.random.default_rng(4)
    paths = np.zeros((4000, 12), dtype=int)
    new = np.zeros(4000, dtype=bool)
    for month in range(1, 12):
        inside = paths[:, month - 1] == 1
        leave = rng.random(4000) < np.where(new, 0.5, 0.1)
        join = rng.random(4000) < 0.2
        paths[:, month] = np.where(inside, np.where(leave, 0, 1), np.where(join, 1, 0))
        new = ~inside & (paths[:, month] == 1)
    found = forecast.memory(paths, ("outer", "middle"))
    assert found.split == ("middle",)
    assert found.leaves_new["middle"] == pytest.approx(0.5, abs=0.03)
    assert found.leaves_old["middle"] == pytest.approx(0.1, abs=0.02)
    assert found.p_value < 1e-6
    wider, names = forecast.with_new(paths, ("outer", "middle"), found.split)
    assert names == ("outer", "middle", "new middle")
    assert forecast.memory(wider, names).p_value > 1e-3
    counts = forecast.count_moves(wider, 3)
    matrix = forecast.transition_matrix(counts, counts)
    assert matrix[2, 0] == pytest.approx(0.5, abs=0.03)


def test_a_chain_without_any_history_has_nothing_to_test():
    found = forecast.memory(np.array([[0, 0, 0]]), STATES)
    assert (found.g2, found.df, found.p_value) == (0.0, 0, 1.0)
    assert math.isnan(found.leaves_new["inner"])


def test_levers_against_a_twin_and_ranked():
    counts = forecast.count_moves(walk(TRUE, 2000, 12, np.random.default_rng(5)), 3)
    today = np.array([800, 150, 50])
    got = forecast.levers(today, counts, counts, np.random.default_rng(6), states=STATES, draws=60)
    assert [lever.gain for lever in got] == sorted((lever.gain for lever in got), reverse=True)
    assert len(got) == 6
    first = got[0]
    assert (first.source, first.target) == (
        "outer",
        "inner",
    )  # most members stand there, and inner keeps its own
    matrix = forecast.transition_matrix(counts, counts).tolist()
    moved = [list(row) for row in matrix]
    rate = matrix[0][2]
    moved[0] = [value * (1 - rate - 0.02) / (1 - rate) for value in matrix[0]]
    moved[0][2] = rate + 0.02
    here, there = today.tolist(), today.tolist()
    for _ in range(12):
        here = [sum(here[i] * matrix[i][j] for i in range(3)) for j in range(3)]
        there = [sum(there[i] * moved[i][j] for i in range(3)) for j in range(3)]
    assert first.gain == pytest.approx(sum(there[1:]) - sum(here[1:]))
    assert first.ci[0] <= first.gain <= first.ci[1]


def test_a_rate_at_its_end_is_moved_as_far_as_it_goes():
    matrix = np.array([[0.0, 1.0], [0.5, 0.5]])
    assert forecast.lifted(matrix, 0, 1, 0.02).tolist() == matrix.tolist()
    assert forecast.lifted(matrix, 1, 0, 0.9)[1].tolist() == [1.0, 0.0]


@settings(max_examples=20)
@given(st.integers(0, 2**30))
def test_forecasts_repeat_with_their_seed(seed):
    counts = np.array([[8, 2, 0], [1, 8, 1], [0, 1, 9]])
    today = np.array([10, 5, 1])
    first, second = (
        forecast.forecast(
            today, counts, counts, np.random.default_rng(seed), states=STATES, horizon=3, draws=9
        )
        for _ in range(2)
    )
    assert (first.low == second.low).all()
    assert (first.high == second.high).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda c: forecast.count_moves(np.array([[0, 3]]), 3),
        lambda c: forecast.count_moves(np.array([0, 1]), 3),
        lambda c: forecast.transition_matrix(c, c[:2]),
        lambda c: forecast.transition_matrix(-c, c),
        lambda c: forecast.transition_matrix(c, c, 0.0),
        lambda c: forecast.forecast(np.array([1, 2]), c, c, np.random.default_rng(0), states=STATES),
        lambda c: forecast.forecast(np.array([1, 2, -1]), c, c, np.random.default_rng(0), states=STATES),
    ],
)
def test_refused_at_the_door(call):
    with pytest.raises(BadInput):
        call(np.ones((3, 3), dtype=int))
