"""What outreach plugs into: ways out (channels), audiences and groups; `project/wiring.py` lists them in CHANNELS, AUDIENCES, GROUPS.

A channel whose platform can nudge staff may have one method more: `remind(*, message: int) -> int`, called in the transaction of the
reminder, answering how many of the plan's tasks it will nudge about.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.outreach.terms import Cap, MessageClass, SendState
from tongxin.outreach.terms_plans import GroupMood


@dataclass(frozen=True)
class Limit:
    """At most `most` per `scope` (person, sender, channel) within `window`: declared, so a planner can refuse early."""

    scope: str
    window: timedelta
    most: int
    clause: str = ""


@dataclass(frozen=True)
class Delivery:
    """What a channel is given: one rendered message for one (surviving) person. `key` is the same when it is given again."""

    send: int
    key: str
    public_id: UUID
    person: int
    kind: str
    message_class: MessageClass
    text: str
    path: str
    at: datetime
    expires_at: datetime | None
    message: int | None = None
    store: int | None = None
    language: str = "zh"


@dataclass(frozen=True)
class Receipt:
    """What a channel says at once: sent, queued (its outcome is asked for later), awaiting_staff (`task`), or failed."""

    state: SendState
    task: int | None = None


@dataclass(frozen=True)
class TaskPlan:
    """One sender's part of a plan as `prepare` foresees it: how many people of which store."""

    store: int | None
    people: int


@dataclass(frozen=True)
class Check:
    """One line of a channel's health: what was looked at, is it well, and what to do if not."""

    name: str
    ok: bool
    detail: str = ""


class Channel(Protocol):
    """One way out. Synchronous; called inside the drain's transaction, so never with the network: that is the letter's way."""

    id: str
    caps: frozenset[Cap]

    def limits(self) -> Sequence[Limit]:
        """What the platform behind it allows."""
        ...

    def ready(self) -> bool:
        """Is it configured?"""
        ...

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Which of these (surviving) people it has an address of."""
        ...

    def prepare(self, homes: Mapping[int, int | None], *, store: int | None) -> list[TaskPlan]:
        """One part per sender, from person → home store; pure, for a preview."""
        ...

    def dispatch(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """Take them over, one receipt each in order; idempotent by key, statements constant in their number."""
        ...

    def poll(self, keys: Collection[str]) -> dict[str, SendState]:
        """What became of deliveries taken over earlier: only those of which something final or `unknown` is known."""
        ...

    def health(self) -> list[Check]:
        """For `tongxin doctor`."""
        ...


@dataclass(frozen=True)
class GroupLine:
    """A group that colleagues can post into; `mood` says which step of a routine suits it."""

    key: str
    name: str
    store: int | None
    members: int
    since: datetime
    mood: GroupMood = GroupMood.ANY


class GroupSource(Protocol):
    """The groups of a store or of the whole chain, by the id of who knows them."""

    id: str

    def access(self, viewer: Viewer, key: str) -> None:
        """Refuses `absent` when the viewer may not post into these groups."""
        ...

    def groups(self, key: str, *, at: datetime) -> Iterable[GroupLine]:
        """The groups there are at an instant, in a steady order."""
        ...


class AudienceSource(Protocol):
    """A named set of people of an upper room: a ring, a community, an event's registrants."""

    id: str

    def access(self, viewer: Viewer, key: str) -> None:
        """Refuses `absent` when the viewer may not address this audience."""
        ...

    def persons(self, key: str, *, at: datetime) -> Iterable[int]:
        """The (surviving) people as of an instant."""
        ...

    def still_in(self, key: str, persons: Collection[int]) -> frozenset[int]:
        """Which of these are in it now; asked when a message is about to go."""
        ...
