"""The only places where a pool's counters change: each one conditional update, in the transaction of its effect.

Lock order of this room: occurrence, then pool, then registration. A claim takes the pool's row alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import F

from tongxin.events.models import Occurrence, Pool

# One statement decides: also that the event is still open and has not been moved since it was looked at.
_CLAIM = """
UPDATE events_pool SET taken = taken + %(n)s
WHERE id = %(pool)s AND opened AND schedule = %(schedule)s AND taken + held + %(n)s <= size
"""


def claim(pool: int, n: int, schedule: int) -> bool:
    """Take `n` seats of a pool, all or none; False when they are not there, the event closed or was moved."""
    with connection.cursor() as cursor:
        cursor.execute(_CLAIM, {"pool": pool, "n": n, "schedule": schedule})
        return cursor.rowcount == 1


# A seat, or else the next number, in one statement under the lock of the row: a seat given back a moment earlier is seen, and one
# given back a moment later finds us in the line. Two statements would leave a gap in which a seat and a waiting person miss each other.
_SEAT_OR_NUMBER = """
WITH seen AS (
    SELECT id, taken + held + %(n)s <= size AS fits FROM events_pool
    WHERE id = %(pool)s AND opened AND schedule = %(schedule)s FOR NO KEY UPDATE
)
UPDATE events_pool p SET taken = p.taken + CASE WHEN seen.fits THEN %(n)s ELSE 0 END,
    waited = p.waited + CASE WHEN seen.fits THEN 0 ELSE 1 END
FROM seen WHERE p.id = seen.id
RETURNING seen.fits, p.waited
"""


@dataclass(frozen=True)
class Placed:
    """Where a claim ended: a seat of a pool, or (with a number) a place in its line."""

    pool: int
    number: int | None = None


def place(pools: Sequence[int], n: int, schedule: int) -> Placed | None:
    """Take `n` seats of the first of these pools that has them, or stand in the line of the last; None: closed or moved."""
    for pool in pools:
        if claim(pool, n, schedule):
            return Placed(pool)
    if len(pools) > 1:  # under the locks of all of them nothing can come free unseen
        _lock(pools)
        for pool in pools[:-1]:
            if claim(pool, n, schedule):
                return Placed(pool)
    with connection.cursor() as cursor:
        cursor.execute(_SEAT_OR_NUMBER, {"pool": pools[-1], "n": n, "schedule": schedule})
        row = cursor.fetchone()
    if row is None:
        return None
    return Placed(pools[-1], None if row[0] else int(row[1]))


def _lock(pools: Sequence[int]) -> None:
    list(Pool.objects.select_for_update(no_key=True).filter(pk__in=pools).order_by("id").values_list("id"))


def numbers(pool: int, n: int) -> int:
    """The first of the next `n` numbers of a pool's line."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE events_pool SET waited = waited + %s WHERE id = %s RETURNING waited", [n, pool]
        )
        return int(cursor.fetchone()[0]) - n + 1


def still_open(occurrence: int, schedule: int) -> bool:
    """Is an event still open to wishes, here and until we commit? Shares the row with others who wish, not with a move, a
    cancellation or the commitment of a draw."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM events_occurrence WHERE id = %s AND state = 'published' AND schedule = %s AND draw IS NULL FOR SHARE",
            [occurrence, schedule],
        )
        return cursor.fetchone() is not None


def locked_occurrence(occurrence: int) -> Occurrence:
    """The first lock of every act that frees a seat or passes one on. Shares with whoever registers, not with another such act.

    Not FOR UPDATE: who registers holds a pool and needs the key of this row at commit, while we go on to the pool.
    """
    return (
        Occurrence.objects.select_for_update(no_key=True, of=("self",))
        .select_related("store")
        .get(pk=occurrence)
    )


def locked(occurrence: Occurrence) -> list[Pool]:
    """All pools of an occurrence, locked in the order of their ids: the second lock."""
    return list(Pool.objects.select_for_update(no_key=True).filter(occurrence=occurrence).order_by("id"))


def give_back(pool: int, n: int) -> None:
    """Seats that were taken are free again."""
    Pool.objects.filter(pk=pool).update(taken=F("taken") - n)


def hold(pool: int, n: int) -> bool:
    """Keep `n` free seats for an offer; False when they are not free."""
    return bool(
        Pool.objects.filter(pk=pool, opened=True, size__gte=F("taken") + F("held") + n).update(
            held=F("held") + n
        )
    )


def take_held(pool: int, n: int) -> None:
    """An offer was accepted: held seats become taken ones."""
    Pool.objects.filter(pk=pool).update(held=F("held") - n, taken=F("taken") + n)


def let_go(pool: int, n: int) -> None:
    """An offer lapsed or was declined: held seats are free again."""
    Pool.objects.filter(pk=pool).update(held=F("held") - n)


def hold_locked(pool: int, n: int) -> None:
    """Keep `n` seats that were seen free under the lock of the pool. Raises RuntimeError when they are not: a fault of ours."""
    if not hold(pool, n):
        raise RuntimeError("the counters of a locked pool moved")


def shift(kept: Pool, common: Pool, n: int) -> None:
    """`n` free seats of a kept pool become seats of the common one; both are locked."""
    Pool.objects.filter(pk=kept.pk).update(size=F("size") - n)
    Pool.objects.filter(pk=common.pk).update(size=F("size") + n)
    kept.size -= n
    common.size += n
