"""What is wrong with a kit, in both languages: the words of a fault, and of the place where it is."""

from collections.abc import Mapping
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.kits.rules.naming import path_words

Words = tuple[str, str]

UNKNOWN: Words = ("不认识这一项", "there is no such item")
A_LIST: Words = ("要是一列", "must be a list")
NEEDS_KEY: Words = (
    "每一行要有 key（小写字母开头）",
    "every row needs a key that begins with a small letter",
)
TWICE: Words = ("出现了两次", "stands there twice")
A_NUMBER: Words = ("要是数字", "must be a number")
A_TEXT: Words = ("要是文字", "must be text")
EMPTY: Words = ("还没有填", "is empty")
BAD_LETTERS: Words = ("有不能用的字符", "has characters that cannot be used")
A_TIME: Words = ("时间写成 18:30 的样子", "write the hour like 18:30")
AT_LEAST_ONE: Words = ("至少是 1", "must be 1 at least")
AGES: Words = ("不能小于起始年龄", "cannot be below the first age")
A_LINK: Words = ("要写完整，以 https:// 开头", "must be a whole link that begins with https://")
NO_STEP: Words = ("至少写一个环节", "needs one step at least")
TOO_LONG_STEPS: Words = ("各环节加起来超过了总时长", "the steps together are longer than the whole")
PACK: Words = ("每份含量至少是 1", "a pack must hold 1 at least")
ONE_POSTER: Words = ("一套模板就够", "one template is enough")
NOBODY_CAME: Words = ("活动前还没有人到场", "nobody has come before the event")
A_TABLE: Words = ("要写成 字段 → 权限", "must be field → rule")
NO_FIELD: Words = ("没有这个字段", "there is no such field")
RULES: Words = ("权限是 locked／range／free 之一", "must be locked, range or free")
ONE_OF: Words = ("one_of 要列出可选的值", "one_of must list the choices")
NOT_AMONG: Words = ("总部的值要在可选的值里", "headquarters' own value must be among the choices")
TEXT_RANGE: Words = ("文字的范围写最多几个字（most）", "for text say how many characters at most (most)")
ENDS: Words = ("范围要写最小和最大（least、most）", "a range needs its ends (least, most)")
NOT_INSIDE: Words = ("总部的值要在范围里", "headquarters' own value must be inside the range")
WRONG_TYPE: Words = ("值的类型不对", "the value is of another type")
CODE: Words = ("小写字母、数字和连字符，24 个以内", "small letters, digits and hyphens, 24 at most")


def between(least: Any, most: Any) -> Words:
    """A number, or an hour, outside its ends."""
    return (f"要在 {least} 到 {most} 之间", f"must be between {least} and {most}")


def by_day(least: str, most: str) -> Words:
    """An hour at which people sleep."""
    return (
        f"要在 {least}～{most} 之间，夜里不打扰",
        f"must be between {least} and {most}: nobody is disturbed at night",
    )


def at_most(characters: int) -> Words:
    """A text that is too long."""
    return (f"最多 {characters} 个字", f"{characters} characters at most")


def among(choices: tuple[str, ...]) -> Words:
    """A word outside its list."""
    return ("只能是 " + "／".join(choices), "must be one of " + ", ".join(choices))


def blanks(names: tuple[str, ...]) -> Words:
    """A blank in a text that nothing fills."""
    return (f"只能用这些空格：{'、'.join(names)}", f"only these blanks can be filled: {', '.join(names)}")


def emoji(most: int) -> Words:
    """Too many small pictures."""
    return (f"表情最多 {most} 个", f"{most} small pictures at most")


def bad(path: str, why: Words, content: Mapping[str, Any] | None = None) -> Refused:
    """`kits.content`: the path as it is for programs, its words and the reason in both languages for people."""
    zh, en = path_words(path, content or {})
    return Refused("kits.content", field=path, said=zh, said_en=en, reason=why[0], reason_en=why[1])
