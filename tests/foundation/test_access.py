"""Who asks, how far they reach."""

import pytest

from tongxin.foundation.access import ANONYMOUS, ANYONE, Grant, Row, Verb, Viewer, check, system
from tongxin.foundation.errors import Refused

CHAMPION = Viewer(
    account=1,
    name="c",
    grants=(Grant("champion", places=frozenset({3})), Grant("door", places=frozenset({4, 5}))),
)
EDITOR = Viewer(
    account=2,
    name="e",
    grants=(Grant("hq_editor", everywhere=True), Grant("champion", places=frozenset({3}))),
)
MEMBER = Viewer(account=3, name="m", person=9)
JOB = system("rings")


@pytest.mark.parametrize(
    ("viewer", "place", "roles", "reached"),
    [
        (CHAMPION, 3, None, True), (CHAMPION, 4, None, True), (CHAMPION, 6, None, False), (CHAMPION, None, None, False),
        (CHAMPION, 3, ["door"], False), (CHAMPION, 4, ["door", "champion"], True), (CHAMPION, 3, [], False),
        (EDITOR, 99, None, True), (EDITOR, None, None, True), (EDITOR, 99, ["champion"], False), (EDITOR, 3, ["champion"], True),
        (MEMBER, 3, None, False), (MEMBER, None, None, False), (ANONYMOUS, 3, None, False), (JOB, None, None, True),
        (JOB, 3, ["champion"], False),
    ],
)  # fmt: skip
def test_reach(viewer, place, roles, reached):
    assert viewer.reaches(place, roles) is reached


@pytest.mark.parametrize(
    ("viewer", "roles", "places"),
    [(CHAMPION, None, {3, 4, 5}), (CHAMPION, ["door"], {4, 5}), (CHAMPION, ["admin"], set()), (EDITOR, None, None),
     (EDITOR, ["champion"], {3}), (MEMBER, None, set()), (JOB, None, None)],
)  # fmt: skip
def test_places(viewer, roles, places):
    assert viewer.places(roles) == places


def test_reach_and_places_agree():
    for viewer in (CHAMPION, EDITOR, MEMBER, ANONYMOUS, JOB):
        for roles in (None, ["champion"], ["door"], ["hq_editor"]):
            held = viewer.places(roles)
            for place in range(1, 8):
                assert viewer.reaches(place, roles) is (held is None or place in held)


def test_who_is_somebody():
    assert ANONYMOUS.anonymous
    assert not JOB.anonymous
    assert not MEMBER.anonymous
    assert (JOB.name, JOB.roles, CHAMPION.roles) == ("system:rings", {"system"}, {"champion", "door"})


ROW = Row("r", "GET", Verb.READ, frozenset({"champion"}), scope="members:read")


@pytest.mark.parametrize(
    ("row", "viewer", "code"),
    [
        (ROW, CHAMPION, None),
        (ROW, ANONYMOUS, "sign_in_needed"),
        (ROW, MEMBER, "forbidden"),
        (ROW, JOB, "forbidden"),
        (ROW, Viewer(account=1, name="t", grants=CHAMPION.grants, scopes=frozenset()), "forbidden"),
        (ROW, Viewer(account=1, name="t", grants=CHAMPION.grants, scopes=frozenset({"other"})), "forbidden"),
        (ROW, Viewer(account=1, name="t", grants=CHAMPION.grants, scopes=frozenset({"members:read"})), None),
        (Row("r", "GET", Verb.READ, frozenset({ANYONE})), ANONYMOUS, None),
        (Row("r", "GET", Verb.READ, frozenset()), EDITOR, "forbidden"),
        # a row that names no scope is closed to every token
        (Row("r", "GET", Verb.READ, frozenset({"champion"})), Viewer(account=1, name="t", grants=CHAMPION.grants, scopes=frozenset({"x"})), "forbidden"),
    ],
)  # fmt: skip
def test_a_row_of_the_table(row, viewer, code):
    if code is None:
        check(row, viewer)
        return
    with pytest.raises(Refused) as refused:
        check(row, viewer)
    assert refused.value.code == code
