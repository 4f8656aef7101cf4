"""The evidence for the one rule of photos, as of now: the same statement as for photos of events, over the photos of posts."""

from collections import defaultdict
from collections.abc import Collection

from tongxin.events.rules.photos import SeenOne, Sight, allowed
from tongxin.events.terms_after import USES, PhotoState
from tongxin.foundation import prepared
from tongxin.voices.queries.cards import PhotoCard

# Of somebody merged, the answers of all their entries count; of somebody erased none does. The newest answer holds, and a yes does
# not outlive a later no to photos at all.
_SEEN = """
SELECT s.photo_id, s.companion IS NOT NULL, coalesce(record.granted, false) AND c.state <> 'erased', record.id,
    ARRAY(SELECT u.use FROM unnest(%(uses)s::text[]) AS u(use) WHERE coalesce((
        SELECT a.granted AND a.record_id > coalesce(record.no, 0) FROM voices_postphotoanswer a
        JOIN people_customer ac ON ac.id = a.person_id
        WHERE a.photo_id = s.photo_id AND a.use = u.use AND a.companion IS NOT DISTINCT FROM s.companion
            AND coalesce(ac.survivor_id, ac.id) = coalesce(c.survivor_id, c.id)
        ORDER BY a.id DESC LIMIT 1), false))
FROM voices_postphotoseen s JOIN people_customer c ON c.id = s.person_id
LEFT JOIN LATERAL (
    SELECT k.id, k.granted, max(k.id) FILTER (WHERE NOT k.granted) OVER () AS no FROM people_consent k
    WHERE k.purpose = 'photo' AND k.companion IS NOT DISTINCT FROM s.companion AND k.customer_id IN (
        SELECT e.id FROM people_customer e WHERE e.id = coalesce(c.survivor_id, c.id)
        UNION ALL SELECT e.id FROM people_customer e WHERE e.survivor_id = coalesce(c.survivor_id, c.id))
    ORDER BY k.at DESC, k.id DESC LIMIT 1
) record ON true
WHERE s.photo_id = ANY(%(photos)s) ORDER BY s.id
"""
_OF_POSTS = """
SELECT id, post_id, public_id, state, seen_at IS NOT NULL, child_visible, strangers FROM voices_postphoto
WHERE post_id = ANY(%s) AND gone_at IS NULL ORDER BY id
"""
_OF_PHOTOS = (
    "SELECT id, seen_at IS NOT NULL, child_visible, strangers FROM voices_postphoto WHERE id = ANY(%s)"
)


def seen_in(photos: Collection[int]) -> tuple[dict[int, list[SeenOne]], dict[int, int]]:
    """Who is seen in each and what holds for each of them; and the guardian's file where a child is seen and there is one."""
    seen: dict[int, list[SeenOne]] = defaultdict(list)
    files: dict[int, int] = {}
    if not photos:
        return seen, files
    given = {"photos": list(photos), "uses": [str(use) for use in USES]}
    for photo, child, record, file, uses in prepared.rows(_SEEN, given):
        seen[photo].append(SeenOne(child, record, frozenset(PhotoState(use) for use in uses)))
        if child and record:
            files[photo] = file
    return seen, files


def sights(photos: Collection[int]) -> dict[int, tuple[Sight, int | None]]:
    """What is known of who is seen, with the guardian's file."""
    if not photos:
        return {}
    seen, files = seen_in(photos)
    return {
        key: (Sight(said, child, strangers, tuple(seen[key])), files.get(key))
        for key, said, child, strangers in prepared.rows(_OF_PHOTOS, [list(photos)])
    }


def shown(posts: Collection[int], use: PhotoState) -> dict[int, tuple[PhotoCard, ...]]:
    """Of these posts the photos that may be shown for a use now: by their kept state and by the rule. Two statements however many."""
    if not posts:
        return {}
    rows = [row for row in prepared.rows(_OF_POSTS, [list(posts)]) if PhotoState(row[3]).reach >= use.reach]
    seen, _ = seen_in([row[0] for row in rows])
    found: dict[int, tuple[PhotoCard, ...]] = {}
    for key, post, public_id, state, said, child, strangers in rows:
        if allowed(Sight(said, child, strangers, tuple(seen[key])), use):
            found[post] = (*found.get(post, ()), PhotoCard(public_id, PhotoState(state)))
    return found
