"""In generated histories nothing of anybody is used without a yes that holds at that moment; with a check taken out, it is."""

import random

import pytest
from django.db import transaction

from tongxin.voices.queries import feeds
from voices import consents

pytestmark = pytest.mark.django_db
HISTORIES, LENGTH, SEED = 12, 12, 20261123


@pytest.fixture
def town(noon):
    return consents.build()


def played(town, histories, seed=SEED):
    """So many histories; what was used, and every fault."""
    dice = random.Random(seed)
    uses, faults = 0, []
    for _ in range(histories):
        with transaction.atomic():
            judge = consents.play(town, consents.generate(dice.randrange, LENGTH))
            transaction.set_rollback(True)
        uses += judge.uses
        faults += judge.faults
    return uses, faults


def test_nothing_is_used_without_a_yes_that_holds(town):
    uses, faults = played(town, HISTORIES)
    assert faults == []
    assert uses > 8 * HISTORIES  # much was shown: silence would be no proof


# (where a check stands, what takes its place, a history in which it matters, what is then used)
OFF = [
    ("tongxin.voices.queries.sights.allowed", lambda *_: True, [("show", 0, 1, 1), ("photo_no", 0, 1, 0)], "photo"),
    ("tongxin.voices.queries.photos.allowed", lambda *_: True, [("show", 0, 1, 0), ("photo_no", 0, 0, 0)], "file"),
    ("tongxin.amplify.queries.stars.why_not", lambda *_: None, [("unlicense", 0, 0, 2)], "work"),
    ("tongxin.amplify.actions.works.why_not", lambda *_: None, [("license", 0, 0, 2), ("advert", 0, 3, 2)], "print"),
    ("tongxin.events.evidence.people.personalised", frozenset, [("tags_off", 1, 0, 0)], "tag"),
    ("tongxin.voices.queries.feeds.KINDS", {"": "", "public": ""}, [("public", 0, 0, 0), ("private", 0, 0, 0)], "post"),
]  # fmt: skip


def faults(town, history):
    """What was used wrongly in one history."""
    feeds.statement.cache_clear()
    with transaction.atomic():
        found = consents.play(town, history).faults
        transaction.set_rollback(True)
    return {fault[0] for fault in found}


def test_control_with_a_check_taken_out_it_is_found(town, monkeypatch):
    for where, instead, history, what in OFF:
        assert faults(town, history) == set(), what
        with monkeypatch.context() as off:
            off.setattr(where, instead)
            assert what in faults(town, history)
    feeds.statement.cache_clear()
