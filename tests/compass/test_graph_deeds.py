"""Replies and referrals: matrices, PageRank, how far word travels and why a greedy choice flatters itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compass.test_graph_attendance import rank_by_hand
from tongxin.compass.errors import BadInput
from tongxin.compass.graph import deeds, pagerank, spread

EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=40)


@given(EDGES, st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_pagerank_of_replies_is_the_hand_written_one_in_any_order(edges, chance):
    doer, other = (np.array([e[i] for e in edges], dtype=int) for i in (0, 1))
    given_ = deeds.build(doer, other, 8)
    found = pagerank.of_deeds(given_, tolerance=1e-15, most=1000)
    matrix = np.zeros((8, 8))
    for i, j in edges:
        matrix[i, j] += i != j
    active = [(matrix[i].sum() + matrix[:, i].sum()) > 0 for i in range(8)]
    if any(active):
        assert np.abs(found.value - rank_by_hand(matrix, active)).max() < 1e-12
    else:
        assert found.value.tolist() == [0.0] * 8
    order = list(range(len(edges)))
    chance.shuffle(order)
    again = deeds.build(doer[order], other[order], 8)
    assert pagerank.of_deeds(again).value.tobytes() == pagerank.of_deeds(given_).value.tobytes()


def test_weights_add_up_the_same_in_any_order():
    rng = np.random.default_rng(1)
    doer, other, weight = rng.integers(0, 5, 200), rng.integers(0, 5, 200), rng.random(200)
    one = deeds.build(doer, other, 5, weight)
    mixed = rng.permutation(200)
    two = deeds.build(doer[mixed], other[mixed], 5, weight[mixed])
    assert one.matrix.data.tobytes() == two.matrix.data.tobytes()
    assert one.received.sum() == pytest.approx(weight[doer != other].sum())


def test_nobody_lifts_themselves():
    alone = deeds.build(np.array([2, 2]), np.array([2, 2]), 3)
    assert alone.matrix.nnz == 0
    assert pagerank.of_deeds(alone).value.tolist() == [0.0, 0.0, 0.0]


def test_teleport_goes_to_the_active_only():
    replies = deeds.build(np.array([1]), np.array([0]), 4)
    value = pagerank.of_deeds(replies).value
    assert (value[2:] == 0).all()
    everywhere = pagerank.of_deeds(replies, active=np.ones(4, dtype=bool)).value
    assert (everywhere[2:] > 0).all()


def test_pagerank_says_when_it_did_not_converge_and_refuses_nonsense():
    replies = deeds.build(np.array([1, 2, 0]), np.array([0, 0, 1]), 3)
    assert pagerank.of_deeds(replies, most=2, tolerance=1e-14).converged is False
    with pytest.raises(BadInput, match="damping"):
        pagerank.of_deeds(replies, damping=1.0)
    with pytest.raises(BadInput, match="active"):
        pagerank.of_deeds(replies, active=np.ones(2, dtype=bool))


def test_deeds_refuse_by_name():
    with pytest.raises(BadInput, match="unequal"):
        deeds.build(np.array([0]), np.array([0, 1]), 2)
    with pytest.raises(BadInput, match=r"deeds\.to"):
        deeds.build(np.array([0]), np.array([2]), 2)
    both = deeds.together(
        deeds.build(np.array([0]), np.array([1]), 2), deeds.build(np.array([0]), np.array([1]), 2)
    )
    assert both.matrix.toarray().tolist() == [[0.0, 2.0], [0.0, 0.0]]


def line(n=4):
    """Member i+1 answers member i: word passes from 0 down the line, with probability .8 a step."""
    return deeds.build(np.arange(1, n), np.arange(n - 1), n)


def test_spread_is_the_exact_one_within_its_interval():
    rng = np.random.default_rng(5)
    told = spread.estimate(line(), np.array([0]), 20_000, rng)
    exact = 1 + 0.8 + 0.8**2 + 0.8**3
    assert told.low < exact < told.high
    assert told.high - told.low < 0.1


def test_spread_by_forward_simulation_agrees():
    """The twin: pass word forwards edge by edge instead of walking backwards."""
    rng = np.random.default_rng(6)
    doer, other = rng.integers(0, 30, 90), rng.integers(0, 30, 90)
    graph = deeds.build(doer, other, 30)
    matrix = graph.matrix.toarray()
    chance = 0.8 * matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    reached = 0
    for _ in range(1500):
        told, todo = {0, 1}, [0, 1]
        while todo:
            here = todo.pop()
            for answerer in np.flatnonzero(matrix[:, here]):
                if answerer not in told and rng.random() < chance[answerer, here]:
                    told.add(answerer)
                    todo.append(answerer)
        reached += len(told)
    estimate = spread.estimate(graph, np.array([0, 1]), 20_000, rng)
    assert estimate.people == pytest.approx(reached / 1500, rel=0.06)


def test_greedy_flatters_itself_on_its_own_sets_and_not_on_others():
    rng = np.random.default_rng(7)
    graph = deeds.build(rng.integers(0, 3000, 9000), rng.integers(0, 3000, 9000), 3000)
    few = spread.sample(graph, 300, rng)
    chosen = spread.greedy(few, 20)
    claimed, honest = spread.covered(few, chosen).people, spread.estimate(graph, chosen, 20_000, rng)
    assert claimed > 1.3 * honest.people
    assert claimed > honest.high
    again = spread.covered(spread.sample(graph, 20_000, rng), chosen)
    assert honest.low < again.people < honest.high * 1.02


def test_greedy_is_the_plain_one():
    rng = np.random.default_rng(8)
    graph = deeds.build(rng.integers(0, 40, 150), rng.integers(0, 40, 150), 40)
    sets = spread.sample(graph, 200, rng)
    left = [set(sets.node[sets.of == i].tolist()) for i in range(200)]
    plain = []
    for _ in range(5):
        gain = [(-1 if m in plain else sum(m in one for one in left)) for m in range(40)]
        plain.append(int(np.argmax(gain)))
        left = [one for one in left if plain[-1] not in one]
    assert spread.greedy(sets, 5).tolist() == plain


def test_credit_adds_up_to_everybody():
    rng = np.random.default_rng(9)
    sets = spread.sample(line(6), 2000, rng)
    shares = spread.credit(sets)
    assert shares.sum() == pytest.approx(6, abs=1e-9)
    assert int(np.argmax(shares)) == 0
    assert spread.credit(spread.sample(line(6), 0, rng)).tolist() == [0.0] * 6


def test_sets_hold_each_member_once():
    rng = np.random.default_rng(10)
    sets = spread.sample(deeds.build(rng.integers(0, 9, 60), rng.integers(0, 9, 60), 9), 500, rng)
    assert len(np.unique(sets.of * 9 + sets.node)) == len(sets.node)
    assert set(sets.of.tolist()) == set(range(500))


def test_spread_refuses_nonsense():
    rng = np.random.default_rng(1)
    with pytest.raises(BadInput, match="chance"):
        spread.sample(line(), 5, rng, chance=1.2)
    with pytest.raises(BadInput, match="no members"):
        spread.sample(deeds.build(np.zeros(0, int), np.zeros(0, int), 0), 5, rng)
    with pytest.raises(BadInput, match="at least 1 set"):
        spread.covered(spread.sample(line(), 0, rng), np.array([0]))


def test_wilson_is_the_printed_one():
    low, high = spread.wilson(np.array([0, 10, 0]), np.array([10, 10, 0]))
    assert low.round(4).tolist() == [0.0, 0.7225, 0.0]
    assert high.round(4).tolist() == [0.2775, 1.0, 1.0]
