"""Measures headquarters' pages and the questions behind them. Run with TONGXIN_HOME of an empty installation; prints JSON.

The chain of `kits_chain.py`: 600 stores, one kit in three versions with 2,000 instances, 31,000 events over a year with 270,000
registrations, checks of sixty days, 24,000 people in rings. A page is asked through Django's own client as an editor of
headquarters, with every middleware, doors and session; what is timed is the request from its beginning to its bytes.
"""

import gc
import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import django

django.setup()

from django.contrib.sessions.backends.db import SessionStore  # noqa: E402 - after setup
from django.core.management import call_command  # noqa: E402 - after setup
from django.db import connection, transaction  # noqa: E402 - after setup
from django.test import Client  # noqa: E402 - after setup
from django.test.utils import CaptureQueriesContext  # noqa: E402 - after setup
from django.urls import reverse  # noqa: E402 - after setup
from kits_chain import JOB, build  # noqa: E402 - beside this file

from tongxin.champions import queries as champions  # noqa: E402 - after setup
from tongxin.faces import entrance  # noqa: E402 - after setup
from tongxin.foundation.accounts import actions as accounts  # noqa: E402 - after setup
from tongxin.foundation.accounts.terms import AccountKind  # noqa: E402 - after setup
from tongxin.kits import actions, queries  # noqa: E402 - after setup
from tongxin.kits.models import Kit  # noqa: E402 - after setup
from tongxin.stores import actions as stores  # noqa: E402 - after setup
from tongxin.stores.queries import regions_for, stores_for, the_brand  # noqa: E402 - after setup
from tongxin.stores.terms import Role  # noqa: E402 - after setup

ROUNDS = 9
# Two of three steps of the events of the last weeks were ticked.
_TICKED = """
INSERT INTO champions_stepdone (use_id, step, day, by, at)
SELECT u.id, c->>'key', (c->>'day')::int, 'bench', now() FROM kits_use u JOIN kits_version v ON v.id = u.version_id
CROSS JOIN LATERAL jsonb_array_elements(v.content->'checklist') c
WHERE u.starts_at > now() - interval '60 days' AND u.starts_at + make_interval(days => (c->>'day')::int) < now()
    AND (u.id + length(c->>'key')) % 3 > 0
"""


def timed(what: str, act: Callable[[], Any]) -> dict[str, object]:
    """Median and worst milliseconds of some rounds after a first one, and the statements of one."""
    act()
    with CaptureQueriesContext(connection) as asked:
        act()
    statements = len(asked)  # now: a later request empties the log
    spans = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        act()
        spans.append((time.perf_counter() - begun) * 1000)
    return {"what": what, "median": statistics.median(spans), "worst": max(spans), "statements": statements}


def recalled(kit: Kit) -> None:
    """A recall, undone."""
    with transaction.atomic():
        version = queries.version_numbered(JOB, kit.public_id, 3)
        actions.recall(viewer=JOB, version_id=version.public_id, reason="bench")
        transaction.set_rollback(True)


def editor() -> Client:
    """A browser in which an editor of headquarters has signed in."""
    account = accounts.create_account(viewer=JOB, handle="bench-editor", kind=AccountKind.STAFF)
    stores.grant(viewer=JOB, account=account, role=Role.HQ_EDITOR, brand=the_brand())
    opened = accounts.open_session(account=account, second_factor=True)
    session = SessionStore()
    session[entrance.KEY] = str(opened.public_id)
    session.save()
    client = Client(HTTP_ACCEPT_LANGUAGE="zh-CN", HTTP_HOST="127.0.0.1")
    client.cookies["sessionid"] = session.session_key
    return client


def pages(kit: Kit) -> dict[str, str]:
    """Every measured page by its name."""
    version = queries.newest_of(kit.pk)
    region, shop = regions_for(JOB)[0], stores_for(JOB)[0]
    events = reverse("hq.events")
    return {
        "今日": reverse("hq.today"),
        "the calendar of the chain": f"{events}?view=month",
        "the calendar of a region": f"{events}?view=month&region={region.public_id}",
        "the calendar of a store": f"{events}?view=month&store={shop.public_id}",
        "the list of events": events,
        "the list of kits": reverse("hq.kits"),
        "a kit in the editor": reverse("hq.kit", args=[kit.public_id]),
        "a version with its differences": reverse(
            "hq.kit_version", args=[version.public_id if version else ""]
        ),
        "coverage: tiles, execution, who uses it": reverse("hq.kit.reach", args=[kit.public_id]),
        "the stores": reverse("hq.stores"),
        "checks: gaps, concerns, execution": reverse("hq.checks"),
        "champions and their training": reverse("hq.champions"),
    }


def led() -> None:
    """Each store has a champion."""
    for n, shop in enumerate(stores_for(JOB)):
        account = accounts.create_account(viewer=JOB, handle=f"bench-{n:03}", kind=AccountKind.STAFF)
        stores.grant(viewer=JOB, account=account, role=Role.CHAMPION, store=shop)


def fetched(client: Client, path: str) -> None:
    """One page, whole."""
    reply = client.get(path)
    if reply.status_code != 200:
        raise SystemExit(f"{path}: {reply.status_code}")


def main() -> None:
    """Build, measure, print."""
    call_command("migrate", verbosity=0)
    kit = build()
    led()
    with connection.cursor() as cursor:
        cursor.execute(_TICKED)
        cursor.execute("SELECT key FROM kits_use ORDER BY id LIMIT 500")
        keys = [("events", key) for (key,) in cursor.fetchall()]
    client = editor()
    gc.collect()
    gc.freeze()  # as `project/web.py` does: the collector leaves the loaded program alone
    rows = [
        *(
            timed(f"page: {name}", lambda path=path: fetched(client, path))
            for name, path in pages(kit).items()
        ),
        timed(
            "roll-out: coverage, execution by version and region, users",
            lambda: queries.rollout(JOB, kit.public_id),
        ),
        timed("execution: checks and kit steps, by region and version", lambda: champions.rates(JOB)),
        timed("who uses it, fifty with drift", lambda: queries.instances_of(JOB, kit.public_id)),
        timed("the gate's question for 500 letters", lambda: queries.recalled(keys)),
        timed("a recall with its warnings", lambda: recalled(kit)),
    ]
    print(json.dumps(rows, ensure_ascii=False))


if __name__ == "__main__":
    main()
