"""What the room above asks before a letter goes: is the kit of this event recalled?"""

from collections.abc import Collection

from django.db import connection

_RECALLED = """
SELECT u.room, u.key FROM unnest(%s::text[], %s::text[]) AS w(room, key)
JOIN kits_use u ON u.room = w.room AND u.key = w.key JOIN kits_recall r ON r.version_id = u.version_id
"""


def recalled(subjects: Collection[tuple[str, str]]) -> frozenset[tuple[str, str]]:
    """Which of these (room, key) stand on a recalled version. One statement, however many."""
    wanted = sorted(set(subjects))
    if not wanted:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(_RECALLED, [[room for room, _ in wanted], [key for _, key in wanted]])
        return frozenset((room, key) for room, key in cursor.fetchall())
