"""The visible list of the API's nouns: one file, one line."""

from tongxin.faces.api import imports, me, measurements, members, places, ringing, studies, trail, webhooks
from tongxin.faces.api.app import api

for _router in (
    members.router,
    me.router,
    places.router,
    studies.router,
    measurements.router,
    ringing.router,
    imports.router,
    trail.router,
    webhooks.router,
):
    api.add_router("", _router)
