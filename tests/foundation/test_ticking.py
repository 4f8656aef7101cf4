"""The beat of long jobs."""

import time

from tongxin.foundation.ticking import ticks


def test_without_a_channel_it_beats_by_the_clock():
    began = time.monotonic()
    beats = sum(1 for _ in ticks(window=0.2, every=0.05))
    assert 3 <= beats <= 5
    assert 0.2 <= time.monotonic() - began < 1


def test_a_window_of_nothing_is_one_round():
    assert sum(1 for _ in ticks(window=0, every=1)) == 1


def test_it_stops_when_told():
    assert sum(1 for _ in ticks(window=9, every=1, stop=lambda: True)) == 0
