"""How a store is doing: a verdict with its reasons, from what it said of itself and what happened there. For headquarters' first page."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from math import sqrt

from tongxin.champions.terms import Health, HealthWhy

# Chosen by us, to be argued with here: three days without a check are an absence nobody covers, one is a busy day.
MISSED_RED, MISSED_WATCH = 3, 2
# Of those who registered so many come or fewer, by the upper end of the interval: below half is a room of empty chairs.
CAME_RED, CAME_WATCH = 0.5, 0.65
REGISTERED_LEAST = 20  # fewer registrations say nothing about a habit
CONCERNS_WATCH = 2  # of a store's noes that nobody at headquarters has answered
Z90 = 1.645


@dataclass(frozen=True)
class StoreFacts:
    """What is known of one store: days up to yesterday on which a check was due and on which it was answered, its noes without an
    answer, warnings of a recall that nobody has read, and who registered and came in the last weeks."""

    due: tuple[date, ...]
    answered: frozenset[date]
    concerns: int = 0
    recalled: int = 0
    registered: int = 0
    came: int = 0


@dataclass(frozen=True)
class Why:
    """One reason, and the figure behind it (days, warnings, noes, or percent)."""

    code: HealthWhy
    n: int


@dataclass(frozen=True)
class StoreHealth:
    """The verdict; the gravest reason first."""

    level: Health
    reasons: tuple[Why, ...]


def missed_days(due: tuple[date, ...], answered: Collection[date]) -> int:
    """How many due days in a row, up to the last one, went by without an answer."""
    count = 0
    for day in reversed(due):
        if day in answered:
            break
        count += 1
    return count


def share(came: int, registered: int) -> tuple[float, float, float]:
    """Share and its 90 % interval after Wilson (1927), which stays inside 0–1 also for few. Nobody registered: all of 0–1."""
    if registered <= 0:
        return 0.0, 0.0, 1.0
    part, spread = came / registered, Z90 * Z90 / registered
    centre = (part + spread / 2) / (1 + spread)
    half = Z90 * sqrt(part * (1 - part) / registered + spread / (4 * registered)) / (1 + spread)
    return part, max(0.0, centre - half), min(1.0, centre + half)


def store_health(facts: StoreFacts) -> StoreHealth:
    """Red, to watch, well, or silent: a store of which nothing was ever heard is not well, it is unknown."""
    red: list[Why] = []
    watch: list[Why] = []
    heard = bool(facts.answered) or facts.registered > 0
    if facts.recalled:
        red.append(Why(HealthWhy.RECALLED, facts.recalled))
    if facts.answered:
        missed = missed_days(facts.due, facts.answered)
        if missed >= MISSED_RED:
            red.append(Why(HealthWhy.NO_CHECK, missed))
        elif missed >= MISSED_WATCH:
            watch.append(Why(HealthWhy.NO_CHECK, missed))
    if facts.registered >= REGISTERED_LEAST:
        part, _, high = share(facts.came, facts.registered)
        if high < CAME_WATCH:
            (red if high < CAME_RED else watch).append(Why(HealthWhy.FEW_CAME, round(100 * part)))
    if facts.concerns >= CONCERNS_WATCH:
        watch.append(Why(HealthWhy.CONCERNS, facts.concerns))
    if red:
        return StoreHealth(Health.RED, (*red, *watch))
    if watch:
        return StoreHealth(Health.WATCH, tuple(watch))
    return StoreHealth(Health.WELL if heard else Health.SILENT, ())
