"""What people are told about their places: the words of each kind, in both languages, and the fields they need."""

from datetime import datetime
from zoneinfo import ZoneInfo

from tongxin.outreach.terms import MessageKind

_WHEN = ("title", "when_zh", "when_en", "store_zh")

MESSAGES: dict[str, MessageKind] = {
    "events.confirmed": MessageKind(
        "报好了：{title}，{when_zh}，{store_zh}。到店出示票码就行；来不了，提前点一下取消，位子就能给别人。",
        "You are in: {title}, {when_en}, {store_zh}. Show your ticket at the door; if you cannot come, cancel with one tap.",
        _WHEN,
    ),
    "events.waiting": MessageKind(
        "{title} 暂时满了，你在候补第 {number} 位。有空位会马上告诉你。",
        "{title} is full for now; you are number {number} in the line. We tell you as soon as a seat is free.",
        ("title", "number"),
    ),
    "events.applied": MessageKind(
        "{title} 的报名收到了，主理人确认后告诉你。",
        "We have your wish to come to {title}; the champion will answer.",
        ("title",),
    ),
    "events.entered": MessageKind(
        "{title} 人多位少，你已参加抽签，结果出来马上告诉你。",
        "More people than seats: you are in the draw for {title}. We tell you the result at once.",
        ("title",),
    ),
    "events.offer": MessageKind(
        "有空位了：{title}，{when_zh}。请在 {until_zh} 前确认，过了就让给下一位。",
        "A seat is free: {title}, {when_en}. Please answer by {until_en}; then it goes to the next.",
        (*_WHEN, "until_zh", "until_en"),
        urgent=True,
    ),
    "events.offer_lapsed": MessageKind(
        "{title} 的空位没等到你的回复，已让给下一位。还想来，可以再排一次候补。",
        "The seat at {title} was not answered in time and went to the next. You can join the line again.",
        ("title",),
    ),
    "events.draw_published": MessageKind(
        "{title} 的抽签名单和承诺已公示，开奖后谁都能核对。你的签号在报名页。",
        "Entrants and commitment of the draw for {title} are published; anyone can check the result. Your lot is on your page.",
        ("title",),
    ),
    "events.declined": MessageKind(
        "{title} 这次没能给你留到位，下次再约。",
        "We could not keep you a seat at {title} this time; see you at the next.",
        ("title",),
    ),
    "events.lost_draw": MessageKind(
        "{title} 这次没抽中。名单和算法都公开，可以自己核对。",
        "You were not drawn for {title} this time. Entrants and arithmetic are public; anyone can check.",
        ("title",),
    ),
    "events.reminder": MessageKind(
        "明天见：{title}，{when_zh}，{store_zh}。来不了的话，点一下取消。",
        "See you tomorrow: {title}, {when_en}, {store_zh}. If you cannot come, cancel with one tap.",
        _WHEN,
    ),
    "events.moved": MessageKind(
        "{title} 改到 {when_zh}，{store_zh}。你的位子还在；时间不合适，点一下取消。",
        "{title} is now on {when_en}, {store_zh}. Your place is kept; if that does not suit you, cancel with one tap.",
        _WHEN,
        urgent=True,
    ),
    "events.cancelled": MessageKind(
        "抱歉，{title}（{when_zh}）取消了。交过的费用会退回，没用的券会收回。",
        "Sorry, {title} ({when_en}) is cancelled. What you paid comes back; a voucher not used yet is taken back.",
        _WHEN,
        urgent=True,
    ),
    "events.thanks": MessageKind(
        "谢谢你来{title}，{store_zh}下次见。{group_zh}",
        "Thank you for coming to {title}; see you again at {store_zh}. {group_en}",
        ("title", "store_zh", "group_zh", "group_en"),
    ),
    "events.survey": MessageKind(
        "{title} 抽到你说一句：点个分数就行，一分钟以内。抽签名单和种子都公示，谁都能核对。",
        "You were drawn to say a word on {title}: one score will do. The list and the seed are public; anyone can check.",
        ("title",),
    ),
    "events.ritual_approved": MessageKind(
        "定了：你提议的{title}，{when_zh}，在{store_zh}。谢谢你来张罗。{answer}",
        "It is on: {title}, which you proposed, {when_en}, {store_zh}. Thank you for hosting. {answer}",
        (*_WHEN, "answer"),
    ),
    "events.ritual_declined": MessageKind(
        "你提议的{title}这次先不办：{answer}",
        "{title}, which you proposed, will not take place for now: {answer}",
        ("title", "answer"),
    ),
    "events.group_complete": MessageKind(
        "成团了：{title}，{when_zh} 前到 {store_zh} 取。",
        "Your group is complete: {title}; collect it at {store_zh} by {when_en}.",
        _WHEN,
    ),
    "events.group_released": MessageKind(
        "{title} 的团没有凑齐，已经全部取消，不用付款。",
        "Your group for {title} was not complete in time; all is released, nothing to pay.",
        ("title",),
    ),
}

WEEKDAYS = "一二三四五六日"
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def spoken(at: datetime, zone: str) -> tuple[str, str]:
    """An instant as people say it in a store's zone: `3月7日（周六）10:00` and `Sat 7 Mar, 10:00`."""
    local = at.astimezone(ZoneInfo(zone))
    zh = f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）{local:%H:%M}"
    return zh, f"{DAYS[local.weekday()]} {local.day} {MONTHS[local.month - 1]}, {local:%H:%M}"
