"""A champion's score, read from the newest kept experience index of the whole chain. Nothing is computed here but the joining."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import connection

from tongxin.champions.rules import score as rules
from tongxin.champions.rules.score import Score, StorePart
from tongxin.champions.terms import CHECKERS, READERS
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores
from tongxin.stores.models import Store


@dataclass(frozen=True)
class ScoreCard:
    """The score of some stores, store by store, and of when it speaks. `at` None: the index was never asked."""

    score: Score
    parts: tuple[StorePart, ...]
    version: str = ""
    as_of: date | None = None
    at: datetime | None = None
    simulated: bool = False
    stale: bool = False


# Of an answer over hundreds of stores only these stores' rows leave the database, without their single indicators.
_KEPT = """
SELECT answer->>'version', answer->>'as_of', (answer->>'level')::float, simulated, at,
    (SELECT count(*) FROM jsonb_array_elements(answer->'stores') s WHERE s->'rank' <> 'null'::jsonb),
    (SELECT jsonb_agg(s - 'indicators') FROM jsonb_array_elements(answer->'stores') s WHERE s->>'store' = ANY(%s))::text
FROM (
    SELECT answer, simulated, at FROM measure_measurement
    WHERE kind = 'ees' AND state = 'done' AND region_id IS NULL AND store_id IS NULL AND answer ? 'stores'
    ORDER BY registered_at DESC, id DESC LIMIT 1
) newest
"""


def my_stores(viewer: Viewer) -> list[Store]:
    """The stores in a champion's care."""
    return [shop for shop in stores.stores_for(viewer, unsorted=False) if viewer.reaches(shop.pk, CHECKERS)]


def score_of(viewer: Viewer, shops: Sequence[Store]) -> ScoreCard:
    """The score of the champion of these stores. Refuses `absent` for a store out of reach.

    A store that opened after the index was asked has no row in it: it counts among `of` and says nothing.
    """
    if not all(viewer.reaches(shop.pk, READERS) for shop in shops):
        raise Refused("absent")
    with connection.cursor() as cursor:
        cursor.execute(_KEPT, [[shop.code for shop in shops]])
        row = cursor.fetchone()
    if row is None:
        parts = tuple(_part(shop, None) for shop in shops)
        return ScoreCard(rules.combine(parts, level=0.9, ranked=0), parts)
    version, as_of, level, simulated, at, ranked, told = row
    rows = {one["store"]: one for one in json.loads(told or "[]")}
    parts = tuple(_part(shop, rows.get(shop.code)) for shop in shops)
    day = date.fromisoformat(as_of)
    return ScoreCard(
        score=rules.combine(parts, level=level, ranked=ranked),
        parts=parts,
        version=version,
        as_of=day,
        at=at,
        simulated=simulated,
        stale=rules.stale(day, clock.business_day(clock.now())),
    )


def _part(shop: Store, row: Mapping[str, Any] | None) -> StorePart:
    if row is None:
        return StorePart(shop.code, shop.name, None, None, None, 0)
    low, high = row["ci"] or (None, None)
    rank = row["rank"]
    return StorePart(
        code=shop.code,
        name=shop.name,
        value=row["value"],
        low=low,
        high=high,
        answers=row["answers"],
        sides=tuple(row["dimensions"].items()),
        rank=(round(rank[0]), round(rank[2])) if rank else None,
        reasons=tuple((_cured(one, "zh"), _cured(one, "en")) for one in row["reasons"]),
    )


def _cured(reason: Mapping[str, str], language: str) -> str:
    """Why there is no figure, and what would make one."""
    return " ".join(part for part in (reason[language], reason.get(f"cure_{language}", "")) if part)
