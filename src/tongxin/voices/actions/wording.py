"""The brand's own words of moderation: added from a day on, ended on a day, never reworded."""

from datetime import date, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.folding import fold
from tongxin.foundation.locks import advisory
from tongxin.stores.queries import the_brand
from tongxin.voices.models import BrandWord
from tongxin.voices.terms import EDITORS
from tongxin.voices.terms_moderation import WORD_LEAST, WORD_MOST, WORDS_MOST, Category, Level, WordUse

LIST = "voices.brand_words"


def add_word(
    *,
    viewer: Viewer,
    text: str,
    use: WordUse = WordUse.WATCHED,
    category: Category | None = None,
    level: Level | None = None,
    since: date | None = None,
    until: date | None = None,
) -> BrandWord:
    """Add a word to watch for, or a phrase that is fine to say, from a day on; texts written before are not judged again.

    Refuses `absent`, `input.bad`, `voices.word_length`, `voices.word_days`, `voices.word_there`, `voices.words_full`.
    """
    _edits(viewer)
    word, folded = text.strip(), fold(text.strip())
    if not (WORD_LEAST <= len(word) <= WORD_MOST and WORD_LEAST <= len(folded) <= WORD_MOST):
        raise Refused("voices.word_length", least=WORD_LEAST, most=WORD_MOST)
    if use is WordUse.WATCHED and (category is None or level is None):
        raise Refused("input.bad", field="category", reason="?")
    with transaction.atomic(), advisory(LIST):
        today = clock.business_day(clock.now())
        since = since or today
        if until is not None and until < since:
            raise Refused("voices.word_days")
        living = BrandWord.objects.filter(Q(until=None) | Q(until__gte=since))
        if living.filter(folded=folded, **({} if until is None else {"since__lte": until})).exists():
            raise Refused("voices.word_there")
        if BrandWord.objects.filter(Q(until=None) | Q(until__gte=today)).count() >= WORDS_MOST:
            raise Refused("voices.words_full", most=WORDS_MOST)
        watched = use is WordUse.WATCHED
        row = BrandWord.objects.create(
            brand=the_brand(),
            text=word,
            folded=folded,
            use=use,
            category=category if watched and category else "",
            level=level if watched and level else "",
            since=since,
            until=until,
            made_by=viewer.name,
            made_at=clock.now(),
        )
        _trail(viewer, row, "voices.word_added")
    return row


def end_word(*, viewer: Viewer, word_id: UUID) -> BrandWord:
    """From today on it does not hold; one that never began ends on its first day. Refuses `absent`."""
    _edits(viewer)
    with transaction.atomic(), advisory(LIST):
        today = clock.business_day(clock.now())
        row = BrandWord.objects.filter(Q(until=None) | Q(until__gte=today), public_id=word_id).first()
        if row is None:
            raise Refused("absent")
        if row.since >= today:  # it has judged nothing, or little: the day is over for it
            _trail(viewer, row, "voices.word_ended")
            row.delete()
            return row
        row.until, row.ended_by = today - timedelta(days=1), viewer.name
        row.save(update_fields=["until", "ended_by"])
        _trail(viewer, row, "voices.word_ended")
    return row


def _edits(viewer: Viewer) -> None:
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")


def _trail(viewer: Viewer, row: BrandWord, act: str) -> None:
    trail(
        viewer=viewer,
        act=act,
        subject=("voices", "word", str(row.public_id)),
        after={
            "use": str(row.use),
            "category": str(row.category),
            "level": str(row.level),
            "since": row.since.isoformat(),
            "until": None if row.until is None else row.until.isoformat(),
        },
    )
