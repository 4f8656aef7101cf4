"""Asking for measurements and answering them: a row and a job in one transaction, the answer in the job worker."""

from typing import Any

from django.db import transaction
from procrastinate.contrib.django import app

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.measure import kinds
from tongxin.measure.actions.indices import KIND as INDICES
from tongxin.measure.actions.indices import NIGHT, keep_indices
from tongxin.measure.actions.worker import refuse_in_web_worker
from tongxin.measure.extract import extract
from tongxin.measure.kinds import KINDS, Brief
from tongxin.measure.models import Measurement
from tongxin.measure.queries import ASKERS
from tongxin.measure.telling import Told
from tongxin.measure.terms import LEFT_OUT, StudyState
from tongxin.stores.models import Region, Store
from tongxin.stores.queries import the_brand

RUN = "measure.run_measurement"


def ask_measurement(
    *, viewer: Viewer, kind: str, region: Region | None = None, store: Store | None = None
) -> Measurement:
    """Ask for one measure; the worker answers it. Refuses `forbidden`, `measure.kind_unknown`."""
    if viewer.places(ASKERS) is not None:
        raise Refused("forbidden")
    if kind not in KINDS:
        raise Refused("measure.kind_unknown", kind=kind[:20])
    with transaction.atomic():
        asked = Measurement.objects.create(
            brand=the_brand(),
            region=region,
            store=store,
            kind=kind,
            asked_by_id=viewer.account,
            asked_by_name=viewer.name,
            registered_at=clock.now(),
        )
        # As for studies: no row without its job, and no queueing lock inside a transaction.
        app.configure_task(RUN, lock="measure").defer(measurement_id=asked.pk)
        _tell(viewer, asked, "measure.measurement_asked", {"kind": kind})
    return asked


def run_measurement(*, measurement_id: int, memory: str = "700MB") -> Measurement:
    """Answer one measurement; what is answered stays. Refuses `absent`, `measure.in_web_worker`."""
    refuse_in_web_worker()
    from tongxin.compass.errors import BadInput  # noqa: PLC0415  # slow: a web worker never loads the engine

    with transaction.atomic():
        asked = (
            Measurement.objects.select_for_update(of=("self",))
            .select_related("brand")
            .filter(pk=measurement_id)
            .first()
        )
        if asked is None:
            raise Refused("absent")
        if asked.state == StudyState.DONE:
            return asked
        asked.state, asked.started_at, asked.faults = StudyState.RUNNING, clock.now(), []
        asked.save(update_fields=["state", "started_at", "faults"])
    try:
        told, left_out = _answered(asked, memory)
    except BadInput as error:
        return _failed(asked, [str(fault) for fault in error.faults])
    except Refused as refused:
        return _failed(asked, [refused.code])
    except Exception as fault:
        _failed(asked, [f"fault: {type(fault).__name__}"])  # the job is tried again
        raise
    with transaction.atomic():
        asked.answer = dict(told.plain)
        asked.words, asked.page, asked.verdict = dict(told.words), told.page(), told.verdict
        asked.page["warnings"] += [
            {"zh": f"未计入：{LEFT_OUT[why][0]} {n} 人", "en": f"Not counted: {n} {LEFT_OUT[why][1]}"}
            for why, n in left_out.items()
        ]
        asked.fingerprint, asked.simulated = told.fingerprint, told.simulated
        asked.state, asked.at = StudyState.DONE, clock.now()
        asked.save()
        _tell(system("measure"), asked, "measure.measurement_answered", {"verdict": asked.verdict})
        keep_indices(asked)
    return asked


def _answered(asked: Measurement, memory: str) -> tuple[Told, dict[str, int]]:
    brief = Brief(as_of=clock.now(), zone=asked.brand.zone, stores=_homes(asked))
    if KINDS[asked.kind].from_book:
        return kinds.tell(asked.kind, None, brief), {}
    with extract(asked, memory) as found:
        return kinds.tell(asked.kind, found, brief), found.left_out


def _homes(asked: Measurement) -> frozenset[int] | None:
    if asked.store_id is not None:
        return frozenset({asked.store_id})
    if asked.region_id is not None:
        return frozenset(Store.objects.filter(region=asked.region_id).values_list("id", flat=True))
    return None


def _failed(asked: Measurement, faults: list[str]) -> Measurement:
    with transaction.atomic():
        asked.state, asked.faults, asked.at = StudyState.FAILED, faults, clock.now()
        asked.save(update_fields=["state", "faults", "at"])
        _tell(system("measure"), asked, "measure.measurement_failed", {"faults": len(faults)})
    return asked


def _tell(viewer: Viewer, asked: Measurement, act: str, after: dict[str, Any]) -> None:
    trail(viewer=viewer, act=act, subject=("measure", "measurement", str(asked.public_id)), after=after)


DAILY = (INDICES, "concentration", "social", "reactivation")


def ask_daily() -> int:
    """Each night: ask for what is kept day by day, each once a day for the whole chain. Answers how many were asked."""
    brand = the_brand()
    start = clock.day_start(clock.business_day(clock.now(), brand.zone), brand.zone)
    asked = Measurement.objects.filter(
        brand=brand, kind__in=DAILY, region=None, store=None, registered_at__gte=start
    ).values_list("kind", flat=True)
    due = [kind for kind in DAILY if kind not in set(asked)]
    for kind in due:
        ask_measurement(viewer=NIGHT, kind=kind)
    return len(due)
