"""The gate, a row a reason: no comes before not yet, and what would expire while it waits is dropped at once."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from tongxin.outreach.policy import fatigue as shipped_fatigue
from tongxin.outreach.policy import shipped
from tongxin.outreach.rules import (
    NEVER,
    Facts,
    Fatigue,
    GroupFacts,
    Line,
    Past,
    Policy,
    Verdict,
    above_platform,
    fatigue,
    free_from,
    held_out,
    marked,
    may_message,
    may_post,
    newest_lines,
    quiet_until,
    render,
    rested_from,
    with_code,
)
from tongxin.outreach.terms import (
    CAP_LABELS,
    CLASS_LABELS,
    DECISION_LABELS,
    REASON_LABELS,
    STATE_LABELS,
    Cap,
    Decision,
    MessageClass,
    Reason,
    SendState,
)

SHANGHAI = "Asia/Shanghai"
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
SERVICE, COMMUNITY, PROMOTION = MessageClass.SERVICE, MessageClass.COMMUNITY, MessageClass.PROMOTION
POLICY = Policy(
    (
        Line(None, 24, 1, "one a day"),
        Line(PROMOTION, 168, 1, "one a week"),
        Line(SERVICE, 24, 3, "three a day"),
    )
)


def wall(hour, minute=0, day=5, month=3, zone=SHANGHAI):
    """A time on the store's wall."""
    return datetime(2026, month, day, hour, minute, tzinfo=ZoneInfo(zone)).astimezone(UTC)


def facts(message_class=COMMUNITY, **more):
    """Somebody who may be told everything at noon."""
    return Facts(
        **({"message_class": message_class, "zone": SHANGHAI, "due_at": NOON, "consent": True} | more)
    )


def had(*ages, of=COMMUNITY):
    """Messages so many hours ago."""
    return tuple(Past(of, NOON - age * HOUR) for age in ages)


SENT, DROPPED, HELD = Decision.SENT, Decision.DROPPED, Decision.HELD
TABLE = [
    ("nothing against it", facts(), (SENT, Reason.ALLOWED)),
    ("service without an answer", facts(SERVICE, consent=None), (SENT, Reason.ALLOWED)),
    ("service after a yes", facts(SERVICE), (SENT, Reason.ALLOWED)),
    ("service after a withdrawal", facts(SERVICE, consent=False), (DROPPED, Reason.WITHDRAWN)),
    ("community never asked", facts(consent=None), (DROPPED, Reason.NO_CONSENT)),
    ("promotion never asked", facts(PROMOTION, consent=None), (DROPPED, Reason.NO_CONSENT)),
    ("community after a withdrawal", facts(consent=False), (DROPPED, Reason.WITHDRAWN)),
    ("opted out", facts(opted_out=True), (DROPPED, Reason.OPTED_OUT)),
    ("service opted out", facts(SERVICE, opted_out=True), (DROPPED, Reason.OPTED_OUT)),
    ("cancelled", facts(cancelled=True, erased=True), (DROPPED, Reason.CANCELLED)),
    ("erased", facts(erased=True, consent=False), (DROPPED, Reason.ERASED)),
    ("expired this instant", facts(expires_at=NOON), (DROPPED, Reason.EXPIRED)),
    ("expires in a moment", facts(expires_at=NOON + timedelta(seconds=1)), (SENT, Reason.ALLOWED)),
    ("left the audience", facts(in_audience=False), (DROPPED, Reason.LEFT_AUDIENCE)),
    ("held out", facts(held_out=True), (DROPPED, Reason.HELD_OUT)),
    ("service is never held out", facts(SERVICE, held_out=True), (SENT, Reason.ALLOWED)),
    ("had it as another entry", facts(twice=True), (DROPPED, Reason.TWICE)),
    ("no way there", facts(reachable=False), (DROPPED, Reason.NO_WAY)),
    ("kit recalled", facts(kit_recalled=True), (HELD, Reason.KIT_RECALLED, NOON + HOUR)),
    ("kit recalled, service", facts(SERVICE, kit_recalled=True), (HELD, Reason.KIT_RECALLED, NOON + HOUR)),
    ("kit recalled, but it cannot wait", facts(SERVICE, kit_recalled=True, urgent=True), (SENT, Reason.ALLOWED)),
    ("kit recalled, not due yet", facts(kit_recalled=True, due_at=NOON + 2 * HOUR), (HELD, Reason.NOT_YET, NOON + 2 * HOUR)),
    ("kit recalled, and expires first", facts(kit_recalled=True, expires_at=NOON + HOUR), (DROPPED, Reason.EXPIRES_FIRST)),
    ("not due", facts(due_at=NOON + HOUR), (HELD, Reason.NOT_YET, NOON + HOUR)),
    ("not due before it expires", facts(due_at=NOON + HOUR, expires_at=NOON + HOUR), (DROPPED, Reason.EXPIRES_FIRST)),
    ("one an hour ago", facts(past=had(1)), (HELD, Reason.CAP, wall(11, day=6))),
    ("one almost a day ago", facts(past=had(23.99)), (HELD, Reason.CAP, NOON + timedelta(seconds=36))),
    ("one exactly a day ago", facts(past=had(24)), (SENT, Reason.ALLOWED)),
    ("service does not count here", facts(past=had(1, 2, 3, of=SERVICE)), (SENT, Reason.ALLOWED)),
    ("promotion counts here", facts(past=had(1, of=PROMOTION)), (HELD, Reason.CAP, wall(11, day=6))),
    ("promotion this week", facts(PROMOTION, past=had(48, of=PROMOTION)), (HELD, Reason.CAP, wall(12, day=10))),
    ("promotion after community", facts(PROMOTION, past=had(48)), (SENT, Reason.ALLOWED)),
    ("service, third today", facts(SERVICE, past=had(1, 2, of=SERVICE)), (SENT, Reason.ALLOWED)),
    ("service, fourth today", facts(SERVICE, past=had(1, 2, 3, of=SERVICE)), (HELD, Reason.CAP, wall(9, day=6))),
    ("cap, and expires first", facts(past=had(1), expires_at=NOON + 23 * HOUR), (DROPPED, Reason.EXPIRES_FIRST)),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_a_row_a_reason(given, expected):
    assert may_message(given, POLICY, NOON) == Verdict(*expected)


NIGHT = [
    (wall(8, 29), wall(8, 30)),
    (wall(8, 30), None),
    (wall(21, 29), None),
    (wall(21, 30), wall(8, 30, day=6)),
    (wall(23, 59), wall(8, 30, day=6)),
    (wall(0, 0), wall(8, 30)),
]


@pytest.mark.parametrize(("at", "until"), NIGHT)
def test_the_night_is_the_stores(at, until):
    assert quiet_until(at, SHANGHAI, POLICY) == until
    verdict = may_message(facts(due_at=at), POLICY, at)
    assert verdict == (
        Verdict(SENT, Reason.ALLOWED) if until is None else Verdict(HELD, Reason.QUIET_HOURS, until)
    )


def test_another_zone_has_another_night():
    assert quiet_until(NOON, "America/New_York", POLICY) == wall(8, 30, zone="America/New_York")
    spring = datetime(2026, 3, 8, 3, 30, tzinfo=UTC)  # the clocks go forward in the night that follows
    assert quiet_until(spring, "America/New_York", POLICY) == datetime(2026, 3, 8, 12, 30, tzinfo=UTC)


def test_only_what_is_urgent_comes_at_night_and_expiry_wins():
    late = wall(22)
    assert may_message(facts(SERVICE, urgent=True, due_at=late), POLICY, late).outcome is SENT
    soon = facts(SERVICE, due_at=late, expires_at=wall(8, 30, day=6))
    assert may_message(soon, POLICY, late) == Verdict(DROPPED, Reason.EXPIRES_FIRST)


def test_a_cap_that_ends_at_night_waits_for_the_morning():
    past = (Past(COMMUNITY, wall(23, day=4)),)
    assert may_message(facts(past=past), POLICY, NOON) == Verdict(HELD, Reason.CAP, wall(8, 30, day=6))
    night = wall(22)
    assert may_message(facts(due_at=night, past=(Past(COMMUNITY, wall(12)),)), POLICY, night) == Verdict(
        HELD, Reason.QUIET_HOURS, wall(12, day=6)
    )


def test_a_cap_of_none_is_a_no():
    closed = Policy((Line(PROMOTION, 24, 0, "none"),))
    assert free_from(facts(PROMOTION), closed, NOON) == NEVER
    assert may_message(facts(PROMOTION), closed, NOON) == Verdict(DROPPED, Reason.CAP)
    assert may_message(facts(), closed, NOON).outcome is SENT


def test_the_cap_frees_as_many_as_must_leave():
    two = Policy((Line(None, 24, 2, ""),))
    assert free_from(facts(past=had(1, 5, 10)), two, NOON) == NOON + 19 * HOUR
    assert free_from(facts(past=had(1, 30)), two, NOON) is None


def test_of_dated_lines_the_newest_holds():
    old, new, other = Line(None, 24, 1, "old"), Line(None, 24, 2, "new"), Line(COMMUNITY, 24, 1, "other")
    rows = [(NOON - DAY, new), (NOON - 2 * DAY, old), (NOON - DAY, other)]
    assert set(newest_lines(rows, NOON)) == {new, other}
    assert newest_lines(rows, NOON - 2 * DAY) == (old,)
    assert newest_lines(rows, NOON - 3 * DAY) == ()


@pytest.mark.parametrize(
    ("ours", "breaks"),
    [
        ((24, 1), False),
        ((24, 2), True),
        ((12, 1), False),
        ((12, 2), True),
        ((168, 3), False),
        ((672, 29), True),
    ],
)
def test_ours_stays_below_the_platforms(ours, breaks):
    platform = (Line(None, 24, 1, "a day"), Line(None, 672, 28, "a month"))
    hours, most = ours
    assert (above_platform(Line(COMMUNITY, hours, most, "ours"), platform) is not None) is breaks


def test_a_holdout_follows_from_seed_and_person():
    people = [f"person-{n}" for n in range(20_000)]
    inside = [one for one in people if held_out("seed", [one], 100)]
    assert inside == [one for one in people if held_out("seed", [one], 100)]
    assert 0.09 < len(inside) / len(people) < 0.11
    assert set(inside) <= {one for one in people if held_out("seed", [one], 200)}
    both = [one for one in inside if held_out("other", [one], 100)]
    assert 0.06 < len(both) / len(inside) < 0.14  # another seed is another draw
    assert held_out("seed", ["nobody", inside[0]], 100)  # an entry behind the person counts


def test_words_take_plain_fields_only():
    assert render("{name}，{when}见", {"name": "揉面课", "when": "周六"}) == "揉面课，周六见"
    assert render("没有", {}) == "没有"
    with pytest.raises(KeyError):
        render("{name.__class__}", {"name": 1})
    with pytest.raises(KeyError):
        render("{missing}", {})


def test_advertising_says_so():
    assert marked("八折", PROMOTION) == "【广告】八折"
    assert marked("20% off", PROMOTION, english=True) == "[Ad] 20% off"
    assert marked("周六见", COMMUNITY) == "周六见"
    assert marked("", PROMOTION) == ""


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        (MessageClass, CLASS_LABELS),
        (SendState, STATE_LABELS),
        (Decision, DECISION_LABELS),
        (Reason, REASON_LABELS),
        (Cap, CAP_LABELS),
    ],
)
def test_every_word_has_both_languages(words, labels):
    assert set(labels) == set(words)
    assert all(zh and en for zh, en in labels.values())


def test_the_night_is_the_one_of_the_design():
    assert (POLICY.quiet_from, POLICY.quiet_until) == (time(21, 30), time(8, 30))


# ---- fatigue, and groups


TIRING = Policy(
    (),
    fatigue=Fatigue(
        half_life=timedelta(days=7),
        weights=((SERVICE, 0.25), (COMMUNITY, 1.0), (PROMOTION, 2.0)),
        bars=((COMMUNITY, 4.0), (PROMOTION, 3.0)),
    ),
    groups=(Line(None, 24, 1, "one a day"),),
)


def lately(message_class, *days):
    return tuple(Past(message_class, NOON - day * DAY) for day in days)


def test_each_message_tires_half_as_much_after_a_week():
    assert fatigue(lately(COMMUNITY, 0, 7, 14), TIRING.fatigue, NOON) == 1.75
    assert fatigue((*lately(PROMOTION, 7), *lately(SERVICE, 0)), TIRING.fatigue, NOON) == 1.25
    assert fatigue((Past(COMMUNITY, NOON + DAY),), TIRING.fatigue, NOON) == 0
    assert fatigue(lately(PROMOTION, 0), Policy(()).fatigue, NOON) == 0


@pytest.mark.parametrize(
    ("message_class", "past", "why"),
    [
        (PROMOTION, lately(PROMOTION, 0), Reason.ALLOWED),
        (PROMOTION, lately(PROMOTION, 0, 7), Reason.TIRED),
        (COMMUNITY, lately(PROMOTION, 0, 7), Reason.ALLOWED),
        (COMMUNITY, lately(PROMOTION, 0, 0), Reason.TIRED),
        (SERVICE, lately(PROMOTION, 0, 0, 0), Reason.ALLOWED),
    ],
)
def test_who_was_disturbed_a_lot_rests_for_a_while(message_class, past, why):
    verdict = may_message(facts(message_class, past=past), TIRING, NOON)
    assert verdict.why is why
    if why is Reason.TIRED:
        rested = facts(message_class, past=past, due_at=verdict.until)
        assert may_message(rested, TIRING, verdict.until).why is not Reason.TIRED
        assert rested_from(facts(message_class, past=past), TIRING.fatigue, NOON) == verdict.until


GROUP_ROWS = [
    ({}, Decision.SENT, Reason.ALLOWED),
    ({"past": lately(COMMUNITY, 0.5)}, Decision.HELD, Reason.CAP),
    ({"cancelled": True}, Decision.DROPPED, Reason.CANCELLED),
    ({"there": False}, Decision.DROPPED, Reason.LEFT_AUDIENCE),
    ({"held_out": True}, Decision.DROPPED, Reason.HELD_OUT),
    ({"kit_recalled": True}, Decision.HELD, Reason.KIT_RECALLED),
    ({"paused": True}, Decision.HELD, Reason.PAUSED),
    ({"expires_at": NOON}, Decision.DROPPED, Reason.EXPIRED),
    ({"past": lately(COMMUNITY, 0.5), "expires_at": NOON + HOUR}, Decision.DROPPED, Reason.EXPIRES_FIRST),
]


@pytest.mark.parametrize(("more", "outcome", "why"), GROUP_ROWS)
def test_a_group_is_asked_the_same_questions(more, outcome, why):
    group = GroupFacts(message_class=COMMUNITY, zone=SHANGHAI, due_at=NOON, **more)
    verdict = may_post(group, TIRING, NOON)
    assert (verdict.outcome, verdict.why) == (outcome, why)


def test_a_group_sleeps_too():
    group = GroupFacts(message_class=COMMUNITY, zone=SHANGHAI, due_at=NOON)
    assert may_post(group, TIRING, wall(22)).why is Reason.QUIET_HOURS


@pytest.mark.parametrize(
    ("path", "code", "link"),
    [
        ("/e/1", "pyq", "/e/1?c=pyq"),
        ("/e/1?a=b", "pyq", "/e/1?a=b&c=pyq"),
        ("/e/1#top", "pyq", "/e/1?c=pyq#top"),
        ("/e/1", "", "/e/1"),
        ("", "pyq", ""),
    ],
)
def test_a_link_says_where_it_was_found(path, code, link):
    assert with_code(path, code) == link


def test_the_shipped_policy_stays_below_the_platforms():
    """Every shipped line says its ground; fatigue and the caps of groups hold from a day on."""
    assert all(line.clause for rows in shipped().values() for _, line in rows)
    assert shipped_fatigue(NOON).bars
    assert shipped_fatigue(datetime(2020, 1, 1, tzinfo=UTC)).bars == ()
