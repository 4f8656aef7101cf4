"""Who has a reason to be invited, and whose turn it is: tables without a database."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.champions.rules.inviting import (
    NearStep,
    Reason,
    allowed_today,
    missed,
    newcomer,
    one_step_away,
    turns,
    whom,
)
from tongxin.champions.terms import InviteReason
from tongxin.outreach.rules import Verdict
from tongxin.outreach.terms import Decision
from tongxin.outreach.terms import Reason as Gate

D = date(2026, 3, 5)


def ago(*days):
    return [D - timedelta(days=n) for n in days]


@pytest.mark.parametrize(
    ("visits", "facts"),
    [
        (ago(70, 63, 56), {"times": 3, "every": 7, "since": 56}),
        (ago(60, 40, 20), None),  # every 20 days: 20 days are no gap
        (ago(90, 60, 30), None),  # 30 days are the usual gap
        (ago(100, 70, 46), {"times": 3, "every": 27, "since": 46}),
        (ago(50, 40), None),  # one gap is no rhythm
        (ago(8, 7, 6), None),  # who comes daily is not missed within two weeks
        (ago(16, 15, 14), {"times": 3, "every": 1, "since": 14}),
        (ago(460, 430, 400), None),  # gone for good is another task
        ([], None),
    ],
)
def test_missed_by_their_own_rhythm(visits, facts):
    found = missed(7, visits, D)
    assert (None if found is None else dict(found.facts)) == facts


STEP = NearStep("checked_in", 1, opens=True, said_zh="再来一次", said_en="once more")


@pytest.mark.parametrize(
    ("step", "named"),
    [
        (STEP, True),
        (None, False),
        (NearStep("checked_in", 3, opens=True, said_zh="", said_en=""), False),
        (NearStep("posted", 1, opens=True, said_zh="", said_en=""), False),
        (NearStep("checked_in", 1, opens=False, said_zh="", said_en=""), False),
    ],
)
def test_an_invitation_helps_only_with_a_step_that_an_event_takes(step, named):
    assert (one_step_away(7, step) is not None) is named


@pytest.mark.parametrize(
    ("registered", "touched", "named"),
    [
        (D, False, True),
        (D - timedelta(days=60), False, True),
        (D - timedelta(days=61), False, False),
        (D, True, False),
        (None, False, False),
    ],
)
def test_a_newcomer_who_has_not_been_anywhere(registered, touched, named):
    assert (newcomer(7, registered, D, touched=touched) is not None) is named


def test_reasons_take_turns_and_nobody_comes_twice():
    given = [
        Reason(1, InviteReason.NEW, 3),
        Reason(2, InviteReason.NEW, 1),
        Reason(3, InviteReason.MISSED, -4),
        Reason(4, InviteReason.MISSED, -2),
        Reason(3, InviteReason.STEP, 1),
        Reason(5, InviteReason.STEP, 2),
    ]
    assert [one.person for one in turns(given)] == [3, 5, 2, 4, 1]


def test_whom_the_gate_refuses_the_next_takes_the_place():
    ordered = [Reason(n, InviteReason.NEW, n) for n in range(1, 6)]
    may = {1: False, 2: True, 3: True, 4: True, 5: True}
    assert [one.person for one in whom(ordered, may)] == [2, 3, 4]
    assert whom(ordered, {}) == []


@pytest.mark.parametrize(
    ("verdict", "until", "may"),
    [
        (Verdict(Decision.SENT, Gate.ALLOWED), None, True),
        (Verdict(Decision.HELD, Gate.QUIET_HOURS, datetime(2026, 3, 5, 0, 30, tzinfo=UTC)), D, True),
        (
            Verdict(Decision.HELD, Gate.QUIET_HOURS, datetime(2026, 3, 6, 0, 30, tzinfo=UTC)),
            D + timedelta(1),
            False,
        ),
        (Verdict(Decision.HELD, Gate.CAP, datetime(2026, 3, 5, 9, 0, tzinfo=UTC)), D, False),
        (Verdict(Decision.DROPPED, Gate.OPTED_OUT), None, False),
        (Verdict(Decision.DROPPED, Gate.NO_CONSENT), None, False),
    ],
)
def test_caps_and_consent_bind_an_invitation_by_word_of_mouth_too(verdict, until, may):
    assert allowed_today(verdict, D, until) is may
