"""The chain that `kits.py` measures, and the measuring. Run with TONGXIN_HOME of an empty installation; prints JSON.

600 stores, 2,000 instances of one kit in three versions and 31,000 uses over a year are written by SQL; kits, releases, recall
and every measured read go through the actions and queries.
"""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection, transaction  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup

from tongxin.foundation.access import system  # noqa: E402 - after setup
from tongxin.kits import actions, queries  # noqa: E402 - after setup
from tongxin.kits.models import Draft, Kit  # noqa: E402 - after setup
from tongxin.stores import actions as stores  # noqa: E402 - after setup
from tongxin.stores.rules import StoreRow  # noqa: E402 - after setup

JOB = system("bench")
STORES, REGIONS, USES = 600, 20, 31_000
ROUNDS = 9

_INSTANCES = """
WITH v AS (SELECT array_agg(id ORDER BY number) AS ids FROM kits_version WHERE kit_id = %(kit)s),
shops AS (SELECT id, row_number() OVER (ORDER BY id) - 1 AS n FROM stores_store)
INSERT INTO kits_instance (public_id, kit_id, version_id, store_id, room, kind, key, overrides, revision, adopted_by, adopted_at,
    changed_at)
SELECT gen_random_uuid(), %(kit)s, v.ids[1 + (g %% 3)::int], s.id, 'events', 'series', 's' || g, '{"places": 10}', 1, 'bench',
    now() - make_interval(hours => g), now() - make_interval(hours => g)
FROM v, generate_series(0, 1999) g JOIN shops s ON s.n = g %% 540
"""
_USES = """
INSERT INTO kits_use (public_id, instance_id, version_id, store_id, room, key, overrides, starts_at, ends_at, standing)
SELECT gen_random_uuid(), i.id, i.version_id, i.store_id, 'events', 'e' || g, '{"places": 10}', t.at, t.at + interval '90 minutes',
    CASE WHEN t.at > now() THEN 'open' WHEN g %% 11 = 0 THEN 'cancelled' WHEN g %% 7 = 0 THEN 'open' ELSE 'held' END
FROM generate_series(0, %(uses)s - 1) g
JOIN (SELECT *, row_number() OVER (ORDER BY id) - 1 AS n FROM kits_instance) i ON i.n = g %% 2000,
    LATERAL (SELECT now() - make_interval(hours => 8000 - (g %% 8700)) AS at) t
"""


def chain() -> Kit:
    """Stores, the starter kits, three versions of the first, its instances and uses."""
    stores.open_brand(viewer=JOB, code="bench", name="连锁")
    for n in range(REGIONS):
        stores.open_region(viewer=JOB, code=f"R{n:02}", name=f"区域 {n}")
    rows = [
        StoreRow(store_code=f"S{n:04}", name=f"门店 {n}", region=f"R{n % REGIONS:02}") for n in range(STORES)
    ]
    stores.upsert_stores(viewer=JOB, rows=rows)
    kit = actions.seed(viewer=JOB)[0]
    for turn in (1, 2):
        draft = Draft.objects.get(kit=kit)
        changed = actions.change_draft(
            viewer=JOB,
            kit_id=kit.public_id,
            revision=draft.revision,
            content=draft.content | {"minutes": 90 + turn},
        )
        actions.release(viewer=JOB, kit_id=kit.public_id, revision=changed.revision)
    with connection.cursor() as cursor:
        cursor.execute(_INSTANCES, {"kit": kit.pk})
        cursor.execute(_USES, {"uses": USES})
        cursor.execute("ANALYZE")
    return kit


def timed(what: str, act: Callable[[], Any]) -> dict[str, object]:
    """Median and worst milliseconds of some rounds after a first one, and the statements of one."""
    with CaptureQueriesContext(connection) as asked:
        act()
    spans = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        spans.append((time.perf_counter() - begun) * 1000)
    return {"what": what, "median": statistics.median(spans), "worst": max(spans), "statements": len(asked)}


def recalled(kit: Kit) -> None:
    """A recall, undone."""
    with transaction.atomic():
        version = queries.version_numbered(JOB, kit.public_id, 3)
        actions.recall(viewer=JOB, version_id=version.public_id, reason="bench")
        transaction.set_rollback(True)


def main() -> None:
    """Build, measure, print."""
    call_command("migrate", verbosity=0)
    kit = chain()
    keys = [("events", f"e{n}") for n in range(0, USES, USES // 500)]
    rows = [
        timed(
            "roll-out: coverage, execution by version and region, users",
            lambda: queries.rollout(JOB, kit.public_id),
        ),
        timed("the list of kits", lambda: queries.kits_for(JOB)),
        timed("versions with their stores", lambda: queries.versions_of(JOB, kit.public_id)),
        timed("who uses it, fifty with drift", lambda: queries.instances_of(JOB, kit.public_id)),
        timed("the gate's question for 500 letters", lambda: queries.recalled(keys)),
        timed("a recall with its warnings", lambda: recalled(kit)),
    ]
    print(json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    main()
