"""Ticking the steps of a kit."""

from uuid import UUID

from django.db import transaction

from tongxin.champions import queries
from tongxin.champions.models import StepDone
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused


def tick_step(*, viewer: Viewer, use_id: UUID | str, step: str, done: bool = True) -> bool:
    """A step of an event's checklist is done, or was ticked by mistake; answers whether anything changed.

    Refuses `absent` for a foreign event or a step that its version does not have, `champions.step_early` before its day.
    """
    with transaction.atomic():
        use = queries.access_step_use(viewer, use_id)
        found = next((one for one in queries.steps_at(use, use.store, set()) if one.key == step), None)
        if found is None:
            raise Refused("absent")
        if not done:
            return bool(StepDone.objects.filter(use=use, step=step).delete()[0])
        if found.on > queries.today_in(use.store):
            raise Refused("champions.step_early")
        _, new = StepDone.objects.get_or_create(
            use=use, step=step, defaults={"day": found.day, "by": viewer.name, "at": clock.now()}
        )
        if new:
            trail(
                viewer=viewer,
                act="champions.step_ticked",
                subject=("champions", "step", f"{use.public_id}/{step}"),
            )
    return new
