"""Who may hold a part, for how long, and how mixed the parts of a community are."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from tongxin.communities.terms import NEW_FOR, PARTS, VETERAN_AFTER, Part, Right

GIVEN = tuple(part for part in Part if PARTS[part].by != "tenure")


def why_not_hold(part: Part, *, staff: bool, until: datetime | None, now: datetime) -> str | None:
    """None when the part may be given, otherwise `holder` or `term`: every given part ends on a day that is known."""
    words = PARTS[part]
    if words.by == "tenure" or (words.by == "staff" and not staff) or (words.by == "member" and staff):
        return "holder"
    if until is None or not now < until <= now + timedelta(days=words.most_days):
        return "term"
    return None


def by_tenure(joined_at: datetime, now: datetime) -> Part | None:
    """Newcomer in the first four weeks, veteran after half a year; a part between has no name."""
    if now - joined_at < NEW_FOR:
        return Part.NEWCOMER
    return Part.VETERAN if now - joined_at >= VETERAN_AFTER else None


def may(parts: Collection[Part], right: Right) -> bool:
    """Does one of these parts carry the right?"""
    return any(right in PARTS[part].rights for part in parts)


@dataclass(frozen=True)
class Mix:
    """Which parts are filled, which are missing, and whether members carry as much as staff."""

    filled: dict[Part, int]
    missing: tuple[Part, ...]
    by_members: int
    by_staff: int


def mix(held: Collection[tuple[Part, bool]], *, newcomers: int, veterans: int) -> Mix:
    """How diverse the parts are, from (part, held by staff) of every live term and the people of either tenure."""
    filled = {part: sum(1 for one, _ in held if one is part) for part in GIVEN}
    filled |= {Part.VETERAN: veterans, Part.NEWCOMER: newcomers}
    return Mix(
        filled=filled,
        missing=tuple(part for part in Part if not filled[part]),
        by_members=sum(1 for _, staff in held if not staff),
        by_staff=sum(1 for _, staff in held if staff),
    )
