"""A no holds within a minute, however many are about to be told; the true clock, true threads. `bench/wecom.py` does more.

What is certain in every run of the suite: test_carrying.py (the lock), test_wecom_gate.py (an open task is taken back).
"""

import pytest

from outreach.opting_race import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]


@pytest.mark.parametrize("channel", ["inbox", "wecom"])
def test_a_no_holds_within_a_minute(channel):
    told = race(40, seconds=6, channel=channel, stores=4)
    assert (told.noes, told.before + told.never + told.after[channel]) == (20, 20)
    assert told.told > 0
    assert told.longest[channel] < 60
    if channel == "inbox":
        assert told.after["inbox"] == 0
