"""Rules of people: rows that come in, who may see whom, when one may ask, when a roster is open."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from tongxin.foundation.access import SYSTEM, Verb
from tongxin.people.terms import ASK_AGAIN, DIGITS_IN_A_REASON, OLDEST_COMPANION, ROSTER_AFTER, ROSTER_BEFORE
from tongxin.stores.terms import Role

ADULT_FROM = (
    14  # PIPL 28: all personal data of children under 14 are sensitive, so no birth year of theirs is kept
)
OLDEST_YEAR = 1900


@dataclass(frozen=True)
class MemberRow:
    """One row of the table `members` (data.md §2.2). None means the column was not given: what is known stays.

    `consent_measurement` None stands for the notice that the import declares. `identities` are further
    (kind, source, value) triples, e.g. ("wecom", "corp-1", "wm…").
    """

    member_code: str
    phone: str | None = None
    phone_sha256: str | None = None
    name: str | None = None
    gender: str | None = None
    birth_year: int | None = None
    registered_at: datetime | None = None
    home_store_code: str | None = None
    consent_marketing: bool | None = None
    consent_measurement: bool | None = None
    consent_at: datetime | None = None
    source_channel: str | None = None
    tier: str | None = None
    is_paid: bool | None = None
    unionid: str | None = None
    wecom_external_userid: str | None = None
    identities: tuple[tuple[str, str, str], ...] = ()


@dataclass(frozen=True)
class DeedIn:
    """A deed to be written down. `known_at` None is now; weight and verification None are those of its kind.

    (source_system, source_id) is written once, however often it comes. `source_id` must not hold personal values of others.
    """

    person: int
    kind: str
    occurred_at: datetime
    source_system: str
    source_id: str
    subject: int | None = None
    store: int | None = None
    counterpart: int | None = None
    community: int | None = None
    value: int | None = None
    verification: str | None = None
    device: str = ""
    known_at: datetime | None = None


@dataclass(frozen=True)
class Written:
    """What a bulk write into the book did: new rows, and rows that were there already."""

    new: int
    same: int


# ---- who sees whom


class Sight(StrEnum):
    """How much of a person a viewer sees."""

    FULL = "full"
    PSEUDONYM = "pseudonym"
    NOTHING = "nothing"


_FULL = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION}
)
_LEADING = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.REGION_MANAGER, Role.STORE_MANAGER})

# Which roles may do what to the members of their stores. Whoever may act may also read.
MAY: dict[Verb, frozenset[str]] = {
    Verb.READ: _FULL | {Role.HQ_ANALYST},
    Verb.CREATE: _FULL,
    Verb.CHANGE: _FULL,
    Verb.DECIDE: _LEADING,
    Verb.EXPORT: frozenset({SYSTEM, Role.ADMIN}),
    Verb.ERASE: frozenset({SYSTEM, Role.ADMIN}),
}
# What members may do to their own entry; deciding about it (merging) is for staff.
OWN = frozenset({Verb.READ, Verb.CHANGE, Verb.EXPORT, Verb.ERASE})


def sight(roles: Iterable[str]) -> Sight:
    """What these roles, all held over the member's store, let one see of the member."""
    held = frozenset(roles)
    if held & _FULL:
        return Sight.FULL
    return Sight.PSEUDONYM if Role.HQ_ANALYST in held else Sight.NOTHING


# Whose job needs the whole phone of a member of theirs: people, never jobs of ours, analysts, auditors or the door.
REVEALERS: frozenset[str] = _FULL - {SYSTEM}


def spells_number(text: str) -> bool:
    """Could this text hold a phone or a part of one? Digits of any script count, and whatever is no letter is looked through."""
    kept = "".join(c if c.isnumeric() else "x" for c in text if c.isalnum())
    return any(len(run) > DIGITS_IN_A_REASON for run in kept.split("x"))


def pseudonym(public_id: str, language: str = "zh") -> str:
    """A stable name that says nothing: for analysts, and for members who gave no nickname."""
    word = "会员" if language == "zh" else "Member"
    return f"{word} {public_id[:6]}"


# ---- consent


@dataclass(frozen=True)
class Said:
    """One answer to one purpose."""

    granted: bool
    at: datetime


@dataclass(frozen=True)
class Asking:
    """May we ask? If not, from when on."""

    allowed: bool
    again_at: datetime | None = None


def newest(history: Sequence[Said]) -> Said | None:
    """The answer that holds: the latest by its own date; of equal dates the one given last in the sequence."""
    return max(enumerate(history), key=lambda pair: (pair[1].at, pair[0]))[1] if history else None


def may_ask(history: Sequence[Said], now: datetime) -> Asking:
    """We do not ask who agreed, nor within 90 days who said no."""
    last = newest(history)
    if last is None:
        return Asking(allowed=True)
    if last.granted:
        return Asking(allowed=False)
    again = last.at + ASK_AGAIN
    return Asking(allowed=now >= again, again_at=again)


def import_says(last: Said | None, *, last_is_import: bool, granted: bool, said_at: datetime | None) -> bool:
    """Should a file's answer be written down?

    Not when it repeats what holds. An answer the member gave to us directly is only overruled by a file that says when the
    newer answer was given: a nightly file without dates must not undo a withdrawal.
    """
    if last is None:
        return True
    if last.granted == granted:
        return False
    if said_at is not None:
        return said_at > last.at
    return last_is_import


# ---- children


def companion_age(age: int) -> bool:
    """Is this an age in whole years a companion can have?"""
    return 0 <= age <= OLDEST_COMPANION


def kept_birth_year(year: int | None, today: date) -> int | None:
    """A birth year worth keeping: of an adult, and possible. A child is nobody's member."""
    if year is None or not OLDEST_YEAR <= year <= today.year - ADULT_FROM:
        return None
    return year


def roster_open(starts_at: datetime, ends_at: datetime, now: datetime) -> bool:
    """May staff of the event see its children now? From 48 hours before until 24 hours after."""
    return starts_at - ROSTER_BEFORE <= now <= ends_at + ROSTER_AFTER


def companion_goes(last_event_day: date, rest: timedelta) -> date:
    """The day on which a companion's data go."""
    return last_event_day + rest


# ---- names


@lru_cache(maxsize=65536)
def spelled(name: str) -> tuple[str, str]:
    """(`xiaotaohong`, `xth`) for 小桃红: how a counter search may spell a nickname, lower case, without spaces."""
    if name.isascii():
        words = name.lower().split()
        return "".join(words)[:240], "".join(word[0] for word in words)[:80]
    from pypinyin import lazy_pinyin  # noqa: PLC0415  # slow: its dictionary takes a fifth of a second and 30 MB

    syllables = [part.strip().lower() for part in lazy_pinyin(name) if part.strip()]
    return "".join(syllables).replace(" ", "")[:240], "".join(part[0] for part in syllables)[:80]
