"""The visible list of the API's nouns: one file, one line."""

from tongxin.faces.api import (
    checkins,
    events,
    imports,
    lines,
    me,
    measurements,
    members,
    messages,
    money,
    places,
    registrations,
    ringing,
    series,
    studies,
    trail,
    webhooks,
)
from tongxin.faces.api.app import api

for _router in (
    members.router,
    me.router,
    places.router,
    events.router,
    registrations.router,
    lines.router,
    series.router,
    checkins.router,
    money.router,
    messages.router,
    studies.router,
    measurements.router,
    ringing.router,
    imports.router,
    trail.router,
    webhooks.router,
):
    api.add_router("", _router)
