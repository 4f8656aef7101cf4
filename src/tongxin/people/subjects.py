"""What a fact points at. Upper rooms write their things down here, so the book never has to look up."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from tongxin.people.models import Subject


@dataclass(frozen=True)
class SubjectIn:
    """A thing of an upper room: an event, a campaign, a community, a survey."""

    room: str
    key: str
    kind: str
    store: int | None = None
    type: str = ""
    title: str = ""
    opened_at: datetime | None = None
    closed_at: datetime | None = None
    simulated: bool = False


_FIELDS = ("kind", "store_id", "type", "title", "opened_at", "closed_at", "simulated")


def note(thing: SubjectIn) -> Subject:
    """Write one thing down, or bring what is known of it up to date."""
    return note_many([thing])[thing.room, thing.key]


def note_many(things: Iterable[SubjectIn]) -> dict[tuple[str, str], Subject]:
    """The same for many: all of them by (room, key). Repeating changes nothing."""
    wanted = {(thing.room, thing.key): thing for thing in things}
    rows = [
        Subject(
            room=thing.room,
            key=thing.key,
            kind=thing.kind,
            store_id=thing.store,
            type=thing.type,
            title=thing.title[:160],
            opened_at=thing.opened_at,
            closed_at=thing.closed_at,
            simulated=thing.simulated,
        )
        for thing in wanted.values()
    ]
    with transaction.atomic():
        Subject.objects.bulk_create(
            rows,
            batch_size=2000,
            update_conflicts=True,
            unique_fields=["room", "key"],
            update_fields=[name.removesuffix("_id") for name in _FIELDS],
        )
    return known(wanted)


def known(keys: Iterable[tuple[str, str]]) -> dict[tuple[str, str], Subject]:
    """The things that are written down among these (room, key) pairs."""
    rooms: dict[str, set[str]] = {}
    for room, key in keys:
        rooms.setdefault(room, set()).add(key)
    found: dict[tuple[str, str], Subject] = {}
    for room, names in rooms.items():
        for subject in Subject.objects.filter(room=room, key__in=names):
            found[room, subject.key] = subject
    return found
