"""The only places where a pool's counters change: each one conditional update, in the transaction of its effect.

Lock order of this room: series, occurrence, pool, registration. A claim takes the pool's row alone. Every lock leaves the key free
(`no_key`): who inserts a row that points here asks for the key at commit, holding its pool.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import F

from tongxin.events.models import Occurrence, Pool, Registration
from tongxin.foundation import prepared

# One statement decides: also that the event is still open and has not been moved since it was looked at.
_CLAIM = """
UPDATE events_pool SET taken = taken + %(n)s
WHERE id = %(pool)s AND opened AND schedule = %(schedule)s AND taken + held + %(n)s <= size
"""


def claim(pool: int, n: int, schedule: int) -> bool:
    """Take `n` seats of a pool, all or none; False when they are not there, the event closed or was moved."""
    return prepared.do(_CLAIM, {"pool": pool, "n": n, "schedule": schedule}) == 1


# A number is taken only while there is no seat, which the same statement sees: a seat given back a moment earlier is found, and one
# given back a moment later finds us in the line. Looking first and numbering afterwards would let the two miss each other.
_NUMBER = """
UPDATE events_pool SET waited = waited + 1
WHERE id = %(pool)s AND opened AND schedule = %(schedule)s AND taken + held + %(n)s > size
"""


# The row of a registration; nothing where the person has a live one at this event.
_ROW = """
INSERT INTO events_registration (public_id, occurrence_id, person_id, pool_id, taken_pass_id, state, party, number, priority,
    answers, channel, ticket, walk_in, version, registered_at, decided_by, reason)
SELECT %(public_id)s::uuid, %(occurrence)s::bigint, %(person)s::bigint, %(pool)s::bigint, %(taken_pass)s::bigint, %(state)s::text,
    %(n)s::smallint, {number}, 0, %(answers)s::text, %(channel)s::text, %(ticket)s::uuid, false, 1, %(at)s::timestamptz, '', ''
{source}
ON CONFLICT (person_id, occurrence_id) WHERE state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') DO NOTHING
RETURNING id
"""
_WRITE = _ROW.format(number="%(number)s::integer", source="")
_CLAIM_AND_WRITE = f"""
WITH p AS ({_CLAIM} RETURNING id), r AS ({_ROW.format(number="NULL::integer", source="FROM p")})
SELECT (SELECT id FROM p), (SELECT id FROM r)
"""  # noqa: S608 (constants of this file)
_LINE_UP_AND_WRITE = f"""
WITH p AS ({_NUMBER} RETURNING waited), r AS ({_ROW.format(number="p.waited", source="FROM p")})
SELECT (SELECT waited FROM p), (SELECT id FROM r)
"""  # noqa: S608 (constants of this file)


@dataclass(frozen=True)
class Placed:
    """Where a claim ended: a seat of a pool, or (with a number) a place in its line."""

    pool: int
    number: int | None = None


def place(pools: Sequence[int], n: int, schedule: int) -> Placed | None:
    """Take `n` seats of the first of these pools that has them, or stand in the line of the last; None: closed or moved.

    Under the locks of all of them, taken in the order of this room: nothing comes free unseen, and nobody waits for us crosswise.
    """
    _lock(pools)
    free = next((Placed(pool) for pool in pools if claim(pool, n, schedule)), None)
    if free is not None:
        return free
    row = prepared.one(f"{_NUMBER} RETURNING waited", {"pool": pools[-1], "n": n, "schedule": schedule})
    return None if row is None else Placed(pools[-1], int(row[0]))


def write(made: Registration) -> int | None:
    """Write the row of a registration whose seat or number is taken; its key, None for who has a live one here."""
    row = prepared.one(_WRITE, _values(made))
    return None if row is None else row[0]


def claim_and_write(made: Registration, schedule: int) -> tuple[bool, int | None]:
    """Claim a seat for a registration and write its row, in one statement; (were the seats there, the key as in `write`)."""
    row = prepared.one(_CLAIM_AND_WRITE, _values(made) | {"schedule": schedule})
    return (False, None) if row is None else (row[0] is not None, row[1])


def line_up_and_write(made: Registration, schedule: int) -> tuple[int | None, int | None]:
    """Take the next number of a pool's line for a registration and write its row, in one statement; (number, the key as in `write`).

    No number where a seat has come free meanwhile, and where the event closed or was moved.
    """
    row = prepared.one(_LINE_UP_AND_WRITE, _values(made) | {"schedule": schedule})
    return (None, None) if row is None else (row[0], row[1])


def _values(made: Registration) -> dict[str, Any]:
    return {
        "public_id": made.public_id,
        "occurrence": made.occurrence_id,
        "person": made.person_id,
        "pool": made.pool_id,
        "taken_pass": made.taken_pass_id,
        "state": str(made.state),
        "n": made.party,
        "number": made.number,
        "answers": Registration._meta.get_field("answers").get_prep_value(made.answers),  # noqa: SLF001 (Django's public name for it)
        "channel": made.channel,
        "ticket": made.ticket,
        "at": made.registered_at,
    }


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


def lock_pools(occurrences: Sequence[int]) -> None:
    """All pools of these occurrences, in the order in which a pass claims them: an UPDATE of many rows takes any order, and would
    meet a pass crosswise."""
    pools = Pool.objects.select_for_update(no_key=True).filter(occurrence__in=occurrences)
    list(pools.order_by("occurrence", "id").values_list("id"))


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
