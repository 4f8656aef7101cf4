"""More than memory: the members are dealt into P parts by an explicit integer mix, and each part is added up alone.

A part is a set of members, so what belongs together stays together and sums of parts are the sums of the whole: the answer
is the same for every P. The mix is arithmetic on the characters of the member code, written out in Ibis (multiply, add,
remainder): an engine's own hash() differs from engine to engine and may change with its version.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from tongxin.compass.errors import BadInput, OutOfRoom

if TYPE_CHECKING:
    from tongxin.compass.dataset import Dataset
    from tongxin.compass.panel import Facts

#: the last so many characters decide; codes differ at their end
TAIL = 12
BASE = 131
#: 2³¹ − 1, a prime: every product below stays far inside int64
PRIME = 2_147_483_647
SPREAD = 48_271
MOST = 4096

#: bytes of one order while lines are tied to it (two codes, member, day, hash, pointers); all else of a part is smaller
ORDER_BYTES = 60
#: bytes of one member in the table of members, which is always whole
MEMBER_BYTES = 100


def digest(code: Any) -> Any:
    """Return the Ibis expression of a stable integer in 0…2³¹−2 for a text column.

    Polynomial of the code points of the last `TAIL` characters and of the length, then its h² + `SPREAD`·h, modulo `PRIME`.
    """
    tail = code.right(TAIL).lpad(TAIL, "0")
    found = code.length().cast("int64")
    for place in range(TAIL):
        point = tail.substr(place, 1).ascii_str().cast("int64")
        found = (found * BASE + point) % PRIME
    # the square breaks the regular steps of counted codes: h² + 2¹⁶h < 2⁶³
    return (found * found + found * SPREAD) % PRIME


def digest_of(code: str) -> int:
    """Return the same integer for one code, in plain Python.

    >>> digest_of("M00000017") == digest_of("M00000018")
    False
    """
    found = len(code)
    for char in code[-TAIL:].rjust(TAIL, "0"):
        found = (found * BASE + ord(char)) % PRIME
    return (found * found + found * SPREAD) % PRIME


def part(code: Any, parts: int) -> Any:
    """Return the Ibis expression of a member's part, 0…parts−1."""
    return digest(code) % parts


def checked(parts: int) -> int:
    """Return the number of parts, or refuse it.

    Raises
    ------
    BadInput
        Below 1 or above `MOST`.
    """
    if not 1 <= parts <= MOST:
        raise BadInput.one("partitions", str(parts), (f"1 to {MOST}",))
    return parts


def split(given: Facts, parts: int) -> Iterator[Facts]:
    """Deal the members: yields the facts of one part after the other; the facts themselves when there is one part."""
    for number in range(parts):
        yield given.part_of(number) if parts > 1 else given


@contextlib.contextmanager
def refusing(dataset: Dataset, given: Facts) -> Iterator[None]:
    """Turn an engine's out of memory into the refusal with the number of parts that would fit."""
    try:
        yield
    except OutOfRoom as error:
        raise refusal(dataset, given) from error


def refusal(dataset: Dataset, given: Facts) -> OutOfRoom:
    """Return the refusal of these members."""
    who = given.members
    counts = dataset.arrow(who.agg(members=who.count(), orders=who.n_orders.sum().cast("float64")))
    members, orders = (int(counts[name][0].as_py() or 0) for name in ("members", "orders"))
    return too_big(dataset, members, orders, given.calendar.count)


def too_big(dataset: Dataset, members: int, orders: int, periods: int) -> OutOfRoom:
    """Return the refusal with the number of parts that would fit into the memory that was allowed."""
    room = dataset.room
    parts = advised(orders, room.bytes, room.partitions)
    least = members * MEMBER_BYTES
    if parts is None or least > room.bytes:
        need = f"--memory {max(2 * least, 2 * room.bytes) // 1_000_000 + 1}MB"
        return OutOfRoom.one(
            "engine",
            f"{members} members do not fit into {room.memory} in {room.partitions} partition(s)",
            (need, "more disk for temporary files", "a dataset cut to fewer stores"),
        )
    return OutOfRoom.one(
        "engine",
        f"{members} members × {periods} periods do not fit into {room.memory} in {room.partitions} partition(s)",
        (f"--partitions {parts}", f"--memory {2 * room.bytes // 1_000_000}MB"),
    )


def nothing_kept(dataset: Dataset) -> OutOfRoom:
    """Return the refusal when not even the orders or the table of members could be kept."""
    room = dataset.room
    memory = f"--memory {2 * room.bytes // 1_000_000}MB"
    parts = (f"--partitions {4 * room.partitions}",) if 4 * room.partitions <= MOST else ()
    found = f"orders and members do not fit into {room.memory} in {room.partitions} partition(s)"
    return OutOfRoom.one("engine", found, (*parts, memory))


def advised(orders: int, limit: int, now: int) -> int | None:
    """Return how many parts fit: the orders of one take a quarter of the limit, and there are at least twice `now`.

    >>> advised(24_000_000, 1_000_000_000, 1)
    8
    """
    parts = 2 * now
    while parts <= MOST and orders * ORDER_BYTES / parts > limit / 4:
        parts *= 2
    return parts if parts <= MOST else None
