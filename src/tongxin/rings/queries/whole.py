"""Everybody at once, as columns: what the database knows of people and of where they stand.

A million rows come as the database's own binary copy, eight bytes a number, and are read without a loop. Job worker only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from django.db import connection

from tongxin.people.terms import CustomerKind, CustomerState, Purpose
from tongxin.rings.bulk.numbers import Who
from tongxin.rings.bulk.pages import Places
from tongxin.rings.bulk.verdicts import NEVER, State, nobody
from tongxin.rings.terms import ORDER
from tongxin.stores.models import Brand, Store

EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
HEADER, TRAILER = 19, 2  # bytes of a binary copy before the first row and after the last


def moment(at: datetime) -> int:
    """An instant as the database counts: whole microseconds since 2000."""
    return (at - EPOCH) // timedelta(microseconds=1)


def _columns(sql: str, names: str, params: dict[str, object] | None = None) -> dict[str, np.ndarray]:
    """A query of whole numbers and instants that are never empty, as columns."""
    wanted = names.split()
    row = np.dtype(
        [("_", ">i2"), *(part for name in wanted for part in ((f"_{name}", ">i4"), (name, ">i8")))]
    )
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT binary)", params) as copy,
    ):
        told = b"".join(bytes(part) for part in copy)
    found = np.frombuffer(
        told, dtype=row, offset=HEADER, count=(len(told) - HEADER - TRAILER) // row.itemsize
    )
    return {name: found[name].astype(np.int64) for name in wanted}


_PEOPLE = """
    SELECT id, (kind = %(member)s)::int::bigint, is_staff::int::bigint, personalise::int::bigint
    FROM people_customer WHERE brand_id = %(brand)s AND state = %(live)s ORDER BY id
"""
_ROOTS = "SELECT id, survivor_id, is_staff::int::bigint FROM people_customer WHERE survivor_id IS NOT NULL ORDER BY id"
_SAID = """
    SELECT DISTINCT ON (who) who, granted::int::bigint FROM (
        SELECT coalesce(c.survivor_id, c.id) AS who, s.granted, s.at, s.id
        FROM people_consent s JOIN people_customer c ON c.id = s.customer_id
        WHERE s.purpose = %(purpose)s AND s.companion IS NULL AND s.at <= %(at)s AND s.recorded_at <= %(at)s
    ) said ORDER BY who, at DESC, id DESC
"""
_DEVICES = """
    SELECT who, dense_rank() OVER (ORDER BY device) FROM (
        SELECT DISTINCT coalesce(c.survivor_id, c.id) AS who, d.device
        FROM people_deed d JOIN people_customer c ON c.id = d.person_id
        WHERE d.device <> '' AND d.occurred_at >= %(since)s AND d.occurred_at <= %(at)s AND d.known_at <= %(at)s
            AND d.reverses_id IS NULL
            AND NOT EXISTS (SELECT 1 FROM people_deed r WHERE r.reverses_id = d.id AND r.known_at <= %(at)s)
    ) used
"""
_RING = "CASE ring " + " ".join(f"WHEN '{ring.value}' THEN {ring.step}" for ring in ORDER) + " END::bigint"
_STANDINGS = f"""
    SELECT customer_id, {_RING}, since, low_runs::bigint, low_week::bigint, coalesce(reviewed_at, '-infinity'),
        coalesce(announced_at, '-infinity'), candidate::int::bigint
    FROM rings_standing ORDER BY customer_id
"""  # noqa: S608 - names of our own rings
_OPEN = f"""
    SELECT customer_id, id, {_RING}, lower(period) FROM rings_placement WHERE upper_inf(period) ORDER BY customer_id
"""  # noqa: S608 - as above
_OVERRIDES = f"""
    SELECT customer_id, id, {_RING}, expires_at FROM rings_override WHERE ended_at IS NULL ORDER BY customer_id
"""  # noqa: S608 - as above


@dataclass(frozen=True)
class Everybody:
    """Who may be placed, in rising order of their numbers, and whether by what they did."""

    who: Who  # its `staff` leaves out what is filed under anybody who works here; `staff` is who is placed nowhere
    staff: np.ndarray
    member: np.ndarray
    personalise: np.ndarray
    said: np.ndarray  # -1: never asked, 0: no, 1: yes

    @property
    def consented(self) -> np.ndarray:
        """Members who have not said no: membership stands under the chain's notice, the newest word decides."""
        return self.member & (self.said != 0)

    @property
    def usable(self) -> np.ndarray:
        """The switch is on, and the newest word is not a no."""
        return self.personalise & (self.said != 0)


def everybody(brand: Brand, at: datetime, since: datetime) -> Everybody:
    """The live customers of the brand as columns, with who shares a device with whom since an instant."""
    people = _columns(
        _PEOPLE,
        "id member staff personalise",
        {
            "member": CustomerKind.MEMBER.value,
            "brand": brand.pk,
            "live": CustomerState.LIVE.value,
        },
    )
    roots = _columns(_ROOTS, "entry root staff")
    word = _columns(_SAID, "who granted", {"purpose": Purpose.PERSONALISATION.value, "at": at})
    used = _columns(_DEVICES, "who device", {"since": since, "at": at})
    ids = people["id"]
    said = np.full(len(ids), -1, dtype=np.int64)
    place, known = find(ids, word["who"])
    said[place[known]] = word["granted"][known]
    works = (people["staff"] > 0) | np.isin(ids, roots["root"][roots["staff"] > 0])
    who = Who(ids, works, roots["entry"], roots["root"], used["who"], used["device"])
    return Everybody(who, people["staff"] > 0, people["member"] > 0, people["personalise"] > 0, said)


def find(ids: np.ndarray, wanted: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The places of `wanted` in rising `ids`, and which of them are there."""
    if not len(ids):
        return np.zeros(len(wanted), dtype=np.int64), np.zeros(len(wanted), dtype=bool)
    place = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return place, ids[place] == wanted


@dataclass(frozen=True)
class Stood:
    """Where everybody stands: the rule's memory, the open periods (0: none), what a person has set; and rows of who is gone."""

    state: State
    kept: np.ndarray  # has a row of the rule's memory
    period: np.ndarray
    ring: np.ndarray
    since: np.ndarray
    set_to: np.ndarray  # -1: nothing
    set_until: np.ndarray
    gone: np.ndarray


def stood(ids: np.ndarray) -> Stood:
    """Read under the lock of the rings."""
    rows = _columns(_STANDINGS, "who ring since low_runs low_week reviewed announced candidate")
    state, kept = nobody(len(ids)), np.zeros(len(ids), dtype=bool)
    place, known = find(ids, rows["who"])
    here = place[known]
    kept[here] = True
    for name in ("ring", "since", "low_runs", "low_week", "reviewed", "announced", "candidate"):
        getattr(state, name)[here] = rows[name][known]
    gone = rows["who"][~known]
    period, ring, since = (np.full(len(ids), fill, dtype=np.int64) for fill in (0, -1, NEVER))
    rows = _columns(_OPEN, "who id ring since")
    place, known = find(ids, rows["who"])
    for column, name in ((period, "id"), (ring, "ring"), (since, "since")):
        column[place[known]] = rows[name][known]
    set_to, until = (np.full(len(ids), fill, dtype=np.int64) for fill in (-1, NEVER))
    rows = _columns(_OVERRIDES, "who id ring until")
    place, known = find(ids, rows["who"])
    set_to[place[known]], until[place[known]] = rows["ring"][known], rows["until"][known]
    return Stood(state, kept, period, ring, since, set_to, until, gone)


def places_of(brand: Brand) -> Places:
    """Zones and cut-offs by store code."""
    stores = Store.objects.filter(brand=brand).values_list("code", "zone", "cutoff_hour")
    return Places(brand.zone, {code: (zone, cut) for code, zone, cut in stores})


def since_1970(at: datetime) -> int:
    """An instant as the copy counts: whole microseconds since 1970."""
    return (at - datetime.fromtimestamp(0, UTC)) // timedelta(microseconds=1)
