"""The world that the load test knocks at: a store, members with tokens, events. Run with an address of a database; prints JSON.

Members and accounts come through the actions; only the hundred thousand registrations of the full event are written by SQL.
"""

import json
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import django

django.setup()

from django.db import connection, transaction  # noqa: E402 - after setup

from tongxin.events import actions as events  # noqa: E402 - after setup
from tongxin.events import queries  # noqa: E402 - after setup
from tongxin.events.actions import EventIn  # noqa: E402 - after setup
from tongxin.events.queries import tickets  # noqa: E402 - after setup
from tongxin.events.rules import tickets as rules  # noqa: E402 - after setup
from tongxin.faces.api.scopes import ALL  # noqa: E402 - after setup
from tongxin.foundation.access import system  # noqa: E402 - after setup
from tongxin.foundation.accounts import actions as accounts  # noqa: E402 - after setup
from tongxin.foundation.accounts.terms import AccountKind  # noqa: E402 - after setup
from tongxin.people import actions as people  # noqa: E402 - after setup
from tongxin.stores import actions as stores  # noqa: E402 - after setup
from tongxin.stores import queries as places  # noqa: E402 - after setup
from tongxin.stores.rules import StoreRow  # noqa: E402 - after setup
from tongxin.stores.terms import Role  # noqa: E402 - after setup

JOB = system("bench")


def build(members: int) -> dict[str, Any]:
    """The store, its champion and so many members."""
    if places.Brand.objects.exists():
        brand = places.the_brand()
    else:
        brand = stores.open_brand(viewer=JOB, code="load", name="压测")
    stores.upsert_stores(viewer=JOB, rows=[StoreRow(store_code="S1", name="压测店", region="R1")])
    store = places.stores_by_code(brand, ["S1"])["S1"]
    champion = accounts.create_account(viewer=JOB, handle="load-champion", kind=AccountKind.STAFF)
    stores.grant(viewer=JOB, account=champion, role=Role.CHAMPION, store=store)
    return {
        "store": str(store.public_id),
        "champion": _token(champion),
        "members": [_member(n, store) for n in range(members)],
    }


def _token(account: Any) -> str:
    return accounts.issue_token(viewer=JOB, account=account, scopes=ALL, name="load")[1]


def _member(n: int, store: Any) -> str:
    phone = f"139{n:08d}"
    people.register_member(viewer=JOB, phone=phone, nickname=f"邻居{n}", home_store=store, simulated=True)
    return _token(people.account_for_phone(viewer=JOB, phone=phone))


def event(places_: int, title: str, *, soon: bool = False) -> dict[str, Any]:
    """A published event; `soon` has its door open now."""
    store = places.stores_by_code(places.the_brand(), ["S1"])["S1"]
    starts = datetime.now(UTC) + (timedelta(minutes=40) if soon else timedelta(days=3))
    made = events.draft(
        viewer=JOB,
        store=store,
        event=EventIn(
            title=title,
            format="tasting",
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            places=places_,
        ),
    )
    events.publish(viewer=JOB, event_id=made.public_id)
    return {"id": str(made.public_id), "pk": made.pk}


_CROWD = """
WITH people AS (
    INSERT INTO people_customer (public_id, brand_id, kind, state, nickname, nickname_pinyin, nickname_initials, gender, tier,
        is_paid, source_channel, is_staff, personalise, simulated, created_at)
    SELECT gen_random_uuid(), (SELECT min(id) FROM stores_brand), 'member', 'live', '人' || n, '', '', '', '', false, '', false,
        true, true, now() FROM generate_series(1, %(n)s) n RETURNING id)
INSERT INTO events_registration (public_id, occurrence_id, person_id, pool_id, state, party, priority, answers, channel, ticket,
    walk_in, version, registered_at, decided_by, reason)
SELECT gen_random_uuid(), %(event)s, id, (SELECT id FROM events_pool WHERE occurrence_id = %(event)s), 'confirmed', 1, 0, '', 'bench',
    gen_random_uuid(), false, 1, now(), '', '' FROM people
"""


def crowd(event_pk: int, n: int) -> None:
    """So many registrations more in an event, written at once."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CROWD, {"event": event_pk, "n": n})
        cursor.execute("UPDATE events_pool SET taken = taken + %s WHERE occurrence_id = %s", [n, event_pk])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE events_registration")


def codes(event_pk: int, n: int, rate: float) -> list[str]:
    """The codes of the first tickets of an event, the n-th as it is after n / rate seconds."""
    row = queries.access_event(JOB, _public_id(event_pk))
    key, now = tickets.installation_key(), datetime.now(UTC)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT ticket FROM events_registration WHERE occurrence_id = %s ORDER BY id LIMIT %s",
            [event_pk, n],
        )
        found = [ticket for (ticket,) in cursor.fetchall()]
    return [
        rules.code(key, ticket, row.public_id, now + timedelta(seconds=k / rate))
        for k, ticket in enumerate(found)
    ]


def _public_id(event_pk: int) -> Any:
    with connection.cursor() as cursor:
        cursor.execute("SELECT public_id FROM events_occurrence WHERE id = %s", [event_pk])
        return cursor.fetchone()[0]


def state(event_pk: int) -> dict[str, Any]:
    """What the database says of an event afterwards."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT size, taken, held, waited FROM events_pool WHERE occurrence_id = %s", [event_pk]
        )
        size, taken, held, waited = cursor.fetchone()
        cursor.execute(
            "SELECT count(*) FILTER (WHERE state = 'confirmed'), count(*) FILTER (WHERE state = 'waiting'),"
            " count(DISTINCT person_id), count(*), coalesce(max(number), 0), count(DISTINCT number)"
            " FROM events_registration WHERE occurrence_id = %s",
            [event_pk],
        )
        confirmed, waiting, persons, rows, highest, numbers = cursor.fetchone()
    return {
        "size": size, "taken": taken, "held": held, "waited": waited, "confirmed": confirmed, "waiting": waiting,
        "persons": persons, "rows": rows, "dense": highest == numbers == waiting,
    }  # fmt: skip


def postmaster() -> int:
    """The process of the database server."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_read_file('postmaster.pid')")
        return int(cursor.fetchone()[0].split()[0])


def main() -> None:
    """One order a line of standard input, one answer a line."""
    doors = {
        "build": build, "event": event, "crowd": crowd, "codes": codes, "state": state, "postmaster": postmaster,
    }  # fmt: skip
    for line in sys.stdin:
        told = json.loads(line)
        print(json.dumps(doors[told.pop("do")](**told)), flush=True)


if __name__ == "__main__":
    main()
