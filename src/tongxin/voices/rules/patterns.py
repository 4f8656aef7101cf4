"""What no list of words can hold: numbers to call, account names, links, identity papers, a child's real name or school.

Each is looked for in the text as it reads (foundation/folding.py), so a number spelled 一三八 or with blanks inside is a number.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from tongxin.foundation.folding import fold, places
from tongxin.voices.rules.keywords import Hit, joined
from tongxin.voices.terms_moderation import Category, Level

SPOKEN_DIGITS = str.maketrans("零〇一二三四五六七八九幺壹贰叁肆伍陆柒捌玖", "001234567891123456789")
PHONE = re.compile(r"(?<!\d)(?:86)?1[3-9]\d{9}(?!\d)")
ACCOUNT = re.compile(
    r"(?:微信号?|weixin|薇信|威信|v信|vx|wx|加v|加微|微)(?:号码?)?(?:是|为|同号)?([a-z][a-z0-9]{5,19})|(?:qq|扣扣|企鹅)(?:号码?)?(?:是|为)?([1-9]\d{4,10})"
)
PAPERS = re.compile(r"(?<!\d)[1-9]\d{5}(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dx]")
LINK = re.compile(
    r"(?:https?://|www\.)\S+|\b[a-z0-9-]{2,}\.(?:com|cn|net|top|xyz|shop|vip|cc|me)\b", re.IGNORECASE
)
CHILD = r"(?:宝宝|宝贝|娃|孩子|小孩|儿子|女儿|闺女|小朋友|老大|老二|外孙|孙子|孙女)"
CHILD_NAME = re.compile(
    CHILD
    + r"(?:的)?(?:大名|全名|姓名|真名|名字)(?:叫做|叫|是|为)(?!什么|怎么|还没|没|也|好|真|取|起|吗|我|爷|奶|啥|做)[\u4e00-\u9fff]{2}"
)
CHILD_SCHOOL = re.compile(
    CHILD
    + r"(?:现在|目前|今年)?(?:在|就读于|读|上)[\u4e00-\u9fff0-9]{2,14}?(?:幼儿园|小学|托班|早教中心)[\u4e00-\u9fff]{0,2}[大中小一二三四五六0-9][\u4e00-\u9fff0-9]{0,3}班"
)
CHILD_HOME = re.compile(
    r"(?:我家住|家住|住在|地址是|地址)[\u4e00-\u9fff0-9]{2,20}?(?:小区|花园|公寓|苑|弄)[0-9a-z]{1,4}(?:号楼|栋|幢|号)[0-9]{0,3}(?:单元|室|户)?[0-9]{0,4}"
)
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECKS = "10x98765432"


class Shape(NamedTuple):
    """One thing to look for."""

    name: str
    category: Category
    level: Level
    shape: re.Pattern[str]


SHAPES = (
    Shape("account", Category.CONTACT, Level.HOLD, ACCOUNT),
    Shape("papers", Category.PRIVATE, Level.HOLD, PAPERS),
    Shape("child_name", Category.CHILD, Level.HOLD, CHILD_NAME),
    Shape("child_school", Category.CHILD, Level.HOLD, CHILD_SCHOOL),
    Shape("home", Category.PRIVATE, Level.HOLD, CHILD_HOME),
)


def patterns(text: str) -> tuple[Hit, ...]:
    """Everything of this kind in a text, in order of place."""
    folded = fold(text)
    at = places(text)
    hits = [*_phones(text, folded, at), *_links(text)]
    for name, category, level, shape in SHAPES:
        for found in shape.finditer(folded):
            if (name != "papers" or checked(found.group())) and (
                name == "account" or joined(text, folded, at, *found.span())
            ):
                hits.append(_hit((name, category, level), at, *found.span()))
    return tuple(sorted(hits, key=lambda hit: (hit.start, hit.end, hit.word)))


def checked(number: str) -> bool:
    """Whether an identity number's last sign fits the others (GB 11643)."""
    return CHECKS[sum(w * int(d) for w, d in zip(WEIGHTS, number[:17], strict=True)) % 11] == number[17]


def _phones(text: str, folded: str, at: list[int]) -> Iterator[Hit]:
    for found in PHONE.finditer(folded.translate(SPOKEN_DIGITS)):
        start, end = found.span()
        gaps = {char for i in range(start + 1, end) for char in text[at[i - 1] + 1 : at[i]]}
        if not gaps & set("，,。；;：:/年月日\n元￥"):
            yield _hit(("phone", Category.CONTACT, Level.HOLD), at, start, end)


def _links(text: str) -> Iterator[Hit]:
    for found in LINK.finditer(text):
        yield Hit(Category.ADVERT, Level.NOTE, "link", *found.span(), by="pattern")


def _hit(kind: tuple[str, Category, Level], at: list[int], start: int, end: int) -> Hit:
    name, category, level = kind
    return Hit(category, level, name, at[start], at[end - 1] + 1, by="pattern")
