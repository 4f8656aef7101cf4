"""Which votes of a contest do not count: accounts that came for the contest, did nothing else, and came in a crowd.

Somebody new who votes and does nothing more is a neighbour who was asked to look. Many of them for one entry at once, or more of them
than of everybody else, are a crowd that was made. Nobody who has ever done anything here is touched, and the published document says
of each vote whether it counted.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

RULE = "votes/1"
NEW_BEFORE = timedelta(days=7)  # who joined this shortly before the opening, or later, came for the contest
AT_ONCE, WITHIN = 4, timedelta(hours=1)
CROWD, CROWD_PERCENT = 8, 25  # so many of an entry's votes, and such a part of them


@dataclass(frozen=True)
class Cast:
    """A vote with what is known of who gave it. `did` counts what they did besides joining and voting."""

    slip: str
    entry: str
    at: datetime
    joined_at: datetime
    did: int


def doubtful(votes: Sequence[Cast], opened_at: datetime) -> frozenset[str]:
    """The slips that do not count."""
    by_entry: dict[str, list[Cast]] = defaultdict(list)
    for vote in votes:
        by_entry[vote.entry].append(vote)
    return frozenset(slip for cast in by_entry.values() for slip in _of_one(cast, opened_at))


def _of_one(votes: Sequence[Cast], opened_at: datetime) -> set[str]:
    bare = sorted(
        (one for one in votes if not one.did and one.joined_at >= opened_at - NEW_BEFORE),
        key=lambda one: (one.at, one.slip),
    )
    if len(bare) >= CROWD and 100 * len(bare) >= CROWD_PERCENT * len(votes):
        return {one.slip for one in bare}
    out: set[str] = set()
    for n in range(len(bare) - AT_ONCE + 1):
        together = bare[n : n + AT_ONCE]
        if together[-1].at - together[0].at <= WITHIN:
            out |= {one.slip for one in together}
    return out
