"""Attendance, its implicit projection, components, cores, bridging: held to hand-written loops and to Davis."""

import csv
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongxin.compass.errors import BadInput
from tongxin.compass.graph import attendance, bridging, components, core, deeds, halves, pagerank, projection

DAVIS = Path(__file__).parents[1] / "published" / "davis.csv"
#: the split that Davis, Gardner and Gardner found by interviews
FIRST = {"Evelyn Jefferson", "Laura Mandeville", "Theresa Anderson", "Brenda Rogers", "Charlotte McDowd",
         "Frances Anderson", "Eleanor Nye", "Pearl Oglethorpe", "Ruth DeSand"}  # fmt: skip


@pytest.fixture(scope="module")
def davis():
    with DAVIS.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    women, events = sorted({r["woman"] for r in rows}), sorted({r["event"] for r in rows})
    who = np.array([women.index(r["woman"]) for r in rows])
    where = np.array([events.index(r["event"]) for r in rows])
    return women, who, where, attendance.build(who, where, 18, 14)


def by_hand(who, where, n, largest=60):
    """Newman's weights pair by pair, from the definition."""
    people = {}
    for member, event in zip(who, where, strict=True):
        people.setdefault(event, set()).add(member)
    weight = np.zeros((n, n))
    for there in people.values():
        if 2 <= len(there) <= largest:
            for i, j in combinations(sorted(there), 2):
                weight[i, j] += 1 / (len(there) - 1)
                weight[j, i] += 1 / (len(there) - 1)
    return weight


def rank_by_hand(weight, active, damping=0.85, steps=400):
    """PageRank on a written-down matrix, plain loops over the formula."""
    n = len(weight)
    start = np.array(active, dtype=float) / sum(active)
    out = weight.sum(axis=1)
    value = start.copy()
    for _ in range(steps):
        new = np.zeros(n)
        lost = sum(value[i] for i in range(n) if out[i] == 0)
        for i in range(n):
            if out[i] > 0:
                new += damping * value[i] * weight[i] / out[i]
        value = new + (1 - damping + damping * lost) * start
    return value / value.sum()


def test_davis_strength_is_events_attended_and_there_are_139_ties(davis):
    _, who, _, there = davis
    assert there.strength.tolist() == np.bincount(who).tolist()
    assert projection.degrees(there).sum() == 2 * 139
    assert np.abs(projection.multiply(there, np.ones(18)) - there.strength).max() < 1e-12


def test_davis_implicit_pagerank_is_the_explicit_one(davis):
    _, who, where, there = davis
    implicit = pagerank.of_attendance(there, tolerance=1e-16, most=500)
    explicit = rank_by_hand(by_hand(who, where, 18), [True] * 18)
    assert np.abs(implicit.value - explicit).max() <= 1e-12
    assert implicit.value.sum() == pytest.approx(1, abs=1e-15)


def test_davis_splits_nine_nine_as_the_interviews_did(davis):
    women, _, _, there = davis
    found = halves.split(there)
    sides = {frozenset(women[i] for i in np.flatnonzero(found.side == side)) for side in (0, 1)}
    assert frozenset(FIRST) in sides
    assert [(found.side == side).sum() for side in (0, 1)] == [9, 9]
    assert found.modularity == pytest.approx(0.264144, abs=1e-6)  # Leiden's value (leidenalg 0.12.0)


def test_counting_common_events_instead_would_misplace_somebody(davis):
    """Control arm: Newman's weights are what gives 9/9; on plain counts the same method does not."""
    _, who, where, _ = davis
    there = np.zeros((18, 14))
    there[who, where] = 1
    counts = there @ there.T
    np.fill_diagonal(counts, 0)
    strength = counts.sum(axis=1)
    seam = counts - np.outer(strength, strength) / strength.sum()
    sign = np.linalg.eigh(seam)[1][:, -1] > 0
    assert sorted((sign.sum(), (~sign).sum())) != [9, 9]


def test_halves_need_people_who_met():
    with pytest.raises(BadInput, match="met anybody"):
        halves.split(attendance.build(np.array([0, 1]), np.array([0, 0]), 4, 1))


def test_a_bad_split_is_mended_one_member_at_a_time(davis):
    _, _, _, there = davis
    strength = there.strength.astype(float)

    def seam(vector):
        return projection.multiply(there, vector) - strength * (strength @ vector) / strength.sum()

    begin = np.where(np.arange(18) % 2 == 0, 1.0, -1.0)
    mended = halves._refined(seam, there, begin, strength)
    assert mended @ seam(mended) > begin @ seam(begin)
    for member in range(18):  # nobody is left whose move would help
        moved = mended.copy()
        moved[member] *= -1
        assert moved @ seam(moved) <= mended @ seam(mended) + 1e-9


def test_who_met_nobody_is_on_no_side():
    found = halves.split(attendance.build(np.array([0, 1, 2, 0, 1]), np.array([0, 0, 1, 1, 2]), 4, 3))
    assert found.side[3] == -1


PAIRS = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 6)), max_size=40)


@given(PAIRS, st.integers(2, 8), st.randoms(use_true_random=False))
@settings(max_examples=40, deadline=None)
def test_operator_strength_and_components_are_those_of_the_written_matrix(pairs, largest, chance):
    who, where = (np.array([pair[i] for pair in pairs], dtype=int) for i in (0, 1))
    there = attendance.build(who, where, 10, 7, largest=largest)
    weight = by_hand(who, where, 10, largest)
    vector = np.arange(10.0) - 4
    assert np.allclose(projection.multiply(there, vector), weight @ vector, atol=1e-12)
    assert np.allclose(projection.operator(there) @ vector, weight @ vector, atol=1e-12)
    assert np.allclose(projection.rows(there, 0, 10).toarray(), weight, atol=1e-12)
    assert there.strength.tolist() == np.rint(weight.sum(axis=1)).astype(int).tolist()
    assert projection.degrees(there).tolist() == (weight > 0).sum(axis=1).tolist()
    assert components.of(there).label.tolist() == walk(weight)
    order = list(range(len(pairs)))
    chance.shuffle(order)
    again = attendance.build(who[order], where[order], 10, 7, largest=largest)
    assert (again.met != there.met).nnz == 0
    assert pagerank.of_attendance(again).value.tobytes() == pagerank.of_attendance(there).value.tobytes()


def walk(weight):
    """Components by a plain search, numbered by their first member."""
    label, number = [-1] * len(weight), 0
    for begin in range(len(weight)):
        if label[begin] >= 0:
            continue
        todo = [begin]
        while todo:
            here = todo.pop()
            if label[here] < 0:
                label[here] = number
                todo += [j for j in range(len(weight)) if weight[here, j] > 0]
        number += 1
    return label


def test_a_broadcast_is_reach_and_no_tie():
    who = np.concatenate((np.arange(50_000), [0, 1]))
    where = np.concatenate((np.zeros(50_000, dtype=int), [1, 1]))
    there = attendance.build(who, where, 50_000, 2)
    assert there.presence.nnz == 50_002
    assert there.strength[:3].tolist() == [1, 1, 0]
    assert there.reach[2] == 49_999
    assert components.of(there).sizes.max() == 2
    assert attendance.build(who, where, 50_000, 2, largest=50_000).strength[0] == 2  # the bound is data


def test_an_event_of_one_person_is_presence_only():
    there = attendance.build(np.array([0]), np.array([0]), 1, 1)
    assert (there.strength[0], there.presence.nnz) == (0, 1)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ((np.array([0, 1]), np.array([0]), 2, 1), "2 members and 1 events"),
        ((np.array([5]), np.array([0]), 2, 1), "attendance.member"),
        ((np.array([0]), np.array([3]), 2, 1), "attendance.event"),
    ],
)
def test_attendance_refuses_by_name(arguments, says):
    with pytest.raises(BadInput, match=says):
        attendance.build(*arguments)


def test_a_meeting_needs_two():
    with pytest.raises(BadInput, match="largest"):
        attendance.build(np.array([0]), np.array([0]), 1, 1, largest=1)


EDGES = st.lists(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=60)


@given(EDGES)
@settings(max_examples=60, deadline=None)
def test_core_numbers_are_those_of_the_definition(edges):
    doer, other = (np.array([e[i] for e in edges], dtype=int) for i in (0, 1))
    graph = deeds.acquainted(deeds.build(doer, other, 12)).toarray()
    assert core.numbers(deeds.acquainted(deeds.build(doer, other, 12))).tolist() == peel(graph)


def peel(graph):
    """The largest k for which a member survives removing everybody with fewer than k neighbours again and again."""
    n = len(graph)
    out = [0] * n
    for k in range(1, n):
        alive = set(range(n))
        while True:
            weak = {i for i in alive if sum(graph[i, j] for j in alive) < k}
            if not weak:
                break
            alive -= weak
        for i in alive:
            out[i] = k
    return out


@given(EDGES, st.lists(st.integers(-1, 3), min_size=12, max_size=12))
@settings(max_examples=40, deadline=None)
def test_participation_coefficient_is_the_formula(edges, homes):
    doer, other = (np.array([e[i] for e in edges], dtype=int) for i in (0, 1))
    replies = deeds.build(doer, other, 12)
    visits = attendance.build(doer, other % 5, 12, 5)
    weight = replies.matrix.toarray()
    weight = weight + weight.T + by_hand(doer, other % 5, 12)
    expected = []
    for i in range(12):
        by_store = [sum(weight[i, j] for j in range(12) if homes[j] == s) for s in range(4)]
        total = sum(by_store)
        expected.append(1 - sum((w / total) ** 2 for w in by_store) if total else 0.0)
    found = bridging.participation(np.array(homes), 4, visits, replies)
    assert np.allclose(found, expected, atol=1e-12)
    assert ((found >= 0) & (found < 1)).all()


def test_components_of_deeds_and_of_both():
    talk = deeds.build(np.array([0]), np.array([3]), 4)
    met = attendance.build(np.array([1, 2]), np.array([0, 0]), 4, 1)
    assert components.of(deeds=talk).label.tolist() == [0, 1, 2, 0]
    assert components.of(met, talk).label.tolist() == [0, 1, 1, 0]
    assert components.of(met, talk).largest_share == 0.5
    with pytest.raises(BadInput, match="neither"):
        components.of()
    with pytest.raises(BadInput, match="4 and 5 members"):
        components.of(met, deeds.build(np.array([0]), np.array([1]), 5))
    assert components.of(deeds=deeds.build(np.zeros(0, int), np.zeros(0, int), 0)).largest_share == 0.0
