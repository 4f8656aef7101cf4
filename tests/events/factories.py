"""Events for tests, made through the actions. Any room's tests may use them."""

from datetime import datetime, timedelta
from typing import Any

from stores.factories import TESTS, StoreFactory
from tongxin.events import actions
from tongxin.events.actions import EventIn
from tongxin.events.models import Occurrence
from tongxin.foundation import clock


def event_in(**more: Any) -> EventIn:
    """A tasting in three days, twelve places, unless said otherwise."""
    starts: datetime = more.pop("starts_at", None) or clock.now() + timedelta(days=3)
    ends: datetime = more.pop("ends_at", None) or starts + timedelta(hours=2)
    return EventIn(
        **({"title": "新品试吃", "format": "tasting", "places": 12} | more), starts_at=starts, ends_at=ends
    )


def drafted(store: Any = None, **more: Any) -> Occurrence:
    """A draft."""
    return actions.draft(viewer=TESTS, store=store or StoreFactory(), event=event_in(**more))


def published(store: Any = None, **more: Any) -> Occurrence:
    """An occurrence that members can see."""
    return actions.publish(viewer=TESTS, event_id=drafted(store, **more).public_id)
