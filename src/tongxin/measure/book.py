"""From the book to three tables of the compass: who took part, who answered what, who answered whom. One pass over the deeds.

Job worker only. A person is the number that `extract` gave them; a deed of somebody without a number never enters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from tongxin.foundation import clock
from tongxin.measure.terms import STATUSES, TIES, WHATS
from tongxin.people.models import Subject
from tongxin.people.queries import DeedRow, iterate_live_deeds

BEGINNING = datetime(1990, 1, 1, tzinfo=UTC)
SURVEY = "survey"


Row = tuple[Any, ...]


@dataclass(frozen=True)
class Book:
    """Rows of `participation`, `surveys` and `ties` in the columns of the canonical tables."""

    participation: list[Row] = field(default_factory=list)
    surveys: list[Row] = field(default_factory=list)
    ties: list[Row] = field(default_factory=list)


@dataclass(frozen=True)
class _Thing:
    """A subject of the book: its kind, its code within the kind, its type (the kit of an event, the question of a survey)."""

    kind: str
    code: str
    type: str


def read_book(
    numbers: Mapping[int, str], stores: Mapping[int, str], kits: Mapping[tuple[str, str], str] | None = None
) -> Book:
    """Every live deed of the people with a number, each fact once; `stores` gives the code of a store's id, `kits` the kit of an
    event by (room, key)."""
    reader = _Reader(numbers, stores, dict(_things(kits or {})), Book())
    seen = set()
    for deed in iterate_live_deeds(clock.now(), BEGINNING):
        for rows, row in reader.facts(deed):
            fact = (id(rows), *row)
            if fact not in seen:
                seen.add(fact)
                rows.append(row)
    return reader.book


def _things(kits: Mapping[tuple[str, str], str]) -> Iterator[tuple[int, _Thing]]:
    for pk, room, kind, key, type_ in Subject.objects.values_list("id", "room", "kind", "key", "type"):
        yield pk, _Thing(kind, key.removeprefix(f"{kind}:"), kits.get((room, key), type_))


@dataclass(frozen=True)
class _Reader:
    """What a deed's numbers mean."""

    numbers: Mapping[int, str]
    stores: Mapping[int, str]
    things: Mapping[int, _Thing]
    book: Book

    def facts(self, deed: DeedRow) -> Iterator[tuple[list[Row], Row]]:
        """What one deed says, as (table, row)."""
        person = self.numbers.get(deed.person)
        if person is None:
            return
        thing = None if deed.subject is None else self.things[deed.subject]
        store = self.stores.get(deed.store or 0)
        community = None if deed.community is None else str(deed.community)
        if deed.kind in STATUSES and thing is not None:
            what = thing.kind if thing.kind in WHATS else WHATS[0]
            row: Row = (
                person,
                what,
                thing.code,
                deed.kind,
                deed.occurred_at,
                store,
                thing.type or None,
                community,
            )
            yield self.book.participation, row
        elif deed.kind == "survey_answered" and thing is not None and thing.kind == SURVEY:
            # the importer's key: survey:<question>:<what it was about>:<how people were chosen>
            _, about, sampled, *_ = [*thing.code.split(":"), "", ""]
            row = (person, deed.occurred_at, thing.type, deed.value, about or None, store, sampled or None)
            if deed.value is not None:
                yield self.book.surveys, row
        elif deed.kind in TIES and (other := self.numbers.get(deed.counterpart or 0)) is not None:
            kind, whose = TIES[deed.kind]
            pair = (person, other) if whose == "doer" else (other, person)
            yield self.book.ties, (*pair, kind, deed.occurred_at, community)
