"""Explanations: reproducible, sufficient, and the step they name really opens what it says."""

import json
from dataclasses import asdict, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rings.worlds import DAY, INNER, MIDDLE, NOW, OUTER, POLICY, TODAY, did, heard, member, stood
from tongxin.rings import rules
from tongxin.rings.rules import words
from tongxin.rings.rules.gates import low, missing
from tongxin.rings.rules.steps import OFFERS, WAIT, _with
from tongxin.rings.rules.traces import week
from tongxin.rings.terms import GATES, ORDER, UNITS, Cause, Gate, Move, Reason

KINDS = [
    "checked_in",
    "posted",
    "answered",
    "answer_accepted",
    "featured",
    "co_hosted",
    "registered",
    "read",
]


@st.composite
def traces(draw):
    deeds = draw(
        st.lists(
            st.tuples(st.sampled_from(KINDS), st.integers(0, 200), st.integers(1, 4), st.booleans()),
            max_size=40,
            unique_by=lambda row: row[:2],
        )
    )
    people = draw(st.lists(st.tuples(st.integers(0, 120), st.integers(1, 9)), max_size=12))
    return member(
        *(did(kind, age, count=count, verified=count if sure else 0) for kind, age, count, sure in deeds),
        recognitions=heard(*people),
        violations=tuple(
            (TODAY.toordinal() - age, age) for age in draw(st.lists(st.integers(0, 120), max_size=1))
        ),
        consented=draw(st.booleans()),
    )


@st.composite
def standings(draw):
    ring = draw(st.sampled_from([None, *ORDER]))
    if ring is None:
        return rules.FRESH
    return stood(
        ring,
        draw(st.integers(0, 300)),
        low_runs=draw(st.integers(0, 5)),
        low_week=week(TODAY.toordinal()) - draw(st.integers(0, 3)),
        announced_at=draw(st.sampled_from([None, NOW - 5 * DAY, NOW - 20 * DAY])),
        confirmed=draw(st.booleans()),
    )


def bits(verdict):
    return json.dumps(asdict(verdict), default=str, sort_keys=True)


@given(traces(), standings(), st.randoms())
@settings(max_examples=60, deadline=None)
def test_the_same_evidence_and_policy_give_the_same_bits(who, standing, random):
    once = rules.place(rules.weigh(who, TODAY, POLICY), POLICY, NOW, standing)
    deeds, people = list(who.deeds), list(who.recognitions)
    random.shuffle(deeds)
    random.shuffle(people)
    shuffled = replace(who, deeds=tuple(deeds), recognitions=tuple(people))
    policy = rules.from_json(json.loads(json.dumps(rules.to_json(POLICY))))
    again = rules.place(rules.weigh(shuffled, TODAY, policy), policy, NOW, standing)
    assert bits(once) == bits(again)


@given(traces(), standings(), standings())
@settings(max_examples=60, deadline=None)
def test_switched_off_is_a_blank_profile_whatever_was_known_or_remembered(who, standing, other):
    off = replace(who, personalise=False)
    told = rules.place(rules.weigh(off, TODAY, POLICY), POLICY, NOW, standing)
    nobody = rules.place(rules.blank(TODAY), POLICY, NOW, rules.FRESH)
    assert bits(told) == bits(nobody)
    # The switch also holds where somebody hands in the numbers themselves, and an override does not survive it.
    numbers = replace(rules.weigh(who, TODAY, POLICY), personalise=False)
    assert bits(
        rules.place(numbers, POLICY, NOW, replace(other, override=INNER, override_until=NOW + DAY))
    ) == bits(nobody)


def test_control_arm_with_the_switch_on_the_evidence_does_speak():
    who = member(did("checked_in", 0, 7, 14))
    on = rules.place(rules.weigh(who, TODAY, POLICY), POLICY, NOW)
    assert bits(on) != bits(rules.place(rules.blank(TODAY), POLICY, NOW))
    assert on.ring is MIDDLE


def judge(explanation, standing):
    """The independent twin: a ring from the printed lines alone, by reading them as the design says them."""
    held = {line["gate"]: line for line in explanation["held"]}
    gates = explanation["gates"]

    def opens(lines):
        plain = all(line["met"] for line in lines if not line["way"])
        ways = {line["way"] for line in lines if line["way"]}
        return plain and (not ways or any(all(x["met"] for x in lines if x["way"] == way) for way in ways))

    graded = [line for line in held.values() if line["low_water"] is not None]
    is_low = bool(graded) and all(line["value"] < line["low_water"] for line in graded)
    return {"opens": bool(gates) and opens(gates), "low": is_low}


@given(traces(), st.sampled_from([OUTER, MIDDLE]), st.integers(0, 5), st.integers(1, 100))
@settings(max_examples=150, deadline=None)
def test_the_printed_lines_are_sufficient_to_reach_the_verdict(who, ring, low_runs, days):
    standing = stood(ring, days, low_runs=low_runs, low_week=week(TODAY.toordinal()) - 1)
    evidence = rules.weigh(who, TODAY, POLICY)
    # The lines as they stood before the move: those of the ring one was in, and those of the next.
    printed = {
        "held": words.digest_lines(rules.lines_of(ring, evidence, POLICY)),
        "gates": words.digest_lines(rules.lines_of(ORDER[ring.step + 1], evidence, POLICY)),
    }
    read = judge(json.loads(json.dumps(printed)), standing)
    verdict = rules.decide(evidence, POLICY, NOW, standing)
    if ring is OUTER:
        assert (verdict.ring is MIDDLE) == read["opens"]
    else:
        assert (verdict.ring is OUTER) == (read["low"] and low_runs + 1 >= 4 and days >= 28)
        assert verdict.candidate == (read["opens"] and not read["low"])


@given(traces(), st.sampled_from([OUTER, MIDDLE]))
@settings(max_examples=60, deadline=None)
def test_the_step_that_is_named_really_flips_what_it_says(who, ring):
    step = rules.nearest_step(who, TODAY, POLICY, ring)
    target = ORDER[ring.step + 1]
    before = rules.lines_of(target, rules.weigh(who, TODAY, POLICY), POLICY)
    if step is None:
        assert rules.met(before)
        return
    offer = next(offer for offer in OFFERS if (offer.kind, offer.ring) == (step.kind, step.ring))
    days, imagined = _with(offer, step.count, who, TODAY, POLICY)
    after = rules.lines_of(target, rules.weigh(imagined, TODAY + timedelta(days=days), POLICY), POLICY)
    assert not rules.met(before)
    assert rules.met(after) == step.opens
    assert step.gate in {line.gate for line in missing(before)}
    assert next(line for line in after if line.gate is step.gate).met
    assert step.remaining == len(missing(after))
    if step.count > 1:  # one fewer would not do
        fewer_days, fewer = _with(offer, step.count - 1, who, TODAY, POLICY)
        lines = rules.lines_of(target, rules.weigh(fewer, TODAY + timedelta(days=fewer_days), POLICY), POLICY)
        assert not rules.met(lines)


@pytest.mark.parametrize(
    ("situation", "who", "ring", "kind", "count", "opens", "said"),
    [
        ("new and quiet", member(), OUTER, "checked_in", 3, True, "再参加 3 次活动（每周一次），即可进入中环 互动层。"),
        ("one check-in short", member(did("checked_in", 7, 14)), OUTER, "checked_in", 1, True, "再参加 1 次活动，即可进入中环 互动层。"),
        ("a second today hardly counts", member(did("checked_in", 0, 21)), OUTER, "checked_in", 2, True, "再参加 2 次活动（每周一次），即可进入中环 互动层。"),
        ("no consent, all else", member(did("checked_in", 0, 7, 14), consented=False), OUTER, "consent", 1, True, "请本人同意个性化，即可进入中环 互动层。"),
        ("no consent, nothing", member(consented=False), OUTER, "consent", 1, False, "请本人同意个性化，补上「已注册，并同意个性化」；离中环还差 4 项。"),
    ],
)  # fmt: skip
def test_steps_into_the_middle(situation, who, ring, kind, count, opens, said):  # noqa: PLR0917 the columns of the table
    step = rules.nearest_step(who, TODAY, POLICY, ring)
    assert (step.kind, step.count, step.opens) == (kind, count, opens), situation
    assert words.say_step(step) == said


def devoted(**facts):
    """Everything the inner ring asks for but what `facts` takes away."""
    deeds = facts.pop("deeds", (did("co_hosted", 10, 40), did("answer_accepted", 20)))
    people = facts.pop("people", [(age, age + 1) for age in range(0, 35, 5)])
    return member(did("checked_in", *range(2, 80, 4)), *deeds, recognitions=heard(*people), **facts)


def test_the_devoted_are_candidates():
    assert rules.nearest_step(devoted(), TODAY, POLICY, MIDDLE) is None
    assert rules.decide(rules.weigh(devoted(), TODAY, POLICY), POLICY, NOW, stood(MIDDLE, 100)).candidate


YESTERDAY = TODAY.toordinal() - 1


@pytest.mark.parametrize(
    ("situation", "who", "kind", "count", "said"),
    [
        ("one contribution short", devoted(deeds=(did("co_hosted", 10), did("answer_accepted", 20))), "co_hosted", 1,
         "再协办 1 场活动，即可成为内环 共创层候选。"),
        ("recognised by too few", devoted(people=[(age, 1 + age % 4) for age in range(9)]), RECOGNISED := "recognised", 1,
         "再得到 1 位会员的回应，即可成为内环 共创层候选。"),
        ("a violation has to lapse", devoted(violations=((YESTERDAY, 3),)), WAIT, 1,
         "等 90 天，违规记录过期"),
    ],
)  # fmt: skip
def test_steps_to_candidate(situation, who, kind, count, said):
    step = rules.nearest_step(who, TODAY, POLICY, MIDDLE)
    assert (step.kind, step.count) == (kind, count), situation
    assert words.say_step(step).startswith(said)


def test_a_far_away_person_hears_the_line_that_is_nearest():
    step = rules.nearest_step(member(did("checked_in", 0, 7, 14)), TODAY, POLICY, MIDDLE)
    assert not step.opens
    assert step.remaining > 0
    assert "还差" in words.say_step(step)
    assert "more line(s)" in words.say_step(step, "en")


def test_no_steps_beyond_the_inner_ring_or_for_staff():
    assert rules.nearest_step(member(), TODAY, POLICY, INNER) is None
    assert rules.nearest_step(member(staff=True), TODAY, POLICY, OUTER) is None
    assert words.say_step(None) == words.say_step(None, "en") == ""


def test_what_nobody_can_reach_is_not_promised():
    far = replace(
        POLICY, middle=replace(POLICY.middle, contribution=9999.0, days=9999, checkins=9999, weeks=9999)
    )
    assert rules.nearest_step(member(), TODAY, far, OUTER) is None


@pytest.mark.parametrize(
    "step",
    [
        None,
        *(rules.Step(MIDDLE, Gate.CHECKINS, kind, 2, 7, 7, opens=True, remaining=0) for kind in words.STEPS),
    ],
)
def test_members_hear_an_invitation_and_no_word_of_rings(step):
    for language in ("zh", "en"):
        said = words.say_to_member(step, language)
        assert said
        for word in ("外环", "中环", "内环", "拉新", "转化", "ring", "互动层", "共创层", "门槛"):
            assert word not in said


def test_english_sentences():
    step = rules.nearest_step(member(did("checked_in", 7, 14)), TODAY, POLICY, OUTER)
    assert words.say_step(step, "en") == "Come to 1 more event(s): then in the middle ring (taking part)."
    three = rules.nearest_step(member(), TODAY, POLICY, OUTER)
    assert "(one a week)" in words.say_step(three, "en")
    to_inner = rules.nearest_step(
        devoted(deeds=(did("co_hosted", 10), did("answer_accepted", 20))), TODAY, POLICY, MIDDLE
    )
    assert words.say_step(to_inner, "en").endswith("then a candidate for the inner ring (creating together).")


def test_reasons_and_lines_are_spoken():
    verdict = rules.place(rules.weigh(member(did("checked_in", 0, 7, 14)), TODAY, POLICY), POLICY, NOW)
    assert words.say_reasons(verdict) == "进门的条件全部满足。"
    assert words.say_reasons(verdict, "en") == "Every gate is met."
    assert [words.say_line(line) for line in verdict.held][:2] == [
        "已注册，并同意个性化：是",
        "到过场：91 天里签到的次数 3 / 1 次",
    ]
    assert words.say_line(verdict.held[0], "en").endswith(": yes")
    assert (
        words.say_line(verdict.held[-1], "en")
        == "involved: contribution that fades with time 11.0 / 10 points"
    )
    assert set(GATES) == set(Gate)
    assert set(UNITS) == set(Gate) - {Gate.KNOWN, Gate.CONSENT}


def test_days_left_are_exact():
    who = member(did("checked_in", 0, 7, 14))
    verdict = rules.place(rules.weigh(who, TODAY, POLICY), POLICY, NOW)
    left = {line.gate: line.days_left for line in verdict.held}
    assert left[Gate.CONSENT] is None
    assert left[Gate.CHECKINS] == 91, "the newest check-in is from today"
    days = left[Gate.CONTRIBUTION]
    at = [rules.weigh(who, TODAY + timedelta(days=d), POLICY).contribution for d in (days - 1, days)]
    assert at[0] >= 8.0 > at[1]
    assert rules.days_until_below(who, TODAY, POLICY, MIDDLE, Gate.CONTRIBUTION) == days
    assert rules.days_until_below(member(), TODAY, POLICY, MIDDLE, Gate.CONTRIBUTION) is None


def test_numbers_without_traces_are_judged_but_not_forecast():
    evidence = rules.Evidence(on=TODAY, consented=True, checkins=1, contribution=12.0)
    verdict = rules.place(evidence, POLICY, NOW)
    assert (verdict.ring, verdict.nearest) == (MIDDLE, None)
    assert {line.days_left for line in verdict.held} == {None}


def test_staff_get_no_explanation_of_a_ring():
    verdict = rules.place(rules.weigh(member(did("co_hosted", 1), staff=True), TODAY, POLICY), POLICY, NOW)
    assert (verdict.ring, verdict.nearest, verdict.held) == (None, None, ())


@pytest.mark.parametrize(
    ("situation", "until", "who", "ring", "moved", "cause", "first"),
    [
        ("an override stands", DAY, member(), INNER, None, Cause.OVERRIDE, Reason.OVERRIDDEN),
        ("it has run out", -DAY, member(), OUTER, Move.FARTHER, Cause.AUTO, Reason.OVERRIDE_ENDED),
        (
            "it has run out this very moment",
            0 * DAY,
            member(),
            OUTER,
            Move.FARTHER,
            Cause.AUTO,
            Reason.OVERRIDE_ENDED,
        ),
    ],
)
def test_overrides_stand_until_they_expire(situation, until, who, ring, moved, cause, first):  # noqa: PLR0917 the columns of the table
    standing = stood(OUTER, 30, override=INNER, override_until=NOW + until)
    verdict = rules.decide(rules.weigh(who, TODAY, POLICY), POLICY, NOW, standing)
    assert (verdict.ring, verdict.moved, verdict.cause, verdict.reasons[0]) == (ring, moved, cause, first), (
        situation
    )
    assert verdict.auto is OUTER


def test_the_rule_goes_on_in_the_shadow_of_an_override():
    active = rules.weigh(member(did("checked_in", 0, 7, 14)), TODAY, POLICY)
    shadow = rules.decide(active, POLICY, NOW, stood(OUTER, 30, override=OUTER, override_until=NOW + DAY))
    assert (shadow.ring, shadow.auto, shadow.standing.ring) == (OUTER, MIDDLE, MIDDLE)
    assert shadow.standing.override is OUTER, "the move in the shadow does not end the override"
    ended = rules.decide(active, POLICY, NOW + 2 * DAY, shadow.standing)
    assert (ended.ring, ended.moved, ended.standing.override) == (MIDDLE, Move.NEARER, None)
    same = rules.decide(active, POLICY, NOW, stood(MIDDLE, 30, override=MIDDLE, override_until=NOW))
    assert same.moved is None


def test_low_needs_something_graded():
    assert low(rules.middle_lines(rules.blank(TODAY), POLICY))
    assert not low(())
