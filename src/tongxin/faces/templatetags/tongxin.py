"""Template words of our own: one for text, a few for marks, numbers and days. Loaded in every template."""

import re
from datetime import date, datetime
from functools import lru_cache
from typing import Any

from django.template import Library
from django.utils import timezone
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, gettext_lazy

from tongxin.faces import pictures, talk
from tongxin.foundation import clock, money
from tongxin.kits.rules.naming import spoken
from tongxin.kits.terms import ALLOW_LABELS, Allow
from tongxin.rings.terms import Ring

register = Library()

WEEKDAYS = "一二三四五六日"
LETTERS = {"outer": "o", "middle": "m", "inner": "i"}
TONES = "abcd"
FLAMES = (
    '<path class="flame-a" d="M0-44c3 12 19 19 19 36a19 19 0 0 1-38 0c0-9 5-14 8-21 4 4 5 8 5 12 5-6 8-15 6-27z"/>'
    '<path class="flame-b" d="M1-24c2 7 10 10 10 19a11 11 0 0 1-22 0c0-5 3-7 5-11 2 2 3 4 3 7 3-4 5-9 4-15z"/>'
    '<path class="flame-c" d="M1-8c1 3 4 4 4 8a5 5 0 0 1-10 0c0-3 2-4 3-6 1 1 1 2 2 3 1-1 1-3 1-5z"/>'
)


def english() -> bool:
    """Is this page in English?"""
    return (get_language() or "zh").startswith("en")


@register.simple_tag
def t(_text: str, **values: Any) -> SafeString:
    """Our own text in the reader's language; values are escaped, the text itself may carry `<b>`."""
    said = gettext(_text)
    return format_html(said, **values) if values else mark_safe(said)  # noqa: S308  # text of a template of ours


@register.filter
def said(words: Any) -> str:
    """Words kept in both languages: a (zh, en) pair, a mapping or a thing with `.zh` and `.en`."""
    if isinstance(words, tuple | list):
        return str(words[english()])
    if isinstance(words, dict):
        return str(words.get("en" if english() else "zh", ""))
    return str(getattr(words, "en" if english() else "zh", words))


@register.filter
def linked(text: str) -> SafeString:
    """What a person wrote, escaped, with web addresses as links."""
    return talk.linked(text)


@register.filter
def shown(cell: Any) -> str:
    """A cell of a kept table: words in the reader's language, numbers with separators, nothing as a dash."""
    if cell is None:
        return "—"
    if isinstance(cell, bool | str):
        return str(cell)
    if isinstance(cell, int):
        return num(cell)
    return f"{cell:,.3g}".replace("-", "−") if isinstance(cell, float) else said(cell)


@register.filter
def at(value: Any, path: str) -> str:
    """A value of a kit at its path as people say it: money in yuan, nothing as a dash, and what a store may do with a field in words."""
    if value is None:
        return "—"
    if not isinstance(value, dict) or "rule" not in value:
        return spoken(path, value)
    words = said(ALLOW_LABELS[Allow(value["rule"])])
    if value.get("one_of"):
        return f"{words} {'／'.join(spoken(path, one) for one in value['one_of'])}"
    ends = [spoken(path, value[end]) for end in ("least", "most") if value.get(end) is not None]
    return f"{words} {'～'.join(ends)}" if ends else words


SPAN = re.compile(
    r"([−+]?[^\s（(，,：:～]*\d[\d,.]*%?(?: 点| points)?(?:～| to )"
    r"[−+]?[^\s（(，,：:～）)]*\d[\d,.]*%?(?: 点| points)?)"
)


@register.filter
def unbroken(text: str) -> SafeString:
    """A sentence in which no interval breaks over a line."""
    return mark_safe(SPAN.sub(r'<span class="nowrap">\1</span>', escape(text)))  # noqa: S308  # escaped before


@register.simple_tag
def icon(name: str, size: int = 20, colour: str = "") -> SafeString:
    """A mark from the symbols of the page; silent for screen readers. `colour` is a class (`ri`, `rm`, `ro`)."""
    return format_html(
        '<svg width="{0}" height="{0}" aria-hidden="true" class="{2}"><use href="#{1}"/></svg>',
        size,
        name,
        colour,
    )


@register.simple_tag
def ringmark(ring: Any, short: str = "") -> SafeString:
    """Ring mark, colour and word together: never one without the others."""
    letter = LETTERS[str(ring)]
    word = said(ring if hasattr(ring, "zh") else Ring(str(ring)))
    word = word.split(" ")[0] if short and not english() else word
    return format_html('<span class="ring {0}">{1}{2}</span>', letter, icon(f"r-{letter}", 18), word)


# How a champion speaks of the rings, person to person.
NEAR = {
    "inner": gettext_lazy("一起做事的人"),
    "middle": gettext_lazy("常来的人"),
    "outer": gettext_lazy("认得我们的街坊"),
}


@register.simple_tag
def ringword(ring: Any) -> SafeString:
    """Ring mark with the champion's word for it."""
    mark = LETTERS[str(ring)]
    return format_html('<span class="ring {0}">{1}{2}</span>', mark, icon(f"r-{mark}", 18), NEAR[str(ring)])


@register.simple_tag
def seatmarks(taken: int, seats: int, colour: str = "f-ember") -> SafeString:
    """The dots of a seat ring: a dot is a seat that is taken, a dotted circle one that is free. Drawn once for each picture."""
    return _seatmarks(min(taken, seats), seats, colour)


@lru_cache(maxsize=1024)
def _seatmarks(taken: int, seats: int, colour: str) -> SafeString:
    mark = '<circle cx="{}" cy="{}" r="{}" class="{}"/>'
    drawn = (
        mark.format(s.x, s.y, *(("7.6", colour) if s.taken else ("6.6", "nf seat-open")))
        for s in pictures.seat_ring(taken, seats)
    )
    return mark_safe("".join(drawn))  # noqa: S308  # numbers and two class names of ours


@register.filter
def letter(ring: Any) -> str:
    """`o`, `m`, `i`."""
    return LETTERS[str(ring)]


@register.simple_tag
def flame(x: float, y: float, scale: float, lit: str = "lit") -> SafeString:
    """The fire."""
    return format_html(
        '<g transform="translate({} {}) scale({})"><g class="{}">{}</g>'
        '<path class="log" d="M-19 13 17 20M19 13-17 20" fill="none" stroke-width="5" stroke-linecap="round"/></g>',
        x, y, scale, lit, mark_safe(FLAMES),  # noqa: S308  # a constant
    )  # fmt: skip


def _local(at: Any) -> Any:
    if isinstance(at, str):
        at = datetime.fromisoformat(at)
    return timezone.localtime(at) if isinstance(at, datetime) else at


@register.filter
def day(at: Any) -> str:
    """`2026年3月5日`, `5 Mar 2026`; the year is left out while it is this year's."""
    if at is None:
        return "—"
    local = _local(at)
    here = local.date() if isinstance(local, datetime) else local
    same = here.year == clock.business_day(clock.now()).year
    if english():
        return f"{here.day} {here:%b}" + ("" if same else f" {here.year}")
    return ("" if same else f"{here.year}年") + f"{here.month}月{here.day}日"


@register.filter
def full_day(at: Any) -> str:
    """With the year, always."""
    local = _local(at)
    here = local.date() if isinstance(local, datetime) else local
    return f"{here.day} {here:%b} {here.year}" if english() else f"{here.year}年{here.month}月{here.day}日"


@register.filter
def weekday(at: date) -> str:
    """`周四`, `Thursday`."""
    return f"{at:%A}" if english() else f"周{WEEKDAYS[at.weekday()]}"


@register.filter
def dayname(at: date) -> str:
    """`四`, `Thu`: over a day of a week that is drawn."""
    return f"{at:%a}" if english() else WEEKDAYS[at.weekday()]


@register.filter
def hour(at: Any) -> str:
    """`08:30` on the clock of the installation."""
    return f"{_local(at):%H:%M}"


EN_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
RELATIVE = {
    0: ("今天", "today"),
    1: ("明天", "tomorrow"),
    2: ("后天", "in 2 days"),
    -1: ("昨天", "yesterday"),
}


def _begin(local: datetime, *, year: bool) -> str:
    if english():
        return f"{EN_DAYS[local.weekday()]} {local.day} {local:%b}" + (f" {local.year}" if year else "")
    return (
        f"{local.year}年" if year else ""
    ) + f"{local.month}月{local.day}日（周{WEEKDAYS[local.weekday()]}）"


@register.filter
def when(at: Any) -> SafeString:
    """`3月7日（周六）10:00`, `Sat 7 Mar 10:00`; with the year when it is another one's. Date and hour each stay whole."""
    local = _local(at)
    other = local.year != clock.business_day(clock.now()).year
    gap = " " if english() else ""
    date_said, hour_said = _begin(local, year=other), f"{local:%H:%M}"
    return format_html(
        '<span class="nowrap">{}</span>{}<span class="nowrap">{}</span>', date_said, gap, hour_said
    )


@register.simple_tag
def span(begin: Any, end: Any) -> SafeString:
    """`2026年3月7日（周六）10:00～11:30`: the whole date, from when till when."""
    first, last = _local(begin), _local(end)
    gap, dash = (" ", "–") if english() else ("", "～")
    until = f"{last:%H:%M}" if first.date() == last.date() else f"{_begin(last, year=False)}{gap}{last:%H:%M}"
    hours = f"{first:%H:%M}{dash}{until}"
    return format_html(
        '<span class="nowrap">{}</span>{}<span class="nowrap">{}</span>', _begin(first, year=True), gap, hours
    )


@register.filter
def soon(at: Any) -> str:
    """How far a day is from today: `今天`, `后天`, `还有 5 天`, `3 天前`."""
    days = (_local(at).date() - clock.business_day(clock.now())).days
    if days in RELATIVE:
        return RELATIVE[days][english()]
    if days > 0:
        return f"in {days} days" if english() else f"还有 {days} 天"
    return f"{-days} days ago" if english() else f"{-days} 天前"


@register.filter
def month(number: int) -> str:
    """`9 月`, `Sep`."""
    return f"{date(2000, int(number), 1):%b}" if english() else f"{number} 月"


@register.filter
def monthyear(first: date) -> str:
    """`2026年11月`, `Nov 2026`."""
    return f"{first:%b} {first.year}" if english() else f"{first.year}年{first.month}月"


@register.filter
def num(value: Any) -> str:
    """12,345."""
    return "—" if value is None else f"{int(value):,}".replace("-", "−")


@register.filter
def plainly(value: float) -> str:
    """A number without a tail of zeros: `4`, `0.8`, `12.5`."""
    return f"{round(float(value), 1):g}".replace("-", "−")


@register.filter
def percent(share: float) -> str:
    """`29.7%`; what is little but not nothing says so."""
    return "<0.1%" if 0 < share < 0.001 else f"{share * 100:.1f}%"


@register.filter
def permille(n: int) -> str:
    """Thousandths as `71.7%`."""
    return percent(n / 1000)


@register.filter
def wholepercent(share: float) -> str:
    """`84%`: of a share that has its interval beside it."""
    return f"{share * 100:.0f}%"


@register.simple_tag(takes_context=True)
def cash(context: Any, fen: int) -> str:
    """Money in the brand's currency."""
    return money.show(fen, str(context.get("currency") or "CNY"))


@register.simple_tag
def money_in(fen: int, currency: str = "CNY") -> str:
    """Money in a currency that the page knows already: no question to the database."""
    return money.show(fen, currency)


@register.filter
def doer(name: str) -> str:
    """Who did it: an account's handle; a job of ours is called what it is, not by its inner name."""
    if not name.startswith("system:"):
        return name
    return f"background job ({name[7:]})" if english() else f"后台任务（{name[7:]}）"


@register.filter
def initial(name: str) -> str:
    """What stands in the round of somebody without a picture."""
    return (name or "·")[:1].upper()


@register.filter
def tone(name: str) -> str:
    """Which of four soft colours somebody's round has: always the same for the same name."""
    return TONES[sum(map(ord, name)) % 4]


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """An entry of a mapping."""
    return mapping.get(key)
