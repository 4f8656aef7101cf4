"""One refusal, with a code."""

import pickle
import string

import pytest

from tongxin.foundation.errors import REFUSALS, Refused


def test_a_refusal_carries_its_code_and_its_data():
    refused = Refused("event.full", place=7)
    assert (refused.code, refused.data, str(refused)) == ("event.full", {"place": 7}, "event.full")
    assert repr(refused) == "Refused('event.full', {'place': 7})"


def test_it_travels_between_processes():
    again = pickle.loads(pickle.dumps(Refused("event.full", place=7)))
    assert (again.code, again.data) == ("event.full", {"place": 7})


@pytest.mark.parametrize("code", REFUSALS)
def test_both_languages_ask_for_the_same_data(code):
    sentence = REFUSALS[code]
    asked = [
        {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for text in (sentence.zh, sentence.en)
    ]
    assert asked[0] == asked[1]
    assert 400 <= sentence.status < 600
