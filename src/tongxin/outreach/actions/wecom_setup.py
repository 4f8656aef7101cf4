"""The set-up was tried: what each step said is kept, so that a page can show it."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import WecomTrial
from tongxin.outreach.queries.wecom_setup import may_set_up

KEPT = 20


def keep_trial(*, viewer: Viewer, steps: Sequence[dict[str, Any]]) -> WecomTrial:
    """The steps in order, each with name, zh, en, ok and cure; of older trials the last twenty stay. Refuses `forbidden`."""
    if not may_set_up(viewer):
        raise Refused("forbidden")
    with transaction.atomic():
        made = WecomTrial.objects.create(at=clock.now(), by=viewer.name, steps=list(steps))
        old = WecomTrial.objects.order_by("-at", "-id").values_list("pk", flat=True)[KEPT:]
        WecomTrial.objects.filter(pk__in=list(old)).delete()
        trail(
            viewer=viewer,
            act="outreach.wecom_tried",
            subject=("outreach", "wecom_trial", str(made.pk)),
            after={str(step["name"]): step["ok"] for step in steps},
        )
    return made
