"""Words of other people's communities: how near we are, what a deal is, by which numbers they are judged; what is refused."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from tongxin.amplify.terms import EDITORS
from tongxin.foundation.errors import Sentence
from tongxin.stores.terms import Role

OUTSIDE_READERS = EDITORS | {Role.HQ_ANALYST, Role.AUDITOR}


class Nearness(StrEnum):
    """How near we are to somebody else's community."""

    WATCHED = "watched"
    TALKING = "talking"
    PARTNER = "partner"
    OVER = "over"


NEARNESS_LABELS: dict[Nearness, tuple[str, str]] = {
    Nearness.WATCHED: ("围观学习", "watched and learned from"),
    Nearness.TALKING: ("洽谈中", "in talks"),
    Nearness.PARTNER: ("合作中", "working together"),
    Nearness.OVER: ("不再往来", "over"),
}


class Platform(StrEnum):
    """Where the community lives."""

    WECHAT = "wechat"
    WECOM = "wecom"
    XIAOHONGSHU = "xiaohongshu"
    DOUYIN = "douyin"
    OFFLINE = "offline"
    OTHER = "other"


PLATFORM_LABELS: dict[Platform, tuple[str, str]] = {
    Platform.WECHAT: ("微信群", "WeChat group"),
    Platform.WECOM: ("企业微信群", "WeCom group"),
    Platform.XIAOHONGSHU: ("小红书", "Xiaohongshu"),
    Platform.DOUYIN: ("抖音", "Douyin"),
    Platform.OFFLINE: ("线下", "offline"),
    Platform.OTHER: ("其他", "elsewhere"),
}


class Inside(StrEnum):
    """What a colleague of ours does in somebody else's community. Either way its host knows."""

    OBSERVER = "observer"
    MEMBER = "member"


INSIDE_LABELS: dict[Inside, tuple[str, str]] = {
    Inside.OBSERVER: ("只看不说", "only watches"),
    Inside.MEMBER: ("参与交流", "takes part"),
}


class DealKind(StrEnum):
    """冠名: its name stands beside ours for a time. 包养: its host speaks for us for a time."""

    NAMING = "naming"
    RETAINED = "retained"


DEAL_LABELS: dict[DealKind, tuple[str, str]] = {
    DealKind.NAMING: ("冠名", "naming"),
    DealKind.RETAINED: ("包养（请其代言）", "retained"),
}


class DealState(StrEnum):
    """Priced by one person, agreed by another, running, over."""

    PRICED = "priced"
    RUNNING = "running"
    STOPPED = "stopped"
    DONE = "done"


DEAL_STATES: dict[DealState, tuple[str, str]] = {
    DealState.PRICED: ("已定价，等另一人同意", "priced, waits for another person"),
    DealState.RUNNING: ("进行中", "running"),
    DealState.STOPPED: ("提前停止", "stopped early"),
    DealState.DONE: ("已结束", "over"),
}


class OutsidePart(StrEnum):
    """The five parts of an evaluation."""

    FIT = "fit"
    TOPIC = "topic"
    AUTHENTIC = "authentic"
    ENERGY = "energy"
    SAFETY = "safety"


PART_LABELS: dict[OutsidePart, tuple[str, str]] = {
    OutsidePart.FIT: ("人群契合", "audience fit"),
    OutsidePart.TOPIC: ("话题契合", "topic fit"),
    OutsidePart.AUTHENTIC: ("真实性", "authenticity"),
    OutsidePart.ENERGY: ("能量", "energy"),
    OutsidePart.SAFETY: ("安全", "safety"),
}


#: what forbids working together, and what makes an evaluation thin
VETO_LABELS: dict[str, tuple[str, str]] = {
    "not_authentic": ("真实性太低", "not authentic enough"),
    "unsafe": ("有害内容太多", "too much that harms"),
}
THIN_LABELS: dict[str, tuple[str, str]] = {
    "few_profiles": ("看过的资料不足 200 份", "fewer than 200 profiles looked at"),
    "few_weeks": ("观察不足 4 周", "fewer than four weeks observed"),
    "no_second_look": ("没有第二次清点，人数按看到的算", "no second look: people as they were seen"),
}
STOP_LABELS: dict[str, tuple[str, str]] = {
    "": ("继续", "go on"),
    "too_few": ("建议停：带来的人撑不起价格", "stop: too few join for the price"),
    "complaints": ("建议停：投诉超过约定", "stop: more complaints than agreed"),
}


@dataclass(frozen=True)
class Judging:
    """How outside communities are judged and deals are watched from a day on. Shares are in thousandths."""

    since: date
    weights: tuple[tuple[OutsidePart, int], ...]  # of 100
    weeks: int  # observations of so many weeks are read together
    sample_least: int  # looked at fewer than this: said beside the answer
    authentic_least: int  # below: not for us, whatever else
    unsafe_most: int
    base_most: int  # of the ceiling, paid for nothing but being there
    prior_joined: (
        int  # of those reached who join, where we have nothing of our own; of 1,000 people looked at
    )
    organic: int  # of those who join by a code, how many would have come anyway
    level: int  # chance of stopping a deal that is worth its price, over all weeks together
    cluster: int  # friends and families join together: at most so many at once
    complaints_most: int  # in 100,000 reached


JUDGING: tuple[Judging, ...] = (
    Judging(
        since=date(2026, 1, 1),
        weights=(
            (OutsidePart.FIT, 25),
            (OutsidePart.TOPIC, 15),
            (OutsidePart.AUTHENTIC, 20),
            (OutsidePart.ENERGY, 25),
            (OutsidePart.SAFETY, 15),
        ),
        weeks=4,
        sample_least=200,
        authentic_least=500,
        unsafe_most=20,
        base_most=400,
        prior_joined=10,
        organic=200,
        level=50,
        cluster=4,
        complaints_most=200,
    ),
)

#: what is counted in a week
COUNTS = (
    "active", "posts", "repeated", "on_topic", "unsafe", "joined", "burst", "questions", "answered", "sampled", "in_target", "ours",
    "first", "second", "both",
)  # fmt: skip

KEPT_AFTER = timedelta(days=30)  # a join is paid for when a purchase was kept, or somebody came, within this
NAME_MOST, ABOUT_MOST, WHAT_MOST, PROOF_MOST = 60, 200, 80, 200
COUNT_MOST = 1_000_000
WEEKS_LEAST, WEEKS_MOST = 4, 52
FEN_MOST = 100_000_000

REFUSALS: dict[str, Sentence] = {
    "amplify.outside_undisclosed": Sentence(
        "先让群主知道：谁在里面、做什么，再记录观察。",
        "Tell the host first who of ours is inside and why.",
        409,
    ),
    "amplify.outside_counts": Sentence(
        "这些数对不上：每个数不能大于它的总数。",
        "These counts do not fit: a part is larger than its whole.",
        422,
    ),
    "amplify.outside_known": Sentence(
        "已经登记过同名的社群。", "A community of this name is on the list.", 409
    ),
    "amplify.outside_over": Sentence("已经不再往来。", "This is over.", 409),
    "amplify.outside_veto": Sentence("不能合作：{why}。", "Not one to work with: {why_en}.", 409),
    "amplify.deal_form": Sentence(
        "报价不完整：期限 4 到 52 周，金额和数量要大于 0。",
        "Incomplete: 4 to 52 weeks, sums and numbers above 0.",
        422,
    ),
    "amplify.deal_ceiling": Sentence(
        "超过价格上限：最多 {most_shown}，现在合计 {fen_shown}。",
        "Above the ceiling: at most {most_shown}, this comes to {fen_shown}.",
        409,
    ),
    "amplify.deal_base": Sentence(
        "固定部分最多 {most_shown}，其余按成果付。",
        "The fixed part is at most {most_shown}; the rest is paid for results.",
        409,
    ),
    "amplify.deal_own": Sentence(
        "定价的人不能自己同意，请另一位来。", "Who set the price does not agree to it.", 403
    ),
    "amplify.deal_state": Sentence("现在不能做这一步。", "Not possible as it stands now.", 409),
    "amplify.deal_week": Sentence(
        "这一周还没到，或不在期限内。", "That week is not over yet, or not of the term.", 422
    ),
    "amplify.talent_consent": Sentence(
        "先得到本人同意，再写下来。", "Ask the person first; then write it down.", 409
    ),
}

ACTS: dict[str, str] = {
    "amplify.outside_listed": "登记外部社群",
    "amplify.outside_entered": "记下在外部社群里的同事",
    "amplify.outside_left": "同事离开外部社群",
    "amplify.outside_observed": "记录外部社群观察",
    "amplify.outside_moved": "变更外部社群往来状态",
    "amplify.deal_priced": "为外部社群合作定价",
    "amplify.deal_agreed": "同意外部社群合作",
    "amplify.deal_week_noted": "记录合作周数据",
    "amplify.deal_paid": "支付合作款",
    "amplify.deal_stopped": "提前停止合作",
    "amplify.deal_done": "合作到期结束",
    "amplify.placement_noted": "记录投放",
    "amplify.talent_found": "记下人才",
    "amplify.talent_gone": "移除人才记录",
}
