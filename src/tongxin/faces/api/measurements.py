"""`/measurements`: the measures beside studies, asked for and read."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.measure import actions, queries
from tongxin.measure.terms import StudyState
from tongxin.stores import queries as stores

router = Router(tags=["measurements"])


class MeasurementLine(Out):
    """One row of the list: which measure, and its sentence."""

    id: uuid.UUID
    kind: str
    state: StudyState
    verdict: str
    said_zh: str
    said_en: str
    simulated: bool
    registered_at: datetime
    at: datetime | None


class MeasurementPage(Out):
    items: list[MeasurementLine]
    cursor: str | None


NAMES = tuple(name for name in MeasurementLine.model_fields if name != "id")


class Measurement(Out):
    """A measurement. `answer` is the measure's own JSON once there is one, `faults` why there is none."""

    id: uuid.UUID
    kind: str
    region: str | None
    store: str | None
    state: StudyState
    verdict: str
    simulated: bool
    faults: list[str]
    registered_at: datetime
    at: datetime | None
    answer: dict[str, Any] | None


class NewMeasurement(In):
    """`kind` is one of the measures of this installation; `region` or `store` narrows it to the members at home there."""

    kind: Annotated[str, StringConstraints(min_length=1, max_length=20, pattern=PLAIN)]
    region: uuid.UUID | None = None
    store: uuid.UUID | None = None


def _measurement(found: Any) -> Measurement:
    return Measurement(
        id=found.public_id,
        kind=found.kind,
        region=found.region.code if found.region else None,
        store=found.store.code if found.store else None,
        state=StudyState(found.state),
        verdict=found.verdict,
        simulated=found.simulated,
        faults=found.faults,
        registered_at=found.registered_at,
        at=found.at,
        answer=found.answer,
    )


@router.get(
    "/measurements", url_name="measurements", operation_id="measurements.list", response=MeasurementPage
)
def list_measurements(
    request: Asked, kind: str = "", limit: Limit = 50, cursor: Cursor | None = None
) -> MeasurementPage:
    """The measurements one may read, newest first; of one kind where it is named."""
    page = queries.measurements(request.viewer, kind=kind[:20], limit=limit, cursor=cursor)
    items = [MeasurementLine(id=m.public_id, **{n: getattr(m, n) for n in NAMES}) for m in page.items]
    return MeasurementPage(items=items, cursor=page.cursor)


@router.post(
    "/measurements", url_name="measurements", operation_id="measurements.ask", response={201: Measurement}
)
@write(201)
def ask_measurement(request: Asked, body: NewMeasurement) -> Measurement:
    """Ask for one measure; the worker answers it."""
    viewer = request.viewer
    made = actions.ask_measurement(
        viewer=viewer,
        kind=body.kind,
        region=stores.access_region(viewer, body.region) if body.region else None,
        store=stores.access_store(viewer, body.store) if body.store else None,
    )
    return _measurement(made)


@router.get(
    "/measurements/{uuid:measurement_id}",
    url_name="measurement",
    operation_id="measurements.read",
    response=Measurement,
)
def read_measurement(request: Asked, measurement_id: uuid.UUID) -> Measurement:
    """One measurement with its answer."""
    return _measurement(queries.access_measurement(request.viewer, measurement_id))
