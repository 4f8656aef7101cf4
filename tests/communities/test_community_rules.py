"""The other rules of communities as tables: periods, versions, days, life, parts, first week, the job to be done."""

from datetime import UTC, date, datetime, timedelta

import pytest

from communities.factories import PURPOSE
from tongxin.communities.rules.acceptance import Version, active, coming, required
from tongxin.communities.rules.counts import balance
from tongxin.communities.rules.life import Day, live
from tongxin.communities.rules.parts import by_tenure, may, mix, why_not_hold
from tongxin.communities.rules.periods import Period, overlap, why_not_join
from tongxin.communities.rules.purpose import missing
from tongxin.communities.rules.welcome import Helper, buddy, first_week, shared
from tongxin.communities.terms import FirstStep, Part, Right, Stage, Warned

NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)


def at(days):
    return NOW + timedelta(days=days)


@pytest.mark.parametrize(
    ("held", "why"),
    [
        ([], None),
        ([Period(at(-9), None)], "member"),
        ([Period(at(-9), at(-2))], None),
        ([Period(at(-9), at(-2), at(5))], "resting"),
        ([Period(at(-9), at(-2), at(0))], None),
        ([Period(at(-9), at(-8), at(5)), Period(at(-3), None)], "member"),
    ],
)
def test_may_a_new_period_begin(held, why):
    assert why_not_join(held, NOW) == why


@pytest.mark.parametrize(
    ("held", "yes"),
    [
        ([Period(at(0), at(1)), Period(at(1), None)], False),
        ([Period(at(0), at(2)), Period(at(1), None)], True),
        ([Period(at(0), None), Period(at(1), None)], True),
        ([Period(at(3), None), Period(at(0), at(1))], False),
    ],
)
def test_do_periods_overlap(held, yes):
    assert overlap(held) is yes


VERSIONS = [
    Version(1, mandatory=True, takes_effect_at=at(-90)),
    Version(2, mandatory=False, takes_effect_at=at(-30)),
    Version(3, mandatory=True, takes_effect_at=at(7)),
]


@pytest.mark.parametrize(
    ("when", "needs", "ahead"), [(-91, 0, 1), (-90, 1, 3), (0, 1, 3), (7, 3, None), (99, 3, None)]
)
def test_which_version_is_needed(when, needs, ahead):
    found = coming(VERSIONS, at(when))
    assert (required(VERSIONS, at(when)), None if found is None else found.number) == (needs, ahead)


@pytest.mark.parametrize(
    ("needs", "accepted", "yes"), [(0, 0, True), (1, 0, False), (1, 1, True), (3, 2, False)]
)
def test_nobody_is_active_with_an_unaccepted_mandatory_version(needs, accepted, yes):
    assert active(needs=needs, accepted=accepted) is yes


@pytest.mark.parametrize(
    ("before", "joins", "leaves", "stock", "correction"),
    [(0, 3, 0, 3, 0), (10, 2, 1, 11, 0), (10, 0, 0, 8, -2), (10, 0, 0, 11, 1)],
)
def test_a_day_adds_up_or_says_by_how_much_it_does_not(before, joins, leaves, stock, correction):
    day = balance(before=before, joins=joins, leaves=leaves, stock=stock)
    assert day.correction == correction
    assert day.stock == day.before + day.joins - day.leaves + day.correction


def days(*weeks):
    """One tuple a week: people at its end, joins, leaves, active, moved (of each day: joins and leaves on its first)."""
    found = []
    for n, (stock, joins, leaves, active_people, moved) in enumerate(weeks):
        for d in range(7):
            found.append(
                Day(
                    date(2026, 1, 5) + timedelta(days=7 * n + d),
                    stock,
                    joins if d == 0 else 0,
                    leaves if d == 0 else 0,
                    active_people,
                    moved,
                )
            )
    return found


STEADY = (100, 2, 2, 40, 3)


@pytest.mark.parametrize(
    ("history", "stage", "warned"),
    [
        (days(STEADY), Stage.SEED, ()),
        (days(*[(12, 1, 0, 6, 1)] * 8), Stage.SEED, ()),
        (days(*[STEADY] * 8), Stage.MATURE, ()),
        (days((100, 0, 0, 40, 3), (104, 4, 0, 41, 3), (108, 4, 0, 42, 3), (112, 4, 0, 43, 3), (116, 4, 0, 44, 3)),
         Stage.GROWING, ()),
        (days(*[STEADY] * 4, *[(100, 2, 2, 25, 2)] * 4), Stage.FADING, ()),
        (days(*[STEADY] * 4, (98, 0, 2, 40, 3), (95, 0, 3, 40, 3), (92, 0, 3, 40, 3), (88, 0, 4, 40, 3)),
         Stage.FADING, (Warned.MORE_LEAVE, Warned.NOBODY_NEW)),
        (days(*[STEADY] * 3, (100, 2, 2, 40, 3), (100, 2, 2, 38, 3), (100, 2, 2, 36, 3), (100, 2, 2, 35, 3),
              (100, 2, 2, 33, 3)),
         Stage.MATURE, (Warned.QUIETER,)),
        (days(*[STEADY] * 6, (100, 2, 2, 39, 0), (100, 2, 2, 38, 0)), Stage.MATURE, (Warned.SILENT,)),
    ],
)  # fmt: skip
def test_stage_and_warnings_from_the_days(history, stage, warned):
    found = live(history, closed=False)
    assert (found.stage, found.warnings) == (stage, warned)


def test_a_closed_community_is_closed_whatever_its_days_say():
    assert live(days(*[STEADY] * 8), closed=True).stage is Stage.CLOSED


@pytest.mark.parametrize(
    ("part", "staff", "until", "why"),
    [
        (Part.HOST, True, 365, None),
        (Part.HOST, False, 365, "holder"),
        (Part.SOUL, True, 90, "holder"),
        (Part.SOUL, False, 90, None),
        (Part.EXPERT, True, 90, None),
        (Part.EXPERT, False, 90, None),
        (Part.MODERATOR, False, 182, None),
        (Part.MODERATOR, False, 183, "term"),
        (Part.MODERATOR, False, 0, "term"),
        (Part.VETERAN, False, 90, "holder"),
        (Part.NEWCOMER, False, 90, "holder"),
    ],
)
def test_who_may_hold_a_part(part, staff, until, why):
    assert why_not_hold(part, staff=staff, until=at(until), now=NOW) == why


def test_every_term_has_an_end():
    assert why_not_hold(Part.SOUL, staff=False, until=None, now=NOW) == "term"


@pytest.mark.parametrize(
    ("joined", "part"),
    [(0, Part.NEWCOMER), (-27, Part.NEWCOMER), (-28, None), (-181, None), (-182, Part.VETERAN)],
)
def test_tenure_makes_newcomers_and_veterans(joined, part):
    assert by_tenure(at(joined), NOW) is part


@pytest.mark.parametrize(
    ("parts", "right", "yes"),
    [
        ((Part.MODERATOR,), Right.ADMIT, True),
        ((Part.VETERAN,), Right.ADMIT, False),
        ((Part.VETERAN,), Right.INVITE, True),
        ((Part.NEWCOMER,), Right.INVITE, False),
        ((), Right.ANSWER, False),
    ],
)
def test_rights_come_with_parts(parts, right, yes):
    assert may(parts, right) is yes


def test_how_mixed_the_parts_are():
    found = mix([(Part.HOST, True), (Part.EXPERT, True), (Part.MODERATOR, False)], newcomers=3, veterans=0)
    assert found.missing == (Part.SOUL, Part.VETERAN)
    assert (found.by_members, found.by_staff) == (1, 2)


def test_the_first_week_nudges_without_blame():
    week = first_week(at(-3), {FirstStep.RULES}, NOW)
    assert [(one.step, one.done, one.late) for one in week] == [
        (FirstStep.RULES, True, False),
        (FirstStep.BUDDY, False, True),
        (FirstStep.HELLO, False, True),
        (FirstStep.MEET, False, False),
        (FirstStep.GATHER, False, False),
    ]


@pytest.mark.parametrize(
    ("helpers", "chosen"),
    [
        ([], None),
        ([Helper(1, 3, True, at(-400))], None),
        ([Helper(1, 1, True, at(-400)), Helper(2, 0, False, at(-200))], 2),
        ([Helper(1, 0, False, at(-400)), Helper(2, 0, True, at(-200))], 2),
        ([Helper(1, 0, True, at(-200)), Helper(2, 0, True, at(-400))], 2),
    ],
)
def test_who_takes_a_newcomer_by_the_hand(helpers, chosen):
    assert buddy(helpers) == chosen


def test_what_two_people_share():
    assert shared(["睡眠", "辅食"], ["早教", "辅食", "睡眠"]) == ("睡眠", "辅食")


@pytest.mark.parametrize("gone", [["who"], ["proof", "who"], ["wants", "so_that"]])
def test_a_job_to_be_done_has_all_its_parts(gone):
    assert set(missing({k: v for k, v in PURPOSE.items() if k not in gone})) == set(gone)
    assert missing(PURPOSE) == ()
    assert set(missing(dict.fromkeys(PURPOSE, "  "))) == set(PURPOSE)
