"""What a draw must say before anybody enters, and who may not be in it. Frozen at publication; the arithmetic is `foundation/draw`.

The fifteen points are those of 规范促销行为暂行规定 §13 (2020, no. 32); the highest prize is that of 反不正当竞争法 §10.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

# What the law wants published, in its order and words.
POINTS: dict[str, tuple[str, str]] = {
    "tiers": ("奖项种类", "tiers of prizes"),
    "conditions": ("参与条件", "who may enter"),
    "entry": ("参与方式", "how to enter"),
    "drawn_at": ("开奖时间", "when it is drawn"),
    "method": ("开奖方式", "how it is drawn"),
    "value": ("奖金金额或者奖品价格", "value of the prize"),
    "prize": ("奖品品名", "name of the prize"),
    "kind": ("奖品种类", "kind of prize"),
    "quantity": ("奖品数量或者中奖概率", "number of prizes or odds"),
    "claimed_when": ("兑奖时间", "when it is claimed"),
    "claimed_if": ("兑奖条件", "conditions of claiming"),
    "claimed_how": ("兑奖方式", "how it is claimed"),
    "delivery": ("奖品交付方式", "how it is delivered"),
    "forfeited_if": ("弃奖条件", "when it is forfeited"),
    "organiser": ("主办方及其联系方式", "organiser and contact"),
}
# Said by the facts of the event alone; words of the operator cannot replace them.
FIXED = frozenset({"drawn_at", "value", "quantity"})
HIGHEST_PRIZE_FEN = 5_000_000
DRAWN_AFTER = timedelta(hours=1)  # after registration closes, unless said otherwise
SHOWN_FOR = timedelta(
    minutes=30
)  # entrants and commitment stand published at least so long before the reveal
BEFORE_START = timedelta(hours=2)  # a winner must be able to come


@dataclass(frozen=True)
class LotteryFacts:
    """What the points are filled from. `said` are the operator's own words by point, `contact` how to reach the organiser."""

    title: str
    kind: str
    unit: str
    organiser: str
    contact: str
    place: str
    zone: str
    seats: int
    kept: int
    party_most: int
    fee_fen: int
    value_fen: int
    closes_at: datetime | None
    starts_at: datetime
    ends_at: datetime
    draws_at: datetime | None = None
    beacon: str = ""
    reserve: bool = True
    said: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Frozen:
    """The rules to publish; or the refusal's code and data."""

    rules: dict[str, Any] = field(default_factory=dict)
    draws_at: datetime | None = None
    code: str = ""
    data: dict[str, Any] = field(default_factory=dict)


def freeze(facts: LotteryFacts) -> Frozen:
    """The rules of a draw with all fifteen points, or why it cannot be opened.

    Seats kept for some do not go with a draw: everybody who may enter stands the same chance for each seat.
    """
    if facts.kept:
        return Frozen(code="events.draw_kept")
    if facts.value_fen * facts.party_most > HIGHEST_PRIZE_FEN:
        return Frozen(code="events.draw_prize", data={"most_fen": HIGHEST_PRIZE_FEN})
    if facts.closes_at is None:
        return Frozen(code="events.draw_rules", data={"missing": POINTS["drawn_at"][0]})
    draws_at = facts.draws_at or facts.closes_at + DRAWN_AFTER
    if not facts.closes_at <= draws_at <= facts.starts_at - BEFORE_START:
        return Frozen(code="events.draw_times")
    points = {name: _said(facts, name, draws_at) for name in POINTS}
    missing = [POINTS[name][0] for name, words in points.items() if not words.strip()]
    if missing:
        return Frozen(code="events.draw_rules", data={"missing": "、".join(missing)})
    rules: dict[str, Any] = {
        "points": points,
        "seats": facts.seats,
        "winners": facts.seats,
        "party_most": facts.party_most,
        "entrants": "lot*seats",
        "passed_over": "who needs more seats than are left",
        "reserve": facts.reserve,
        "beacon": facts.beacon,
        "draws_at": draws_at.isoformat(),
    }
    return Frozen(rules, draws_at)


def _said(facts: LotteryFacts, name: str, draws_at: datetime) -> str:
    own = facts.said.get(name, "").strip()
    return own if own and name not in FIXED else _plainly(facts, draws_at)[name]


def _plainly(facts: LotteryFacts, draws_at: datetime) -> dict[str, str]:
    """The points as the event itself says them."""
    at = {
        name: f"{moment.astimezone(ZoneInfo(facts.zone)):%Y-%m-%d %H:%M}"
        for name, moment in (
            ("closes", facts.closes_at or draws_at),
            ("draws", draws_at),
            ("starts", facts.starts_at),
            ("ends", facts.ends_at),
        )
    }
    after = "；未中签者按顺位候补" if facts.reserve else ""
    beacon = f"，并加入公开数值“{facts.beacon}”" if facts.beacon else ""
    return {
        "tiers": "一种：活动名额",
        "conditions": f"会员本人，每人一签，同行含本人最多 {facts.party_most} 人；门店员工和主办人员不参加",
        "entry": f"在活动页报名，{at['closes']} 截止，不收费用",
        "drawn_at": at["draws"],
        "method": f"报名截止后先公示签号名单与承诺值，再揭示种子{beacon}，按签号的 SHA-256 排序；余位不够同行人数的跳过{after}",
        "value": f"每席价值 {facts.value_fen / 100:.2f} 元，报名费 {facts.fee_fen / 100:.2f} 元",
        "prize": facts.title,
        "kind": f"活动名额（{facts.kind}）",
        "quantity": f"{facts.seats} {facts.unit}",
        "claimed_when": f"{at['starts']} 至 {at['ends']}",
        "claimed_if": "本人按报名时的人数到场",
        "claimed_how": "出示票码签到",
        "delivery": f"到场参加：{facts.place}" if facts.place else "",
        "forfeited_if": "开始前取消报名，或到结束时仍未到场",
        "organiser": f"{facts.organiser}，{facts.contact}" if facts.contact else "",
    }


def lot(event: UUID, registration: UUID) -> str:
    """The opaque number of a registration in a draw: says nothing about who it is, the same for good."""
    return sha256(f"tongxin.lot/1\n{event}\n{registration}".encode()).hexdigest()[:24]


def entrant(event: UUID, registration: UUID, party: int) -> str:
    """How a registration stands in the published list."""
    return f"{lot(event, registration)}*{party}"


def may_draw(draws_at: datetime, committed_at: datetime, now: datetime) -> bool:
    """Has its time come, and has the commitment been public for long enough?"""
    return now >= max(draws_at, committed_at + SHOWN_FOR)
