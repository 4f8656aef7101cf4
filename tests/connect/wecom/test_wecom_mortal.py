"""Workers killed with −9 while they hand over, the platform on a port, callbacks twice and in any order. `bench/wecom.py` does ten thousand.

The small versions that stay in every run of the suite are test_wecom_storm.py (faults) and test_wecom_killed.py (killed before any
of its statements).
"""

import pytest

from connect.wecom.mortal import kill_storm

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]


def test_killed_again_and_again_nothing_is_lost_or_double(noon, tmp_path):
    told = kill_storm(150, tmp_path, start=noon, kills=5, between=(0.2, 0.8))
    assert (told.lost, told.doubles, told.sent_twice, told.stuck) == (0, 0, 0, 0)
    assert (told.made, told.sent) == (150, 150)
    assert (told.groups_agree, told.friends_agree) == (True, True)
    assert told.kills == 5
    assert (
        told.told > told.events > 0
    )  # how many there are is a matter of the wall clock; each was told more than once
