"""The steps of the kits of a store's events: what is for today, and one step of one event."""

from collections import defaultdict
from datetime import date, datetime, timedelta
from uuid import UUID

from tongxin.champions.models import StepDone
from tongxin.champions.queries.checks import today_in
from tongxin.champions.rules.steps import Step, on_desk, steps_of
from tongxin.champions.terms import CHECKERS, STEPS_AFTER, STEPS_BEFORE
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.kits.models import Use
from tongxin.kits.rules.adapting import effective
from tongxin.kits.terms import Standing
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of


def steps_today(viewer: Viewer, store: Store, now: datetime) -> list[Step]:
    """The steps that stand on a store's desk today. Refuses `absent`."""
    if not viewer.reaches(store.pk, CHECKERS):
        raise Refused("absent")
    uses = list(
        Use.objects.filter(
            store=store,
            starts_at__gt=now - timedelta(days=STEPS_AFTER),
            starts_at__lt=now + timedelta(days=STEPS_BEFORE),
        )
        .exclude(standing=Standing.CANCELLED)
        .select_related("version", "instance")
        .order_by("starts_at", "id")
    )
    done: dict[int, set[str]] = defaultdict(set)
    for use, step in StepDone.objects.filter(use__in=uses).values_list("use", "step"):
        done[use].add(step)
    today = today_in(store)
    found = [step for use in uses for step in steps_at(use, store, done[use.pk])]
    return on_desk(found, today)


def steps_at(use: Use, store: Store, done: set[str]) -> list[Step]:
    """Every step of one event, with the store's own words."""
    content = effective(use.version.content, use.overrides if use.fixed_at else use.instance.overrides)
    held_on: date = business_day_of(store, use.starts_at)
    return steps_of(str(use.public_id), content["title"], held_on, content, done)


def access_step_use(viewer: Viewer, use_id: UUID | str) -> Use:
    """The use of a kit at an event of a store whose steps the viewer may tick. Refuses `absent`."""
    try:
        wanted = use_id if isinstance(use_id, UUID) else UUID(use_id)
    except ValueError:
        raise Refused("absent") from None
    found = Use.objects.select_related("version", "instance", "store").filter(public_id=wanted).first()
    if found is None or not viewer.reaches(found.store_id, CHECKERS) or found.standing == Standing.CANCELLED:
        raise Refused("absent")
    return found
