"""Who asks, how far they reach, what they want to do.

A `Viewer` is handed to every query that could leak. Foundation knows no noun of the trade: a role is a word,
a place is a `(kind, id)` pair, and the rooms above say which words and kinds there are. Foreign objects answer
exactly as absent ones: both are `Refused("absent")`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from tongxin.foundation.errors import Refused


class Verb(StrEnum):
    """What a route does with its object."""

    READ = "read"
    CREATE = "create"
    CHANGE = "change"
    DECIDE = "decide"
    ERASE = "erase"
    EXPORT = "export"


@dataclass(frozen=True)
class Grant:
    """A role over places, until a date. `everywhere` is the whole brand."""

    role: str
    everywhere: bool = False
    places: frozenset[int] = frozenset()
    until: datetime | None = None


@dataclass(frozen=True)
class Viewer:
    """The asking party of one request or job.

    `person` is the id of the member who asks for themselves; `name` is what the audit trail writes down
    (a handle, never a personal name). `scopes` None means a session; a token or device carries a closed set.
    """

    account: int | None
    name: str
    grants: tuple[Grant, ...] = ()
    person: int | None = None
    scopes: frozenset[str] | None = None
    second_factor: bool = False
    device: int | None = None
    brand: int | None = None
    language: str = "zh"

    @property
    def anonymous(self) -> bool:
        """True when nobody has signed in (a job of ours has grants and is somebody)."""
        return self.account is None and not self.grants

    @property
    def roles(self) -> frozenset[str]:
        """The words of the permission table that hold for this viewer."""
        return frozenset(grant.role for grant in self.grants)

    def reaches(self, place: int | None, roles: Iterable[str] | None = None) -> bool:
        """Does a grant (of one of `roles`, if given) cover this place? `None` (no place yet) needs a whole-brand grant."""
        wanted = None if roles is None else frozenset(roles)
        return any(
            grant.everywhere or (place is not None and place in grant.places)
            for grant in self.grants
            if wanted is None or grant.role in wanted
        )

    def places(self, roles: Iterable[str] | None = None) -> frozenset[int] | None:
        """All places that grants (of one of `roles`) cover; None means everywhere."""
        wanted = None if roles is None else frozenset(roles)
        held = [g for g in self.grants if wanted is None or g.role in wanted]
        if any(g.everywhere for g in held):
            return None
        return frozenset[int]().union(*(g.places for g in held))


ANONYMOUS = Viewer(account=None, name="anonymous")

SYSTEM = "system"


def system(job: str) -> Viewer:
    """The viewer of a job or command of ours: reaches everything, and says in the trail which job it was."""
    return Viewer(account=None, name=f"{SYSTEM}:{job}", grants=(Grant(SYSTEM, everywhere=True),))


@dataclass(frozen=True)
class Row:
    """One row of the permission table: a route, a method, who may, on what kind of object.

    `roles` are words of the closed list; "anyone" opens a route to the anonymous too. `kind` names the object factory
    of the matrix test ("" when the route has no object). `scope` is what a token must carry.
    """

    route: str
    method: str
    verb: Verb
    roles: frozenset[str]
    kind: str = ""
    scope: str = ""
    note: str = field(default="", compare=False)


ANYONE = "anyone"


def check(row: Row, viewer: Viewer) -> None:
    """Refuse a viewer whose role or scope is not enough for a row (grants that need a second factor are not held without).

    Raises Refused: `sign_in_needed`, `forbidden`. Whether the *object* is in reach is for the query to say.
    """
    if ANYONE in row.roles:
        return
    if viewer.anonymous:
        raise Refused("sign_in_needed")
    if not (viewer.roles & row.roles):
        raise Refused("forbidden")
    if viewer.scopes is not None and row.scope not in viewer.scopes:
        raise Refused("forbidden")
