"""Friends who were brought: what makes somebody look before a payment, and what a purchase that was kept is worth."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction

from tongxin.amplify.terms_referrals import (
    ALIKE,
    ALIKE_PERCENT,
    BURST_DAY,
    BURST_HOUR,
    COUNTER,
    RING_LEAST,
    SHARED,
    Flag,
    Part,
    ThanksSide,
)
from tongxin.compass import referral

EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class Named:
    """A friend who named who brought them. `device` and `phone` are keyed hashes, "" where unknown; the first purchase with its store."""

    at: datetime
    device: str = ""
    phone: str = ""
    bought_on: date | None = None
    fen: int = 0
    store: int | None = None


@dataclass(frozen=True)
class Inviter:
    """Who is named: the devices and phone digits known of them, and all friends who named them (this one too).

    `elsewhere`: how many others had friends from a device, for each device of these friends.
    """

    devices: frozenset[str]
    phones: frozenset[str]
    friends: tuple[Named, ...]
    elsewhere: Mapping[str, int] = field(default_factory=dict)


def flags(friend: Named, inviter: Inviter) -> tuple[Flag, ...]:
    """Everything that should make a person look, in the order of the list. Where half of somebody's friends are in doubt, all are."""
    found = _seen(friend, inviter)
    if held(found, friend) or len(inviter.friends) < RING_LEAST:
        return found
    doubted = sum(held(_seen(one, inviter), one) for one in inviter.friends)
    return (*found, Flag.RING) if 2 * doubted >= len(inviter.friends) else found


def held(found: Collection[Flag], friend: Named) -> bool:
    """Is it enough to wait for a person? Many friends at once are a class that went well, unless nothing is known of the device.

    >>> at = datetime(2026, 11, 1)
    >>> held([Flag.BURST], Named(at, "d1")), held([Flag.BURST], Named(at)), held([Flag.ALIKE], Named(at, "d1"))
    (False, True, True)
    """
    return any(one is not Flag.BURST or not friend.device for one in found)


def _seen(friend: Named, inviter: Inviter) -> tuple[Flag, ...]:
    found = {
        Flag.SAME_DEVICE: bool(friend.device) and friend.device in inviter.devices,
        Flag.SHARED_DEVICE: bool(friend.device)
        and sum(one.device == friend.device for one in inviter.friends) >= SHARED,
        Flag.SAME_PHONE: bool(friend.phone) and friend.phone in inviter.phones,
        Flag.BURST: _around(friend, inviter.friends, timedelta(hours=1)) > BURST_HOUR
        or _around(friend, inviter.friends, timedelta(days=1)) > BURST_DAY,
        Flag.ELSEWHERE: 0 < inviter.elsewhere.get(friend.device, 0) < COUNTER,
        Flag.ALIKE: sum(_alike(friend, one) for one in inviter.friends) >= ALIKE,
    }
    return tuple(flag for flag, holds in found.items() if holds)


def _alike(friend: Named, other: Named) -> bool:
    """Did both buy on one day in one store, for nearly the same? Everybody is like themselves."""
    if friend.bought_on is None or friend.fen <= 0:
        return False
    same = (friend.bought_on, friend.store) == (other.bought_on, other.store)
    return same and 100 * abs(friend.fen - other.fen) <= ALIKE_PERCENT * friend.fen


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
    """The published numbers as they were when the friend came, in thousandths.

    `high` and `margin` are what of a sale is margin: of articles with a high one, and of all others.
    """

    of_margin: int
    direct: int
    high: int
    margin: int
    refund_days: int

    def margin_of(self, net_fen: int, high_fen: int) -> int:
        """The margin of a day's purchase in whole fen; the high part is never more than all of it.

        >>> Terms(50, 800, 400, 200, 14).margin_of(10_000, 2_500)
        2500
        """
        high = min(max(0, high_fen), net_fen)
        return (high * self.high + (net_fen - high) * self.margin) // 1000


@dataclass(frozen=True)
class DayNet:
    """A trading day of the friend: net of refunds, which count on the day they happen."""

    on: date
    net_fen: int
    high_fen: int = 0


@dataclass(frozen=True)
class Bought:
    """The first purchase that counts, from when on it pays, and what is left of it after refunds."""

    on: date
    due_on: date
    first_fen: int
    left_fen: int
    high_fen: int = 0


def first_purchase(days: Sequence[DayNet], since: date, until: date, terms: Terms) -> Bought | None:
    """The first day with more bought than given back, from `since` to `until`; later days with a net refund take from it."""
    rows = sorted(days, key=lambda one: one.on)
    first = next((one for one in rows if since <= one.on <= until and one.net_fen > 0), None)
    if first is None:
        return None
    back = sum(one.net_fen for one in rows if one.on > first.on and one.net_fen < 0)
    left = max(0, first.net_fen + back)
    # it pays from the day after the window
    return Bought(
        first.on, first.on + timedelta(days=terms.refund_days + 1), first.net_fen, left, first.high_fen
    )


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
    margin = terms.margin_of(bought.first_fen, bought.high_fen)
    row = referral.Purchase(
        code="first",
        payer=str(payer),
        chain=tuple(str(one) for one in chain),
        margin_fen=margin,
        day=(bought.on - EPOCH).days,
    )
    before = [referral.Line("first", str(one.person), str(one.part), one.fen) for one in paid]
    # what was given back takes its part of the margin with it
    left = margin * min(bought.left_fen, bought.first_fen) // bought.first_fen
    return tuple(
        Due(int(line.member), Part(line.role), line.fen)
        for line in referral.after_refund(before, row, left, rules)
    )
