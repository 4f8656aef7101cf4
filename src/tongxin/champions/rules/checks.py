"""The daily health check: what a list may be, which list holds on a day, what a day looks like."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tongxin.champions.terms import ITEM_LONGEST, ITEMS_MOST, SHIPPED, CheckWord, DayState
from tongxin.foundation.errors import Refused


@dataclass(frozen=True)
class Item:
    """One question of a list; `key` stays the same as long as its words do."""

    key: str
    zh: str
    en: str = ""


@dataclass(frozen=True)
class Listed:
    """A list and from which day it holds; number 0 is the shipped one."""

    number: int
    since: date
    items: tuple[Item, ...]


FIRST = Listed(0, date.min, tuple(Item(*row) for row in SHIPPED))


def listed_items(given: Sequence[tuple[str, str]], before: Listed) -> tuple[Item, ...]:
    """The items of the list after `before`, from their words (zh, en). Refuses `champions.items` for none, too many, too long, twice."""
    kept = {item.zh: item for item in before.items}
    words = [(zh.strip(), en.strip()) for zh, en in given]
    fault = next(
        (zh for zh, en in words if not 0 < len(zh) <= ITEM_LONGEST or len(en) > 2 * ITEM_LONGEST), None
    )
    if fault is None and len({zh for zh, _ in words}) < len(words):
        fault = next(zh for n, (zh, _) in enumerate(words) if zh in {other for other, _ in words[:n]})
    if fault is not None or not 1 <= len(words) <= ITEMS_MOST:
        raise Refused(
            "champions.items", most=ITEMS_MOST, longest=ITEM_LONGEST, field=fault or str(len(words))
        )
    return tuple(
        Item(kept[zh].key if zh in kept else f"v{before.number + 1}-{n}", zh, en)
        for n, (zh, en) in enumerate(words, start=1)
    )


def list_on(day: date, lists: Iterable[Listed]) -> Listed:
    """The list that holds on a day: the newest of those that had begun."""
    return max((one for one in (FIRST, *lists) if one.since <= day), key=lambda one: one.number)


def check_since(since: date, today: date) -> None:
    """Refuses `champions.since` for a list that would change a day which stores are answering."""
    if since <= today:
        raise Refused("champions.since")


def day_state(day: date, today: date, items: Sequence[Item], answered: Collection[str]) -> DayState:
    """A day by what was answered of the list that held. A day without answers is skipped once it is over, open while it lasts."""
    if all(item.key in answered for item in items):
        return DayState.DONE
    if answered:
        return DayState.PARTLY
    return DayState.OPEN if day >= today else DayState.SKIPPED


def due_days(last: date, days: int, opened_on: date | None, closed_on: date | None) -> tuple[date, ...]:
    """The days up to `last`, oldest first, on which a store was open for business."""
    span = (last - timedelta(days=n) for n in range(days - 1, -1, -1))
    return tuple(
        day
        for day in span
        if (opened_on is None or day >= opened_on) and (closed_on is None or day <= closed_on)
    )


def is_concern(answer: str, sentence: str) -> bool:
    """A no with a sentence goes to headquarters' list."""
    return answer == CheckWord.NO and bool(sentence)
