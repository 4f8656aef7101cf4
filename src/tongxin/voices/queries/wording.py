"""The brand's own words of moderation: which hold on a day, made ready for searching; and the list for who edits it."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from uuid import UUID

from django.db.models import Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices.models import BrandWord
from tongxin.voices.rules.keywords import Lexicon, Word, shipped
from tongxin.voices.terms import EDITORS
from tongxin.voices.terms_moderation import Category, Level, WordUse


@dataclass(frozen=True)
class WordLine:
    """A word of the brand's list. `holds` today; one that begins later or has ended does not."""

    id: UUID
    text: str
    use: WordUse
    category: Category | None
    level: Level | None
    since: date
    until: date | None
    holds: bool


def on_day(day: date) -> Q:
    """The rows that hold on a day."""
    return Q(since__lte=day) & (Q(until=None) | Q(until__gte=day))


def in_force(now: datetime) -> tuple[int, ...]:
    """The rows that hold at a moment, by their numbers."""
    held = BrandWord.objects.filter(on_day(clock.business_day(now)))
    return tuple(held.order_by("id").values_list("id", flat=True))


@lru_cache(maxsize=8)
def lexicon(rows: tuple[int, ...]) -> Lexicon:
    """The product's list with these rows of the brand's: a row is never reworded, so its number stands for its words."""
    if not rows:
        return shipped()
    found = BrandWord.objects.filter(pk__in=rows).order_by("id")
    watched = [one for one in found if one.use == WordUse.WATCHED]
    lawful = tuple(one.text for one in found if one.use == WordUse.LAWFUL)
    return shipped(tuple(Word(one.text, Category(one.category), Level(one.level)) for one in watched), lawful)


def brand_words(viewer: Viewer) -> list[WordLine]:
    """The brand's whole list, what holds first. Refuses `absent` but to who edits for the whole brand."""
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    today = clock.business_day(clock.now())
    lines = [word_line(one, today) for one in BrandWord.objects.order_by("use", "text", "id")]
    return sorted(lines, key=lambda line: not line.holds)


def word_line(row: BrandWord, today: date) -> WordLine:
    """A word as it is listed."""
    return WordLine(
        row.public_id,
        row.text,
        WordUse(row.use),
        Category(row.category) if row.category else None,
        Level(row.level) if row.level else None,
        row.since,
        row.until,
        row.since <= today and (row.until is None or row.until >= today),
    )
