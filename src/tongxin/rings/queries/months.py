"""Where everybody stood at several instants: for forecasts. Rows without names or numbers."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import connection

from tongxin.rings.terms import Ring

_PATHS = """
SELECT array_agg(p.ring ORDER BY i.place), array_agg(i.place ORDER BY i.place)
FROM rings_placement p
JOIN unnest(%(instants)s::timestamptz[]) WITH ORDINALITY AS i(at, place) ON p.period @> i.at
JOIN people_customer c ON c.id = p.customer_id
WHERE c.state = 'live' AND c.simulated = %(simulated)s
    AND (%(stores)s::bigint[] IS NULL OR c.home_store_id = ANY(%(stores)s::bigint[]))
GROUP BY p.customer_id
ORDER BY 1, 2
"""


def ring_paths(
    instants: Sequence[datetime], *, simulated: bool, stores: Collection[int] | None = None
) -> list[tuple[Ring | None, ...]]:
    """Per person the ring at each instant, None before they were placed; in an order that says nothing about who they are.

    `stores` narrows it to the people whose home is there. One world at a time: `simulated` people, or the others.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            _PATHS,
            {
                "instants": list(instants),
                "simulated": simulated,
                "stores": None if stores is None else sorted(stores),
            },
        )
        found = cursor.fetchall()
    paths = []
    for rings, places in found:
        path: list[Ring | None] = [None] * len(instants)
        for ring, place in zip(rings, places, strict=True):
            path[place - 1] = Ring(ring)
        paths.append(tuple(path))
    return paths
