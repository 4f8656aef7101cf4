"""Consent, sight, children, names: the rules as tables."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.foundation.access import Verb
from tongxin.people.facts import BY_CODE, CONTRIBUTION, DEEDS
from tongxin.people.rules import (
    MAY,
    Asking,
    Said,
    Sight,
    companion_age,
    companion_goes,
    import_says,
    kept_birth_year,
    may_ask,
    newest,
    pseudonym,
    roster_open,
    sight,
    spelled,
)
from tongxin.people.terms import (
    ACTS,
    CHANNEL_LABELS,
    COMPANION_REST,
    IDENTITY_LABELS,
    MERGE_LABELS,
    PURPOSE_LABELS,
    Channel,
    IdentityKind,
    MergeReason,
    Purpose,
)
from tongxin.stores.terms import Role

NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)


def days(n):
    return timedelta(days=n)


@pytest.mark.parametrize(
    ("history", "allowed", "again"),
    [
        ([], True, None),
        ([Said(True, NOW - days(1))], False, None),
        ([Said(False, NOW)], False, NOW + days(90)),
        ([Said(False, NOW - days(89))], False, NOW + days(1)),
        ([Said(False, NOW - days(90))], True, NOW),
        ([Said(False, NOW - days(200)), Said(True, NOW - days(10))], False, None),
        ([Said(True, NOW - days(10)), Said(False, NOW - days(3))], False, NOW + days(87)),
    ],
)
def test_we_do_not_keep_asking(history, allowed, again):
    assert may_ask(history, NOW) == Asking(allowed, again)


def test_the_newest_answer_holds():
    assert newest([]) is None
    assert newest([Said(True, NOW), Said(False, NOW - days(1))]).granted is True
    assert newest([Said(True, NOW), Said(False, NOW)]).granted is False  # of equal dates the one written last


@pytest.mark.parametrize(
    ("last", "last_is_import", "granted", "said_at", "writes"),
    [
        (None, False, True, None, True),
        (None, False, False, None, True),
        (Said(True, NOW), True, True, None, False),
        (Said(True, NOW), True, True, NOW + days(1), False),
        # a nightly file without dates follows itself, but not the member's own word
        (Said(True, NOW), True, False, None, True),
        (Said(False, NOW), False, True, None, False),
        (Said(False, NOW), False, True, NOW - days(1), False),
        (Said(False, NOW), False, True, NOW + days(1), True),
    ],
)
def test_a_file_does_not_undo_a_withdrawal(last, last_is_import, granted, said_at, writes):
    assert import_says(last, last_is_import=last_is_import, granted=granted, said_at=said_at) is writes


@pytest.mark.parametrize(
    ("roles", "seen"),
    [
        ({"admin"}, Sight.FULL), ({"hq_editor"}, Sight.FULL), ({"region_manager"}, Sight.FULL), ({"store_manager"}, Sight.FULL),
        ({"champion"}, Sight.FULL), ({"system"}, Sight.FULL), ({"hq_analyst"}, Sight.PSEUDONYM),
        ({"hq_analyst", "champion"}, Sight.FULL), ({"auditor"}, Sight.NOTHING), ({"door"}, Sight.NOTHING),
        ({"device"}, Sight.NOTHING), ({"member"}, Sight.NOTHING), ({"webhook"}, Sight.NOTHING), (set(), Sight.NOTHING),
    ],
)  # fmt: skip
def test_who_sees_how_much(roles, seen):
    assert sight(roles) is seen


def test_whoever_may_act_may_read():
    assert set(MAY) == set(Verb)
    for verb, roles in MAY.items():
        assert roles <= MAY[Verb.READ], verb
        assert all(role == "system" or sight({role}) is not Sight.NOTHING for role in roles)
    assert Role.HQ_ANALYST not in set().union(*(MAY[v] for v in Verb if v is not Verb.READ))


def test_a_pseudonym_says_nothing():
    assert pseudonym("1a2b3c4d-…") == "会员 1a2b3c"
    assert pseudonym("1a2b3c4d-…", "en") == "Member 1a2b3c"


@pytest.mark.parametrize(("age", "can_be"), [(-1, False), (0, True), (17, True), (18, False)])
def test_a_companion_is_a_child(age, can_be):
    assert companion_age(age) is can_be


@pytest.mark.parametrize(
    ("year", "kept"),
    [(None, None), (1899, None), (1900, 1900), (1986, 1986), (2012, 2012), (2013, None), (2030, None)],
)
def test_a_childs_birth_year_is_not_kept(year, kept):
    assert kept_birth_year(year, date(2026, 3, 5)) == kept


@pytest.mark.parametrize(
    ("now", "is_open"),
    [(-48.01, False), (-48, True), (0, True), (2, True), (26, True), (26.01, False)],
)
def test_a_roster_opens_two_days_before_and_closes_a_day_after(now, is_open):
    assert roster_open(NOW, NOW + timedelta(hours=2), NOW + timedelta(hours=now)) is is_open


def test_a_companion_goes_after_thirty_days():
    assert companion_goes(date(2026, 3, 5), COMPANION_REST) == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("name", "full", "initials"),
    [
        ("小桃红", "xiaotaohong", "xth"),
        ("Anna Li", "annali", "al"),
        ("重庆 Tom", "chongqingtom", "cqt"),
        ("", "", ""),
        ("🍑", "🍑", "🍑"),
    ],
)
def test_a_nickname_is_spelled(name, full, initials):
    assert spelled(name) == (full, initials)


# ---- the closed list


def test_the_weights_are_those_of_the_design():
    """community.md §1.2, line by line."""
    weights = {deed.code: deed.weight for deed in DEEDS}
    assert weights == {
        "read": 1, "reacted": 1, "punched_in": 1, "posted": 2, "replied": 2, "answered": 3, "checked_in": 4,
        "answer_accepted": 5, "featured": 6, "referral_verified": 6, "co_hosted": 8, "panel_session": 9, "idea_adopted": 10,
        "hosted_ritual": 11, "became_member": 0, "visited": 0, "registered": 0, "waitlisted": 0, "lost_draw": 0, "no_show": 0,
        "cancelled": 0, "joined": 0, "left": 0, "survey_answered": 0, "violation_upheld": 0, "published": 0, "refused": 0,
    }  # fmt: skip
    assert len(BY_CODE) == len(DEEDS)


def test_half_lives_follow_the_kind_of_deed():
    for deed in DEEDS:
        expected = 120 if deed.weight >= CONTRIBUTION else 56 if deed.code == "checked_in" else 28
        assert deed.half_life_days == expected, deed.code
        assert deed.zh
        assert deed.en
        assert bool(deed.spoken_zh) == bool(deed.spoken_en) == (deed.weight > 0), deed.code
        assert len(deed.code) <= 24


def test_words_are_complete():
    assert set(PURPOSE_LABELS) == set(Purpose)
    assert all(p.zh and p.en for p in Purpose)
    assert set(IDENTITY_LABELS) == set(IdentityKind)
    assert set(MERGE_LABELS) == set(MergeReason)
    assert set(CHANNEL_LABELS) == set(Channel)
    assert all(act.startswith("people.") for act in ACTS)
    for word in ("外环", "中环", "内环", "拉新", "转化"):
        assert word not in "".join(deed.zh + deed.spoken_zh for deed in DEEDS)
