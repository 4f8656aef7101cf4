"""What of the kits waits for headquarters: steps that do not work somewhere, recalls that stores have not read, drafts to release."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.kits.models import Draft
from tongxin.kits.rules.content import fingerprint
from tongxin.kits.terms import EDITORS, OVERSEERS, READERS


@dataclass(frozen=True)
class KitWaiting:
    """One kit with so many open things of a sort since an instant; `version` is the public id of the version they are about."""

    kit: UUID
    version: UUID
    number: int
    title: str
    n: int
    at: datetime


_REPORTS = """
SELECT k.public_id, max(v.public_id::text)::uuid, max(v.number), k.title, count(*), min(r.at)
FROM kits_stepreport r JOIN kits_version v ON v.id = r.version_id JOIN kits_kit k ON k.id = v.kit_id
WHERE r.answered_at IS NULL AND (%(stores)s::bigint[] IS NULL OR r.store_id = ANY(%(stores)s))
GROUP BY k.public_id, k.title ORDER BY 6
"""
_WARNINGS = """
SELECT k.public_id, v.public_id, v.number, k.title, count(DISTINCT w.store_id), min(w.at)
FROM kits_recallwarning w JOIN kits_recall r ON r.id = w.recall_id JOIN kits_version v ON v.id = r.version_id
JOIN kits_kit k ON k.id = v.kit_id JOIN kits_use u ON u.id = w.use_id
WHERE w.seen_at IS NULL AND u.ends_at > %(now)s AND u.standing IN ('planned', 'open')
    AND (%(stores)s::bigint[] IS NULL OR w.store_id = ANY(%(stores)s))
GROUP BY 1, 2, 3, 4 ORDER BY 6
"""
_NEWEST = """
SELECT DISTINCT ON (kit_id) kit_id, number, hash FROM kits_version ORDER BY kit_id, number DESC
"""


def reports_waiting(viewer: Viewer) -> list[KitWaiting]:
    """Kits of which a step was reported that nobody has answered, the oldest report first. Of the stores in reach."""
    return _rows(viewer, _REPORTS)


def warnings_waiting(viewer: Viewer) -> list[KitWaiting]:
    """Recalled versions of which stores with events ahead have not read it; `n` is how many stores."""
    return _rows(viewer, _WARNINGS)


def drafts_waiting(viewer: Viewer) -> list[tuple[UUID, str, int, datetime]]:
    """Kits that were released once and whose draft says something else since: id, title, the next number, when it was changed.

    Empty for whoever releases nothing.
    """
    if not viewer.reaches(None, EDITORS):
        return []
    with connection.cursor() as cursor:
        cursor.execute(_NEWEST)
        newest = {kit: (number, said) for kit, number, said in cursor.fetchall()}
    rows = Draft.objects.filter(kit__in=newest).select_related("kit").order_by("-changed_at")
    return [
        (row.kit.public_id, row.kit.title, newest[row.kit_id][0] + 1, row.changed_at)
        for row in rows
        if fingerprint(row.content) != newest[row.kit_id][1]
    ]


def _rows(viewer: Viewer, text: str) -> list[KitWaiting]:
    places = viewer.places(READERS | OVERSEERS)
    given = {"stores": None if places is None else sorted(places), "now": clock.now()}
    with connection.cursor() as cursor:
        cursor.execute(text, given)
        return [KitWaiting(*row) for row in cursor.fetchall()]
