"""Where a page of posts goes on: at the instant and number of the last one shown."""

from datetime import UTC, datetime

from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import LARGEST, decode, encode
from tongxin.voices.queries.cards import Row

Place = tuple[datetime, int]
NEWEST: Place = (datetime(9999, 1, 1, tzinfo=UTC), 2**62)
OLDEST: Place = (datetime(1, 1, 2, tzinfo=UTC), 0)


def place(cursor: str | None, *, first: Place) -> Place:
    """The place that a cursor names. Refuses `input.bad` for one that we did not make."""
    if cursor is None:
        return first
    at, key = decode(cursor, 2)
    try:
        instant = datetime.fromisoformat(str(at))
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None or not isinstance(key, int) or not 0 <= key < 2**62:
        raise Refused("input.bad", field="cursor", reason="?")
    return instant, key


def after(last: Row) -> str:
    """The cursor behind a post."""
    assert last.card.shown_at is not None  # what is paged was shown
    return encode([last.card.shown_at.isoformat(), last.key])


def check(limit: int) -> None:
    """Refuses `input.bad` outside 1…200."""
    if not 1 <= limit <= LARGEST:
        raise Refused("input.bad", field="limit", reason=f"1–{LARGEST}")
