"""When the copy of a kit is due, and what it says once the event is known."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tongxin.kits.rules.content import FILLED
from tongxin.kits.terms import To

# A piece of copy that could not go for so long says nothing any more.
STALE = timedelta(hours=20)
AFTER = timedelta(hours=1)  # what thanks people on the day itself waits until the event is over


@dataclass(frozen=True)
class Copy:
    """One piece of copy with its hour: `anchor` is how far from the start, so that a move takes it along."""

    key: str
    title: str
    to: To
    text: str
    due_at: datetime
    expires_at: datetime
    anchor: timedelta


def timetable(
    content: Mapping[str, Any],
    *,
    starts_at: datetime,
    ends_at: datetime,
    zone: str,
    fields: Mapping[str, str],
) -> tuple[Copy, ...]:
    """Every piece of copy of an event by the clock on the store's wall, in the order of its hours."""
    made = [_copy(row, starts_at, ends_at, zone, fields) for row in content["warmup"]]
    return tuple(sorted(made, key=lambda one: (one.due_at, one.key)))


def _copy(
    row: Mapping[str, Any], starts_at: datetime, ends_at: datetime, zone: str, fields: Mapping[str, str]
) -> Copy:
    wall = ZoneInfo(zone)
    day = starts_at.astimezone(wall).date() + timedelta(days=row["day"])
    due = datetime.combine(day, time.fromisoformat(row["time"]), tzinfo=wall)
    to = To(row["to"])
    if to is To.CAME:
        due = max(due, ends_at + AFTER)
    due = due.astimezone(starts_at.tzinfo)
    expires = due + STALE
    if row["day"] <= 0 and to is not To.CAME:
        expires = max(min(expires, starts_at), due + timedelta(minutes=1))
    return Copy(row["key"], row["title"], to, filled(row["text"], fields), due, expires, due - starts_at)


def filled(text: str, fields: Mapping[str, str]) -> str:
    """The copy with what the event knows. What nobody filled in stays to be seen, in its braces."""
    return FILLED.sub(lambda found: fields.get(found[1], found[0]), text)


def money(fen: int) -> str:
    """A sum as copy says it: ¥39 or ¥39.50."""
    yuan, rest = divmod(fen, 100)
    return f"¥{yuan}" if not rest else f"¥{yuan}.{rest:02d}"
