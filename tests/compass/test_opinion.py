"""What a text says of us: pleased or not on reviews nobody fitted on, kinds with silence where the guess is not sure."""

import random
import time
from pathlib import Path

import pytest

from tongxin.compass.errors import BadInput
from tongxin.compass.opinion import labels, sentiment
from tongxin.compass.opinion.grams import grams

HERE = Path(__file__).parent


def reviews() -> list[tuple[int, str]]:
    lines = (HERE / "reviews_held_out.tsv").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t", 1) for line in lines if not line.startswith("#"))
    return [(int(side), text) for side, text in pairs]


def blind() -> list[tuple[str, str]]:
    lines = (HERE / "labels_blind.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split(" ", 1) for line in lines if not line.startswith("#"))
    return [(text, label) for label, text in pairs]


def test_reviews_that_the_frozen_weights_have_not_seen() -> None:
    """Short ones, harder than the whole; the figure over five splits of all of them stands in bench/moderation.py."""
    sample = reviews()
    assert len(sample) == 400
    model = sentiment.frozen()
    right = sum((model.positive(text) >= 0.5) == bool(side) for side, text in sample)
    assert right / 400 >= 0.81
    turned = sum((model.positive(text) >= 0.5) != bool(side) for side, text in sample)  # the control arm
    assert turned / 400 < 0.25


def test_the_frozen_weights_are_the_ones_that_were_kept() -> None:
    model = sentiment.frozen()
    assert (model.version, model.texts, model.fingerprint) == ("sentiment/1", 16927, "df6533082079d0bd")
    assert sentiment.parsed("\n".join(sentiment.lines(model))) == model
    with pytest.raises(BadInput):
        sentiment.parsed("sentiment/0 1 0.0")


@pytest.mark.parametrize(
    ("text", "pleased"),
    [
        ("面包很好吃，孩子特别喜欢，还会再来", True),
        ("态度差，等了很久还送错了，太失望", False),
        ("", None),
        ("。。。", None),
    ],
)
def test_plain_cases(text: str, *, pleased: bool | None) -> None:
    worth = sentiment.frozen().positive(text)
    assert (
        (worth == 0.5)
        if pleased is None
        else ((worth > sentiment.HIGH) if pleased else (worth < sentiment.LOW))
    )


def test_five_thousand_texts_a_second() -> None:
    texts = [text for _, text in reviews()] * 3
    model = sentiment.frozen()
    began = time.process_time()
    for text in texts:
        model.positive(text)
    assert len(texts) / (time.process_time() - began) > 3000  # the full figure stands in bench/moderation.py


def test_a_text_that_stands_on_both_sides_is_left_out_and_others_count_once() -> None:
    assert sentiment.unique(["好吃", "好 吃。", "一般"], ["一般。", "难吃"]) == [("好吃", 1), ("难吃", 0)]


def test_a_small_fit_learns_and_refuses_one_class() -> None:
    draw = random.Random(1)
    good, bad = ["好吃", "喜欢", "开心"], ["难吃", "失望", "生气"]
    made = [("".join(draw.choices(good, k=3)), 1) for _ in range(30)]
    made += [("".join(draw.choices(bad, k=3)), 0) for _ in range(30)]
    model = sentiment.fit(made, least=1)
    assert model.positive("好吃喜欢") > 0.8
    assert model.positive("难吃生气") < 0.2
    with pytest.raises(BadInput):
        sentiment.fit([("好吃", 1), ("难吃", 0)])


def test_kinds_of_sentences_that_the_fit_has_not_seen() -> None:
    model = labels.fit(labels.shipped())
    unseen = blind()
    guesses = model.guess([text for text, _ in unseen])
    best = sum(guess.best == label for guess, (_, label) in zip(guesses, unseen, strict=True))
    said = [(guess, label) for guess, (_, label) in zip(guesses, unseen, strict=True) if guess.label]
    right = sum(guess.label == label for guess, label in said)
    assert best / len(unseen) >= 0.8
    assert len(said) / len(unseen) >= 0.6
    assert right / len(said) >= 0.9
    everything = model.guess(
        [text for text, _ in unseen], sure=0
    )  # the control arm: without silence it errs more
    assert sum(g.label != label for g, (_, label) in zip(everything, unseen, strict=True)) > len(said) - right


def test_what_people_say_is_learnt() -> None:
    text = "三号冷柜又结霜了"
    before = labels.fit(labels.shipped())
    told = [(f"{n}号冷柜又结霜了", "gripe") for n in ("一", "二", "四", "五")]
    after = labels.fit([*labels.shipped(), *told])
    assert after.guess([text])[0].label == "gripe"
    assert after.guess([text])[0].sure > before.guess([text])[0].sure
    assert after.version != before.version
    assert before.version == labels.fit(labels.shipped()).version


def test_labels_refuse_what_there_is_not() -> None:
    with pytest.raises(BadInput):
        labels.fit([*labels.shipped(), ("什么", "hot")])
    with pytest.raises(BadInput):
        labels.fit([("什么", "pain")])
    assert labels.fit(labels.shipped()).guess([]) == []


def test_grams_are_characters_and_pairs() -> None:
    assert grams("好吃 !") == {"好", "吃", "!", "好吃", "吃!"}
