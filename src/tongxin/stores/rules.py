"""Rules of stores: rows that come in, and how far a grant may reach."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import phonenumbers

from tongxin.foundation.access import SYSTEM, Grant
from tongxin.stores.terms import BREADTHS, GRANTABLE, HQ_ROLES, Role

_MOBILE = re.compile(r"(?:\+?86)?(1[3-9]\d{9})")
_DRESSING = str.maketrans("", "", " -()\u3000\u2013\u2014（）")


@dataclass(frozen=True)
class Counts:
    """What an import did. `clashes` are rows kept without an identity that already belongs to somebody else;
    `erased` are rows of people who were erased: they are not taken in again.
    """

    new: int = 0
    changed: int = 0
    same: int = 0
    clashes: int = 0
    erased: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.new + other.new,
            self.changed + other.changed,
            self.same + other.same,
            self.clashes + other.clashes,
            self.erased + other.erased,
        )


@dataclass(frozen=True)
class StoreRow:
    """One row of the table `stores` (data.md §2.2). None means the column was not given: the kept value stays."""

    store_code: str
    name: str
    region: str | None = None
    city: str | None = None
    district: str | None = None
    address: str | None = None
    lat: float | None = None
    lng: float | None = None
    opened_on: date | None = None
    closed_on: date | None = None
    format: str | None = None
    wecom_department_id: str | None = None
    timezone: str | None = None
    cutoff_hour: int | None = None


@dataclass(frozen=True)
class StaffRow:
    """One row of the table `staff`. The role is what the file says; it grants nothing by itself."""

    staff_code: str
    name: str
    store_code: str | None = None
    phone: str | None = None
    role: str | None = None
    wecom_userid: str | None = None
    active: bool = True


def e164(phone: str, region: str = "CN") -> str | None:
    """`+8613812341234` from what people type; None when it is no possible number."""
    bare = phone.translate(_DRESSING)
    mobile = _MOBILE.fullmatch(bare)
    if mobile and bare.isascii():  # nearly all of them; the full parser takes a hundred times longer
        return f"+86{mobile[1]}"
    if not bare.removeprefix("+").isdecimal():  # 138****1234 is a masked number, not a shorter one
        return None
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@dataclass(frozen=True)
class Wish:
    """A grant somebody wants to give: `places` are the stores it covers, None the whole brand."""

    role: Role
    breadth: str  # brand | region | store
    places: frozenset[int] | None
    until: datetime | None


def needs_second(role: Role, *, by_person: bool) -> bool:
    """Whether a grant waits for another administrator (promise P43): roles over the whole chain do, a job's own do not."""
    return by_person and role in HQ_ROLES


def may_second(*, granter: str, holder: bool, asking: str) -> bool:
    """Whether this person may be the second: neither who gave the grant nor who would hold it."""
    return asking != granter and not holder


def may_grant(held: Iterable[Grant], wish: Wish, now: datetime) -> str | None:
    """None when one of the granter's own grants covers the wish, otherwise what is too wide.

    `breadth`, `expiry` (a past one), `role`, `place`, `until`: a grant is never wider than the granter's own,
    neither in its role, nor in its places, nor in its days.
    """
    if wish.breadth not in BREADTHS.get(wish.role, frozenset()):
        return "breadth"
    if wish.until is not None and wish.until <= now:
        return "expiry"
    fault = "role"
    for grant in held:
        if grant.role != SYSTEM:
            if grant.until is not None and grant.until <= now:
                continue
            if grant.role not in GRANTABLE or wish.role not in GRANTABLE[Role(grant.role)]:
                continue
        if not grant.everywhere and (wish.places is None or not wish.places <= grant.places):
            fault = "place"
            continue
        if grant.until is not None and (wish.until is None or wish.until > grant.until):
            fault = "until"
            continue
        return None
    return fault
