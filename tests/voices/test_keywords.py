"""Words are found in every spelling, with their places; lawful phrases, clauses and Latin words are left alone."""

import random
import time

import pytest

from tongxin.foundation.folding import fold, places
from tongxin.voices.rules.keywords import Lexicon, Word, joined, shipped
from tongxin.voices.rules.patterns import checked, patterns
from tongxin.voices.terms_moderation import Category, Level

SPELT = [
    ("加微信", "加微信"),
    ("加 微 信", "加 微 信"),
    ("加\u200b微\u200d信", "加\u200b微\u200d信"),
    ("加*微*信", "加*微*信"),
    ("家人们➕微信", "➕微信"),
    ("我叫＋Ｖ：abc", "＋Ｖ"),
    ("加ⓥ哦", "加ⓥ"),
    ("招代理，低價批發", "低價批發"),
    ("傻屄不是，傻🙂逼才是", "傻🙂逼"),
    ("腦殘", "腦殘"),
    ("ѕЬ", "ѕЬ"),
    ("ｓ ｂ", "ｓ ｂ"),
    ("s.b", "s.b"),
    ("加ｗｘ", "加ｗｘ"),
    ("加wх", "加wх"),
    ("加𝑣𝑥", "加𝑣𝑥"),
    ("刷⁣單", "刷⁣單"),
]

PLAIN = [
    "妈妈的味道真好",
    "舅妈的秘方，今日你也可以试",
    "我相信，用了一个月才说好",
    "sbs电视台的节目",
    "治愈系的下午茶",
    "饺子包好了，滚蛋饺子迎客面",
    "今天的鸡蛋滚蛋液再裹面包糠",
    "他很有威信",
    "用微波炉加微火",
    "混蛋黄和蛋白一起打",
    "旧瓶子别扔，废物利用做花瓶",
]


@pytest.mark.parametrize(("text", "found"), SPELT)
def test_a_word_is_found_in_every_spelling_and_where_it_stands(text: str, found: str) -> None:
    spans = {text[hit.start : hit.end] for hit in shipped().find(text)}
    assert (found in spans) if found else not spans


@pytest.mark.parametrize("text", PLAIN)
def test_plain_words_are_left_alone(text: str) -> None:
    assert shipped().find(text) == ()


def test_without_lawful_phrases_the_same_text_would_be_found() -> None:
    bare = Lexicon([Word("妈的", Category.ABUSE, Level.HOLD)])
    assert [hit.word for hit in bare.find("妈妈的味道")] == ["妈的"]


def test_a_lawful_phrase_must_be_written_plainly() -> None:
    assert [hit.word for hit in shipped().find("你这妈，妈的！")] == ["妈的"]


def test_what_only_sounds_alike_is_a_note() -> None:
    text = "家葳芯哦"
    assert shipped().find(text) == ()
    heard = shipped().find_sounds(text)
    assert {(hit.word, hit.level, hit.by) for hit in heard} >= {("加微信", Level.NOTE, "sound")}
    known = shipped().find("加微信")
    assert shipped().find_sounds("加微信", known) == ()


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("打我电话 138-0013-8000", ["phone"]),
        ("打我电话一三八零零一三八零零零", ["phone"]),
        ("1 3 8 0 0 1 3 8 0 0 0", ["phone"]),
        ("订单 20261122138001380009", []),
        ("价格 138，00138，000", []),
        ("加v：tong_xin2026", ["account"]),
        ("微信号是 abc12345", ["account"]),
        ("QQ 123456789", ["account"]),
        ("身份证 11010519491231002X", ["papers"]),
        ("身份证 110105194912310021", []),
        ("宝宝大名叫王小明，很乖", ["child_name"]),
        ("宝宝名字叫什么好", []),
        ("儿子在阳光幼儿园中二班", ["child_school"]),
        ("孩子在幼儿园不肯吃饭", []),
        ("我家住梧桐小区3号楼2单元501", ["home"]),
        ("看 taobao.com/abc", ["link"]),
        ("宝宝 8 个月，吃 30 克米粉，2026.11.22 开始", []),
    ],
)
def test_numbers_accounts_papers_and_a_childs_data_are_seen(text: str, names: list[str]) -> None:
    assert [hit.word for hit in patterns(text)] == names


def test_the_check_sign_of_papers() -> None:
    assert checked("11010519491231002x")
    assert not checked("110105194912310020")


@pytest.mark.parametrize("text", ["", "。。。", "𝒘é①ｖ發", "a\u200bb\u00adc", "ﬃ ㍿", "⼼ 豈"])
def test_places_lead_back_to_the_text(text: str) -> None:
    at = places(text)
    assert len(at) == len(fold(text))
    assert at == sorted(at)
    for place, char in zip(at, fold(text), strict=True):
        assert char in fold(text[place])


def brute(text: str, words: list[str]) -> set[tuple[str, int, int]]:
    """Every occurrence of every word, looked for one by one."""
    folded, at = fold(text), places(text)
    found = set()
    for word in words:
        key, start = fold(word), -1
        while (start := folded.find(key, start + 1)) >= 0:
            if joined(text, folded, at, start, start + len(key)):
                found.add((word, at[start], at[start + len(key) - 1] + 1))
    return found


def test_nothing_is_missed_against_looking_for_each_word_alone() -> None:
    draw = random.Random(606)
    chars = "加微信妈的店里做米糊宝好吃了ab1"
    words = sorted({"".join(draw.choices(chars, k=draw.randint(1, 4))) for _ in range(600)})
    lexicon = Lexicon([Word(word, Category.ADVERT, Level.HOLD) for word in words])
    total = 0
    for _ in range(400):
        text = "".join(draw.choices(chars + "加微信 ，。\u200b*", k=30))
        found = {(hit.word, hit.start, hit.end) for hit in lexicon.find(text)}
        assert found == brute(text, words)
        total += len(found)
    assert total > 5000


def test_ten_thousand_words_are_looked_for_fast() -> None:
    draw = random.Random(7)
    chars = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    words = {"".join(draw.choices(chars, k=draw.randint(2, 5))) for _ in range(10_000)}
    lexicon = Lexicon([Word(word, Category.ADVERT, Level.HOLD) for word in words])
    texts = ["".join(draw.choices(chars, k=30)) for _ in range(5_000)]
    for text in texts:
        lexicon.find(text)
    began = time.process_time()
    for text in texts:
        lexicon.find(text)
    assert (
        len(texts) / (time.process_time() - began) > 25_000
    )  # the full figure stands in bench/moderation.py
