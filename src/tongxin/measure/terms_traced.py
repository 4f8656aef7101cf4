"""Orders traced to community: the three ways, the rules by date, what each reason says."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Way(StrEnum):
    """What ties an order to a community, the firmest first."""

    CODE = "code"
    LINK = "link"
    WINDOW = "window"


WAYS: dict[Way, tuple[str, str]] = {
    Way.CODE: ("用了码", "a code was used"),
    Way.LINK: ("从链接下单", "came by a link"),
    Way.WINDOW: ("活动后不久", "soon after a meeting"),
}


class Why(StrEnum):
    """The reason written beside a traced order."""

    VOUCHER = "voucher"
    CODE = "code"
    LINK = "link"
    CAME = "checked_in"
    JOINED = "joined"
    GROUP = "group"


WHYS: dict[Why, tuple[str, str]] = {
    Why.VOUCHER: ("结账时用了活动的代金券", "paid with the voucher of an event"),
    Why.CODE: ("订单上有活动或社群的码", "carries the code of an event or a community"),
    Why.LINK: ("从群里或消息里的链接下单", "ordered by the link of a group or a message"),
    Why.CAME: ("下单前到场签到", "had come to an event shortly before"),
    Why.JOINED: ("下单前加入社群", "had joined a community shortly before"),
    Why.GROUP: ("下单前进了群", "had joined a group shortly before"),
}


@dataclass(frozen=True)
class Policy:
    """How orders are traced from a day on: precedence of the ways, days of the window, days looked back over in one answer."""

    since: date
    window_days: int
    precedence: tuple[Way, ...]
    period_days: int


#: dated, newest last: a line is added, never changed
POLICIES: tuple[Policy, ...] = (Policy(date(2026, 1, 1), 14, (Way.CODE, Way.LINK, Way.WINDOW), 91),)

NOT_CAUSED = (
    "溯源只说“这些订单和社群有联系”，不说“没有社群就没有这些订单”。要知道增量，请看效果研究。",
    "Traced says: connected with a community. It does not say that they came because of it: for what was added, read a study.",
)
