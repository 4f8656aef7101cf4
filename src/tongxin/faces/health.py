"""For whoever watches over the installation: is it alive, is it ready. Nothing about anybody."""

import shutil

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse

LEAST_FREE = 200 * 2**20  # bytes: below it uploads and backups fail first, so say so before


def alive(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"state": "alive"})


def ready(request: HttpRequest) -> JsonResponse:
    """Database and disk are there: 200, otherwise 503 with what is missing."""
    checks = {"database": _database(), "disk": shutil.disk_usage(settings.HOME).free >= LEAST_FREE}
    good = all(checks.values())
    return JsonResponse({"state": "ready" if good else "not ready", **checks}, status=200 if good else 503)


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True
