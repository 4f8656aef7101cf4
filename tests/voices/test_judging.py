"""What becomes of a text: by its words, its author, the policy of the day."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tongxin.voices.rules.duplicates import apart, fingerprint, same
from tongxin.voices.rules.judging import (
    POLICIES,
    POLICY,
    Author,
    desk_of,
    hidden_at_once,
    judge,
    policy_at,
)
from tongxin.voices.rules.limits import Rate, wait
from tongxin.voices.rules.strikes import Ladder, clean_from, pause_after, standing
from tongxin.voices.terms_moderation import Desk

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
KNOWN = Author(ring="middle", days=100)
NEW = Author(ring="outer", days=2)

PRAISE = [
    "昨天在店里免费领的试吃太香了，优惠券也用上了",
    "老师做的南瓜糊宝宝吃了两碗，比外面包邮买的强多了",
    "这次团购价真划算，谢谢主理人帮大家争取",
    "秒杀抢到了两盒蓝莓，孩子高兴坏了",
    "妈妈的味道！今日你们也试试这个配方",
    "直播间里看到老师演示了三遍，终于学会了蒸蛋糕",
    "参加活动返现的代金券，周末就去用",
    "店员说话轻声细语，很治愈，下次还来",
    "宝宝不挑食了，一天吃三顿，感谢营养师",
    "特价的三文鱼一点也不腥，推荐",
    "我做兼职的时候没空做饭，全靠这个群的菜谱",
    "在微信群里问了一句，十分钟就有姐妹答了",
    "保险起见，我先给宝宝试了一小勺，没有过敏",
    "代理店长小周人特别好，帮我找到了最后一袋米粉",
    "清仓的时候囤的米饼，宝宝一直爱吃",
    "扫码签到好快，活动也好玩",
    "医生说可以停药了，回来继续跟着群里做辅食",
    "烤箱推广课上学的戚风，一次成功",
    "送的小围兜好可爱，谢谢店里",
    "面包好吃到全家抢，书包好看，老师也好",
]

CAUGHT = [
    ("宝妈副业，日结200元，加V：abc12345", {"advert", "contact"}),
    ("我电话一三八 0013 8000，要的联系我", {"contact"}),
    ("代购奶粉，包邮，需要的私聊", {"advert"}),
    ("诚招代理，一件代发", {"advert"}),
    ("你是不是腦殘啊", {"abuse"}),
    ("傻*逼", {"abuse"}),
    ("这个能根治湿疹，三天见效", {"medical"}),
    ("验证码发我，我帮你退款", {"fraud"}),
    ("宝宝大名叫王小明，照片在这里", {"child"}),
    ("身份证 11010519491231002X", {"private"}),
    ("另外建了群，更便宜，拉你们进群", set()),
]


@pytest.mark.parametrize("text", PRAISE)
def test_praise_that_contains_a_word_of_advertising_is_not_held(text: str) -> None:
    assert judge(text, KNOWN, POLICY, NOW).state == "published"


@pytest.mark.parametrize(("text", "reasons"), CAUGHT)
def test_what_should_be_looked_at_waits(text: str, reasons: set[str]) -> None:
    fresh = judge(text, replace(KNOWN, days=10), POLICY, NOW)
    assert fresh.state == "waiting"
    if reasons:
        found = judge(text, KNOWN, POLICY, NOW)
        assert (found.state, set(found.reasons)) == ("waiting", reasons)


def test_someone_known_is_given_the_benefit_of_the_doubt_for_a_word_but_not_for_a_number() -> None:
    assert judge("要不我们加个微信", KNOWN, POLICY, NOW).state == "published"
    assert judge("要不我们加个微信", replace(KNOWN, days=10), POLICY, NOW).state == "waiting"
    struck = replace(KNOWN, strikes=(NOW - timedelta(days=5),))
    assert "contact" in judge("要不我们加个微信", struck, POLICY, NOW).reasons
    assert judge("加微信 abc12345", KNOWN, POLICY, NOW).state == "waiting"


def test_newcomers_and_those_far_off_are_read_first() -> None:
    assert judge("大家好", NEW, POLICY, NOW).reasons == ("newcomer",)
    assert judge("大家好", Author(ring="outer", days=60), POLICY, NOW).reasons == ("outer",)
    assert judge("大家好", Author(ring="", days=60), POLICY, NOW).reasons == ("outer",)
    assert judge("大家好", KNOWN, POLICY, NOW).state == "published"
    assert judge("大家好", replace(NEW, staff=True), POLICY, NOW).state == "published"
    open_house = replace(POLICY, read_outer_first=False)
    assert judge("大家好", Author(ring="outer", days=60), open_house, NOW).state == "published"


def test_refusals_by_code() -> None:
    muted = judge("大家好", replace(KNOWN, muted_until=NOW + timedelta(hours=1)), POLICY, NOW)
    assert (muted.state, muted.refusal) == ("refused", "voices.muted")
    assert muted.data == {"until": "2026-11-22T13:00:00+00:00"}
    assert judge("大家好", replace(KNOWN, muted_until=NOW), POLICY, NOW).state == "published"
    fast = judge("大家好", replace(KNOWN, posts_hour=10), POLICY, NOW)
    assert (fast.refusal, fast.data) == ("voices.too_fast", {"minutes": 60})
    assert judge("大家好", replace(KNOWN, posts_hour=10, ring="inner"), POLICY, NOW).state == "published"
    assert judge("大家好", replace(NEW, posts_hour=3, ring="inner"), POLICY, NOW).refusal == "voices.too_fast"
    text = "今天跟老师学做了南瓜米糊，宝宝吃了两碗"
    again = judge(text, replace(KNOWN, recent=(fingerprint(text),)), POLICY, NOW)
    assert (again.state, again.refusal) == ("refused", "voices.twice")


def test_the_same_text_again() -> None:
    text = "今天跟老师学做了南瓜米糊，宝宝吃了两碗，谢谢大家的经验，下次还来"
    mark = fingerprint(text)
    assert -(1 << 63) <= mark < 1 << 63
    assert same("今天跟老师学做了南瓜米糊，宝宝吃了两碗，谢谢大家的經驗，下次還來！！", mark, (mark,))
    changed = "今天跟老师学做了南瓜米糊，宝宝吃了三碗，谢谢大家的经验，下次还来"
    assert same(changed, fingerprint(changed), (mark,))
    other = "上次的三文鱼有点咸，想问问大家蒸多久比较合适，两岁可以吃吗"
    assert not same(other, fingerprint(other), (mark,))
    assert fingerprint("谢谢老师") == 0
    assert not same("谢谢老师", 0, (0,))
    assert apart(-1, 0) == 64
    day3, day4 = "打卡第三天南瓜米糊", "打卡第四天南瓜米糊"
    assert not same(day4, fingerprint(day4), (fingerprint(day3),))


def test_strikes_fade_and_pauses_grow() -> None:
    ladder = Ladder(
        timedelta(days=91), (timedelta(0), timedelta(days=3), timedelta(days=7), timedelta(days=30))
    )
    day = timedelta(days=1)
    old, fresh = NOW - 91 * day, NOW - 90 * day
    assert standing([fresh, old, NOW + day], ladder, NOW) == (fresh,)
    assert [pause_after([fresh] * n, ladder, NOW).days for n in range(6)] == [0, 3, 7, 30, 30, 30]
    assert pause_after([old], ladder, NOW) == timedelta(0)
    assert clean_from([old], ladder, NOW) is None
    assert clean_from([old, fresh], ladder, NOW) == NOW + day


def test_the_policy_of_the_day_holds() -> None:
    assert policy_at(NOW) is POLICIES[-1]
    assert policy_at(datetime(2020, 1, 1, tzinfo=UTC)) is POLICIES[0]


@pytest.mark.parametrize(
    ("hour", "day", "waits"), [(0, 0, None), (2, 9, None), (3, 3, 60), (0, 10, 24 * 60), (3, 10, 24 * 60)]
)
def test_rates(hour: int, day: int, waits: int | None) -> None:
    pause = wait(hour, day, Rate(3, 10))
    assert (None if pause is None else pause.total_seconds() / 60) == waits


def test_which_desk() -> None:
    assert desk_of(("newcomer", "advert", "abuse")) == Desk.ABUSE
    assert desk_of(("newcomer", "contact")) == Desk.ADVERT
    assert desk_of(("reported",)) == Desk.REPORTED
    assert desk_of(("outer",)) == Desk.NEWCOMERS


def test_contact_money_and_a_new_account_together_are_hidden_at_once() -> None:
    text = "日结200元，加V：abc12345"
    hits = judge(text, NEW, POLICY, NOW).hits
    assert hidden_at_once(hits, text, NEW, POLICY)
    assert not hidden_at_once(hits, text, KNOWN, POLICY)
    mild = "宝宝爱吃，加V：abc12345"
    assert not hidden_at_once(judge(mild, NEW, POLICY, NOW).hits, mild, NEW, POLICY)
