"""The yearly account of children's data: how many, who looked, who agreed, what went, what should have gone. Numbers only, no child."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import TextField
from django.db.models.functions import Cast

from tongxin.events.models import Participant, Photo
from tongxin.events.queries.photo_sights import sights
from tongxin.events.terms_after import CHILD_PHOTO_KEPT, LADDER, PhotoState
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.sealing import Unreadable, unseal
from tongxin.people.models import Companion

CHUNK = 500
WEEK = timedelta(days=7)
ADDED, TAKEN_OUT, TIDIED = "people.companion_added", "people.companion_forgotten", "people.companions_tidied"
PARTICIPANTS_TIDIED, LOOKED = "events.participants_tidied", "people.roster_opened"

# Every child that a guardian spoke for: their newest answer, and what was said within the year.
_FILES = """
SELECT k.purpose, count(*) FILTER (WHERE newest AND granted), count(*) FILTER (WHERE granted AND at >= %(begin)s AND at < %(end)s),
    count(*) FILTER (WHERE NOT granted AND at >= %(begin)s AND at < %(end)s)
FROM (SELECT purpose, granted, at, row_number() OVER (PARTITION BY companion, purpose ORDER BY at DESC, id DESC) = 1 AS newest
    FROM people_consent WHERE companion IS NOT NULL) k GROUP BY k.purpose ORDER BY k.purpose
"""


@dataclass(frozen=True)
class Kept:
    """Rows about children: there now, of them not sealed, due within a week, and late (their day has passed)."""

    now: int
    unsealed: int
    due: int
    late: int


@dataclass(frozen=True)
class Files:
    """Guardians' answers about a purpose: how many yes stand, and what was said in the year."""

    purpose: str
    standing: int
    granted: int
    withdrawn: int


@dataclass(frozen=True)
class Looks:
    """Who opened a roster of children in the year, how often, and over how many children in all."""

    who: str
    times: int
    children: int


@dataclass(frozen=True)
class MinorsAccount:
    """The whole account. `late` is what should have gone by now; `faults` what must never be: with either the answer is no."""

    year: int
    as_of: datetime
    added: int
    taken_out: int
    deleted_on_time: int
    participants_deleted: int
    companions: Kept
    participants: Kept
    files: tuple[Files, ...]
    looks: tuple[Looks, ...]
    photos: dict[str, int]
    photos_removed: int
    photos_due: int
    photos_late: int
    photos_out_without_file: int

    @property
    def late(self) -> int:
        """Rows and pictures whose day has passed."""
        return self.companions.late + self.participants.late + self.photos_late

    @property
    def faults(self) -> int:
        """What is not sealed, and photos further out than the guardian agreed."""
        return self.companions.unsealed + self.participants.unsealed + self.photos_out_without_file

    @property
    def ok(self) -> bool:
        """Nothing late, nothing wrong."""
        return not self.late and not self.faults


def minors(year: int) -> MinorsAccount:
    """The account of a year, in the calendar of the chain; what is kept, due or late is as of now."""
    now = clock.now()
    begin, end = clock.day_start(date(year, 1, 1)), clock.day_start(date(year + 1, 1, 1))
    acts = Entry.objects.filter(at__gte=begin, at__lt=end)
    states, late, due, wrong = _photos(now)
    return MinorsAccount(
        year=year,
        as_of=now.astimezone(UTC),
        added=acts.filter(act=ADDED).count(),
        taken_out=acts.filter(act=TAKEN_OUT).count(),
        deleted_on_time=_counted(acts.filter(act=TIDIED)),
        participants_deleted=_counted(acts.filter(act=PARTICIPANTS_TIDIED)),
        companions=_kept(Companion, ("nickname", "companion.nickname"), ("age_years", "companion.age")),
        participants=_kept(Participant, ("allergy", "participant.allergy")),
        files=_files(begin, end),
        looks=_looks(acts.filter(act=LOOKED)),
        photos=states,
        photos_removed=acts.filter(act="events.photo_removed", reason="child_without_file").count(),
        photos_due=due,
        photos_late=late,
        photos_out_without_file=wrong,
    )


def _counted(rows: Any) -> int:
    return sum(int(json.loads(text).get("count", 0)) for text in rows.values_list("after", flat=True) if text)


def _kept(model: Any, *sealed: tuple[str, str]) -> Kept:
    today = clock.business_day(clock.now())
    rows = model.objects.all()
    return Kept(
        now=rows.count(),
        unsealed=sum(_unsealed(rows, name, context) for name, context in sealed),
        due=rows.filter(delete_on__gt=today, delete_on__lte=today + WEEK).count(),
        # The night's job deletes what is due today: only what was due before is late.
        late=rows.filter(delete_on__lt=today).count(),
    )


def _unsealed(rows: Any, name: str, context: str) -> int:
    """Values that no key opens as what they are: in the clear, or sealed as something else."""
    raw = rows.annotate(raw=Cast(name, TextField())).exclude(raw="").values_list("raw", flat=True)
    return sum(not _opens(value, context) for value in raw.iterator(chunk_size=CHUNK))


def _opens(value: str, context: str) -> bool:
    try:
        unseal(value, context)
    except Unreadable:
        return False
    return True


def _files(begin: datetime, end: datetime) -> tuple[Files, ...]:
    with connection.cursor() as cursor:
        cursor.execute(_FILES, {"begin": begin, "end": end})
        return tuple(Files(*row) for row in cursor.fetchall())


def _looks(rows: Any) -> tuple[Looks, ...]:
    times: Counter[str] = Counter()
    children: Counter[str] = Counter()
    for who, after in rows.order_by("id").values_list("actor", "after").iterator(chunk_size=CHUNK):
        times[who] += 1
        children[who] += len(json.loads(after).get("companions", [])) if after else 0
    return tuple(Looks(who, n, children[who]) for who, n in sorted(times.items()))


def _photos(now: datetime) -> tuple[dict[str, int], int, int, int]:
    """Photos with a child by state; of those that the file does not cover how many are late, how many due within a week; and how
    many stand further out than it covers.
    """
    over, day = now - CHILD_PHOTO_KEPT, timedelta(days=1)
    states = dict.fromkeys((str(state) for state in LADDER), 0)
    late = due = wrong = 0
    rows = Photo.objects.filter(child_visible=True, gone_at=None).order_by("id")
    keys = list(rows.values_list("pk", "state", "occurrence__ends_at"))
    for start in range(0, len(keys), CHUNK):
        part = keys[start : start + CHUNK]
        known = sights([pk for pk, _, _ in part])
        for pk, state, ended in part:
            states[state] += 1
            children = [one for one in known[pk].seen if one.child]
            covered = bool(children) and all(one.record and one.uses for one in children)
            held = children and all(one.record and PhotoState(state) in one.uses for one in children)
            wrong += state != PhotoState.PRIVATE and not held
            # The job goes a day after the thirtieth; a day later it is late.
            late += not covered and ended < over - 2 * day
            due += not covered and over - 2 * day <= ended < over + WEEK
    return states, late, due, wrong
