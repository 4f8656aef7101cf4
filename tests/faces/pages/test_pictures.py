"""Geometry of the pictures: pure numbers in, numbers out (visual.md §4)."""

from datetime import date
from math import hypot

import pytest

from tongxin.faces import pictures
from tongxin.rings.diagram import draw
from tongxin.rings.terms import Ring

PEOPLE = {"outer": 27480, "middle": 11930, "inner": 752}
MOVES = {("outer", "middle"): 612, ("middle", "outer"): 188, ("middle", "inner"): 31, ("inner", "middle"): 9}


def drawn(people=PEOPLE, moves=MOVES):
    d = draw(
        {Ring(k): n for k, n in people.items()}, {(Ring(a), Ring(b)): n for (a, b), n in moves.items()}, 7
    )
    return pictures.ring_picture(
        unit=d.unit,
        people=people,
        rows={str(r): [(x.radius, x.dots, x.diameter) for x in rows] for r, rows in d.rows.items()},
        moves=moves,
        arrived=7,
    )


def test_one_dot_stands_for_u_people_and_the_rows_hold_them_all():
    picture = drawn()
    assert picture.unit == 100
    outer = [row for row in picture.rows if row.letter == "o"]
    assert [row.radius for row in outer] == [204, 190, 176]
    assert sum(row.dots for row in outer) == 275
    assert sum(row.dots for row in picture.rows if row.letter == "i") == 8


def test_walkers_are_moves_over_u_and_at_least_one():
    by = {(f.letter, f.nearer): f for f in drawn().flows}
    assert len(by["m", True].walkers) == 6
    assert len(by["o", False].walkers) == 2
    assert len(by["i", True].walkers) == 1
    assert len(by["m", False].walkers) == 1


@pytest.mark.parametrize(
    ("way", "between"),
    [
        (("outer", "middle"), (145, 168)),
        (("middle", "outer"), (145, 168)),
        (("middle", "inner"), (66, 95)),
        (("inner", "middle"), (66, 95)),
    ],
)
def test_walkers_stay_in_the_gap_between_their_rings_and_point_the_right_way(way, between):
    (flow,) = drawn(moves={way: 100_000}).flows
    for w in flow.walkers:
        tail, head = (hypot(x - 220, y - 220) for x, y in ((w.x, w.y), (w.head_x, w.head_y)))
        assert between[0] <= min(tail, head) < max(tail, head) <= between[1]
        assert (head < tail) is flow.nearer
    assert len(flow.walkers) <= pictures.MOST_WALKERS


def test_nobody_moved_nobody_walks_and_an_empty_chain_can_be_drawn():
    picture = drawn({"outer": 0, "middle": 0, "inner": 0}, {("outer", "middle"): 0})
    assert (picture.flows, picture.rows, picture.total, picture.outer.share) == ((), (), 0, 0.0)


def test_the_ladder_carries_the_figures_of_the_diagram():
    picture = drawn()
    assert (picture.inner_flow, picture.outer_flow, picture.nearer, picture.arrived) == (
        (31, 9),
        (612, 188),
        643,
        7,
    )
    assert sum(r.share for r in (picture.inner, picture.middle, picture.outer)) == pytest.approx(1)


@pytest.mark.parametrize(("ring", "radius"), pictures.PLACES.items())
def test_the_person_stands_on_the_circle_of_their_ring(ring, radius):
    placed = pictures.placed_picture(ring, ["outer", ring], missing=True)
    assert hypot(placed.x - 74, placed.y - 74) == pytest.approx(radius, abs=0.2)
    assert placed.way.startswith("M")
    assert placed.way.endswith(f"{placed.x} {placed.y}")
    assert bool(placed.step) is (ring != "inner")


def test_without_a_history_or_a_missing_step_nothing_is_drawn():
    placed = pictures.placed_picture("middle", ["middle"], missing=False)
    assert (placed.way, placed.step) == ("", "")


def test_a_gate_bar_shows_value_bar_and_low_water_in_proportion():
    bar = pictures.gate_bar(10, 20, 14, met=False)
    assert (bar.value, bar.bar, bar.low) == (86.7, 173.3, 121.3)
    far = pictures.gate_bar(400, 20, None, met=True)
    assert far.value < 260
    assert far.low is None


def test_lanes_count_by_week_and_forget_what_is_older():
    today = date(2026, 3, 5)
    found = pictures.lanes(
        [
            ("online", today),
            ("online", today),
            ("online", today),
            ("till", date(2026, 2, 26)),
            ("offline", date(2020, 1, 1)),
            ("x", today),
        ],
        today,
    )
    assert [(m.n, m.big) for m in found.online] == [(3, True)]
    assert found.online[0].x == pictures.RIGHT
    assert (len(found.till), found.offline, found.empty) == (1, (), False)
    assert pictures.lanes([], today).empty
    assert [m for _, m in found.months][-2:] == [2, 3]


def test_an_interval_is_solid_only_when_it_excludes_zero():
    solid, hollow = pictures.span(31, 18, 44), pictures.span(8, -6, 22)
    assert (solid.solid, hollow.solid) == (True, False)
    assert hollow.left < hollow.zero < hollow.left + hollow.width
    assert solid.zero < solid.left
    assert pictures.span(None, 1, 2).point is None
    assert pictures.span(0, 0, 0).width == 0


def test_seats_go_clockwise_from_twelve_and_stop_at_twenty_four():
    seats = pictures.seat_ring(9, 12)
    assert (seats[0].x, seats[0].y) == (60, 14)
    assert seats[3].x == 106
    assert sum(s.taken for s in seats) == 9
    assert pictures.seat_ring(1, 25) == pictures.seat_ring(0, 0) == ()


@pytest.mark.parametrize(("people", "seats"), [(0, 0), (3, 3), (99, 15), (-1, 0)])
def test_the_fire_has_room_for_fifteen(people, seats):
    assert len(pictures.fire_seats(people)) == seats


def test_a_spark_keeps_inside_its_box():
    path, x, y = pictures.spark([1, 5, 3])
    assert path.startswith("M3")
    assert (0 <= x <= 110, 0 <= y <= 30) == (True, True)
    assert pictures.spark([1]) == ("", 0.0, 0.0)
    assert pictures.spark([2, 2])[2] == 26
