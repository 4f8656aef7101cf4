"""New customers are greeted in time also while much is handed over slowly; the true clock. `bench/wecom.py` does more.

What stays in every run of the suite: test_wecom_mirror.py (within twenty seconds and once).
"""

import pytest

from connect.wecom.greetings import greet

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.nightly]


def test_first_words_come_in_time_while_hand_overs_wait():
    waits = greet(6, seconds=8, backlog=200)
    assert all(one is not None and one < 20 for one in waits)
