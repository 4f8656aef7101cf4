"""The lists of kits: for headquarters with who uses what, for a store what it may take; versions, their differences, instances."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.kits.models import (
    CopyException,
    Draft,
    Instance,
    Kit,
    Recall,
    RecallWarning,
    StepReport,
    Version,
)
from tongxin.kits.queries.access import access_kit, access_version, seen_by
from tongxin.kits.rules.adapting import Drift, drift
from tongxin.kits.rules.content import fingerprint, flat, planned
from tongxin.kits.rules.naming import both
from tongxin.kits.rules.upgrading import Line, three_way
from tongxin.kits.terms import ADOPTERS, EDITORS, OVERSEERS, READERS


@dataclass(frozen=True)
class KitLine:
    """One kit in a list. `newest` is the newest version that is not recalled; `pending` says that the draft differs from it."""

    kit: Kit
    newest: Version | None
    versions: int
    recalled: int
    stores: int
    reports: int
    pending: bool
    cost_fen: int


@dataclass(frozen=True)
class VersionLine:
    """One version with how many stores use it now."""

    version: Version
    recall: Recall | None
    stores: int
    reports: int


@dataclass(frozen=True)
class Difference:
    """One field in which two versions differ; None where one has not got it."""

    path: str
    words: tuple[str, str]
    before: Any
    after: Any

    @property
    def label(self) -> str:
        """The field in Chinese."""
        return self.words[0]


@dataclass(frozen=True)
class InstanceLine:
    """What a store has adopted: its parent, its drift, whether a newer version waits and whether its own was recalled."""

    instance: Instance
    drift: tuple[Drift, ...]
    newest: int
    recall: Recall | None

    @property
    def behind(self) -> bool:
        """Is there a newer version to take?"""
        return self.newest > self.instance.version.number


def kits_for(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[KitLine]:
    """The kits a viewer sees, by code, page by page. As many statements for one as for a hundred."""
    found = page(seen_by(viewer), by=("code", "id"), limit=limit, cursor=cursor)
    return Page(tuple(lines(viewer, found.items)), found.cursor)


def kit_line(viewer: Viewer, kit_id: UUID | str) -> KitLine:
    """One of them. Refuses `absent`."""
    return lines(viewer, [access_kit(viewer, kit_id)])[0]


def lines(viewer: Viewer, kits: Sequence[Kit]) -> list[KitLine]:
    """Kits with their counts: five statements."""
    keys = [kit.pk for kit in kits]
    recalled = {row.version_id for row in Recall.objects.filter(version__kit__in=keys)}
    versions: dict[int, list[Version]] = defaultdict(list)
    for version in Version.objects.filter(kit__in=keys).order_by("number"):
        versions[version.kit_id].append(version)
    stores = _stores_by(viewer, "kit", keys)
    reports = dict(
        StepReport.objects.filter(version__kit__in=keys, answered_at=None)
        .values_list("version__kit")
        .annotate(n=Count("id"))
    )
    drafts = {row.kit_id: fingerprint(row.content) for row in Draft.objects.filter(kit__in=keys)}
    found = []
    for kit in kits:
        mine = versions[kit.pk]
        live = [version for version in mine if version.pk not in recalled]
        newest = live[-1] if live else None
        found.append(
            KitLine(
                kit=kit,
                newest=newest,
                versions=len(mine),
                recalled=len(mine) - len(live),
                stores=stores.get(kit.pk, 0),
                reports=reports.get(kit.pk, 0),
                pending=not mine or mine[-1].hash != drafts[kit.pk],
                cost_fen=0 if newest is None else sum(one.fen for one in planned(newest.content)),
            )
        )
    return found


def _stores_by(viewer: Viewer, by: str, keys: Sequence[int]) -> dict[int, int]:
    rows = _mine(viewer).filter(**{f"{by}__in": keys})
    return dict(rows.order_by().values_list(by).annotate(n=Count("store", distinct=True)))


def _mine(viewer: Viewer) -> QuerySet[Instance]:
    places = viewer.places(READERS)
    rows = Instance.objects.all()
    return rows if places is None else rows.filter(store__in=places)


def draft_of(viewer: Viewer, kit_id: UUID | str) -> Draft:
    """What is being written. Refuses `absent`, and `forbidden` to stores."""
    kit = access_kit(viewer, kit_id)
    if not viewer.reaches(None, OVERSEERS):
        access_kit(viewer, kit_id, Verb.CHANGE)
    return Draft.objects.select_related("kit").get(kit=kit)


def versions_of(viewer: Viewer, kit_id: UUID | str) -> list[VersionLine]:
    """Every version, newest first, with the stores that use it. Refuses `absent`."""
    kit = access_kit(viewer, kit_id)
    rows = list(Version.objects.filter(kit=kit).select_related("kit").order_by("-number"))
    keys = [row.pk for row in rows]
    gone = {row.version_id: row for row in Recall.objects.filter(version__in=keys)}
    stores = _stores_by(viewer, "version", keys)
    reports = dict(
        StepReport.objects.filter(version__in=keys, answered_at=None)
        .values_list("version")
        .annotate(n=Count("id"))
    )
    return [VersionLine(row, gone.get(row.pk), stores.get(row.pk, 0), reports.get(row.pk, 0)) for row in rows]


def exceptions_of(viewer: Viewer, kit_id: UUID | str) -> list[CopyException]:
    """The words that headquarters allowed in a kit's copy, with their reason, oldest first. Refuses `absent`."""
    return list(CopyException.objects.filter(kit=access_kit(viewer, kit_id)).order_by("id"))


def _allowed_words(path: str, content: Mapping[str, Any]) -> tuple[str, str]:
    zh, en = both(path, content)
    return f"{zh}（权限）", f"{en} (what stores may do)"


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What changed from one content to another, in the order of the later, what is gone last; also what a store may do."""
    old, new = flat(before), flat(after)
    found = [
        Difference(path, both(path, after if path in new else before), old.get(path), new.get(path))
        for path in [*new, *(gone for gone in old if gone not in new)]
        if old.get(path) != new.get(path)
    ]
    paths = sorted(path for path in {*before["allow"], *after["allow"]} if path in old or path in new)
    return (
        *found,
        *(
            Difference(
                f"allow.{path}",
                _allowed_words(path, after),
                before["allow"].get(path),
                after["allow"].get(path),
            )
            for path in paths
            if before["allow"].get(path) != after["allow"].get(path)
        ),
    )


def differences_since(viewer: Viewer, version_id: UUID | str, since: UUID | None) -> tuple[Difference, ...]:
    """What changed in a version since another of the same kit, or since the one before it. Refuses `absent`."""
    after = access_version(viewer, version_id)
    rows = Version.objects.filter(kit=after.kit_id)
    before = (
        rows.filter(number__lt=after.number).order_by("-number").first()
        if since is None
        else rows.filter(public_id=since).first()
    )
    if before is None and since is not None:
        raise Refused("absent")
    return () if before is None else differences(before.content, after.content)


def instances_of(
    viewer: Viewer, kit_id: UUID | str, *, limit: int = 50, cursor: str | None = None
) -> Page[InstanceLine]:
    """Who uses a kit: the instances of the stores in reach, newest first. Refuses `absent`."""
    kit = access_kit(viewer, kit_id)
    rows = _mine(viewer).filter(kit=kit).select_related("version__kit", "kit", "store__region")
    found = page(rows, by=("-adopted_at", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(instance_lines(found.items)), found.cursor)


def instance_lines(rows: Sequence[Instance]) -> list[InstanceLine]:
    """Instances with their drift: two statements."""
    gone = {
        row.version_id: row for row in Recall.objects.filter(version__kit__in={row.kit_id for row in rows})
    }
    released = Version.objects.filter(kit__in={row.kit_id for row in rows}).order_by("number")
    newest = {
        kit: number for key, kit, number in released.values_list("id", "kit", "number") if key not in gone
    }
    return [
        InstanceLine(
            row,
            drift(row.version.content, row.overrides),
            newest.get(row.kit_id, 0),
            gone.get(row.version_id),
        )
        for row in rows
    ]


def upgrade_preview(instance: Instance, new: Version) -> tuple[Line, ...]:
    """What taking another version would do, field by field. Nothing is written."""
    return three_way(instance.version.content, instance.overrides, new.content)


@dataclass(frozen=True)
class WarningLine:
    """A champion is told that the kit of an event was recalled."""

    public_id: UUID
    store_name: str
    kit_title: str
    version: int
    reason: str
    event_room: str
    event_key: str
    starts_at: datetime
    at: datetime
    seen_at: datetime | None


def warnings_for(
    viewer: Viewer, *, limit: int = 50, cursor: str | None = None, seen: bool = False
) -> Page[WarningLine]:
    """Warnings of the stores in reach that nobody has read yet, newest first."""
    places = viewer.places(ADOPTERS)
    rows = RecallWarning.objects.select_related("recall__version__kit", "use", "store")
    rows = rows if places is None else rows.filter(store__in=places)
    rows = rows if seen else rows.filter(seen_at=None)
    found = page(rows, by=("-at", "-id"), limit=limit, cursor=cursor)
    return Page(tuple(_warning(row) for row in found.items), found.cursor)


def _warning(row: RecallWarning) -> WarningLine:
    return WarningLine(
        public_id=row.public_id,
        store_name=row.store.name,
        kit_title=row.recall.version.kit.title,
        version=row.recall.version.number,
        reason=row.recall.reason,
        event_room=row.use.room,
        event_key=row.use.key,
        starts_at=row.use.starts_at,
        at=row.at,
        seen_at=row.seen_at,
    )


def reports_of(
    viewer: Viewer, kit_id: UUID | str, *, open_only: bool = True, limit: int = 50, cursor: str | None = None
) -> Page[StepReport]:
    """Steps that do not work somewhere, newest first; a store sees its own. Refuses `absent`."""
    kit = access_kit(viewer, kit_id)
    rows = StepReport.objects.filter(version__kit=kit).select_related("version", "store")
    places = viewer.places(READERS)
    if places is not None:
        rows = rows.filter(store__in=places)
    if open_only:
        rows = rows.filter(answered_at=None)
    return page(rows, by=("-at", "-id"), limit=limit, cursor=cursor)


def steps_reported(viewer: Viewer, kit_id: UUID | str) -> list[tuple[int, str, str, int, int]]:
    """How often each step was reported: version, path, its words, stores, still open. Refuses `absent`."""
    kit = access_kit(viewer, kit_id)
    if not viewer.reaches(None, OVERSEERS | EDITORS):
        return []
    rows = StepReport.objects.filter(version__kit=kit)
    contents = {row.number: row.content for row in Version.objects.filter(kit=kit)}
    counted = rows.values_list("version__number", "step").annotate(
        n=Count("id"), left=Count("id", filter=Q(answered_at=None))
    )
    found = [(number, step, step_words(contents[number], step), n, left) for number, step, n, left in counted]
    return sorted(found, key=lambda one: (-one[3], -one[0], one[1]))


def step_words(content: Mapping[str, Any], step: str) -> str:
    """A step as people call it."""
    part, _, key = step.partition(".")
    row: Mapping[str, Any] = next((one for one in content.get(part, ()) if one["key"] == key), {})
    return str(row.get("title") or row.get("name") or row.get("text") or step)
