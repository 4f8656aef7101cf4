"""The beat of long jobs."""

import time

from tongxin.foundation.ticking import ticks


def test_without_a_channel_it_beats_by_the_clock():
    began = time.monotonic()
    beats = sum(1 for _ in ticks(window=0.3, every=0.1))
    assert 2 <= beats <= 4  # a busy machine may sleep through one
    assert 0.3 <= time.monotonic() - began < 10


def test_a_window_of_nothing_is_one_round():
    assert sum(1 for _ in ticks(window=0, every=1)) == 1


def test_it_stops_when_told():
    assert sum(1 for _ in ticks(window=9, every=1, stop=lambda: True)) == 0
