"""Weeks, rows of weeks and open days, as tables; no sentence that blames; a count of votes that anyone repeats."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import tongxin.voices
from tongxin.faces import champion
from tongxin.voices import messages_moderation, terms_challenges
from tongxin.voices.rules.challenges import Course, Week, open_days, running, slot, week, weeks_in_a_row
from tongxin.voices.rules.contests import Place, ballots_hash, count, faults, rules_hash

# Thursday 5 March 2026; the course runs over five weeks that begin on Mondays
COURSE = Course(date(2026, 2, 23), date(2026, 3, 29), 3)
MON = date(2026, 3, 2)


def days(*numbers: int) -> set[date]:
    """Days counted from Monday, 2 March."""
    return {MON + timedelta(days=n) for n in numbers}


@pytest.mark.parametrize(
    ("ticked", "day", "row"),
    [
        ((), 3, 0),
        ((0, 1), 3, 0),
        ((0, 1, 2), 3, 1),
        ((-7, -6, -5), 3, 1),
        ((-7, -6, -5, 0, 1), 3, 1),
        ((-7, -6, -5, 0, 1, 2), 3, 2),
        ((-7, -6, 0, 1, 2), 3, 1),
        ((-7, -6, -5), 7, 0),
        ((-7, -6, -5, 0, 1, 2), 7, 2),
        ((0, 1, 2, 7, 8, 9, 14, 15, 16, 21, 22, 23), 40, 4),
        ((0, 1, 2, 7, 8, 9, 14, 15, 16), 40, 0),
    ],
)
def test_weeks_in_a_row(ticked: tuple[int, ...], day: int, row: int) -> None:
    assert weeks_in_a_row(COURSE, days(*ticked), MON + timedelta(days=day)) == row


def test_a_week_that_is_only_touched_asks_for_no_more_than_its_days() -> None:
    short = Course(date(2026, 3, 7), date(2026, 3, 10), 3)
    assert week(short, days(5, 6), MON) == Week(MON, 2, 2)
    assert week(short, days(5, 6), MON).met
    assert week(short, days(7), MON + timedelta(days=7)) == Week(MON + timedelta(days=7), 1, 2)
    assert weeks_in_a_row(short, days(5, 6, 7, 8), date(2026, 3, 20)) == 2
    assert weeks_in_a_row(short, days(), date(2026, 3, 1)) == 0


def test_days_outside_the_challenge_do_not_count() -> None:
    assert week(COURSE, {date(2026, 2, 22)}, date(2026, 2, 23)).done == 0
    assert not running(COURSE, date(2026, 2, 22))
    assert running(COURSE, date(2026, 3, 29))


def test_which_days_can_be_made_up_for() -> None:
    today = MON + timedelta(days=3)
    assert open_days(COURSE, days(2, 0), today, 3) == (MON + timedelta(days=1),)
    assert open_days(COURSE, set(), date(2026, 2, 24), 7) == (date(2026, 2, 23),)
    assert open_days(COURSE, set(), date(2026, 4, 1), 7)[0] == date(2026, 3, 29)


@pytest.mark.parametrize(("used", "free"), [((), 1), ((1,), 2), ((2,), 1), ((1, 2), None)])
def test_two_make_ups_a_month(used: tuple[int, ...], free: int | None) -> None:
    assert slot(used, 2) == free


GUILT = re.compile(
    "断签|断了|可惜|失败|落后|错过|坚持不|没坚持|偷懒|放弃|辜负|再不|就没了|清零|归零|浪费|懒"
    "|don't lose|you (have )?missed|failed|broke|shame|only .* left|give up|behind",
    re.IGNORECASE,
)


def copy_of_challenges() -> str:
    """Every sentence about challenges that a member may read: words, refusals and pages."""
    spoken = [*terms_challenges.CHALLENGE_WORDS.values()]
    spoken += [(one.zh, one.en) for one in terms_challenges.REFUSALS.values()]
    pages = Path(champion.__file__).parents[1] / "templates" / "member"
    written = [page.read_text(encoding="utf-8") for page in sorted(pages.glob("challenge*.html"))]
    assert written
    return "\n".join([*(" ".join(pair) for pair in spoken), *written])


def test_no_sentence_about_challenges_blames_anybody() -> None:
    assert GUILT.findall(copy_of_challenges()) == []


@pytest.mark.parametrize(
    "sentence", ["你断签了", "别让连续清零", "Don't lose your streak", "You missed a day"]
)
def test_the_search_for_blame_finds_it(sentence: str) -> None:
    assert GUILT.search(sentence)


def test_nobody_is_reminded_of_a_challenge() -> None:
    assert not [kind for kind in messages_moderation.MESSAGES if "challenge" in kind]
    assert tongxin.voices is not None


def test_more_votes_first_and_the_draw_for_ties() -> None:
    ballots = [("s1", "b"), ("s2", "b"), ("s3", "a"), ("s4", "a"), ("s5", "c")]
    assert count(ballots, ["c", "b", "a"], winners=1) == (
        Place("b", 2, True),
        Place("a", 2, False),
        Place("c", 1, False),
    )
    assert [p.entry for p in count(ballots, ["a", "b", "c"], winners=2)] == ["a", "b", "c"]
    assert count(ballots, ["b", "a", "c"], out=["b"], winners=1)[0] == Place("a", 2, True)
    assert count([], ["a", "b"], winners=1) == (Place("a", 0, False), Place("b", 0, False))


def document() -> dict:
    rules = {"title": "最好吃的米糊", "winners": 1}
    ballots = [["s1", "b"], ["s2", "a"], ["s3", "b"]]
    return {
        "schema": "tongxin.contest/1",
        "rules": rules,
        "rules_hash": rules_hash(rules),
        "result": {
            "order": ["a", "b"],
            "out": [],
            "ballots": ballots,
            "ballots_hash": ballots_hash([(s, e) for s, e in ballots]),
            "places": [["b", 2, True], ["a", 1, False]],
        },
    }


def test_a_published_result_recounts() -> None:
    assert faults(document()) == ()


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda d: d["rules"].update(winners=2), {"rules", "places"}),
        (lambda d: d["result"]["ballots"].append(["s4", "a"]), {"ballots", "places"}),
        (lambda d: d["result"].update(places=[["a", 2, True], ["b", 1, False]]), {"places"}),
        (lambda d: d["result"]["out"].append("b"), {"places"}),
        (lambda d: d["result"]["ballots"].append(["s1", "a"]), {"ballots", "twice", "places"}),
    ],
    ids=["rules", "ballot", "places", "out", "twice"],
)
def test_a_changed_document_does_not(spoil, found) -> None:
    changed = document()
    spoil(changed)
    assert set(faults(changed)) == found
