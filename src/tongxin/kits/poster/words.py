"""The words of a poster: dates as Chinese readers write them, money, places; the English beside them."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from tongxin.foundation import money

Language = Literal["zh", "en"]
WEEKDAYS = "一二三四五六日"
SHORT = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class Facts:
    """What a poster says. Times are those of the store's own clock. Nothing about a person has a place here."""

    title: str
    line: str
    store: str
    starts: datetime
    ends: datetime
    place: str
    seats: int  # 0: not said
    fee_fen: int
    back_fen: int  # the voucher for coming
    link: str
    tag: str = ""
    mark: str = ""  # 模拟数据, 示例数据: drawn on whatever is not real
    brand: str = "邻里同心"
    currency: str = "CNY"
    template: str = "family"
    language: Language = "zh"

    def in_template(self, key: str) -> "Facts":
        """The same on another ground."""
        return replace(self, template=key)


def day(at: datetime, language: Language) -> str:
    """`11月28日 周六`, `Sat 28 Nov`."""
    if language == "en":
        return f"{SHORT[at.weekday()]} {at.day} {MONTHS[at.month - 1]}"
    return f"{at.month}月{at.day}日 周{WEEKDAYS[at.weekday()]}"


def hours(starts: datetime, ends: datetime, language: Language) -> str:
    """`14:00～15:30`; an end on another day is said with its day."""
    if starts.date() != ends.date():
        return f"{starts:%H:%M}{'–' if language == 'en' else '～'}{day(ends, language)} {ends:%H:%M}"
    return f"{starts:%H:%M}{'–' if language == 'en' else '～'}{ends:%H:%M}"


def where(facts: Facts) -> str:
    """Store, room, places."""
    room = (
        "" if not facts.place or facts.place == facts.store else facts.place.removeprefix(facts.store).strip()
    )
    told = f"{facts.store} {room}".strip()
    if not facts.seats:
        return told
    return f"{told} · {facts.seats} places" if facts.language == "en" else f"{told} · {facts.seats} 席"


def price(facts: Facts) -> str:
    """What it costs and what comes back; a voucher is named only where one is promised, "=" only where it is equal."""
    equal = facts.back_fen == facts.fee_fen
    if facts.language == "en":
        if not facts.fee_fen:
            return "Free of charge"
        told = f"{money.show(facts.fee_fen, facts.currency)} materials"
        return (
            f"{told}{' =' if equal else ','} {money.show(facts.back_fen, facts.currency)} voucher back"
            if facts.back_fen
            else told
        )
    if not facts.fee_fen:
        return "免费参加"
    told = f"材料费 {money.show(facts.fee_fen, facts.currency)}"
    return (
        f"{told}{' = ' if equal else '，'}到场返 {money.show(facts.back_fen, facts.currency)} 券"
        if facts.back_fen
        else told
    )


def scan(language: Language, *, paper: bool) -> str:
    """Under the code: on a phone one presses it, on paper one scans it."""
    if language == "en":
        return "Scan to join" if paper else "Hold to join"
    return "扫码占一席" if paper else "长按占一席"
