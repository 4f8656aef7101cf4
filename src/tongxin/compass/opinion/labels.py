"""Pain, wish, complaint, praise or plain talk: a guess with its probability, and silence where the guess is not sure.

A few hundred labelled sentences are little, so the model sees cues of the language (要是…就好, 等了…分钟) beside the characters, and
says nothing below `SURE`: a person answers instead, and the answer is an example of the next fit.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.opinion.grams import fingerprint, grams, logistic, matrix, vocabulary
from tongxin.compass.opinion.sentiment import frozen as sentiment

VERSION = "labels/1"
LABELS = ("pain", "wish", "gripe", "praise", "talk")
SURE = 0.6
PENALTY = 0.1
STEPS = 60
CUES: dict[str, re.Pattern[str]] = {
    "if_only": re.compile(
        "要是|如果能|能不能|可不可以|可以有|希望|建议|最好能|就好了|就更好|想要|期待|盼|求.{0,6}(开|上|出)|什么时候(能|会)?有"
    ),
    "own_life": re.compile(
        "我家|家里|宝宝|孩子|娃|老人|每天|晚上|总是|一直|不知道怎么|没时间|怎么办|愁|头疼|崩溃|焦虑|不会|学不会|搞不定"
    ),
    "ours": re.compile(
        "你们|店里|店员|收银|门店|买的|买回|退|换货|客服|活动|报名|老师|主理人|停车|小程序|货架|包装|送货|排队"
    ),
    "bad": re.compile(
        "太差|差劲|失望|生气|不新鲜|坏|烂|臭|贵|慢|乱|等了|没人|不理|态度|过期|少了|错|漏|脏|骗|投诉|再也不|白跑|缺货|吵"
    ),
    "thanks": re.compile(
        "谢谢|感谢|太好|真好|好吃|喜欢|赞|推荐|满意|开心|耐心|贴心|周到|惊喜|划算|学会了|成功|爱吃|不错|棒"
    ),
    "asks": re.compile("[?？]|吗|怎么|有没有|请问|哪|几点|多少"),
    "greets": re.compile("早上好|大家好|哈哈|周末|今天天气|晚安|打卡|第.{1,3}天|收到|好的|一起|路过"),
    "hard": re.compile("难|不肯|不吃|哭|过敏|起疹|便秘|挑食|失眠|累|担心|怕|烦|没胃口|不爱|咽不下|胀气"),
}


@dataclass(frozen=True)
class Guess:
    """A label with its probability; `label` is empty where the model would rather ask. `best` is what it leans to."""

    label: str
    best: str
    sure: float


@dataclass(frozen=True)
class Labels:
    """A fitted model over characters, pairs and cues."""

    words: dict[str, int]
    weights: np.ndarray
    examples: int
    fingerprint: str

    @property
    def version(self) -> str:
        """With the fingerprint of what it was fitted on."""
        return f"{VERSION}+{self.fingerprint}"

    def guess(self, texts: Sequence[str], sure: float = SURE) -> list[Guess]:
        """One guess a text."""
        if not texts:
            return []
        x = matrix([_seen(text) for text in texts], self.words)
        scores = x @ self.weights[:, :-1].T + self.weights[:, -1]
        worth = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares = worth / worth.sum(axis=1, keepdims=True)
        best = shares.argmax(axis=1)
        found = []
        for row, which in enumerate(best):
            share = float(shares[row, which])
            found.append(Guess(LABELS[which] if share >= sure else "", LABELS[which], share))
        return found


def _seen(text: str) -> set[str]:
    """Grams, cues, and whether the text sounds pleased."""
    found = grams(text)
    cues = {f"#{name}" for name, shape in CUES.items() if shape.search(text)}
    mood = sentiment().positive(text)
    return (
        found
        | cues
        | {f"##{name}" for name in cues}
        | {"#pleased" if mood > 0.65 else "#cross" if mood < 0.35 else "#even"}
    )


def fit(examples: Sequence[tuple[str, str]]) -> Labels:
    """A model from texts and labels. Raises BadInput for a label that there is not, and without two texts of each."""
    counted = {label: sum(one == label for _, one in examples) for label in LABELS}
    if {label for _, label in examples} - set(LABELS) or min(counted.values()) < 2:
        raise BadInput.one("examples", str(counted), ("at least two of each label", *LABELS))
    return _fit(tuple(sorted(set(examples))))


@lru_cache(maxsize=4)
def _fit(kept: tuple[tuple[str, str], ...]) -> Labels:
    seen = [_seen(text) for text, _ in kept]
    words = vocabulary(seen, 1)
    x = matrix(seen, words)
    given = np.array([label for _, label in kept])
    rows = [logistic(x, (given == label).astype(int), PENALTY, STEPS) for label in LABELS]
    return Labels(words, np.vstack(rows), len(kept), fingerprint(f"{label} {text}" for text, label in kept))


@cache
def shipped() -> tuple[tuple[str, str], ...]:
    """The labelled sentences that come with the product, written for it."""
    lines = (Path(__file__).parent / "labels.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    return tuple((text, label) for label, text in pairs)
