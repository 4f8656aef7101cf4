"""Ambassadors: asked or asking, signed, read up, for a term; their published rate holds for friends who come meanwhile."""

from datetime import timedelta

import pytest

from amplify.worlds import TESTS, margin, one, refused, someone
from tongxin.amplify import actions, queries
from tongxin.amplify.models import Ambassador
from tongxin.amplify.terms_ambassadors import TRAINING, AmbassadorState, Tier
from tongxin.foundation import clock

pytestmark = pytest.mark.django_db
TERM = timedelta(days=90)


@pytest.fixture
def signed(noon):
    margin()
    return actions.publish_agreement(viewer=TESTS, body="说清楚身份，不承诺效果。", perks=["新品先试", " "])


def invited(viewer, tier=Tier.TWO):
    return actions.invite_ambassador(
        viewer=TESTS, customer=one(viewer), why="带大家做了三次早茶", until=clock.now() + TERM, tier=tier
    )


def begun(viewer, tier=Tier.TWO):
    row = invited(viewer, tier)
    actions.agree(viewer=viewer, number=1)
    for code, _, _ in TRAINING:
        actions.learn(viewer=viewer, item=code)
    return row


def test_step_by_step_to_a_term(signed):
    lin = someone()
    actions.apply_ambassador(viewer=lin, why="想带邻居一起做辅食")
    row = Ambassador.objects.get()
    given = {"viewer": TESTS, "ambassador_id": row.public_id}
    refused("amplify.term", actions.decide_ambassador, **given, yes=True, until=clock.now())
    actions.decide_ambassador(**given, yes=True, until=clock.now() + TERM, tier=Tier.ONE)
    refused("amplify.ambassador_state", actions.learn, viewer=lin, item="say_it")
    refused("amplify.agreement", actions.agree, viewer=lin, number=2)
    actions.agree(viewer=lin, number=1)
    for code, _, _ in TRAINING[:-1]:
        actions.learn(viewer=lin, item=code)
    assert (queries.my_ambassador(lin).state, queries.my_ambassador(lin).missing) == (
        "learning",
        (TRAINING[-1][0],),
    )
    actions.learn(viewer=lin, item=TRAINING[-1][0])
    assert queries.my_ambassador(lin).state == AmbassadorState.ACTIVE
    task = actions.give_task(viewer=TESTS, ambassador_id=row.public_id, words="周五早茶会搭把手")
    actions.do_task(viewer=lin, task_id=task.public_id)
    assert [(line.words, line.done_at) for line in queries.my_ambassador(lin).tasks] == [
        ("周五早茶会搭把手", clock.now())
    ]
    with clock.held(clock.now() + TERM):
        assert actions.end_terms(viewer=TESTS) == 1
    assert Ambassador.objects.get().state == AmbassadorState.ENDED


@pytest.mark.parametrize(("tier", "permille"), [(Tier.ONE, 60), (Tier.TWO, 80), (Tier.THREE, 100)])
def test_the_rate_of_the_tier_holds_for_friends_who_come_in_the_term(signed, tier, permille):
    lin = someone()
    code = actions.my_code(viewer=lin).code
    before = actions.name_friend(viewer=someone(), code=code)
    begun(lin, tier)
    during = actions.name_friend(viewer=someone(), code=code)
    with clock.held(clock.now() + TERM):
        late = actions.name_friend(viewer=someone(), code=code)
    assert [one_.terms["of_margin"] for one_ in (before, during, late)] == [50, permille, 50]


def test_a_no_needs_a_reason_and_is_read(signed):
    lin = someone()
    row = actions.apply_ambassador(viewer=lin, why="想试试")
    given = {"viewer": TESTS, "ambassador_id": row.public_id, "yes": False}
    refused("amplify.words", actions.decide_ambassador, **given, reason="")
    refused("absent", actions.decide_ambassador, **(given | {"viewer": lin}), reason="我")
    actions.decide_ambassador(**given, reason="这一季人满了")
    assert queries.my_ambassador(lin).reason == "这一季人满了"
    refused("amplify.ambassador_state", actions.decide_ambassador, **given, reason="再说")


def test_refusals(noon):
    lin = someone()
    given = {"viewer": TESTS, "customer": one(lin), "why": "热心", "until": clock.now() + TERM}
    refused("amplify.no_agreement", actions.invite_ambassador, **given)
    refused("absent", actions.publish_agreement, viewer=lin, body="我写的")
    actions.publish_agreement(viewer=TESTS, body="第一版")
    actions.invite_ambassador(**given)
    refused("amplify.ambassador_already", actions.invite_ambassador, **given)
    refused("amplify.ambassador_already", actions.apply_ambassador, viewer=lin, why="我也想")
    actions.publish_agreement(viewer=TESTS, body="第二版")
    refused("amplify.agreement", actions.agree, viewer=lin, number=1)
    actions.leave_ambassadors(viewer=lin)
    refused("absent", actions.leave_ambassadors, viewer=lin)
    assert Ambassador.objects.get().state == AmbassadorState.DECLINED
