"""Words of draws."""

from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Fault(StrEnum):
    """What a checker can find in a published draw."""

    SHAPE = "shape"
    NOT_REVEALED = "not_revealed"
    ENTRANTS = "entrants"
    RULES = "rules"
    COMMITMENT = "commitment"
    PUBLISHED = "published"
    BEACON = "beacon"
    WINNERS = "winners"


FAULTS: dict[Fault, tuple[str, str]] = {
    Fault.SHAPE: ("文件不完整，或不是抽签公示文件", "the file is incomplete or not a published draw"),
    Fault.NOT_REVEALED: ("还没有开奖", "not revealed yet"),
    Fault.ENTRANTS: ("参与名单与公示的指纹不符", "the list of entrants does not match its hash"),
    Fault.RULES: ("规则与公示的指纹不符", "the rules do not match their hash"),
    Fault.COMMITMENT: ("种子与事先的承诺不符", "the seed does not match the commitment"),
    Fault.PUBLISHED: ("承诺与事先公布的不是同一个", "the commitment is not the one published beforehand"),
    Fault.BEACON: ("缺少规则里约定的公开数值", "the public value that the rules name is missing"),
    Fault.WINNERS: ("中签名单与重新计算的结果不符", "the winners differ from the recomputed ones"),
}

ACTS: dict[str, str] = {"draw.committed": "公示抽签", "draw.revealed": "开奖"}

REFUSALS: dict[str, Sentence] = {
    "draw.nobody": Sentence(
        "参与名单是空的，或有人重复。", "The list of entrants is empty or names one twice.", 422
    ),
    "draw.no_winners": Sentence(
        "规则里要写明中签人数（至少 1 人）。", "The rules must say how many win (1 or more).", 422
    ),
    "draw.beacon_needed": Sentence(
        "规则约定了开奖用的公开数值，请先填写。", "The rules name a public value; give it to reveal.", 422
    ),
    "draw.other_beacon": Sentence(
        "已经用另一个公开数值开过奖，不能更改。", "It was revealed with another public value already.", 409
    ),
}
