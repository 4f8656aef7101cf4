"""One event as anybody sees it who follows its link: one statement, light enough for a whole chain on a Saturday morning."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.formats import FORMATS
from tongxin.events.queries.access import ORGANISERS
from tongxin.events.terms import SEAT_LABELS, Admission, Kind, Seat, State
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused

RING_MOST = 24  # seats that can still be drawn round one table

# One statement for the page: the event with its place, the sums of its pools, the asking member's registration and their place in
# the line. `mine` goes through the person's own entries, never through the event's registrations.
_PAGE = """
SELECT o.public_id, o.title, o.theme, o.summary, o.kind, o.format, o.state, o.starts_at, o.ends_at, o.opens_at, o.closes_at,
    o.place, o.online_url, o.admission, o.party_most, o.questions, o.fee_fen, o.voucher_fen, o.voucher_days, o.schedule,
    o.cancel_reason, o.simulated, o.draw, o.store_id,
    s.public_id AS store_public_id, s.name AS store_name, s.district, s.address, b.currency, coalesce(f.name, '') AS host,
    p.size, p.taken, p.held, p.free, p.kept,
    EXISTS (SELECT 1 FROM events_photoplace e WHERE e.occurrence_id = o.id) AS borrowed,
    EXISTS (SELECT 1 FROM communities_followup u WHERE u.room = 'events'
        AND (u.kind, u.key) IN (('format', o.format), ('event', o.public_id::text))) AS leads_on,
    CASE WHEN p.free <= 0 THEN (SELECT count(*) FROM events_registration w WHERE w.occurrence_id = o.id AND w.state = 'waiting')
        ELSE 0 END AS waiting,
    m.public_id AS mine, m.state AS mine_state, m.party AS mine_party, m.offered_until AS mine_until,
    CASE WHEN m.state = 'waiting' THEN (SELECT 1 + count(*) FROM events_registration w WHERE w.occurrence_id = o.id
        AND w.state = 'waiting' AND w.pool_id = m.pool_id
        AND (w.priority > m.priority OR (w.priority = m.priority AND w.number < m.number))) END AS mine_place
FROM events_occurrence o
JOIN stores_store s ON s.id = o.store_id
JOIN stores_brand b ON b.id = s.brand_id
LEFT JOIN stores_staff f ON f.id = o.host_id
CROSS JOIN LATERAL (SELECT coalesce(sum(size), 0) AS size, coalesce(sum(taken), 0) AS taken, coalesce(sum(held), 0) AS held,
    coalesce(sum(size - taken - held) FILTER (WHERE audience = ''), 0) AS free,
    coalesce(sum(size - taken - held) FILTER (WHERE audience <> ''), 0) AS kept
    FROM events_pool WHERE occurrence_id = o.id) p
LEFT JOIN LATERAL (SELECT r.* FROM events_registration r WHERE r.occurrence_id = o.id AND r.person_id IN (
        SELECT id FROM people_customer WHERE id = %(person)s UNION ALL SELECT id FROM people_customer WHERE survivor_id = %(person)s)
    AND r.state IN ('applied', 'entered', 'waiting', 'offered', 'confirmed') LIMIT 1) m ON true
WHERE o.public_id = %(event)s
"""


@dataclass(frozen=True)
class EventPage:
    """One event as members see it, with where the asking one stands. `borrowed`: photos of other events are shown here.

    `leads_on`: some community wants to be met after it; which, and who sees it, is the communities' to say.
    """

    public_id: UUID
    title: str
    theme: str
    summary: str
    kind: Kind
    format: str
    state: State
    starts_at: datetime
    ends_at: datetime
    opens_at: datetime | None
    closes_at: datetime | None
    place: str
    online_url: str
    admission: Admission
    party_most: int
    questions: tuple[dict[str, Any], ...]
    fee_fen: int
    voucher_fen: int
    voucher_days: int
    schedule: int
    cancel_reason: str
    simulated: bool
    draw: UUID | None
    store_id: int
    store_public_id: UUID
    store_name: str
    district: str
    address: str
    currency: str
    host: str
    size: int
    taken: int
    held: int
    free: int
    kept: int
    borrowed: bool
    leads_on: bool
    waiting: int
    mine: UUID | None
    mine_state: Seat | None
    mine_party: int
    mine_until: datetime | None
    mine_place: int | None

    @property
    def form(self) -> tuple[str, str]:
        """What it is called as a format."""
        known = FORMATS.get(self.format)
        return (known.zh, known.en) if known else (self.format, self.format)

    @property
    def left(self) -> int:
        """Seats that nobody has or is offered."""
        return max(0, self.size - self.taken - self.held)

    @property
    def filled(self) -> int:
        """Seats that somebody has or is offered."""
        return self.size - self.left

    @property
    def round_table(self) -> bool:
        """Few enough to be drawn as a ring of seats?"""
        return 0 < self.size <= RING_MOST

    @property
    def mine_label(self) -> tuple[str, str]:
        """Where the member stands, in words."""
        return SEAT_LABELS[self.mine_state] if self.mine_state else ("", "")

    def shut(self, now: datetime) -> str:
        """Why nobody can register now, "" while one can: cancelled, over, early, late."""
        if self.state is State.CANCELLED:
            return "cancelled"
        if self.state is State.ENDED or now >= self.starts_at:
            return "over"
        if self.state is State.DRAFT:
            return "draft"
        if self.opens_at is not None and now < self.opens_at:
            return "early"
        return "late" if self.closes_at is not None and now >= self.closes_at else ""


def event_page(viewer: Viewer, event_id: UUID) -> EventPage:
    """One event for whoever looks, signed in or not. One statement. Refuses `absent`; a draft is absent to members."""
    with connection.cursor() as cursor:
        cursor.execute(_PAGE, {"event": event_id, "person": viewer.person})
        row = cursor.fetchone()
        names = [] if cursor.description is None else [column[0] for column in cursor.description]
    if row is None:
        raise Refused("absent")
    found = dict(zip(names, row, strict=True))
    if found["state"] == State.DRAFT and not viewer.reaches(found["store_id"], ORGANISERS):
        raise Refused("absent")
    asked = found["questions"]
    found["questions"] = tuple(json.loads(asked) if isinstance(asked, str) else asked)
    found["kind"], found["state"] = Kind(found["kind"]), State(found["state"])
    found["admission"] = Admission(found["admission"])
    found["mine_state"] = Seat(found["mine_state"]) if found["mine_state"] else None
    found["mine_party"] = found["mine_party"] or 0
    for name in ("size", "taken", "held", "free", "kept", "waiting"):
        found[name] = int(found[name])
    return EventPage(**found)
