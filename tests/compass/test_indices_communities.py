"""The four indices as published: frozen peers, intervals, refusals; and that size and tricks do not move them (bar 13, small)."""

import dataclasses
import json

import numpy as np
import pytest
from made_communities import AS_OF, ATTACKS, community, naive, naive_percentile, peers

from tongxin.compass.errors import BadInput
from tongxin.compass.indices import compute, reference
from tongxin.compass.indices.base import Figure
from tongxin.compass.indices.facts import CommunityFacts, Premium
from tongxin.compass.indices.listing import COMPONENTS, INDICES


@pytest.fixture(scope="module")
def chain():
    return peers(120)


@pytest.fixture(scope="module")
def frozen(chain):
    return reference.freeze(chain, "2026Q3")


@pytest.fixture(scope="module")
def big():
    return community("X", 400, 7)


def points(facts, frozen):
    """Index points whether or not the interval would let them be shown."""
    found = {}
    for row in compute.run(facts, frozen, draws=2).indices:
        known = [each for each in row.components if each.percentile is not None]
        found[row.index] = float(
            compute.blend([np.array([each.percentile]) for each in known], [each.weight for each in known])[0]
        )
    return found


def test_the_weights_are_those_of_the_definition():
    listed = {index: {c.code: c.weight for c in COMPONENTS if c.index == index} for index in INDICES}
    assert listed == {
        "influence": {"verified_k": 0.40, "cascade": 0.30, "premium": 0.30},
        "connection": {"connected": 0.35, "multiplex": 0.25, "crossing": 0.15, "host_independence": 0.25},
        "participation": {
            "breadth": 0.30,
            "frequency": 0.20,
            "depth": 0.20,
            "attendance": 0.15,
            "evenness": 0.15,
        },
        "output": {"output": 1.0},
    }


def test_four_indices_with_intervals_and_raw_components(big, frozen):
    found = compute.run(big, frozen)
    assert (found.members, found.peers) == (400, "parents|201–500|>365d")
    assert found.reference_digest == frozen.digest
    for row in found.indices:
        assert not row.reasons
        assert row.ci[0] <= row.value <= row.ci[1] or abs(row.value - sum(row.ci) / 2) < 8
        assert 0 < row.value < 100
        assert sum(each.weight for each in row.components) == pytest.approx(1)
    influence = found.of("influence")
    assert [each.weight for each in influence.components] == pytest.approx([4 / 7, 3 / 7, 0])
    assert "原价" in influence.notes[0].zh
    assert compute.run(big, frozen) == found


def test_the_premium_joins_in_when_a_study_brings_it(chain):
    with_study = [
        dataclasses.replace(each, premium=Premium(0.01 * (n % 7), 0.01)) for n, each in enumerate(chain[:24])
    ]
    frozen = reference.freeze(with_study, "q")
    found = compute.run(with_study[3], frozen).of("influence")
    assert [each.weight for each in found.components] == pytest.approx([0.4, 0.3, 0.3])
    assert not found.notes


def test_a_value_against_a_twin(big, frozen):
    """Percentile by counting, blend by logarithms, shrinkage by its formula."""
    found = compute.run(big, frozen, draws=2)
    cell = frozen.cells[found.peers]
    for row in found.indices:
        total = weights = 0.0
        for each in row.components:
            if each.percentile is None:
                continue
            grid = list(cell[each.code])
            below, equal = sum(v < each.shrunk for v in grid), sum(v == each.shrunk for v in grid)
            rank = 100 * (below + equal / 2) / len(grid)
            assert abs(each.percentile - rank) <= 100 / len(grid)
            total += each.weight * np.log(max(each.percentile, 1))
            weights += each.weight
        value = float(np.exp(total / weights))
        assert points(big, frozen)[row.index] == pytest.approx(value)
    a, b = frozen.priors["parents"]["breadth"]
    breadth = found.of("participation").components[0]
    assert breadth.shrunk == pytest.approx((breadth.raw * 400 + a) / (400 + a + b))


def test_small_young_and_unknown_communities_are_not_shown(frozen, big):
    few = compute.run(big.keeping(big.eligible[:19]), frozen)
    assert {row.reasons[0].code for row in few.indices} == {"I1"}
    assert {row.value for row in few.indices} == {None}
    thin = compute.run(big.keeping(big.eligible[:30]), frozen)
    assert "I2" in [reason.code for row in thin.indices for reason in row.reasons]
    bare = CommunityFacts(
        "B",
        "parents",
        AS_OF,
        AS_OF - 400,
        *(getattr(big, f) for f in ("joined", "staff", "host", "identity", "place")),
    )
    nothing = compute.run(bare, frozen)
    assert {row.reasons[0].code for row in nothing.indices} == {"I3"}
    empty = compute.run(big.keeping(big.eligible[:0]), frozen)
    assert [reason.code for reason in empty.indices[0].reasons] == ["I1", "I3"]
    alone = compute.run(big, reference.freeze([big], "q"))
    assert alone.peers is None
    assert {reason.code for row in alone.indices for reason in row.reasons} == {"I4"}
    few_peers = compute.run(big, reference.freeze(peers(8), "q"))
    assert few_peers.peers == "*|*|*"
    assert any("20" in note.zh for note in few_peers.indices[0].notes)


def test_nobody_falls_because_others_rose(big, chain, frozen):
    """The reference is data: whatever the peers do next quarter, the value stays. Control arm: a fresh reference moves it."""
    before = points(big, frozen)
    better = [community(f"better {n}", 210, n, life=0.95) for n in range(24)]
    assert points(big, frozen) == before
    risen = reference.freeze([*better, *(each for each in chain if len(each.eligible) == 300)], "2026Q4")
    assert points(big, risen)["participation"] < before["participation"] - 3


def test_a_reference_is_kept_as_a_file_and_read_back(frozen, big):
    again = reference.load(json.loads(json.dumps(frozen.as_json())))
    assert again == frozen
    assert again.digest == frozen.digest
    assert compute.run(big, again, draws=5) == compute.run(big, frozen, draws=5)
    for wrong in (
        {"schema": "x"},
        {"schema": reference.SCHEMA},
        {"schema": reference.SCHEMA, "name": "q", "tau": "a"},
        [],
    ):
        with pytest.raises(BadInput):
            reference.load(wrong)
    with pytest.raises(BadInput, match="28 days"):
        reference.freeze([], "q")


def test_row_order_of_peers_does_not_matter(chain):
    assert reference.freeze(chain[:12][::-1], "q") == reference.freeze(chain[:12], "q")


def test_priors_by_moments():
    draw = np.random.default_rng(3)
    n = np.full(400, 60.0)
    share = draw.beta(6, 14, 400)
    a, b = reference.prior(np.stack([draw.binomial(60, share), n], axis=1))
    assert a / (a + b) == pytest.approx(0.3, abs=0.01)
    assert a + b == pytest.approx(20, rel=0.25)
    same = np.stack([draw.binomial(60, np.full(400, 0.3)), n], axis=1)
    assert sum(reference.prior(same)) > 100  # no spread between: lean hard
    assert reference.prior(np.array([[3.0, 10.0]])) == pytest.approx((3.0, 7.0))
    assert reference.prior(np.array([[30.0, 10.0], [20.0, 10.0]])) == pytest.approx((25.0, 0.0))


def test_percentiles_of_ties_and_ends():
    one = reference.Reference("q", 0, 0, {}, {"c": {"x": (0.0, 0.0, 1.0, 2.0)}}, {"c": 4})
    assert one.percentile("c", "x", np.array([0.0, 1.0, 1.5, 9.0, -1.0])).tolist() == [
        25.0,
        62.5,
        75.0,
        87.5,
        25.0,
    ]
    assert np.isnan(one.percentile("c", "y", np.array([1.0]))).all()
    assert np.isnan(one.percentile("c", "x", np.array([np.nan]))).all()
    raw = Figure(np.array([1.0]), np.array([4.0]), rate=True)
    assert one.shrunk("parents", "x", raw)[0] == 0.25


def test_long_grids_are_cut_to_quantiles():
    grid = reference._grid(list(np.random.default_rng(1).random(5000)))
    assert len(grid) == 400
    assert list(grid) == sorted(grid)


def test_tricks_move_an_index_by_two_points_at_most(big, frozen):
    """Bar 13, one community; twelve of them in bench/indices.py."""
    before = points(big, frozen)
    for attack in ATTACKS.values():
        after = points(attack(big), frozen)
        for index in INDICES:
            assert after[index] - before[index] <= 2


def test_control_arm_the_same_tricks_carry_a_naive_index(big, chain):
    same = [naive(each) for each in chain if len(each.eligible) == 400]
    before = naive_percentile(big, same)
    rises = {name: naive_percentile(attack(big), same) for name, attack in ATTACKS.items()}
    assert rises["1,000 messages"]["output"] - before["output"] > 10
    assert rises["50 fake invitees"]["influence"] - before["influence"] > 10
    assert rises["30 mutual likers"]["connection"] - before["connection"] > 10


def test_size_alone_does_not_move_an_index(frozen):
    """Bar 13, small: eight communities of 400 cut to 100 members, 12 draws each; 50 draws in bench/indices.py."""
    moves = {index: [] for index in INDICES}
    fall = []
    for seed in range(8):
        big = community(f"Y{seed}", 400, 900 + seed)
        before, naive_before = points(big, frozen), big.deeds.person.size
        draw = np.random.default_rng(seed)
        for _ in range(12):
            cut = big.keeping(draw.choice(big.eligible, 100, replace=False))
            after = points(cut, frozen)
            for index in INDICES:
                moves[index].append(after[index] - before[index])
            fall.append(np.isin(cut.deeds.person, cut.eligible).sum() / naive_before)
    for index in INDICES:
        assert abs(np.median(moves[index])) <= 5, index
    assert np.median(fall) < 0.3  # control arm: totals fall to a quarter


def test_the_interval_is_over_members_not_messages(big, frozen):
    """One member's thousand messages do not make the interval narrower. Control arm: more members do."""

    def width(facts):
        row = compute.run(facts, frozen).of("participation")
        return row.ci[1] - row.ci[0]

    assert width(ATTACKS["1,000 messages"](big)) > 0.8 * width(big)
    half = big.keeping(big.eligible[::2])
    assert width(half) > 1.1 * width(big)
