"""The linter of advertising words: clause and level, places in the original, what the caller allows, the list itself."""

import tomllib
from pathlib import Path

import pytest

from tongxin.kits import copylint
from tongxin.kits.copylint import Finding, forbidden, lint

RAW = tomllib.loads(Path(copylint.__file__).with_name("copylint_words.toml").read_text(encoding="utf-8"))


def test_a_finding_says_where_what_and_by_which_clause() -> None:
    (found,) = lint("周末来吃最佳蛋挞")
    assert found == Finding(
        4,
        6,
        "最佳",
        "《广告法》第九条第三项",
        "forbidden",
        "绝对化用语不能用于商品和服务。换成能看见的事实，例如产地、时间、做法。",
        "Absolute terms may not advertise goods or services. State a fact that can be seen instead.",
    )


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        ("口感最 \u200b 佳哦", "最 \u200b 佳"),
        ("ＴＯＰ１面包", "ＴＯＰ１"),
        ("№1 面包", "№1"),
        ("國\u200b家級面點", "國\u200b家級"),
        ("第1\ufe0f\u20e3品牌", "第1\ufe0f\u20e3品牌"),
        ("𠮷家最jia面包", "最jia"),
    ],
)
def test_places_are_those_of_the_text_as_given(text: str, stands: str) -> None:
    (found,) = lint(text)
    assert text[found.start : found.end] == stands


@pytest.mark.parametrize(
    ("text", "clause", "level"),
    [
        ("最高级的面粉", "《广告法》第九条第三项", "forbidden"),
        ("口味第一", "《广告法》第九条第三项（近似用语）", "careful"),
        ("人民大会堂特供", "《广告法》第九条第一项、第二项", "forbidden"),
        ("驰名商标", "《商标法》第十四条第五款", "forbidden"),
        ("比别家好", "《广告法》第十三条", "forbidden"),
        ("治疗失眠", "《广告法》第十七条、《食品安全法》第七十三条", "forbidden"),
        ("增强免疫力", "《食品安全法实施条例》第三十八条、《广告法》第十八条", "forbidden"),
        ("媲美母乳", "《广告法》第二十条", "forbidden"),
        ("保证升学", "《广告法》第二十四条", "forbidden"),
        ("快让妈妈买", "《广告法》第四十条第二款、《未成年人保护法》第五十三条", "forbidden"),
        ("100%有效", "《广告法》第二十八条、《反不正当竞争法》第九条", "forbidden"),
        ("纯天然", "《广告法》第八条、第十一条、第二十八条", "careful"),
        ("全网最低价", "《明码标价和禁止价格欺诈规定》第十九条第三项、《广告法》第九条第三项", "forbidden"),
        ("原价 99", "《明码标价和禁止价格欺诈规定》第十六条、第十七条、第十九条", "careful"),
        ("最低消费 200 元", "《餐饮业经营管理办法（试行）》第十二条", "careful"),
        ("开光", "《广告法》第九条第八项", "careful"),
    ],
)
def test_each_kind_names_its_statute(text: str, clause: str, level: str) -> None:
    assert [(one.clause, one.level) for one in lint(text)] == [(clause, level)]


def test_a_longer_word_speaks_for_those_inside_it() -> None:
    assert [one.word for one in lint("全国最低价")] == ["全国最低价"]
    assert [one.word for one in lint("顶级顶级")] == ["顶级", "顶级"]


def test_names_that_the_caller_allows_are_left_alone_and_nothing_else() -> None:
    assert [one.word for one in lint("极品鲜 牌酱油，极品味道")] == ["极品", "极品"]
    found = lint("极品鲜 牌酱油，极品味道", allowed=["极品鲜"])
    assert [(one.start, one.word) for one in found] == [(8, "极品")]
    assert lint("No.1 咖啡馆见", allowed=("NO.1咖啡馆",)) == ()
    assert lint("最佳", allowed=("", " ")) != ()


@pytest.mark.parametrize(
    ("evasion", "word"),
    [
        ("最佳-赏味期", "最佳"),
        ("最，后佳", None),
        ("面包最好。提前预约", "最好"),
        ("口味第一，次日送达", "第一"),
        ("全国第一次品鉴会第一", "全国第一"),
    ],
)
def test_a_lawful_phrase_must_be_written_plainly(evasion: str, word: str | None) -> None:
    assert (word in [one.word for one in lint(evasion)]) == (word is not None)


def test_the_end_of_a_sentence_is_no_spelling() -> None:
    assert lint("这家店很孤独。家长请进") == ()
    assert [one.word for one in lint("独，家秘方")] == ["独家", "秘方"]


def test_letters_inside_longer_words_are_no_finding() -> None:
    assert lint("notop1x casino1 zuijiang 2026") == ()
    assert [one.word for one in lint("zui jia")] == ["最佳"]
    assert lint("yuanjia tejia") == ()  # pinyin alone counts for absolute terms only


def test_only_forbidden_words_stop_a_text() -> None:
    found = lint("原价 99，顶级面粉")
    assert [one.word for one in found] == ["原价", "顶级"]
    assert [one.word for one in forbidden(found)] == ["顶级"]


def test_an_empty_text_and_marks_alone_hold_nothing() -> None:
    assert lint("") == lint("  ，。！\u200b❤") == ()


def test_the_list_is_well_made() -> None:
    """Every word stands once, in simplified characters, with a clause that names a statute; every exception says why."""
    words = [word for group in RAW["group"] for word in group["words"]]
    assert sorted(words) == sorted(set(words))
    folds = copylint._folds()
    assert [word for word in words if any(char in folds for char in word)] == []
    for group in RAW["group"]:
        assert group["clause"].startswith("《")
        assert "条" in group["clause"]
        assert group["level"] in {"forbidden", "careful"}
        assert group["zh"]
        assert group["en"].isascii()
    assert all(group["why"] for group in RAW["lawful"])
    shapes = [shape for group in RAW["group"] for _, shape in group.get("patterns", ())]
    shapes += [phrase for group in RAW["lawful"] for phrase in group["phrases"]]
    for shape in shapes:  # 一 is written out as a choice, which cannot stand inside a class
        assert "一" not in "".join(part.split("]")[0] for part in shape.split("[")[1:])


def test_every_word_of_the_list_is_caught_as_itself() -> None:
    missed = [
        word
        for group in RAW["group"]
        for word in group["words"]
        if not any(word in (one.word, "") or one.word in word or word in one.word for one in lint(word))
    ]
    assert missed == []


def test_a_long_letter_is_read_quickly() -> None:
    """A hostile text of marks and beginnings of words must not make it slow."""
    import time

    began = time.process_time()
    lint("最 " * 5_000 + "第一" * 2_000 + "、" * 5_000)
    assert time.process_time() - began < 3
