"""Registering a study when something is published, and starting those whose day has come."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail_many
from tongxin.kits.models import Use
from tongxin.measure.models import Study
from tongxin.measure.rules import DAY_90, Opening, digest, due_of, protocol_of
from tongxin.measure.terms import StudyState

RUN = "measure.run_study"
AT_ONCE = 500


@dataclass(frozen=True)
class Published:
    """An event that members can sign up for from now on; `drawn` when a lot decides who gets its seats."""

    key: str
    drawn: bool = False


def preregister(*, viewer: Viewer, room: str, events: Sequence[Published]) -> int:
    """Write down what will be asked of events that use a kit, before anybody can have come; answers how many studies are new.

    One study for each round of a kit in a store: an event of its own, or a series (with its first date that opens). What is
    there stays as it was written. At most four statements, however many events; none of them waits for anything.
    """
    drawn = {one.key: one.drawn for one in events}
    uses = (
        Use.objects.filter(room=room, key__in=drawn)
        .select_related("instance", "version__kit", "store")
        .order_by("starts_at", "id")
    )
    first: dict[int, Use] = {}
    for use in uses:
        first.setdefault(use.instance_id, use)
    asked = {
        use.instance.key: (use, _opening(use, drawn=drawn[use.key]))
        for use in first.values()
        if use.version.content["kpis"]
    }
    if not asked:
        return 0
    there = set(Study.objects.filter(room=room, key__in=asked).values_list("key", flat=True))
    rows = [_study(viewer, use, opening) for key, (use, opening) in asked.items() if key not in there]
    if not rows:
        return 0
    with transaction.atomic():
        Study.objects.bulk_create(rows, ignore_conflicts=True)
        trail_many(
            viewer=viewer,
            act="measure.study_registered",
            rows=[
                (
                    ("measure", "study", str(row.public_id)),
                    {"digest": row.protocol_digest, "due_at": row.protocol["due_at"]},
                )
                for row in rows
            ],
        )
    return len(rows)


def _opening(use: Use, *, drawn: bool) -> Opening:
    made, version = use.instance, use.version
    return Opening(
        thing=(made.room, made.kind, made.key),
        title=version.content["title"],
        store=use.store.code,
        kit=version.kit.code,
        version=version.number,
        kit_hash=version.hash,
        instance=str(made.public_id),
        goals=tuple(version.content["kpis"]),
        starts_at=use.starts_at,
        ends_at=use.ends_at,
        drawn=drawn,
    )


def _study(viewer: Viewer, use: Use, opening: Opening) -> Study:
    protocol = protocol_of(opening)
    day = clock.business_day(opening.starts_at, use.store.zone)
    return Study(
        brand_id=use.store.brand_id,
        store=use.store,
        title=f"{opening.title} · {use.store.name} · {day:%Y-%m-%d}"[:120],
        treated=protocol["treated"],
        design=protocol["design"],
        room=opening.thing[0],
        key=opening.thing[2],
        protocol=protocol,
        protocol_digest=digest(protocol),
        due_at=due_of(opening),
        asked_by_id=viewer.account,
        asked_by_name=viewer.name[:80],
        registered_at=clock.now(),
    )


def start_due() -> int:
    """Give the studies whose day has come to the worker, each once; answers how many. A nightly job.

    An event that was moved meanwhile has its day 90 later.
    """
    now = clock.now()
    moved = Use.objects.filter(room=OuterRef("room"), key=OuterRef("key"), ends_at__gt=now - DAY_90)
    due = Study.objects.filter(~Exists(moved), state=StudyState.PLANNED, due_at__lte=now)
    due = due.order_by("due_at", "id")
    started = 0
    for pk in list(due.values_list("pk", flat=True)[:AT_ONCE]):
        try:
            with transaction.atomic():
                app.configure_task(RUN, lock="measure", queueing_lock=f"measure.study.{pk}").defer(
                    study_id=pk
                )
        except AlreadyEnqueued:  # yesterday's job has not had its turn
            continue
        started += 1
    return started
