"""The inbox of callbacks: written down once, applied in any order, forgotten after a week."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from tongxin.foundation import clock
from tongxin.outreach.models import WecomEvent

KEPT = timedelta(days=7)
MOST_ATTEMPTS = 8
AGAIN = timedelta(seconds=30)


def note(*, key: str, kind: str, change: str, fields: Mapping[str, Any], happened_at: datetime) -> bool:
    """Write a callback down; False when it stands there already."""
    now = clock.now()
    row = WecomEvent(
        key=key,
        kind=kind[:40],
        change=change[:40],
        body=json.dumps(dict(fields), ensure_ascii=False),
        happened_at=happened_at,
        came_at=now,
        next_at=now,
    )
    before = WecomEvent.objects.filter(key=key).exists()
    WecomEvent.objects.bulk_create([row], ignore_conflicts=True)
    return not before


def due(most: int = 200) -> list[tuple[int, str, str, dict[str, Any], datetime]]:
    """Callbacks that wait, oldest first: id, kind, change, what they say, when it happened."""
    rows = WecomEvent.objects.filter(applied_at=None, next_at__lte=clock.now(), attempts__lt=MOST_ATTEMPTS)
    return [
        (row.pk, row.kind, row.change, json.loads(row.body), row.happened_at)
        for row in rows.order_by("next_at", "id")[:most]
    ]


def applied(event: int) -> None:
    """It is in our picture now."""
    WecomEvent.objects.filter(pk=event).update(applied_at=clock.now())


def not_yet(event: int) -> None:
    """The platform could not be asked: again, each time later; what is given up the nightly comparison finds."""
    row = WecomEvent.objects.filter(pk=event)
    attempts = row.values_list("attempts", flat=True).first() or 0
    row.update(attempts=F("attempts") + 1, next_at=clock.now() + AGAIN * 2**attempts)


def forget() -> int:
    """What was applied a week ago, or will never be; answers how many."""
    old = WecomEvent.objects.filter(came_at__lt=clock.now() - KEPT)
    return old.delete()[0]
