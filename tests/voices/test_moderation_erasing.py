"""Erasure and export of cases, challenges, contests and the inbox: words and days go, bare verdicts stay as figures."""

from datetime import timedelta

import pytest

from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.foundation import clock
from tongxin.foundation.plugs import wiring
from tongxin.people.ports import Person
from tongxin.voices.actions import challenges, moderating
from tongxin.voices.erasing_moderation import ModerationEraser
from tongxin.voices.models import Appeal, Case, CheckIn, Evidence, MakeUp, Report, Strike
from tongxin.voices.terms_moderation import ReportKind, Verdict
from voices.factories import old_community, says, settled

pytestmark = pytest.mark.django_db
MARK = "MK-豆豆妈"


@pytest.fixture
def life(noon):
    """Somebody who was reported and struck, appealed, reported a neighbour and ticked days."""
    group = old_community()
    mother = CustomerFactory()
    viewer, other = settled(group, mother), settled(group)
    post = says(viewer, group, f"{MARK} 今天吃南瓜")
    case = moderating.report(viewer=other, post_id=post.public_id, kind=ReportKind.WRONG, note="月龄不对")
    moderating.decide(
        viewer=TESTS, case_id=case.public_id, verdict=Verdict.HIDE, reason=f"{MARK} 换个说法", strike=True
    )
    moderating.appeal(viewer=viewer, case_id=case.public_id, said=f"{MARK} 我问过医生")
    neighbour = says(other, group)
    moderating.report(
        viewer=viewer, post_id=neighbour.public_id, kind=ReportKind.OTHER, note=f"{MARK} 看看这条"
    )
    day = clock.business_day(clock.now())
    row = challenges.open_challenge(
        viewer=TESTS,
        community_id=group.public_id,
        title="一周三次",
        starts_on=day - timedelta(days=3),
        ends_on=day + timedelta(days=9),
    )
    challenges.join_challenge(viewer=viewer, challenge_id=row.public_id)
    challenges.check_in(viewer=viewer, challenge_id=row.public_id)
    challenges.make_up(viewer=viewer, challenge_id=row.public_id, day=day - timedelta(days=1))
    return Person((mother.pk,), (mother.public_id,), ())


def words() -> str:
    """Every sealed and plain word of these tables, opened."""
    found = [f"{one.said} {one.found}" for one in Evidence.objects.all()]
    found += [one.note for one in Report.objects.all()] + [one.why for one in Case.objects.all()]
    return "\n".join(found + [f"{one.said} {one.answer}" for one in Appeal.objects.all()])


def test_it_is_plugged_in():
    assert any(isinstance(one, ModerationEraser) for one in wiring().ERASERS)


def test_words_and_days_go_and_the_bare_verdict_stays(life):
    assert words().count(MARK) == 4
    assert ModerationEraser().erase(life) > 0
    assert MARK not in words()
    assert (CheckIn.objects.count(), MakeUp.objects.count()) == (0, 0)
    assert [one.note for one in Report.objects.all()] == ["月龄不对"]  # the neighbour's own report
    assert (Case.objects.count(), Strike.objects.count()) == (2, 1)
    assert ModerationEraser().erase(life) == 0


def test_the_export_tells_all_of_it(life):
    told = ModerationEraser().export(life)
    assert [one["why"] for one in told["decisions_on_posts"]] == [f"{MARK} 换个说法"]
    assert [one["said"] for one in told["appeals"]] == [f"{MARK} 我问过医生"]
    assert [(one["kind"], one["note"]) for one in told["reports"]] == [("other", f"{MARK} 看看这条")]
    assert len(told["reminders"]) == 1
    assert [(one["day"], one["made_up"]) for one in told["challenge_days"]] == [
        ("2026-03-05", False),
        ("2026-03-04", True),
    ]
    assert len(told["made_up_days"]) == len(told["challenges"]) == 1
    assert "月龄不对" not in str(told)  # who reported, and what they wrote, is nobody's to read
