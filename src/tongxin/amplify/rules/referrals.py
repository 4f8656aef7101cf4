"""Friends who were brought: what makes somebody look before a payment, and what a purchase that was kept is worth."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction

from tongxin.amplify.terms_referrals import BURST_DAY, BURST_HOUR, SHARED, Flag, Part, ThanksSide
from tongxin.compass import referral

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Named:
    """A friend who named who brought them. `device` and `phone` are keyed hashes, "" where unknown."""

    at: datetime
    device: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Inviter:
    """Who is named: the devices and phone digits known of them, and all friends who named them (this one too)."""

    devices: frozenset[str]
    phones: frozenset[str]
    friends: tuple[Named, ...]


def flags(friend: Named, inviter: Inviter) -> tuple[Flag, ...]:
    """Everything that should make a person look, in the order of the list."""
    found = {
        Flag.SAME_DEVICE: bool(friend.device) and friend.device in inviter.devices,
        Flag.SHARED_DEVICE: bool(friend.device)
        and sum(one.device == friend.device for one in inviter.friends) >= SHARED,
        Flag.SAME_PHONE: bool(friend.phone) and friend.phone in inviter.phones,
        Flag.BURST: _around(friend, inviter.friends, timedelta(hours=1)) > BURST_HOUR
        or _around(friend, inviter.friends, timedelta(days=1)) > BURST_DAY,
    }
    return tuple(flag for flag, holds in found.items() if holds)


def _around(friend: Named, friends: Sequence[Named], span: timedelta) -> int:
    """How many came in the fullest stretch of time that holds this one."""
    near = sorted(one.at for one in friends if abs(one.at - friend.at) < span)
    return max(
        (
            sum(start <= at < start + span for at in near)
            for start in near
            if start <= friend.at < start + span
        ),
        default=0,
    )


@dataclass(frozen=True)
class Terms:
    """The published numbers as they were when the friend came, in thousandths; `margin` is what of a sale is margin."""

    of_margin: int
    direct: int
    margin: int
    refund_days: int


@dataclass(frozen=True)
class DayNet:
    """A trading day of the friend: net of refunds, which count on the day they happen."""

    on: date
    net_fen: int


@dataclass(frozen=True)
class Bought:
    """The first purchase that counts, from when on it pays, and what is left of it after refunds."""

    on: date
    due_on: date
    first_fen: int
    left_fen: int


def first_purchase(days: Sequence[DayNet], since: date, until: date, terms: Terms) -> Bought | None:
    """The first day with more bought than given back, from `since` to `until`; later days with a net refund take from it."""
    rows = sorted(days, key=lambda one: one.on)
    first = next((one for one in rows if since <= one.on <= until and one.net_fen > 0), None)
    if first is None:
        return None
    back = sum(one.net_fen for one in rows if one.on > first.on and one.net_fen < 0)
    left = max(0, first.net_fen + back)
    # it pays from the day after the window
    return Bought(first.on, first.on + timedelta(days=terms.refund_days + 1), first.net_fen, left)


@dataclass(frozen=True)
class Due:
    """One line for the ledger: to whom, as what, how many fen (negative: taken back)."""

    person: int
    part: Part
    fen: int

    @property
    def kind(self) -> ThanksSide:
        """Earned or taken back."""
        return ThanksSide.EARNED if self.fen > 0 else ThanksSide.TAKEN_BACK


def due(
    *, payer: int, chain: Sequence[int], bought: Bought, terms: Terms, paid: Sequence[Due]
) -> tuple[Due, ...]:
    """The lines that turn what was paid into what is due for what is left: one direct, one assist at most, never to the payer.

    Applied twice it brings nothing more; after a full refund it mirrors the payment exactly.
    """
    rules = referral.Rules(
        of_margin=Fraction(terms.of_margin, 1000),
        direct=Fraction(terms.direct, 1000),
        refund_days=terms.refund_days,
    )
    margin = bought.first_fen * terms.margin // 1000
    row = referral.Purchase(
        code="first",
        payer=str(payer),
        chain=tuple(str(one) for one in chain),
        margin_fen=margin,
        day=(bought.on - EPOCH).days,
    )
    before = [referral.Line("first", str(one.person), str(one.part), one.fen) for one in paid]
    left = min(margin, bought.left_fen * terms.margin // 1000)
    return tuple(
        Due(int(line.member), Part(line.role), line.fen)
        for line in referral.after_refund(before, row, left, rules)
    )
