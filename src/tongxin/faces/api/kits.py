"""`/kits`: what headquarters cooks. Drafts, released versions, offers, recalls, roll-out, and what stores report back."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Reason, Yes
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.kits import actions, queries
from tongxin.kits.queries import KitLine
from tongxin.stores import queries as stores

router = Router(tags=["kits"])

Code = Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z][a-z0-9-]*$")]
Note = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]
Allowed = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PLAIN)]
StepKey = Annotated[str, StringConstraints(max_length=60, pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$")]
RegionCode = Annotated[str, StringConstraints(max_length=64, pattern=PLAIN)]


class Kit(Out):
    """A kit in a list. `newest` is the newest version that is not recalled; `pending` says that the draft differs from the last."""

    id: uuid.UUID
    code: str
    title: str
    everywhere: bool
    newest: int | None
    versions: int
    recalled: int
    stores: int
    open_reports: int
    pending: bool
    cost_fen: int


class Kits(Out):
    items: list[Kit]
    cursor: str | None


class NewKit(In):
    """`content` has the shape of the starter kits: plain fields, parts whose rows have a key, and `allow`: path → rule."""

    code: Code
    content: dict[str, Any]


class Draft(Out):
    content: dict[str, Any]
    version: int
    changed_at: datetime


class DraftIn(In):
    content: dict[str, Any]


def _kit(line: KitLine) -> Kit:
    return Kit(
        id=line.kit.public_id,
        code=line.kit.code,
        title=line.kit.title,
        everywhere=line.kit.everywhere,
        newest=None if line.newest is None else line.newest.number,
        versions=line.versions,
        recalled=line.recalled,
        stores=line.stores,
        open_reports=line.reports,
        pending=line.pending,
        cost_fen=line.cost_fen,
    )


@router.get("/kits", url_name="kits", operation_id="kits.list", response=Kits)
def list_kits(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Kits:
    """The kits one sees: headquarters all, a store those that are released and offered to it."""
    page = queries.kits_for(request.viewer, limit=limit, cursor=cursor)
    return Kits(items=[_kit(line) for line in page.items], cursor=page.cursor)


@router.post("/kits", url_name="kits", operation_id="kits.make", response={201: Kit})
@write(201)
def make_kit(request: Asked, body: NewKit) -> Kit:
    """A new kit with its first draft. Nobody sees it outside headquarters until a version is released and offered."""
    made = actions.make_kit(viewer=request.viewer, code=body.code, content=body.content)
    return _kit(queries.kit_line(request.viewer, made.public_id))


@router.get("/kits/{uuid:kit_id}", url_name="kit", operation_id="kits.read", response=Kit)
def read_kit(request: Asked, kit_id: uuid.UUID) -> Kit:
    """One kit."""
    return _kit(queries.kit_line(request.viewer, kit_id))


@router.get("/kits/{uuid:kit_id}/draft", url_name="kit.draft", operation_id="kits.draft", response=Draft)
def read_draft(request: Asked, kit_id: uuid.UUID) -> Draft:
    """What the next version will say."""
    found = queries.draft_of(request.viewer, kit_id)
    return Draft(content=found.content, version=found.revision, changed_at=found.changed_at)


@router.put("/kits/{uuid:kit_id}/draft", url_name="kit.draft", operation_id="kits.change", response=Draft)
@write(matching=True)
def change_draft(request: Asked, kit_id: uuid.UUID, body: DraftIn) -> Draft:
    """Another draft, whole. `If-Match` names the version of the draft that was read."""
    found = actions.change_draft(
        viewer=request.viewer, kit_id=kit_id, revision=matched(request), content=body.content
    )
    return Draft(content=found.content, version=found.revision, changed_at=found.changed_at)


class KitVersion(Out):
    """A released version; `hash` is over its content and never changes."""

    id: uuid.UUID
    kit: uuid.UUID
    number: int
    hash: str
    note: str
    released_at: datetime
    recalled_at: datetime | None
    recall_reason: str


class KitVersionLine(KitVersion):
    stores: int
    open_reports: int


class KitVersions(Out):
    items: list[KitVersionLine]


class KitVersionWhole(KitVersion):
    content: dict[str, Any]


class NewVersion(In):
    note: Note = ""


def _version(found: Any, recall: Any) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "kit": found.kit.public_id,
        "number": found.number,
        "hash": found.hash,
        "note": found.note,
        "released_at": found.released_at,
        "recalled_at": None if recall is None else recall.at,
        "recall_reason": "" if recall is None else recall.reason,
    }


@router.get(
    "/kits/{uuid:kit_id}/versions",
    url_name="kit.versions",
    operation_id="kits.versions",
    response=KitVersions,
)
def list_versions(request: Asked, kit_id: uuid.UUID) -> KitVersions:
    """Every version, newest first, with the stores that use it."""
    return KitVersions(
        items=[
            KitVersionLine(
                **_version(line.version, line.recall), stores=line.stores, open_reports=line.reports
            )
            for line in queries.versions_of(request.viewer, kit_id)
        ]
    )


@router.post(
    "/kits/{uuid:kit_id}/versions",
    url_name="kit.versions",
    operation_id="kits.release",
    response={201: KitVersion},
)
@write(201, matching=True)
def release(request: Asked, kit_id: uuid.UUID, body: NewVersion) -> KitVersion:
    """Release the draft that `If-Match` names: from now on nobody can change this version."""
    made = actions.release(viewer=request.viewer, kit_id=kit_id, revision=matched(request), note=body.note)
    return KitVersion(**_version(made, None))


@router.get(
    "/kit-versions/{uuid:version_id}",
    url_name="kit_version",
    operation_id="kits.version",
    response=KitVersionWhole,
)
def read_version(request: Asked, version_id: uuid.UUID) -> KitVersionWhole:
    """A version with all it says."""
    found = queries.access_version(request.viewer, version_id)
    return KitVersionWhole(**_version(found, queries.recall_of(found.pk)), content=found.content)


class Change(Out):
    """One field in which two versions differ; null where one has not got it."""

    path: str
    label: str
    before: Any
    after: Any


class Changes(Out):
    items: list[Change]


@router.get(
    "/kit-versions/{uuid:version_id}/changes",
    url_name="kit_version.changes",
    operation_id="kits.changes",
    response=Changes,
)
def changes(request: Asked, version_id: uuid.UUID, since: uuid.UUID | None = None) -> Changes:
    """What changed in this version since another one; without `since`, since the one before it."""
    found = queries.differences_since(request.viewer, version_id, since)
    return Changes(items=[Change.model_validate(one) for one in found])


class Why(In):
    reason: Reason


@router.post(
    "/kit-versions/{uuid:version_id}/recall",
    url_name="kit_version.recall",
    operation_id="kits.recall",
    response=KitVersion,
)
@write()
def recall(request: Asked, version_id: uuid.UUID, body: Why) -> KitVersion:
    """Nobody may adopt it any more, letters of its events wait, champions of events ahead are warned. Not taken back."""
    made = actions.recall(viewer=request.viewer, version_id=version_id, reason=body.reason)
    return KitVersion(**_version(queries.access_version(request.viewer, version_id), made))


class OfferIn(In):
    """To every store, to some by id, or to all of a region."""

    everywhere: Yes | None = None
    stores: Annotated[list[uuid.UUID], Field(max_length=1000)] = []
    region: RegionCode = ""


class Offered(Out):
    more: int


@router.post("/kits/{uuid:kit_id}/offer", url_name="kit.offer", operation_id="kits.offer", response=Offered)
@write()
def offer(request: Asked, kit_id: uuid.UUID, body: OfferIn) -> Offered:
    """Give the kit to more stores; answers how many more."""
    return Offered(more=actions.offer(viewer=request.viewer, kit_id=kit_id, **body.model_dump()))


class ExceptionIn(In):
    """A word of the advertising-law list that is lawful in this kit, and why."""

    word: Allowed
    reason: Reason


@router.post(
    "/kits/{uuid:kit_id}/exceptions", url_name="kit.exceptions", operation_id="kits.allow_word", response=Done
)
@write()
def record_exception(request: Asked, kit_id: uuid.UUID, body: ExceptionIn) -> Done:
    """Allow a word in this kit's copy. Kept for good, with who and why."""
    actions.record_exception(viewer=request.viewer, kit_id=kit_id, word=body.word, why=body.reason)
    return Done()


class CoverageLine(Out):
    region: str
    name: str
    offered: int
    adopted: int


class ExecutionLine(Out):
    version: int
    region: str
    name: str
    due: int
    held: int
    cancelled: int
    ahead: int


class RolledOut(Out):
    """Stores that adopted of those offered, by region; events held of those due, by version and region; stores by version."""

    offered: int
    adopted: int
    coverage: list[CoverageLine]
    execution: list[ExecutionLine]
    users: dict[int, int]


@router.get(
    "/kits/{uuid:kit_id}/rollout", url_name="kit.rollout", operation_id="kits.rollout", response=RolledOut
)
def read_rollout(request: Asked, kit_id: uuid.UUID, since: datetime | None = None) -> RolledOut:
    """How far the kit has come, of the stores in reach."""
    found = queries.rollout(request.viewer, kit_id, since=since)
    return RolledOut(
        offered=found.offered,
        adopted=found.adopted,
        coverage=[CoverageLine.model_validate(one) for one in found.coverage],
        execution=[ExecutionLine.model_validate(one) for one in found.execution],
        users=dict(found.users),
    )


class StepReportOut(Out):
    id: uuid.UUID
    version: int
    store: uuid.UUID
    step: str
    sentence: str
    at: datetime
    answer: str
    answered_at: datetime | None


class StepReports(Out):
    items: list[StepReportOut]
    cursor: str | None


class StepIn(In):
    """`step` is a row of the version, `outline.mix`. A sentence may say why."""

    store: uuid.UUID
    version: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    step: StepKey
    sentence: Note = ""


class AnswerIn(In):
    answer: Reason


def _report(row: Any) -> StepReportOut:
    return StepReportOut(
        id=row.public_id,
        version=row.version.number,
        store=row.store.public_id,
        step=row.step,
        sentence=row.sentence,
        at=row.at,
        answer=row.answer,
        answered_at=row.answered_at,
    )


@router.get(
    "/kits/{uuid:kit_id}/reports", url_name="kit.reports", operation_id="kits.reports", response=StepReports
)
def list_reports(
    request: Asked,
    kit_id: uuid.UUID,
    *,
    open_only: bool = True,
    limit: Limit = 50,
    cursor: Cursor | None = None,
) -> StepReports:
    """Steps that do not work somewhere, newest first; a store sees its own with the answers."""
    page = queries.reports_of(request.viewer, kit_id, open_only=open_only, limit=limit, cursor=cursor)
    return StepReports(items=[_report(row) for row in page.items], cursor=page.cursor)


@router.post(
    "/kits/{uuid:kit_id}/reports",
    url_name="kit.reports",
    operation_id="kits.report_step",
    response={201: StepReportOut},
)
@write(201)
def report_step(request: Asked, kit_id: uuid.UUID, body: StepIn) -> StepReportOut:
    """“This step does not work in my store.”"""
    version = queries.version_numbered(request.viewer, kit_id, body.version)
    made = actions.report_step(
        viewer=request.viewer,
        version_id=version.public_id,
        store=stores.access_store(request.viewer, body.store),
        step=body.step,
        sentence=body.sentence,
    )
    return _report(made)


@router.post(
    "/kit-reports/{uuid:report_id}/answer",
    url_name="kit_report.answer",
    operation_id="kits.answer_report",
    response=Done,
)
@write()
def answer_report(request: Asked, report_id: uuid.UUID, body: AnswerIn) -> Done:
    """Answer a store. Once."""
    actions.answer_report(viewer=request.viewer, report_id=report_id, answer=body.answer)
    return Done()
