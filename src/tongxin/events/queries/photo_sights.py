"""The evidence for the one rule of photos: who is seen in each, and what holds for each of them now. One statement however many."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from django.db import connection

from tongxin.events.rules.photos import SeenOne, Sight
from tongxin.events.terms_after import USES, PhotoState

# Of somebody merged, the answers of all their entries count; of somebody erased none does. The newest answer holds, and a yes does
# not outlive a later no to photos at all: who says yes to one photo afterwards has not said it to the others again.
_SEEN = """
SELECT s.photo_id, s.companion IS NOT NULL, coalesce(record.granted, false) AND c.state <> 'erased', record.id,
    ARRAY(SELECT u.use FROM unnest(%(uses)s::text[]) AS u(use) WHERE coalesce((
        SELECT a.granted AND a.record_id > coalesce(record.no, 0) FROM events_photoanswer a JOIN people_customer ac ON ac.id = a.person_id
        WHERE a.photo_id = s.photo_id AND a.use = u.use AND a.companion IS NOT DISTINCT FROM s.companion
            AND coalesce(ac.survivor_id, ac.id) = coalesce(c.survivor_id, c.id)
        ORDER BY a.id DESC LIMIT 1), false))
FROM events_photoseen s JOIN people_customer c ON c.id = s.person_id
LEFT JOIN LATERAL (
    SELECT k.id, k.granted, max(k.id) FILTER (WHERE NOT k.granted) OVER () AS no FROM people_consent k
    WHERE k.purpose = 'photo' AND k.companion IS NOT DISTINCT FROM s.companion AND k.customer_id IN (
        SELECT e.id FROM people_customer e WHERE e.id = coalesce(c.survivor_id, c.id)
        UNION ALL SELECT e.id FROM people_customer e WHERE e.survivor_id = coalesce(c.survivor_id, c.id))
    ORDER BY k.at DESC, k.id DESC LIMIT 1
) record ON true
WHERE s.photo_id = ANY(%(photos)s) ORDER BY s.id
"""
_SAID = (
    "SELECT id, seen_at IS NOT NULL, child_visible, strangers FROM events_photo WHERE id = ANY(%(photos)s)"
)


def sights(photos: Collection[int]) -> dict[int, Sight]:
    """What is known of who is seen in these photos, as of now."""
    return {key: sight for key, (sight, _) in with_files(photos).items()}


def with_files(photos: Collection[int]) -> dict[int, tuple[Sight, int | None]]:
    """The same with the guardian's file (a live consent's id) where a child is seen and there is one."""
    if not photos:
        return {}
    given: dict[str, Any] = {"photos": list(photos), "uses": [str(use) for use in USES]}
    seen: dict[int, list[SeenOne]] = defaultdict(list)
    files: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_SEEN, given)
        for photo, child, record, file, uses in cursor.fetchall():
            seen[photo].append(SeenOne(child, record, frozenset(PhotoState(use) for use in uses)))
            if child and record:
                files[photo] = file
        cursor.execute(_SAID, given)
        return {
            photo: (Sight(said, child_visible, strangers, tuple(seen[photo])), files.get(photo))
            for photo, said, child_visible, strangers in cursor.fetchall()
        }
