"""Two hundred hand-overs through everything that goes wrong. `bench/wecom.py` does ten thousand."""

import pytest

from connect.wecom import corp
from connect.wecom.errands import STORM, storm
from tongxin.connect.wecom.pacing import SharedPace, Size
from tongxin.connect.wecom.sandbox.faults import Switch

pytestmark = pytest.mark.django_db(transaction=True)
MANY = 200


def test_nothing_is_lost_nothing_is_double_nothing_stays_open(noon):
    told = storm(MANY, start=noon, calm_after=60)
    assert (told.lost, told.doubles, told.sent_twice, told.stuck) == (0, 0, 0, 0)
    assert (told.made, told.sent) == (MANY, MANY)
    assert dict(told.states) == {"awaiting_staff": MANY}
    assert told.deaths > 3


def test_without_the_look_up_there_are_doubles(noon):
    """The control arm: what comes of repeating what nobody knows the outcome of."""
    told = storm(
        MANY // 3,
        start=noon,
        look_up=False,
        deaths=0,
        faults=(Switch("cut", permille=200, left=None),),
        calm_after=60,
        quiet=60,
    )
    assert told.doubles > 5


@pytest.mark.parametrize("paced", [True, False])
def test_a_published_rate_is_used_by_half_and_without_the_bucket_it_is_not(noon, paced):
    """A platform that allows 120 a minute; the bucket lets 20 through at once and 0.6 a second: at most 56 in any minute."""
    pace = SharedPace(corp.CONFIG.corp, interface=Size(20, 0.6), here=Size(10_000, 1000.0))
    told = storm(
        90,
        start=noon,
        faults=(),
        deaths=0,
        paced=paced,
        pace=pace,
        calm_after=0,
        limits={"minute_limit": 120},
        quiet=200,
    )
    assert (told.made, told.lost, told.doubles, told.stuck) == (90, 0, 0, 0)
    assert (told.peak <= 60) is paced


def test_the_storm_strikes_with_every_fault():
    assert {one.kind for one in STORM} == {
        "limit",
        "busy",
        "revoked",
        "expired",
        "crowd",
        "lost",
        "cut",
        "hang",
    }
