"""Addresses. Each named route needs its row in `permissions.py`."""

from django.urls import include, path

from tongxin.faces import health
from tongxin.faces.api import docs
from tongxin.faces.api.routes import api
from tongxin.project import permissions

api.scopes = permissions.scopes()

urlpatterns = [
    path("healthz", health.alive, name="healthz"),
    path("readyz", health.ready, name="readyz"),
    path("api/v1/docs", docs.page, name="api-docs"),
    path("api/v1/", api.urls),
    path("", include("tongxin.faces.routes")),
]

handler400 = "tongxin.project.doors.bad_request"
handler403 = "tongxin.project.doors.forbidden"
handler404 = "tongxin.project.doors.not_found"
handler500 = "tongxin.project.doors.fault"
