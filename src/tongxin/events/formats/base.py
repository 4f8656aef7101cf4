"""What a format of event is: what it needs, what it can hold, how its card says so. One file a format, one line in the list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode, urlsplit

from tongxin.events.rules.channel_policy import Answer, Mechanic, Where, lint_share, may_show
from tongxin.events.terms import SEATED, Admission, Seat
from tongxin.foundation.errors import Refused

LINK_BEFORE = timedelta(minutes=30)
# What any occurrence may say in its details, whatever its format.
SHARED = ("buffer_before", "buffer_after", "share_text", "channels", "bring", "age_from", "age_to")
PAY = ("till", "link")


@dataclass(frozen=True)
class Format:
    """One kind of event.

    `online` None allows both; `needs` are keys of the occurrence's details that must be filled, `uses` further ones it knows;
    `unit` is what a place is called, `card` what the card says of the format in a few words; `admissions` and `seats` are the
    ways in and the states of a registration that it uses. A `stock` format holds pieces, not seats.
    """

    code: str
    zh: str
    en: str
    card_zh: str = ""
    card_en: str = ""
    online: bool | None = False
    needs: tuple[str, ...] = ()
    uses: tuple[str, ...] = ()
    unit_zh: str = "席"
    unit_en: str = "seats"
    fee: bool = True
    stock: bool = False
    member_hosted: bool = False
    admissions: tuple[Admission, ...] = tuple(Admission)
    seats: tuple[Seat, ...] = tuple(Seat)
    mechanic: Mechanic = Mechanic.EVENT
    price_hidden: bool = False  # until it opens
    once_a_life: bool = False
    values: Mapping[str, Callable[[Any], bool]] = field(default_factory=dict)

    def check(
        self,
        details: Mapping[str, Any],
        *,
        online: bool,
        fee_fen: int,
        admission: Admission = Admission.FIRST_COME,
    ) -> None:
        """Refuses `events.format` with what is missing or does not fit, `events.channel_policy` for a channel or words that may not be."""
        wrong = [name for name in self.needs if not details.get(name)]
        if self.online is True and not online:
            wrong.append("online_url")
        if self.online is False and online:
            wrong.append("place")
        if fee_fen and not self.fee:
            wrong.append("fee=0")
        if admission not in self.admissions:
            wrong.append(f"admission={'/'.join(self.admissions)}")
        wrong += [name for name, fits in self.values.items() if details.get(name) and not fits(details[name])]
        if wrong:
            raise Refused("events.format", format=self.zh, needs=", ".join(wrong))
        self._channels(details)

    def _channels(self, details: Mapping[str, Any]) -> None:
        for word in details.get("channels", ()):
            if word not in tuple(Where):
                raise Refused("events.format", format=self.zh, needs=f"channels: {'/'.join(Where)}")
            # The newest rules count, whatever day the event is on: a link is shown from now on.
            verdict = may_show(self.mechanic, Where(word), date.max)
            if verdict.answer is Answer.FORBIDDEN:
                raise Refused("events.channel_policy", clause=verdict.clause)
        for hit in lint_share(str(details.get("share_text", ""))):
            raise Refused("events.channel_policy", clause=f"“{hit.word}” · {hit.clause}")

    def link_shown(self, *, seat: Seat | None, starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
        """May this person see the way into an online event? Who has a place, from half an hour before until the end."""
        return (
            self.online is not False and seat is Seat.CONFIRMED and starts_at - LINK_BEFORE <= now < ends_at
        )

    def price_shown(self, *, opens_at: datetime | None, now: datetime) -> bool:
        """May the price be shown yet?"""
        return not self.price_hidden or opens_at is None or now >= opens_at

    def pay_link(self, details: Mapping[str, Any], *, registration: str, channel: str = "") -> str:
        """Where a place is paid for by link, with what is needed to know it again; "" when it is paid at the till."""
        url = str(details.get("pay_url", ""))
        if details.get("pay") != "link" or not url:
            return ""
        query = urlencode({"ref": registration} | ({"from": channel} if channel else {}))
        return f"{url}{'&' if urlsplit(url).query else '?'}{query}"


def amount(value: Any) -> bool:
    """Fen, more than nothing."""
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def people(value: Any) -> bool:
    """A number of people who buy together."""
    return amount(value) and 2 <= value <= 20


def hours(value: Any) -> bool:
    """A number of hours up to a week."""
    return amount(value) and value <= 168


def web_address(value: Any) -> bool:
    """An https address with a host."""
    parts = urlsplit(value) if isinstance(value, str) else None
    return parts is not None and parts.scheme == "https" and bool(parts.hostname)


def way_to_pay(value: Any) -> bool:
    """At the till or by link."""
    return value in PAY


TAKEN = (*SEATED, Seat.CANCELLED, Seat.REMOVED)
