"""Series for tests, made through the actions."""

from datetime import date, time
from typing import Any

from stores.factories import TESTS, StoreFactory
from tongxin.events.actions import series
from tongxin.events.actions.series import Opened, SeriesIn
from tongxin.events.models import Occurrence

NAMES = (
    "title",
    "format",
    "rule",
    "starts_on",
    "start_time",
    "minutes",
    "places",
    "kind",
    "until",
    "holidays",
    "themes",
    "hosts",
)


def series_in(**more: Any) -> SeriesIn:
    """Saturdays at ten in Shanghai for eight weeks from 7 March 2026, unless said otherwise; other words go to `each`."""
    usual: dict[str, Any] = {
        "title": "周六早茶",
        "format": "tea",
        "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=8",
        "starts_on": date(2026, 3, 7),
        "start_time": time(10),
        "minutes": 90,
        "places": 12,
    }
    own = {name: more.pop(name) for name in NAMES if name in more}
    return SeriesIn(**(usual | own), each=more)


def opened(store: Any = None, *, publish: bool = False, **more: Any) -> Opened:
    """A series of drafts, or published at once."""
    made = series.open_series(viewer=TESTS, store=store or StoreFactory(), series=series_in(**more))
    if publish:
        series.publish_series(viewer=TESTS, series_id=made.series.public_id)
        made.series.refresh_from_db()
    return made


def rows(made: Any) -> list[Occurrence]:
    """The dates of a series in order."""
    return list(Occurrence.objects.filter(series=getattr(made, "series", made)).order_by("original_start"))
