"""圈层走势: from the placements alone, with an interval; too few months are a refusal."""

from datetime import UTC, datetime, timedelta

import pytest

from rings.chain import SYSTEM, act, join, open_chain
from tongxin.foundation import clock
from tongxin.measure import actions
from tongxin.measure.kinds.forecast import month_ends
from tongxin.rings.actions import recompute

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]


def test_month_ends_are_the_last_instants_of_local_months_and_now():
    now = datetime(2026, 3, 5, 4, tzinfo=UTC)
    ends = month_ends(now, "Asia/Shanghai", 2)
    assert [end.astimezone(UTC).isoformat() for end in ends] == [
        "2026-01-31T15:59:59.999999+00:00",
        "2026-02-28T15:59:59.999999+00:00",
        "2026-03-05T04:00:00+00:00",
    ]


def asked(**place):
    return actions.run_measurement(
        measurement_id=actions.ask_measurement(viewer=SYSTEM, kind="forecast", **place).pk
    )


def test_a_young_history_is_refused_with_how_long_to_wait():
    store, _ = open_chain()
    join(store)
    recompute(viewer=SYSTEM)
    kept = asked()
    assert (kept.state, kept.verdict, kept.answer) == ("done", "cannot_be_said", {"months": 1})
    assert "4" in kept.page["reasons"][0]["zh"]


def test_half_a_year_of_moves_becomes_a_forecast_with_interval_and_levers():
    near, far = open_chain()
    begin = clock.now()
    people = []
    for month in range(6):
        with clock.held(begin + timedelta(days=31 * month)):
            people += [join(near) for _ in range(10)]
            for person in people[: 5 * (month + 1)]:
                act(person, "checked_in", 1, 8, 15)
            recompute(viewer=SYSTEM)
    with clock.held(begin + timedelta(days=31 * 5 + 1)):
        kept = asked()
        elsewhere = asked(store=far)
    assert kept.verdict == "said"
    moves = kept.answer["moves"]
    assert moves[0][1] > 0, "some came nearer"
    assert sum(kept.answer["expected"][0]) == 60
    last, low, high = (kept.answer[name][-1][1] for name in ("expected", "low", "high"))
    assert low <= last <= high
    assert {(one["from"], one["to"]) for one in kept.answer["levers"]} >= {("outer", "middle")}
    assert not kept.simulated
    assert elsewhere.verdict == "cannot_be_said"
