"""May a work be shown now? The rule as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from tongxin.amplify.rules.licences import Said, WorkNow, furthest, lasts, may_ask, why_not
from tongxin.amplify.terms import ASK_AGAIN, LICENCE_MOST, Scope, Shut

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SOON, LONG_AGO = NOW + timedelta(days=30), NOW - timedelta(days=1)
GROUP, COMMUNITY, PUBLIC, ADVERT = Scope


def yes(scope=PUBLIC, until=SOON, *, granted=True):
    return Said(granted, scope, until)


def work(said, *, shown=True, there=True, photo=False, agree=None):
    return WorkNow(shown, there, said, photo, agree)


@pytest.mark.parametrize(
    ("fact", "use", "why"),
    [
        (work(yes()), GROUP, None),
        (work(yes()), PUBLIC, None),
        (work(yes()), ADVERT, Shut.TOO_FAR),
        (work(None), GROUP, Shut.NO_LICENCE),
        (work(yes(granted=False)), GROUP, Shut.WITHDRAWN),
        (work(yes(until=LONG_AGO)), GROUP, Shut.OVER),
        (work(yes(until=NOW)), GROUP, Shut.OVER),
        (work(yes(), there=False), GROUP, Shut.GONE),
        (work(yes(), shown=False), GROUP, Shut.NOT_SHOWN),
        (work(yes(), photo=True), GROUP, Shut.SEEN_DISAGREE),
        (work(yes(), photo=True, agree=GROUP), COMMUNITY, Shut.SEEN_DISAGREE),
        (work(yes(), photo=True, agree=PUBLIC), PUBLIC, None),
        (work(yes(ADVERT), photo=True, agree=PUBLIC), ADVERT, Shut.SEEN_DISAGREE),
    ],
)
def test_why_a_work_is_not_shown(fact, use, why):
    assert why_not(fact, use, NOW) is why


@pytest.mark.parametrize(
    ("fact", "far"),
    [
        (work(yes(ADVERT)), ADVERT),
        (work(yes(COMMUNITY)), COMMUNITY),
        (work(yes(ADVERT), photo=True, agree=GROUP), GROUP),
        (work(yes(), shown=False), None),
    ],
)
def test_the_furthest_open_use(fact, far):
    assert furthest(fact, NOW) is far


def test_a_yes_ends_and_a_no_is_respected():
    ends = [NOW, NOW + timedelta(seconds=1), NOW + LICENCE_MOST, NOW + LICENCE_MOST + timedelta(seconds=1)]
    assert [lasts(one, NOW) for one in ends] == [False, True, True, False]
    asked = [None, NOW, NOW - ASK_AGAIN + timedelta(seconds=1), NOW - ASK_AGAIN]
    assert [may_ask(one, NOW, ASK_AGAIN) for one in asked] == [True, False, False, True]
