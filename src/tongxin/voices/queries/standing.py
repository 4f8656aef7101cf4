"""Where somebody stands in a community at this moment: the one question before anything is read or written here."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tongxin.communities.terms import Part, State
from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.terms import CustomerState
from tongxin.voices.terms import KEEPERS


@dataclass(frozen=True)
class Inside:
    """A community, and the asking person's open period in it. `active`: a member who has accepted the rules that hold now.

    `professional`: an expert here, or somebody who works for us: no peer. `keeper`: staff who run it, `looks`: staff who may read it. `own` are all entries of the person.
    """

    community: int
    community_id: UUID
    name: str
    store: int | None
    subject: int | None
    state: str
    membership: int | None
    person: int | None
    member_store: int | None
    joined_at: datetime | None
    accepted: bool
    professional: bool
    own: tuple[int, ...]
    keeper: bool
    looks: bool

    @property
    def active(self) -> bool:
        """A member in good standing."""
        return self.membership is not None and self.accepted

    @property
    def reads(self) -> bool:
        """May what is said inside be read?"""
        return self.looks or (self.active and self.state != State.DRAFT)


# The person's entries, then of the community (all, or those one is in): the open period, the rules it needs and has, an expert's term.
_STANDING = """
WITH me AS (SELECT id FROM people_customer WHERE (id = %(person)s OR survivor_id = %(person)s) AND state <> %(erased)s)
SELECT c.id, c.public_id, c.name, c.store_id, c.subject_id, c.state, m.id, m.person_id, m.store_id, m.joined_at,
    coalesce((SELECT max(r.number) FROM communities_ruleset r
        WHERE r.community_id = c.id AND r.mandatory AND r.takes_effect_at <= %(now)s), 0)
    <= coalesce((SELECT max(r.number) FROM communities_acceptance a JOIN communities_ruleset r ON r.id = a.ruleset_id
        WHERE r.community_id = c.id AND a.person_id IN (SELECT id FROM me)), 0),
    EXISTS (SELECT 1 FROM communities_partterm t WHERE t.community_id = c.id AND t.person_id IN (SELECT id FROM me)
        AND t.part = %(expert)s AND t.ended_at IS NULL AND t.until > %(now)s)
    OR EXISTS (SELECT 1 FROM people_customer k WHERE k.id IN (SELECT id FROM me) AND k.is_staff),
    ARRAY(SELECT id FROM me ORDER BY id)
FROM communities_community c
"""
_ONE = f"""{_STANDING}
LEFT JOIN LATERAL (SELECT s.* FROM communities_membership s WHERE s.community_id = c.id AND s.person_id IN (SELECT id FROM me)
    AND s.ended_at IS NULL ORDER BY s.joined_at, s.id LIMIT 1) m ON true
WHERE c.public_id = %(community)s
"""  # noqa: S608 (two texts of ours)
_MINE = f"""{_STANDING}
JOIN communities_membership m ON m.community_id = c.id AND m.person_id IN (SELECT id FROM me) AND m.ended_at IS NULL
WHERE c.state <> 'draft' ORDER BY c.id, m.joined_at
"""  # noqa: S608 (as above)


def _asked(viewer: Viewer) -> dict[str, Any]:
    return {
        "person": viewer.person or 0,
        "now": clock.now(),
        "erased": str(CustomerState.ERASED),
        "expert": str(Part.EXPERT),
    }


def _inside(viewer: Viewer, row: tuple[Any, ...]) -> Inside:
    store = row[3]
    everywhere = store is None and bool(viewer.roles & KEEPERS)
    keeps = viewer.reaches(store, KEEPERS)
    return Inside(*(*row[:12], tuple(row[12]), keeps, keeps or everywhere))


def standing(viewer: Viewer, community_id: UUID) -> Inside:
    """How the viewer stands to one community. Refuses `absent` where they may not know that there is one."""
    row = prepared.one(_ONE, _asked(viewer) | {"community": community_id})
    found = None if row is None else _inside(viewer, row)
    if found is None or not (found.state == State.OPEN or found.looks or found.membership is not None):
        raise Refused("absent")
    return found


def standing_in_mine(viewer: Viewer) -> list[Inside]:
    """The same for every community that the person is in, active or not."""
    if viewer.person is None:
        return []
    rows = (_inside(viewer, row) for row in prepared.rows(_MINE, _asked(viewer)))
    return list({one.community: one for one in rows}.values())


def reader(viewer: Viewer, community_id: UUID) -> Inside:
    """The same for who wants to read inside.

    Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`.
    """
    found = standing(viewer, community_id)
    if not found.reads:
        raise Refused(
            "communities.not_member" if found.membership is None else "communities.rules_unaccepted"
        )
    return found


_HOLD = "SELECT 1 FROM communities_membership WHERE id = %s AND ended_at IS NULL FOR NO KEY UPDATE"


def writer(viewer: Viewer, community_id: UUID) -> Inside:
    """The same for who wants to write as a member: the period is held until the transaction ends, so a removal comes before or after.

    Refuses `absent`, `communities.not_member`, `communities.rules_unaccepted`, `voices.closed`.
    """
    found = standing(viewer, community_id)
    hold(found)
    return found


def hold(found: Inside) -> None:
    """The same for whose standing was just looked up. Refuses as `writer`."""
    if found.membership is None:
        raise Refused("communities.not_member")
    if not found.accepted:
        raise Refused("communities.rules_unaccepted")
    if found.state != State.OPEN:
        raise Refused("voices.closed")
    if prepared.one(_HOLD, [found.membership]) is None:
        raise Refused("communities.not_member")


@dataclass(frozen=True)
class Said:
    """What an author has written lately, by which the next text is judged."""

    posts_hour: int
    posts_day: int
    recent: tuple[int, ...]


_SAID = """
SELECT count(*) FILTER (WHERE p.written_at > %(now)s - interval '1 hour'),
    count(*) FILTER (WHERE p.written_at > %(now)s - interval '1 day'),
    (array_agg(p.fingerprint ORDER BY p.written_at DESC)
        FILTER (WHERE p.fingerprint <> 0 AND p.community_id = %(community)s))[1:20]
FROM voices_post p WHERE p.person_id = ANY(%(own)s) AND p.written_at > %(now)s - interval '7 days'
"""


def said_lately(inside: Inside, now: datetime) -> Said:
    """Counts of the last hour and day wherever it was, fingerprints of the last twenty here."""
    row = prepared.one(_SAID, {"now": now, "community": inside.community, "own": list(inside.own)})
    assert row is not None  # an aggregate answers always
    return Said(row[0], row[1], tuple(row[2] or ()))
