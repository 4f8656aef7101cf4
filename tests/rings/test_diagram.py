"""One dot is u people; the dots of a ring lie on rows in proportion to their radius."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tongxin.rings.diagram import MOST_OUTER_DOTS, draw, unit
from tongxin.rings.terms import Ring


@pytest.mark.parametrize(
    ("outer", "u"),
    [
        (0, 1),
        (300, 1),
        (301, 2),
        (600, 2),
        (601, 5),
        (1500, 5),
        (1501, 10),
        (27_480, 100),
        (2_469, 10),
        (3_000_001, 20_000),
    ],
)
def test_the_unit_is_the_smallest_that_fits(outer, u):
    assert unit(outer) == u


@given(st.integers(0, 5_000_000), st.integers(0, 500_000), st.integers(0, 50_000))
def test_no_dot_is_lost(outer, middle, inner):
    people = {Ring.OUTER: outer, Ring.MIDDLE: middle, Ring.INNER: inner}
    drawn = draw(people, {})
    for ring, n in people.items():
        dots = sum(row.dots for row in drawn.rows[ring])
        assert (dots - 1) * drawn.unit < n <= dots * drawn.unit
    assert sum(row.dots for row in drawn.rows[Ring.OUTER]) <= MOST_OUTER_DOTS
    assert drawn.total == 0 or sum(drawn.shares.values()) == pytest.approx(1)


def test_the_example_of_the_design():
    flows = {
        (Ring.OUTER, Ring.MIDDLE): 612,
        (Ring.MIDDLE, Ring.OUTER): 188,
        (Ring.MIDDLE, Ring.INNER): 31,
        (Ring.INNER, Ring.MIDDLE): 0,
    }
    drawn = draw({Ring.OUTER: 27_480, Ring.MIDDLE: 11_930, Ring.INNER: 752}, flows, 1204)
    assert drawn.unit == 100
    assert [(row.radius, row.dots) for row in drawn.rows[Ring.OUTER]] == [(204, 98), (190, 92), (176, 85)]
    figures = {(w.origin, w.target): (w.figures, w.nearer) for w in drawn.walkers}
    assert figures == {
        (Ring.OUTER, Ring.MIDDLE): (6, True), (Ring.MIDDLE, Ring.OUTER): (2, False), (Ring.MIDDLE, Ring.INNER): (1, True),
    }  # fmt: skip


def test_an_empty_chain_is_drawn_empty():
    drawn = draw({}, {})
    assert (drawn.total, drawn.rows[Ring.INNER], set(drawn.shares.values())) == (0, (), {0.0})
