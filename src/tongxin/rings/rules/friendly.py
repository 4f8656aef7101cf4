"""How a member hears of her own way: places as people say them, steps as invitations. No ring, no ladder, no word of ours."""

from tongxin.rings.rules.gates import Line
from tongxin.rings.rules.proof import Planned
from tongxin.rings.rules.steps import CONSENT, RECOGNISED, WAIT, Step
from tongxin.rings.rules.words import say_to_member
from tongxin.rings.terms import ORDER, Gate, Ring

PLACES: dict[Ring, tuple[str, str]] = {
    Ring.OUTER: ("街坊", "a neighbour"),
    Ring.MIDDLE: ("常来的伙伴", "a regular"),
    Ring.INNER: ("一起出主意的人", "one of those who shape things with us"),
}
NEUTRAL_PLACE = ("街坊", "a neighbour")
NEUTRAL_STEP = ("来店里坐坐，看看最近有什么活动。", "Drop in and see what is on these days.")

LINES: dict[Gate, tuple[str, str]] = {
    Gate.CONSENT: ("同意我们按你做过的事来推荐", "you agree that we suggest things by what you did"),
    Gate.CHECKINS: ("近三个月来过 {n} 次活动", "came to {n} event(s) in three months"),
    Gate.DAYS_56: ("近两个月有 {n} 天和我们在一起", "with us on {n} day(s) in two months"),
    Gate.WEEKS_56: ("近两个月里有 {n} 周见到你", "seen in {n} week(s) of two months"),
    Gate.CONTRIBUTION: (
        "你的参与，按远近算下来 {n} 分热度",
        "your part, fading with time: {n} degrees of warmth",
    ),
    Gate.DAYS_91: ("近三个月有 {n} 天和我们在一起", "with us on {n} day(s) in three months"),
    Gate.WEEKS_91: ("近三个月里有 {n} 周见到你", "seen in {n} week(s) of three months"),
    Gate.VERIFIED: ("近半年帮忙做成 {n} 件事", "helped to get {n} thing(s) done in half a year"),
    Gate.VERIFIED_KINDS: ("这些事有 {n} 种", "of {n} kind(s)"),
    Gate.RECOGNISED_BY: ("{n} 位邻居回应过你", "{n} neighbour(s) answered or thanked you"),
    Gate.RECOGNISED_DAYS: ("在 {n} 个不同的日子", "on {n} different day(s)"),
}
DOES: dict[str, tuple[str, str]] = {
    CONSENT: ("打开「按我做过的事推荐」", "allow suggestions by what you did"),
    "checked_in": ("再参加 {n} 次活动", "come to {n} more event(s)"),
    "posted": ("再和大家聊 {n} 次", "join the talk {n} more time(s)"),
    "co_hosted": ("和我们一起办 {n} 场活动", "help us host {n} event(s)"),
    "answer_accepted": ("再帮邻居解答 {n} 个问题", "help {n} more neighbour(s) with an answer"),
    "featured": ("再分享 {n} 件作品", "share {n} more work(s)"),
    RECOGNISED: ("再帮到 {n} 位邻居", "help {n} more neighbour(s)"),
    WAIT: ("过一阵子再看", "let some time pass"),
}


def next_place(ring: Ring) -> tuple[str, str]:
    """What comes after; empty for who is there already."""
    return ("", "") if ring is Ring.INNER else PLACES[ORDER[ring.step + 1]]


def step(found: Step | None) -> tuple[str, str]:
    """The next step in both languages."""
    return say_to_member(found, "zh"), say_to_member(found, "en")


def planned(one: Planned) -> tuple[str, str]:
    """One of the steps of the whole way."""
    zh, en = DOES[one.kind]
    return zh.format(n=one.count), en.format(n=one.count)


def line(found: Line) -> tuple[str, str]:
    """One line with its number; a yes or no without."""
    zh, en = LINES[found.gate]
    n = f"{found.value:.0f}"
    return zh.format(n=n), en.format(n=n)
