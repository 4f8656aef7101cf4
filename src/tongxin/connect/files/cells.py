"""From the text of a column to typed values: the tidy ones all at once, the odd ones one distinct value at a time.

A value that cannot be trusted is a fault, never a guess. What Excel does to files is known by its marks: card numbers as
`8.00012E+11`, dates as serial numbers, digits in full width, `￥1,234.50`, `138****1234`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.tables import NAIVE_ZONE, Column
from tongxin.foundation import money

ARROW = {
    "text": pa.string(),
    "enum": pa.string(),
    "int": pa.int64(),
    "money": pa.int64(),
    "decimal": pa.float64(),
    "bool": pa.bool_(),
    "date": pa.date32(),
    "datetime": pa.timestamp("us", tz="UTC"),
}
#: beyond 15 digits a number in a spreadsheet is no longer the number that was typed
EXACT = 10**15
LONGEST = 500
LONGEST_CODE = 120

TRUE = frozenset({"true", "t", "1", "yes", "y", "是", "有", "√"})
FALSE = frozenset({"false", "f", "0", "no", "n", "否", "无", "×"})

#: words chains use for the values of closed lists
WORDS: dict[str, dict[str, str]] = {
    "channel": {"门店": "store", "线下": "store", "小程序": "mini", "外卖": "delivery", "到家": "delivery", "配送": "delivery", "团购": "group-buy", "社群团购": "group-buy"},
    "status": {"已报名": "registered", "报名": "registered", "候补": "waitlisted", "未中签": "lost_draw", "已签到": "checked_in", "签到": "checked_in", "到场": "checked_in", "未到场": "no_show", "未到": "no_show", "已取消": "cancelled", "取消": "cancelled"},
    "what": {"活动": "event", "仪式": "ritual", "社区仪式": "ritual", "营销活动": "campaign", "挑战": "challenge", "打卡": "challenge", "共创会": "panel"},
    "margin_class": {"高": "high", "中": "mid", "低": "low", "高毛利": "high", "中毛利": "mid", "低毛利": "low"},
    "role": {"主理人": "champion", "店长": "manager", "总部": "hq"},
    "sampled": {"随机": "random", "随机抽样": "random", "自愿": "volunteer"},
    "kind": {"回复": "reply", "回答": "answer", "采纳": "accepted", "点赞": "like", "推荐": "referral", "满意度": "csat"},
}  # fmt: skip

ALLOWED = {
    "int": "a whole number",
    "decimal": "a number",
    "money": "yuan with at most two decimals, e.g. 1234.50",
    "date": "a date, e.g. 2026-03-07",
    "datetime": "a date and time, e.g. 2026-03-07 10:05:00 or with an offset",
    "bool": "是/否, true/false, 1/0",
}

_SCIENTIFIC = r"^[+-]?\d(\.\d+)?[eE]\+?\d{2,}$"
_EXCEL_ERROR = r"^#(N/A|VALUE!|REF!|NAME\?|DIV/0!|NULL!|NUM!)$"
EMPTY = ("", "NULL", "null", "\\N", "None")
#: the apostrophe that `writing.safe` puts before what a spreadsheet would take for a formula
_QUOTED = r"^'('?[=+\-@\t\r\n＝＋－＠﹢﹣﹦﹫−])"
_SERIAL = re.compile(r"\d{5}(\.\d+)?")


class Odd(ValueError):
    """A value that cannot be taken: what was found and what is allowed."""

    def __init__(self, found: str, allowed: str) -> None:
        super().__init__(found)
        self.found = found
        self.allowed = allowed


@dataclass(frozen=True)
class Converted:
    """A typed column; `faults` are (row in the batch, found, allowed); `blanked` counts values that were left out."""

    values: pa.Array
    faults: tuple[tuple[int, str, str], ...]
    blanked: int = 0


def convert(column: Column, texts: pa.Array, *, fen: bool = False) -> Converted:
    """Type a column. Nulls, empty cells and the usual words for "nothing" become null.

    Columns that come typed (Parquet) and are of the right type already are taken as they are; others are read as text.
    """
    if (ready := _as_it_is(column, texts, fen=fen)) is not None:
        return Converted(ready, ())
    texts = as_text(texts)
    texts = pc.utf8_trim_whitespace(texts)
    texts = pc.replace_substring_regex(texts, _QUOTED, r"\1")
    texts = pc.if_else(pc.is_in(texts, pa.array(EMPTY)), None, texts)
    if column.name == "phone":
        return _phones(texts)
    kind = "int" if fen and column.kind == "money" else column.kind
    tidy = pc.fill_null(_TIDY[kind](texts, column), False)
    fast = _FAST[kind](pc.if_else(tidy, texts, None))
    left = pc.and_(pc.is_valid(texts), pc.is_null(fast))
    if not pc.any(left).as_py():
        return Converted(fast.cast(ARROW[column.kind]), ())
    return _one_by_one(column, kind, texts, fast, left)


def _as_it_is(column: Column, values: pa.Array, *, fen: bool) -> pa.Array | None:
    kind = values.type
    whole = pa.types.is_integer(kind)
    if column.kind == "datetime" and pa.types.is_timestamp(kind):
        if kind.tz is None:
            values = pc.assume_timezone(values, NAIVE_ZONE, ambiguous="earliest", nonexistent="earliest")
        return values.cast(ARROW["datetime"], safe=False)  # nanoseconds are cut
    if whole and (column.kind == "int" or (column.kind == "money" and fen)):
        return values.cast(pa.int64())
    if column.kind == "bool" and pa.types.is_boolean(kind):
        return values
    if column.kind == "date" and pa.types.is_date(kind):
        return values.cast(pa.date32())
    if column.kind == "decimal" and (whole or pa.types.is_floating(kind)):
        floats = values.cast(pa.float64())
        return pc.if_else(pc.is_finite(floats), floats, None)
    return None


def as_text(values: pa.Array) -> pa.Array:
    """Any column as text: what a person would see in the cell."""
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    kind = values.type
    if pa.types.is_string(kind):
        return values
    if pa.types.is_floating(kind) or pa.types.is_timestamp(kind):
        return pa.array([None if v is None else shown(v) for v in values.to_pylist()], pa.string())
    return values.cast(pa.string())


def shown(cell: object) -> str:
    """A cell as text. Dates become ISO; numbers lose the `.0` of the spreadsheet and keep at most six decimals."""
    match cell:
        case str():
            return cell
        case bool():
            return "true" if cell else "false"
        case datetime():
            return cell.isoformat(sep=" ", timespec="seconds")
        case date():
            return cell.isoformat()
        case float() | int():
            if cell != cell:  # noqa: PLR0124 - only "not a number" differs from itself
                return ""
            if abs(cell) >= EXACT:
                return f"{cell:.5E}"  # the mark of a damaged number, which is refused
            return f"{cell:.6f}".rstrip("0").rstrip(".")
        case None:
            return ""
        case _:
            return str(cell)


def _one_by_one(column: Column, kind: str, texts: pa.Array, fast: pa.Array, left: pa.Array) -> Converted:
    """The values the fast way could not take, each distinct one once."""
    odd = pc.if_else(left, texts, None).dictionary_encode()
    answers: list[object] = []
    wrong: dict[int, Odd] = {}
    for place, text in enumerate(odd.dictionary.to_pylist()):
        try:
            answers.append(_SLOW[kind](text, column))
        except Odd as fault:
            answers.append(None)
            wrong[place] = fault
    typed = pa.array(answers, ARROW[column.kind]).take(odd.indices)
    values = pc.coalesce(fast.cast(ARROW[column.kind]), typed)
    faults = []
    if wrong:
        bad = pc.is_in(odd.indices, pa.array(list(wrong), odd.indices.type))
        for row in pc.indices_nonzero(pc.fill_null(bad, False)).to_pylist():
            what = wrong[odd.indices[row].as_py()]
            faults.append((row, what.found, what.allowed))
    return Converted(values, tuple(faults))


# Masked and damaged phone numbers are common and useless: a member is imported without one rather than refused.
def _phones(texts: pa.Array) -> Converted:
    useless = pc.or_(pc.match_substring(texts, "*"), pc.match_substring_regex(texts, _SCIENTIFIC))
    useless = pc.fill_null(useless, False)
    kept = pc.if_else(useless, None, texts)
    return Converted(_folded(kept), (), pc.sum(useless).as_py() or 0)


def _folded(texts: pa.Array) -> pa.Array:
    if pc.all(pc.fill_null(pc.string_is_ascii(texts), True)).as_py():
        return texts
    return pa.array(
        [None if t is None else unicodedata.normalize("NFKC", t) for t in texts.to_pylist()], pa.string()
    )


def is_code(column: Column) -> bool:
    """Codes are compared letter by letter; names and reasons are only read."""
    return column.kind == "text" and (
        column.name.endswith(("_code", "_no")) or column.name in {"sku", "program", "version"}
    )


# the tidy way: which values it takes, and how


def _tidy_text(texts: pa.Array, column: Column) -> pa.Array:
    if not is_code(column):
        short = pc.less_equal(pc.utf8_length(texts), LONGEST)
        return pc.and_(short, pc.invert(pc.match_substring_regex(texts, r"[\x00-\x08\x0b-\x1f]|^#")))
    odd = pc.or_(
        pc.match_substring_regex(texts, _SCIENTIFIC), pc.match_substring_regex(texts, r"[\x00-\x1f*#]")
    )
    short = pc.and_(pc.string_is_ascii(texts), pc.less_equal(pc.utf8_length(texts), LONGEST_CODE))
    return pc.and_(short, pc.invert(odd))


def _matching(pattern: str) -> Callable[[pa.Array, Column], pa.Array]:
    return lambda texts, _: pc.match_substring_regex(texts, pattern)


# Only days that exist: Arrow would read 30 February as 2 March. 29 February goes the slow way, which knows leap years.
_REAL_DAY = (
    r"\d{4}-((0[13578]|1[02])-(0[1-9]|[12]\d|3[01])|(0[469]|11)-(0[1-9]|[12]\d|30)|02-(0[1-9]|1\d|2[0-8]))"
)

_TIDY: dict[str, Callable[[pa.Array, Column], pa.Array]] = {
    "text": _tidy_text,
    "enum": lambda texts, column: pc.is_in(texts, pa.array(column.values)),
    "int": _matching(r"^[+-]?\d{1,15}$"),
    "decimal": _matching(r"^[+-]?\d{1,15}(\.\d{1,12})?$"),
    "money": _matching(r"^[+-]?\d{1,12}(\.\d{1,2})?$"),
    "bool": lambda texts, _: pc.is_in(texts, pa.array(["true", "false"])),
    "date": _matching(rf"^{_REAL_DAY}$"),
    "datetime": _matching(rf"^{_REAL_DAY}[ T]([01]\d|2[0-3]):[0-5]\d:[0-5]\d$"),
}


def _plus(texts: pa.Array) -> pa.Array:
    return pc.replace_substring_regex(texts, r"^\+", "")


def _instants(texts: pa.Array) -> pa.Array:
    spaced = pc.replace_substring(texts, "T", " ")
    local = pc.strptime(spaced, "%Y-%m-%d %H:%M:%S", "us", error_is_null=True)
    # An hour that the clock skipped or showed twice (1986–1991) is read as the earlier instant that it can mean.
    placed = pc.assume_timezone(local, NAIVE_ZONE, ambiguous="earliest", nonexistent="earliest")
    return placed.cast(pa.timestamp("us", tz="UTC"))


_FAST: dict[str, Callable[[pa.Array], pa.Array]] = {
    "text": lambda texts: texts,
    "enum": lambda texts: texts,
    "int": lambda texts: _plus(texts).cast(pa.int64()),
    "decimal": lambda texts: _plus(texts).cast(pa.float64()),
    "money": lambda texts: pc.multiply(_plus(texts).cast(pa.decimal128(18, 2)), pa.scalar(100, pa.decimal128(3, 0))).cast(pa.int64()),
    "bool": lambda texts: pc.equal(texts, "true"),
    "date": lambda texts: pc.strptime(texts, "%Y-%m-%d", "s", error_is_null=True).cast(pa.date32()),
    "datetime": _instants,
}  # fmt: skip


# the odd way: one value


def text(value: str, column: Column) -> str:
    """A text, or for a code its plain form. Raises Odd for what Excel or a mask has destroyed."""
    if re.match(_EXCEL_ERROR, value):
        raise Odd(f"{value!r} is an error of the spreadsheet", "the value itself")
    longest = LONGEST_CODE if is_code(column) else LONGEST
    if len(value) > longest:
        raise Odd(f"{len(value)} characters", f"at most {longest}")
    if re.search(r"[\x00-\x08\x0b-\x1f]", value):
        raise Odd("control characters", "plain text")
    if not is_code(column):
        return value
    folded = unicodedata.normalize("NFKC", value)
    if re.match(_SCIENTIFIC, folded):
        raise Odd(f"{value!r}: Excel has rounded this number", "the full code, in a column formatted as text")
    if "*" in folded:
        raise Odd(f"{value!r} is masked", "the full code")
    return folded


def whole(value: str, _: Column) -> int:
    """A whole number; `12.0`, `1,234` and full width are read."""
    folded = unicodedata.normalize("NFKC", value).replace(",", "").replace(money.MINUS, "-")
    found = re.fullmatch(r"([+-]?\d{1,15})(\.0+)?", folded)
    if found is None:
        raise Odd(repr(value), ALLOWED["int"])
    return int(found[1])


def number(value: str, _: Column) -> float:
    """A decimal number; `1,234.5` and full width are read. Infinity is not a number here."""
    folded = unicodedata.normalize("NFKC", value).replace(",", "").replace(money.MINUS, "-")
    if not re.fullmatch(r"[+-]?(\d{1,15}(\.\d*)?|\.\d+)", folded):
        raise Odd(repr(value), ALLOWED["decimal"])
    return float(folded)


def fen(value: str, _: Column) -> int:
    """Fen from what people write: `￥1,234.50`, `12.500`, `39元`."""
    try:
        return int(money.parse(re.sub(r"(\.\d{2})0+$", r"\1", value)))
    except ValueError:
        raise Odd(repr(value), ALLOWED["money"]) from None


def yes_no(value: str, _: Column) -> bool:
    """是/否 and their relatives."""
    word = unicodedata.normalize("NFKC", value).lower()
    if word in TRUE:
        return True
    if word in FALSE:
        return False
    raise Odd(repr(value), ALLOWED["bool"])


def listed(value: str, column: Column) -> str:
    """A word of a closed list, in any case, or what chains call it."""
    word = unicodedata.normalize("NFKC", value).lower()
    word = WORDS.get(column.name, {}).get(word, word)
    if word not in column.values:
        raise Odd(repr(value), ", ".join(column.values))
    return word


_DATE = re.compile(
    r"(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:\s*T?\s*(\d{1,2})[:时](\d{1,2})(?:[:分](\d{1,2})(?:\.\d+)?秒?)?分?)?"
)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:\s*(\d{2})(\d{2})(\d{2}))?")


def day(value: str, _: Column) -> date:
    """A date in the ways people write one. A serial number of Excel is named, not guessed."""
    return _clock_face(value, "date").date()


def instant(value: str, _: Column) -> datetime:
    """An instant: with an offset as it says, without one on the clock of Shanghai."""
    folded = unicodedata.normalize("NFKC", value)
    if re.search(r"\d([+-]\d{2}:?\d{2}|Z)$", folded) and ":" in folded:
        try:
            return datetime.fromisoformat(folded)
        except ValueError:
            raise Odd(repr(value), ALLOWED["datetime"]) from None
    return _clock_face(value, "datetime").replace(tzinfo=ZoneInfo(NAIVE_ZONE))


def _clock_face(value: str, kind: str) -> datetime:
    folded = unicodedata.normalize("NFKC", value).strip()
    found = _DATE.fullmatch(folded) or _COMPACT.fullmatch(folded)
    if found is None and _SERIAL.fullmatch(folded):
        meant = date(1899, 12, 30) + timedelta(days=int(float(folded)))
        raise Odd(f"{value!r} looks like a serial number of Excel ({meant.isoformat()}?)", ALLOWED[kind])
    if found is None:
        raise Odd(repr(value), ALLOWED[kind])
    year, month, d, hour, minute, second = (int(part or 0) for part in found.groups())
    try:
        return datetime(year, month, d, hour, minute, second)  # noqa: DTZ001 - the caller places it
    except ValueError:
        raise Odd(repr(value), ALLOWED[kind]) from None


_SLOW: dict[str, Callable[[str, Column], object]] = {
    "text": text,
    "enum": listed,
    "int": whole,
    "decimal": number,
    "money": fen,
    "bool": yes_no,
    "date": day,
    "datetime": instant,
}
