"""Addresses. Each named route needs its row in `permissions.py`."""

from django.urls import path

from tongxin.faces import health, routes
from tongxin.faces.api import docs
from tongxin.faces.api.routes import api
from tongxin.project import permissions
from tongxin.project.addresses import under

api.scopes = permissions.scopes()

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/v1/docs", docs.page, name="api-docs"),
    under("api/v1/", api.urls[0], app=api.urls[1], space=api.urls[2]),
    under("", routes.urlpatterns),
]

handler400 = "tongxin.project.doors.bad_request"
handler403 = "tongxin.project.doors.forbidden"
handler404 = "tongxin.project.doors.not_found"
handler500 = "tongxin.project.doors.fault"
