"""Who may stand on a shortlist and why: the book as tables, the engine's answer with people instead of codes. Job worker only.

Staff, the erased and who has switched personalisation off are not looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tongxin.measure.book import read_book
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState
from tongxin.rings.models import Placement
from tongxin.rings.terms import Ring
from tongxin.stores.models import Store

if TYPE_CHECKING:
    from tongxin.compass.koc.shortlist import Shortlist

Line = dict[str, str]


@dataclass(frozen=True)
class Listed:
    """Somebody on the list by what they did."""

    person: int
    score: float
    low: float
    high: float
    reasons: tuple[Line, ...]
    flags: tuple[Line, ...]


@dataclass(frozen=True)
class Found:
    """The list by score, everybody else who is eligible (for the lot), and what a reader should know."""

    listed: tuple[Listed, ...]
    others: tuple[int, ...]
    eligible: int
    notes: tuple[Line, ...]


def shortlist(*, places: Collection[int] | None, by_score: int, per_store: int, seed: int) -> Found:
    """Draw up the list from the book as it is now; `places` None are all stores."""
    import numpy as np  # noqa: PLC0415  # slow: pages do without the engine

    from tongxin.compass.graph import people as everybody  # noqa: PLC0415  # slow, as above
    from tongxin.compass.koc import evidence  # noqa: PLC0415  # slow, as above
    from tongxin.compass.koc import shortlist as engine  # noqa: PLC0415  # slow, as above
    from tongxin.compass.koc.policy import Policy  # noqa: PLC0415  # slow, as above

    rows = Customer.objects.filter(state=CustomerState.LIVE, is_staff=False, personalise=True)
    rows = rows if places is None else rows.filter(home_store__in=list(places))
    people = list(rows.select_related("home_store").order_by("id"))
    codes = {row.pk: f"p{row.pk:012d}" for row in people}
    dataset = _dataset(people, codes)
    if dataset is None:
        return Found((), (), 0, ())
    policy = Policy(size=by_score, per_store=per_store, random_share=0.0, seed=seed)
    given = evidence.gather(dataset, everybody.read(dataset), policy)
    found = engine.draw_up(given, policy, _rings(codes))
    person = {code: key for key, code in codes.items()}
    who = [person[code] for code in evidence.codes_of(given.people, np.flatnonzero(given.eligible))]
    listed = tuple(
        Listed(
            person[one.code],
            one.score,
            *one.interval,
            tuple(_said(words) for words in one.reasons),
            tuple(_said(words) for words in one.flags),
        )
        for one in found.candidates
    )
    taken = {one.person for one in listed}
    return Found(listed, tuple(sorted(set(who) - taken)) if listed else (), found.eligible, _notes(found))


def _said(words: Any) -> Line:
    return {"zh": words.zh, "en": words.en}


def _notes(found: Shortlist) -> tuple[Line, ...]:
    why = tuple({"zh": one.zh, "en": one.en} for one in found.reasons)
    return (*why, *(_said(one) for one in (*found.notes, *found.missing)))


def _rings(codes: dict[int, str]) -> dict[str, str]:
    rows = Placement.objects.filter(customer__in=codes.keys(), period__upper_inf=True)
    return {codes[who]: Ring(ring).zh for who, ring in rows.values_list("customer", "ring")}


def _dataset(people: list[Customer], codes: dict[int, str]) -> Any:
    """Members, participation and ties of the book; None where nobody did anything yet."""
    import pyarrow as pa  # noqa: PLC0415  # slow: pages do without the engine

    from tongxin.compass.dataset import open_sources  # noqa: PLC0415  # slow, as above

    behind = Customer.objects.filter(survivor__in=codes.keys()).values_list("id", "survivor")
    numbers = codes | {entry: codes[survivor] for entry, survivor in behind if survivor is not None}
    book = read_book(numbers, dict(Store.objects.values_list("id", "code")))
    if not book.ties:
        return None
    text, stamp = pa.string(), pa.timestamp("us", tz="UTC")

    def table(columns: dict[str, Any], rows: list[tuple[Any, ...]]) -> Any:
        values = list(zip(*rows, strict=True)) or [() for _ in columns]
        return pa.table(
            {name: pa.array(given, kind) for (name, kind), given in zip(columns.items(), values, strict=True)}
        )

    members = [
        (codes[row.pk], row.registered_at, None if row.home_store is None else row.home_store.code)
        for row in people
    ]
    sources = {
        "members": table({"member_code": text, "registered_at": stamp, "home_store_code": text}, members),
        "ties": table(
            {
                "from_member_code": text,
                "to_member_code": text,
                "kind": text,
                "at": stamp,
                "community_code": text,
            },
            book.ties,
        ),
    }
    if book.participation:
        sources["participation"] = table(
            {
                "member_code": text,
                "what": text,
                "what_code": text,
                "status": text,
                "happened_at": stamp,
                "store_code": text,
                "kit_code": text,
                "community_code": text,
            },
            book.participation,
        )
    return open_sources(sources)
