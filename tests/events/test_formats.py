"""Every format of the visible list says what it is; each refuses what it cannot hold. What channels forbid, with the clause."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tongxin.events.formats import FORMATS
from tongxin.events.formats.base import PAY
from tongxin.events.rules.channel_policy import (
    POLICY,
    WHERE_LABELS,
    Answer,
    Line,
    Mechanic,
    Where,
    lint_share,
    may_enter,
    may_show,
)
from tongxin.events.terms import Admission, Seat
from tongxin.foundation.errors import Refused

TODAY = date(2026, 3, 5)
NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)
HOUR = timedelta(hours=1)

# What each format is happy with: details, online, fee.
FINE = {
    "class": ({}, False, 1900),
    "tasting": ({}, False, 0),
    "market": ({"stalls": 20}, False, 0),
    "tea": ({"topic": "春茶"}, False, 0),
    "swap": ({}, False, 0),
    "online_talk": ({}, True, 0),
    "flash_sale": ({"item": "草莓", "price_fen": 990, "pay": "till"}, False, 0),
    "group_buy": (
        {"item": "橙子", "price_fen": 2990, "pay": "link", "pay_url": "https://pay.example.org/x", "group_size": 3, "group_hours": 24},
        False,
        0,
    ),
    "low_threshold": ({"item": "拉花一次"}, False, 990),
}  # fmt: skip


def refused(code, **more):
    details, online, fee = FINE[code]
    with pytest.raises(Refused) as caught:
        FORMATS[code].check(
            {**details, **more.pop("details", {})}, **({"online": online, "fee_fen": fee} | more)
        )
    return caught.value


def test_the_list_and_its_examples_are_the_same():
    assert list(FORMATS) == list(FINE)


@pytest.mark.parametrize("code", FORMATS)
def test_each_format_says_what_it_is(code):
    form = FORMATS[code]
    details, online, fee = FINE[code]

    form.check(details, online=online, fee_fen=fee)
    assert form.code == code
    assert all((form.zh, form.en, form.card_zh, form.card_en, form.unit_zh, form.unit_en))
    assert len(form.card_zh) <= 12
    assert {Seat.CONFIRMED, Seat.CANCELLED, Seat.REMOVED} <= set(form.seats)
    assert Admission.FIRST_COME in form.admissions
    assert set(form.values) <= {*form.needs, *form.uses}
    for name in form.needs:
        assert refused(code, details={name: None}).code == "events.format"
    if not form.fee:
        assert refused(code, fee_fen=1).data["needs"] == "fee=0"
    if form.online is not None:
        assert refused(code, online=not online).code == "events.format"


@pytest.mark.parametrize(
    ("code", "details"),
    [
        ("flash_sale", {"price_fen": 0}),
        ("flash_sale", {"price_fen": "990"}),
        ("flash_sale", {"price_fen": True}),
        ("flash_sale", {"pay": "bitcoin"}),
        ("flash_sale", {"pay": "link", "pay_url": "javascript:alert(1)"}),
        ("flash_sale", {"pay": "link", "pay_url": "http://pay.example.org"}),
        ("group_buy", {"group_size": 1}),
        ("group_buy", {"group_size": 21}),
        ("group_buy", {"group_hours": 169}),
    ],
)
def test_values_that_do_not_fit_are_refused(code, details):
    assert refused(code, details=details).code == "events.format"


@pytest.mark.parametrize("fee", [0, 1991])
def test_a_first_visit_has_a_small_price(fee):
    assert refused("low_threshold", fee_fen=fee).code == "events.format"
    assert FORMATS["low_threshold"].once_a_life


def test_the_way_into_a_talk_is_for_who_has_a_place_from_half_an_hour_before():
    talk = FORMATS["online_talk"]
    starts, ends = NOON + HOUR, NOON + 2 * HOUR

    def shown(now, seat=Seat.CONFIRMED):
        return talk.link_shown(seat=seat, starts_at=starts, ends_at=ends, now=now)

    assert [shown(starts - timedelta(minutes=m)) for m in (31, 30, 0)] == [False, True, True]
    assert [shown(ends - timedelta(seconds=1)), shown(ends)] == [True, False]
    assert not any(
        shown(starts, seat) for seat in (None, Seat.WAITING, Seat.OFFERED, Seat.CANCELLED, Seat.APPLIED)
    )
    assert not FORMATS["class"].link_shown(seat=Seat.CONFIRMED, starts_at=starts, ends_at=ends, now=starts)


def test_nobody_sees_the_price_of_a_flash_sale_before_it_opens():
    sale, tea = FORMATS["flash_sale"], FORMATS["tea"]

    assert not sale.price_shown(opens_at=NOON, now=NOON - timedelta(seconds=1))
    assert sale.price_shown(opens_at=NOON, now=NOON)
    assert sale.price_shown(opens_at=None, now=NOON)
    assert tea.price_shown(opens_at=NOON, now=NOON - HOUR)


def test_a_paying_link_is_known_again():
    form, details = FORMATS["group_buy"], FINE["group_buy"][0]

    assert (
        form.pay_link(details, registration="r1", channel="wechat_group")
        == "https://pay.example.org/x?ref=r1&from=wechat_group"
    )
    assert (
        form.pay_link({**details, "pay_url": "https://pay.example.org/x?a=1"}, registration="r1")
        == "https://pay.example.org/x?a=1&ref=r1"
    )
    assert form.pay_link({**details, "pay": PAY[0]}, registration="r1") == ""


def test_a_group_buy_is_first_come_first_served():
    assert refused("group_buy", admission=Admission.LOTTERY).data["needs"] == "admission=first_come"
    assert refused("low_threshold", admission=Admission.LOTTERY).code == "events.format"


def test_only_some_formats_are_hosted_by_members():
    assert [code for code, one in FORMATS.items() if one.member_hosted] == ["tea", "swap", "online_talk"]


# mechanic × channel, as 微信外部链接内容管理规范 (2019-10-28) has it: . allowed, w warn, x forbidden
TABLE = """
                   store web sms wechat_chat wechat_group moments
event              .     .   .   .           .            .
flash_sale         .     .   .   w           w            w
group_buy          .     .   .   w           w            x
low_threshold      .     .   .   .           .            .
lottery            .     .   .   w           w            w
check_in_challenge .     .   .   x           x            x
referral           .     .   .   w           w            x
"""
MARK = {Answer.ALLOWED: ".", Answer.WARN: "w", Answer.FORBIDDEN: "x"}


def test_the_policy_is_this_table():
    header, *lines = TABLE.strip().splitlines()
    columns = [Where(word) for word in header.split()]
    assert columns == list(Where) == list(WHERE_LABELS)
    assert [line.split()[0] for line in lines] == list(Mechanic)
    for line in lines:
        name, *marks = line.split()
        assert [MARK[may_show(Mechanic(name), where, TODAY).answer] for where in columns] == marks


def test_every_line_names_its_clause_and_its_day():
    assert all("规范（2019-10-28）" in line.clause and line.since == date(2019, 10, 28) for line in POLICY)
    assert may_show(Mechanic.GROUP_BUY, Where.MOMENTS, date(2019, 10, 27)).answer is Answer.ALLOWED


def test_newer_rules_count_from_their_day():
    newer = (*POLICY, Line(date(2027, 1, 1), Mechanic.GROUP_BUY, Where.MOMENTS, Answer.WARN, "new"))

    assert may_show(Mechanic.GROUP_BUY, Where.MOMENTS, date(2026, 12, 31), newer).answer is Answer.FORBIDDEN
    assert may_show(Mechanic.GROUP_BUY, Where.MOMENTS, date(2027, 1, 1), newer).answer is Answer.WARN


@pytest.mark.parametrize(
    ("came_from", "in_"),
    [("timeline", False), ("MOMENTS ", False), ("groupmessage", True), ("", True), ("poster-7", True)],
)
def test_a_group_buy_link_is_not_served_to_moments(came_from, in_):
    assert (may_enter(Mechanic.GROUP_BUY, came_from, TODAY).answer is not Answer.FORBIDDEN) is in_
    assert may_enter(Mechanic.EVENT, came_from, TODAY).answer is Answer.ALLOWED


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("周六早茶，十点见", []),
        ("付 19 元，签到返 19 元代金券", []),  # part of the event, nobody is asked to share
        ("分享给好友，领代金券", ["代金券"]),
        ("邀请三位好友，各得 100 积分", ["积分"]),
        ("转发到朋友圈，抽奖机会加一次", ["抽奖"]),
        ("帮我砍一刀", ["砍一刀", "帮我砍"]),
        ("快来助力", ["助力"]),
        ("助 力 一 下", ["助力"]),  # spaces do not hide it
        ("集-赞 38 个", ["集赞"]),
        ("转发后可见地址", ["转发后可见"]),
    ],
)
def test_words_that_no_shared_text_may_carry(text, words):
    assert [hit.word for hit in lint_share(text)] == words
    assert all(hit.clause for hit in lint_share(text))


def test_a_format_refuses_a_forbidden_channel_and_a_forbidden_text():
    assert (
        refused("group_buy", details={"channels": ["wechat_group", "moments"]}).code
        == "events.channel_policy"
    )
    assert "朋友圈" in refused("group_buy", details={"channels": ["moments"]}).data["clause"]
    assert refused("tea", details={"share_text": "分享领红包"}).code == "events.channel_policy"
    assert refused("tea", details={"channels": ["carrier pigeon"]}).code == "events.format"
    FORMATS["group_buy"].check(
        {**FINE["group_buy"][0], "channels": ["wechat_group", "store"]}, online=False, fee_fen=0
    )
