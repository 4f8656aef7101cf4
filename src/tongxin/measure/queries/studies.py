"""Reading studies: kept answers only. Nothing here computes, so a page costs one row."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.measure.models import Measurement, Study
from tongxin.measure.terms import StudyState
from tongxin.stores.models import Region, Store
from tongxin.stores.terms import Role

#: whole-brand readers; they also ask
ASKERS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST})
CHAIN_READERS = ASKERS | {Role.AUDITOR}
#: read-only, chain-wide studies and those of their own places
PLACE_READERS = frozenset({Role.REGION_MANAGER, Role.STORE_MANAGER})


@dataclass(frozen=True)
class StudyLine:
    """One row of the list: the sentence before the figure."""

    public_id: UUID
    title: str
    treated: str
    state: StudyState
    verdict: str
    said_zh: str
    said_en: str
    simulated: bool
    pre_registered: bool
    registered_at: datetime
    due_at: datetime | None
    at: datetime | None


@dataclass(frozen=True)
class MeasurementLine:
    """One row of the list of measurements."""

    public_id: UUID
    kind: str
    state: StudyState
    verdict: str
    said_zh: str
    said_en: str
    simulated: bool
    registered_at: datetime
    at: datetime | None


Kept = TypeVar("Kept", Study, Measurement)


def _reached(viewer: Viewer, kept: QuerySet[Kept]) -> QuerySet[Kept]:
    found = kept.select_related("region", "store")
    if viewer.places(CHAIN_READERS) is None:
        return found
    places = viewer.places(PLACE_READERS)
    if not viewer.roles & PLACE_READERS:
        return found.none()
    if places is None:
        return found
    # An answer about a region is for who reaches all of it: half a region's totals would give the other half away.
    outside = Store.objects.exclude(id__in=places).exclude(region=None).values("region")
    whole = Region.objects.filter(id__in=Store.objects.filter(id__in=places).values("region")).exclude(
        id__in=outside
    )
    return found.filter(Q(region=None, store=None) | Q(store__in=places) | Q(region__in=whole))


def studies(
    viewer: Viewer, *, state: StudyState | None = None, limit: int = 50, cursor: str | None = None
) -> Page[StudyLine]:
    """The studies that a viewer may read, newest first, of one state if asked. Champions, doors and members read none."""
    rows = _reached(viewer, Study.objects.all()).defer("pictures", "report_html", "report_en")
    if state is not None:
        rows = rows.filter(state=state)
    found = page(rows, by=("-registered_at", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(_line(row) for row in found.items), found.cursor)


def _line(row: Study) -> StudyLine:
    answer = row.answer or {}
    said = answer.get("words", {})
    return StudyLine(
        public_id=row.public_id,
        title=row.title,
        treated=row.treated,
        state=StudyState(row.state),
        verdict=row.verdict,
        said_zh=said.get("zh", ""),
        said_en=said.get("en", ""),
        simulated=row.simulated,
        pre_registered=bool(row.protocol_digest or answer.get("design", {}).get("pre_registered")),
        registered_at=row.registered_at,
        due_at=row.due_at,
        at=row.at,
    )


def planned_for(viewer: Viewer, subject: tuple[str, str]) -> StudyLine | None:
    """The study that the publication of an event or a series (room, key) registered, if the viewer may read it."""
    room, key = subject
    rows = _reached(viewer, Study.objects.filter(room=room, key=key))
    row = rows.defer("pictures", "report_html", "report_en").first()
    return None if row is None else _line(row)


def told_digest(public_id: UUID) -> str:
    """The hash that the trail has of a registered study, "" where it has none: rows of the trail are chained and signed."""
    told = Entry.objects.filter(
        act="measure.study_registered",
        subject_room="measure",
        subject_kind="study",
        subject_id=str(public_id),
    )
    after = told.order_by("id").values_list("after", flat=True).first()
    return str(json.loads(after)["digest"]) if after else ""


def access_study(viewer: Viewer, public_id: UUID | str) -> Study:
    """One study with its answer, pictures and report. Refuses `absent`."""
    return _one(_reached(viewer, Study.objects.all()), public_id)


def _one(found: QuerySet[Kept], public_id: UUID | str) -> Kept:
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        raise Refused("absent") from None
    row = found.filter(public_id=wanted).first()
    if row is None:
        raise Refused("absent")
    return row


def measurements(
    viewer: Viewer, *, kind: str = "", limit: int = 50, cursor: str | None = None
) -> Page[MeasurementLine]:
    """The measurements that a viewer may read, newest first; of one kind where it is named."""
    rows = _reached(viewer, Measurement.objects.all()).defer("page", "answer")
    if kind:
        rows = rows.filter(kind=kind)
    found = page(rows, by=("-registered_at", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(_measured(row) for row in found.items), found.cursor)


def newest_measurements(viewer: Viewer) -> dict[str, MeasurementLine]:
    """The newest answered measurement of each kind, for a page that stands for all of them."""
    done = _reached(viewer, Measurement.objects.all()).filter(state=StudyState.DONE).defer("page", "answer")
    newest = done.order_by("kind", "-registered_at", "-id").distinct("kind")
    return {row.kind: _measured(row) for row in newest}


def _measured(row: Measurement) -> MeasurementLine:
    return MeasurementLine(
        public_id=row.public_id,
        kind=row.kind,
        state=StudyState(row.state),
        verdict=row.verdict,
        said_zh=row.words.get("zh", ""),
        said_en=row.words.get("en", ""),
        simulated=row.simulated,
        registered_at=row.registered_at,
        at=row.at,
    )


def access_measurement(viewer: Viewer, public_id: UUID | str) -> Measurement:
    """One measurement with its answer, tables and pictures. Refuses `absent`."""
    return _one(_reached(viewer, Measurement.objects.all()), public_id)
