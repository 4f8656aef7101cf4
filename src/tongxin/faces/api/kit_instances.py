"""What stores make of kits: adoption for an event or a series, drift, adaptation, upgrades, costs, warnings of a recall."""

import uuid
from datetime import date, datetime, time
from typing import Annotated, Any, Literal

from ninja import Router
from pydantic import Field, StrictInt, StrictStr, StringConstraints

from tongxin.events import actions as events
from tongxin.events import queries as event_queries
from tongxin.faces.api.shapes import Cursor, Done, In, Limit, Moment, Out
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation.access import Verb
from tongxin.foundation.errors import Refused
from tongxin.kits import actions, queries
from tongxin.kits.queries import InstanceLine
from tongxin.stores import queries as stores

router = Router(tags=["kits"])

Path = Annotated[str, StringConstraints(max_length=80, pattern=r"^[a-z0-9_.]+$")]
Own = Annotated[dict[Path, StrictInt | StrictStr], Field(max_length=200)]
Rule = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=5, max_length=200, pattern=r"^[A-Z0-9=;,:+-]+$")
]


class DriftLine(Out):
    """One field in which a store differs from its version; `by` where it is a number."""

    path: str
    label: str
    parent: int | str
    mine: int | str
    by: int | None
    rule: str


class KitInstance(Out):
    """What a store has adopted; `version` is for `If-Match`, `number` the kit's version, `newest` the one it could take."""

    id: uuid.UUID
    kit: uuid.UUID
    store: uuid.UUID
    number: int
    newest: int
    recalled: bool
    kind: str
    subject: str
    overrides: dict[str, int | str]
    drift: list[DriftLine]
    version: int
    adopted_at: datetime


class KitInstances(Out):
    items: list[KitInstance]
    cursor: str | None


def _instance(line: InstanceLine) -> KitInstance:
    row = line.instance
    return KitInstance(
        id=row.public_id,
        kit=row.kit.public_id,
        store=row.store.public_id,
        number=row.version.number,
        newest=line.newest,
        recalled=line.recall is not None,
        kind=row.kind,
        subject=row.key,
        overrides=row.overrides,
        drift=[DriftLine.model_validate(one) for one in line.drift],
        version=row.revision,
        adopted_at=row.adopted_at,
    )


@router.get(
    "/kits/{uuid:kit_id}/instances",
    url_name="kit.instances",
    operation_id="kits.instances",
    response=KitInstances,
)
def list_instances(
    request: Asked, kit_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> KitInstances:
    """Who uses a kit, of the stores in reach, newest first, with drift."""
    page = queries.instances_of(request.viewer, kit_id, limit=limit, cursor=cursor)
    return KitInstances(items=[_instance(line) for line in page.items], cursor=page.cursor)


class Adoption(In):
    """For one event give `starts_at`; for a series `rule` and `starts_on`. `number` is the version, the newest if left out."""

    store: uuid.UUID
    number: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    starts_at: Moment | None = None
    rule: Rule | None = None
    starts_on: date | None = None
    start_time: time | None = None
    overrides: Own = {}


@router.post(
    "/kits/{uuid:kit_id}/instances",
    url_name="kit.instances",
    operation_id="kits.adopt",
    response={201: KitInstance},
)
@write(201)
def adopt(request: Asked, kit_id: uuid.UUID, body: Adoption) -> KitInstance:
    """A store takes a version for an event or a series, which is drafted with it."""
    store = stores.access_store(request.viewer, body.store)
    version = queries.version_to_take(request.viewer, kit_id, body.number)
    own: dict[str, Any] = dict(body.overrides)
    if body.starts_at is not None and body.rule is None:
        made = events.draft_from_kit(
            viewer=request.viewer,
            store=store,
            version_id=version.public_id,
            starts_at=body.starts_at,
            overrides=own,
        ).instance
    elif body.rule is not None and body.starts_on is not None and body.starts_at is None:
        made = events.open_series_from_kit(
            viewer=request.viewer,
            store=store,
            version_id=version.public_id,
            round_=events.Round(rule=body.rule, starts_on=body.starts_on, start_time=body.start_time),
            overrides=own,
        ).instance
    else:
        raise Refused("input.bad", field="starts_at", reason="starts_at | rule + starts_on")
    return _instance(queries.instance_lines([made])[0])


@router.get(
    "/kit-instances/{uuid:instance_id}",
    url_name="kit_instance",
    operation_id="kits.instance",
    response=KitInstance,
)
def read_instance(request: Asked, instance_id: uuid.UUID) -> KitInstance:
    """One instance with its drift."""
    return _instance(queries.instance_lines([queries.access_instance(request.viewer, instance_id)])[0])


class OwnIn(In):
    """The store's own values, all of them; a path that is left out takes the version's again."""

    overrides: Own


@router.put(
    "/kit-instances/{uuid:instance_id}",
    url_name="kit_instance",
    operation_id="kits.adapt",
    response=KitInstance,
)
@write(matching=True)
def adapt(request: Asked, instance_id: uuid.UUID, body: OwnIn) -> KitInstance:
    """Adapt within what the version allows. `If-Match` names the version that was read."""
    done = events.adapt_kit(
        viewer=request.viewer,
        instance_id=instance_id,
        revision=matched(request),
        overrides=dict(body.overrides),
    )
    return _instance(queries.instance_lines([done.instance])[0])


class UpgradeLine(Out):
    """Parent, mine and new of one field, and what the upgrade does with it."""

    path: str
    label: str
    parent: int | str | None
    mine: int | str | None
    new: int | str | None
    step: str
    clash: str | None
    may_keep: bool


class UpgradePreview(Out):
    number: int
    items: list[UpgradeLine]


class UpgradeIn(In):
    """`number` is the version to take, the newest if left out; `choices` say `mine` or `new` for each conflict."""

    number: Annotated[int, Field(strict=True, ge=1, le=100_000)] | None = None
    choices: Annotated[dict[Path, Literal["mine", "new"]], Field(max_length=200)] = {}


@router.get(
    "/kit-instances/{uuid:instance_id}/upgrade",
    url_name="kit_instance.upgrade",
    operation_id="kits.upgrade_preview",
    response=UpgradePreview,
)
def preview_upgrade(request: Asked, instance_id: uuid.UUID, number: int | None = None) -> UpgradePreview:
    """What taking another version would do, field by field."""
    found = queries.access_instance(request.viewer, instance_id)
    new = queries.version_to_take(request.viewer, found.kit.public_id, number)
    lines = queries.upgrade_preview(found, new)
    return UpgradePreview(number=new.number, items=[UpgradeLine.model_validate(line) for line in lines])


@router.post(
    "/kit-instances/{uuid:instance_id}/upgrade",
    url_name="kit_instance.upgrade",
    operation_id="kits.upgrade",
    response=KitInstance,
)
@write(matching=True)
def upgrade(request: Asked, instance_id: uuid.UUID, body: UpgradeIn) -> KitInstance:
    """Take another version. What is past, and what is open for registration, keeps its own."""
    found = queries.access_instance(request.viewer, instance_id, Verb.CHANGE)
    new = queries.version_to_take(request.viewer, found.kit.public_id, body.number)
    done = events.upgrade_kit(
        viewer=request.viewer,
        instance_id=instance_id,
        revision=matched(request),
        to=new.public_id,
        choices=dict(body.choices),
    )
    return _instance(queries.instance_lines([done.instance])[0])


class BillLine(Out):
    """A material: planned, and what it came to once somebody wrote it down."""

    key: str
    name: str
    unit: str
    quantity: int
    planned_fen: int
    used: int | None
    actual_fen: int | None


class BillOut(Out):
    budget_fen: int
    planned_fen: int
    actual_fen: int | None
    items: list[BillLine]


class SpentLine(In):
    material: Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z][a-z0-9_]*$")]
    quantity: Annotated[int, Field(strict=True, ge=0, le=1_000_000)]
    fen: Annotated[int, Field(strict=True, ge=0, le=100_000_000)]


class SpentIn(In):
    spent: Annotated[list[SpentLine], Field(min_length=1, max_length=100)]


def _bill(request: Asked, event_id: uuid.UUID) -> BillOut:
    bill = queries.bill_of(request.viewer, "events", str(event_id))
    return BillOut(
        budget_fen=bill.budget_fen,
        planned_fen=bill.planned_fen,
        actual_fen=bill.actual_fen,
        items=[BillLine.model_validate(line) for line in bill.lines],
    )


@router.get(
    "/events/{uuid:event_id}/costs", url_name="event.costs", operation_id="kits.costs", response=BillOut
)
def read_costs(request: Asked, event_id: uuid.UUID) -> BillOut:
    """Planned and actual cost of the materials of an event that uses a kit."""
    event_queries.access_event(request.viewer, event_id)
    return _bill(request, event_id)


@router.post(
    "/events/{uuid:event_id}/costs", url_name="event.costs", operation_id="kits.spend", response=BillOut
)
@write()
def record_costs(request: Asked, event_id: uuid.UUID, body: SpentIn) -> BillOut:
    """What materials really cost; a later number takes the first one's place."""
    spent = [actions.Spent(one.material, one.quantity, one.fen) for one in body.spent]
    actions.record_costs(viewer=request.viewer, room="events", key=str(event_id), spent=spent)
    return _bill(request, event_id)


class KitWarning(Out):
    """The kit of an event ahead, or running, was recalled."""

    id: uuid.UUID
    store: str
    kit: str
    number: int
    reason: str
    event: uuid.UUID
    starts_at: datetime
    at: datetime
    seen_at: datetime | None


class KitWarnings(Out):
    items: list[KitWarning]
    cursor: str | None


@router.get("/kit-warnings", url_name="kit_warnings", operation_id="kits.warnings", response=KitWarnings)
def list_warnings(
    request: Asked, *, seen: bool = False, limit: Limit = 50, cursor: Cursor | None = None
) -> KitWarnings:
    """Warnings of the stores in reach that nobody has read yet; with `seen` all of them."""
    page = queries.warnings_for(request.viewer, seen=seen, limit=limit, cursor=cursor)
    return KitWarnings(
        items=[
            KitWarning(
                id=line.public_id,
                store=line.store_name,
                kit=line.kit_title,
                number=line.version,
                reason=line.reason,
                event=uuid.UUID(line.event_key),
                starts_at=line.starts_at,
                at=line.at,
                seen_at=line.seen_at,
            )
            for line in page.items
        ],
        cursor=page.cursor,
    )


@router.post(
    "/kit-warnings/{uuid:warning_id}/seen",
    url_name="kit_warning.seen",
    operation_id="kits.see_warning",
    response=Done,
)
@write()
def see_warning(request: Asked, warning_id: uuid.UUID) -> Done:
    """Somebody of the store has read it."""
    actions.see_warning(viewer=request.viewer, warning_id=warning_id)
    return Done()
