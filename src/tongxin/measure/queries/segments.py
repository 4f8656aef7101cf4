"""Segments: what a rule means now, in counts for who may see figures, in names only through people and their reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet

from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.plugs import wiring
from tongxin.measure.models import Segment, SegmentVersion
from tongxin.measure.segments import sheet as sheets
from tongxin.measure.segments.language import Rule, read, say, tests_of
from tongxin.people.models import Customer
from tongxin.people.queries import PersonLine
from tongxin.people.terms import CustomerState
from tongxin.rings.queries.book import switched_off
from tongxin.rings.queries.lists import people_lines
from tongxin.stores.models import Store
from tongxin.stores.terms import Role

if TYPE_CHECKING:
    import numpy as np

#: who writes segments; who reads counts
WRITERS = frozenset(
    {SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST, Role.REGION_MANAGER, Role.STORE_MANAGER}
)
READERS = WRITERS | {Role.AUDITOR}
FEW = 5  # a set smaller than this says too much about single people
STORES_SHOWN = 8
SAMPLE = 12
CHUNK = 20_000


@dataclass(frozen=True)
class Preview:
    """How many a rule means, of how many, by ring and by store (the largest); as of when, and the rule in one spelling."""

    said_zh: str
    said_en: str
    total: int
    of: int
    by_ring: dict[str, int]
    by_store: tuple[tuple[str, int], ...]
    as_of: datetime
    fingerprint: str


@dataclass(frozen=True)
class SegmentLine:
    """One row of the list."""

    public_id: UUID
    name: str
    store_name: str
    said: str
    people: int
    number: int
    by: str
    at: datetime


@dataclass(frozen=True)
class SegmentCard:
    """One segment with its versions, newest first."""

    public_id: UUID
    name: str
    store: int | None
    rule: str
    versions: tuple[tuple[int, str, int, str, datetime], ...]


def home() -> Path:
    """Where sheets lie."""
    return Path(settings.TONGXIN_LAKE) / "segments"


def sheet_now() -> sheets.Sheet:
    """The sheet that was prepared last. Refuses `measure.no_sheet`."""
    found = sheets.current(home())
    if found is None:
        raise Refused("measure.no_sheet")
    return found


def preview_segment(viewer: Viewer, rule: str) -> Preview:
    """Count what a rule means among the people in reach. Refuses `forbidden`, `measure.rule_bad`, `measure.rule_child`, `measure.no_sheet`."""
    if not viewer.roles & READERS and SYSTEM not in viewer.roles:
        raise Refused("forbidden")
    tree = read(rule)
    sheet = sheet_now()
    return _preview(tree, sheet, viewer.places(READERS))


def _preview(tree: Rule, sheet: sheets.Sheet, places: Collection[int] | None) -> Preview:
    import numpy as np  # noqa: PLC0415  # slow: pages without segments do without it

    _known(tree, sheet)
    here = _within(sheet, places)
    meant = sheets.mask(tree, sheet) & here & ~_off_since(sheet)
    rings = np.bincount(sheet.column("ring")[meant] + 1, minlength=len(sheets.RINGS) + 1)[1:]
    store, n = np.unique(sheet.column("store")[meant], return_counts=True)
    order = np.argsort(-n, kind="stable")[:STORES_SHOWN]
    names = dict(Store.objects.filter(id__in=[int(key) for key in store[order]]).values_list("id", "name"))
    return Preview(
        said_zh=say(tree),
        said_en=say(tree, "en"),
        total=int(meant.sum()),
        of=int((sheet.column("usable") & here).sum()),
        by_ring={name: int(count) for name, count in zip(sheets.RINGS, rings, strict=True)},
        by_store=tuple((names.get(int(store[i]), ""), int(n[i])) for i in order if int(store[i]) in names),
        as_of=sheet.as_of - timedelta(seconds=1),  # the last second of the day that is counted
        fingerprint=sheet.fingerprint,
    )


def _known(tree: Rule, sheet: sheets.Sheet) -> None:
    """Names in a rule must mean something. Refuses `measure.rule_name`."""
    words = sheet.words()
    for test in tests_of(tree):
        names: tuple[object, ...] = ()
        if test.field in ("store", "community") and isinstance(test.value, tuple):
            names = test.value
        elif test.field == "bought":
            names = test.args[:1]
        for name in names:
            if str(name) not in words["category" if test.field == "bought" else test.field]:
                raise Refused("measure.rule_name", found=str(name)[:24])


def _within(sheet: sheets.Sheet, places: Collection[int] | None) -> np.ndarray:
    import numpy as np  # noqa: PLC0415  # slow, as above

    if places is None:
        return np.ones(sheet.people, dtype=bool)
    return np.isin(sheet.column("store"), sorted(places))


def _off_since(sheet: sheets.Sheet) -> np.ndarray:
    """Rows of those who switched personalisation off, left or were erased since the sheet was prepared: it holds at once."""
    import numpy as np  # noqa: PLC0415  # slow, as above

    gone = Customer.objects.filter(
        Q(personalise=False, personalise_at__gte=sheet.prepared_at) | Q(state=CustomerState.ERASED)
    ).values_list("id", flat=True)
    ids = np.fromiter(gone, dtype=np.int64)
    return np.isin(sheet.column("person"), ids) if len(ids) else np.zeros(sheet.people, dtype=bool)


def persons_of(segment: Segment) -> list[int]:
    """The people a segment means: by its newest rule and the newest sheet, less those whom we may no longer look at."""
    version = SegmentVersion.objects.filter(segment=segment).order_by("-number").first()
    if version is None:
        return []
    tree, sheet = read(version.rule), sheet_now()
    places = None if segment.store_id is None else [segment.store_id]
    meant = sheets.mask(tree, sheet) & _within(sheet, places) & ~_off_since(sheet)
    return still(int(person) for person in sheet.column("person")[meant])


def still(persons: Iterable[int]) -> list[int]:
    """Of these, who is a live member, does not work here, and lets us look at what they did."""
    rows, found = iter(persons), []
    while chunk := list(islice(rows, CHUNK)):
        gone = _gone(chunk)
        found += [person for person in chunk if person not in gone]
    return found


def _gone(persons: Collection[int]) -> frozenset[int]:
    live = Customer.objects.filter(
        id__in=persons, state=CustomerState.LIVE, is_staff=False, personalise=True
    ).values_list("id", flat=True)
    return (frozenset(persons) - frozenset(live)) | switched_off(persons)


def segments(viewer: Viewer) -> list[SegmentLine]:
    """The segments in reach, by name; the same statements for one and for many."""
    rows = list(_reached(viewer).filter(archived_at=None).select_related("store").order_by("name"))
    newest = {
        one.segment_id: one
        for one in SegmentVersion.objects.filter(segment__in=[row.pk for row in rows])
        .order_by("segment", "-number")
        .distinct("segment")
    }
    return [
        SegmentLine(
            row.public_id,
            row.name,
            "" if row.store is None else row.store.name,
            newest[row.pk].said,
            newest[row.pk].people,
            newest[row.pk].number,
            newest[row.pk].by,
            newest[row.pk].at,
        )
        for row in rows
        if row.pk in newest
    ]


def access_segment(viewer: Viewer, public_id: UUID | str) -> Segment:
    """A segment in reach. Refuses `absent`."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    found = _reached(viewer).filter(public_id=wanted, archived_at=None).first()
    if found is None:
        raise Refused("absent")
    return found


def segment_card(viewer: Viewer, public_id: UUID | str) -> SegmentCard:
    """A segment in reach with its versions. Refuses `absent`."""
    row = access_segment(viewer, public_id)
    versions = list(SegmentVersion.objects.filter(segment=row).order_by("-number"))
    return SegmentCard(
        row.public_id,
        row.name,
        row.store_id,
        versions[0].rule,
        tuple((one.number, one.said, one.people, one.by, one.at) for one in versions),
    )


def rule_of(viewer: Viewer, public_id: UUID | str) -> str:
    """The rule of a segment as it was typed. Refuses `absent`."""
    return segment_card(viewer, public_id).rule


def segment_people(viewer: Viewer, rule: str, *, limit: int = SAMPLE) -> list[PersonLine]:
    """A few of those a rule means, as people lets this viewer see them. Fewer than five are not shown to who needs no names."""
    tree, sheet = read(rule), sheet_now()
    _known(tree, sheet)
    meant = sheets.mask(tree, sheet) & _within(sheet, viewer.places(READERS)) & ~_off_since(sheet)
    ids = [int(person) for person in sheet.column("person")[meant][: limit * 2]]
    if len(ids) < FEW and Role.HQ_ANALYST in viewer.roles:
        return []
    return people_lines(viewer, still(ids)[:limit])


def _reached(viewer: Viewer) -> QuerySet[Segment]:
    places = viewer.places(READERS)
    return Segment.objects.all() if places is None else Segment.objects.filter(store__in=places)


def communities_named() -> dict[str, str]:
    """Names of communities → the number by which the book knows them, from the room above that has them."""
    names: dict[str, str] = {}
    for source in wiring().SEGMENT_NAMES.get("community", ()):
        names |= {name: str(number) for name, number in source().items()}
    return names
