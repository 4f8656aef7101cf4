"""A page for each day that things were done on: who did what how often, and who honoured whom. Kept beside the book's copy.

A night reads only what the book learned since: a new page for the day, and small sums into the pages of days that late rows and
reversals speak of. Counts add up in any order, so pages made night by night are those that are made at one go, number by number.
The pages hold opaque person ids and no device, as the copy does; they may be deleted at any time and are made again from the copy.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

import numpy as np

from tongxin.people.facts import DEEDS
from tongxin.people.terms import Verification

if TYPE_CHECKING:
    import pyarrow as pa

VERSION = 1
UNIX = 719_163  # the proleptic ordinal of 1970-01-01
DAY_US, HOUR_US = 86_400_000_000, 3_600_000_000
BITS = 6  # of the weight in `what`
KINDS = tuple(deed.code for deed in DEEDS)
CODES = {kind: code for code, kind in enumerate(KINDS)}
VIOLATION = CODES["violation_upheld"]
HONOURS = np.array([("", "person", "counterpart").index(deed.recognises) for deed in DEEDS])
MANIFEST = "pages.json"
READ = (
    "id",
    "person",
    "kind",
    "counterpart",
    "store_code",
    "occurred_at",
    "known_at",
    "weight",
    "verification",
    "reverses",
)


class Page(NamedTuple):
    """One day. Deeds: person, what (kind and weight), how many, how many of them verified. Honours: whom, by whom, how often.

    A count below 0 waits for a merge: a row that was written of one entry and taken back of the other.
    """

    person: np.ndarray
    what: np.ndarray
    n: np.ndarray
    sure: np.ndarray
    whom: np.ndarray
    by: np.ndarray
    times: np.ndarray

    def same(self, other: Page) -> bool:
        """Equal number by number."""
        return all(np.array_equal(one, two) for one, two in zip(self, other, strict=True))


NOTHING = Page(*(np.zeros(0, dtype=np.int64) for _ in Page._fields))


@dataclass(frozen=True)
class Places:
    """Where the days of rows are counted: zone and cut-off hour by store code, and those of the brand for rows without a store."""

    home: str
    stores: Mapping[str, tuple[str, int]]

    def fingerprint(self) -> str:
        """Another zone or cut-off, another list of deeds: the pages are made anew."""
        said = json.dumps([VERSION, KINDS, self.home, sorted(self.stores.items())])
        return hashlib.sha256(said.encode()).hexdigest()


class Clock:
    """Business days of instants, through the calendar of each zone."""

    def __init__(self, places: Places, since: int, until: int) -> None:
        self.places = places
        self.span = (since, until)  # microseconds
        self.kept: dict[str, tuple[np.ndarray, np.ndarray]] = {}

    def days(self, at: np.ndarray, codes: Sequence[str], store: np.ndarray) -> np.ndarray:
        """Ordinals of the days of instants in microseconds; `store` points into `codes`."""
        known = [self.places.stores.get(code, (self.places.home, 0)) for code in codes]
        shift = np.zeros(len(at), dtype=np.int64)
        for zone in {zone for zone, _ in known}:
            starts, offsets = self._offsets(zone)
            here = np.array([one == zone for one, _ in known])[store]
            if len(offsets) == 1:
                shift[here] = offsets[0]
            else:
                shift[here] = offsets[np.maximum(np.searchsorted(starts, at[here], "right") - 1, 0)]
        cut = np.array([hours for _, hours in known], dtype=np.int64)[store]
        return (at + shift - cut * HOUR_US) // DAY_US + UNIX

    def _offsets(self, zone: str) -> tuple[np.ndarray, np.ndarray]:
        """When the offset of a zone changes, and to what: looked up hour by hour around the days on which it does."""
        if zone not in self.kept:
            starts: list[int] = []
            offsets: list[int] = []
            for day in range(self.span[0], self.span[1] + DAY_US, DAY_US):
                if offsets and _offset(zone, day + DAY_US) == offsets[-1]:
                    continue
                for quarter in range(day, day + DAY_US, HOUR_US // 4):
                    found = _offset(zone, quarter)
                    if not offsets or found != offsets[-1]:
                        starts.append(quarter)
                        offsets.append(found)
            self.kept[zone] = np.array(starts, dtype=np.int64), np.array(offsets, dtype=np.int64)
        return self.kept[zone]


def _offset(zone: str, at: int) -> int:
    ahead = datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(ZoneInfo(zone)).utcoffset()
    assert ahead is not None
    return int(ahead.total_seconds()) * 1_000_000


# ---- from rows to pages


@dataclass(frozen=True)
class Rows:
    """Rows of the copy as columns; times in microseconds, `counterpart` and `reverses` -1 for none."""

    id: np.ndarray
    person: np.ndarray
    kind: np.ndarray
    counterpart: np.ndarray
    store: np.ndarray
    at: np.ndarray
    known: np.ndarray
    weight: np.ndarray
    sure: np.ndarray
    reverses: np.ndarray
    codes: tuple[str, ...] = ("",)

    def some(self, which: np.ndarray) -> Rows:
        """Some of the rows."""
        return replace(self, **{name: getattr(self, name)[which] for name in _COLUMNS})


_COLUMNS = ("id", "person", "kind", "counterpart", "store", "at", "known", "weight", "sure", "reverses")


def read(file: Path) -> Rows:
    """One file of the copy."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow: job worker only

    return columns_of(
        pq.read_table(file, columns=list(READ), read_dictionary=["kind", "store_code", "verification"])
    )


def columns_of(table: pa.Table) -> Rows:
    """Rows of the copy from a table with its columns."""
    import pyarrow as pa  # noqa: PLC0415  # slow, as above
    import pyarrow.compute as pc  # noqa: PLC0415  # slow

    def plain(name: str) -> np.ndarray:
        found = table[name]
        if pa.types.is_timestamp(found.type):
            found = found.cast(pa.timestamp("us", tz="UTC")).cast(pa.int64())
        return np.asarray(pc.fill_null(found, -1) if found.null_count else found).astype(np.int64)

    def coded(name: str) -> tuple[np.ndarray, list[str]]:
        found = table[name]
        if not pa.types.is_dictionary(found.type):
            found = found.dictionary_encode()
        one = found.unify_dictionaries().combine_chunks()
        one = one if isinstance(one, pa.DictionaryArray) else one.chunk(0)
        return np.asarray(one.indices).astype(np.int64), [str(word) for word in one.dictionary.to_pylist()]

    if table.num_rows == 0:
        none = np.zeros(0, dtype=np.int64)
        return Rows(none, none, none, none, none, none, none, none, none, none)
    kind, kinds = coded("kind")
    store, codes = coded("store_code")
    verification, words = coded("verification")
    return Rows(
        id=plain("id"),
        person=plain("person"),
        kind=np.array([CODES.get(word, -1) for word in kinds])[kind],
        counterpart=plain("counterpart"),
        store=store,
        at=plain("occurred_at"),
        known=plain("known_at"),
        weight=plain("weight"),
        sure=np.array([word != Verification.SELF for word in words])[verification],
        reverses=plain("reverses"),
        codes=tuple(codes),
    )


def fold(rows: Rows, clock: Clock, *, sign: int = 1) -> dict[int, Page]:
    """The pages that live rows make, by day; those of weight 0 say nothing here but for violations."""
    speaks = (rows.kind >= 0) & ((rows.weight > 0) | (rows.kind == VIOLATION))
    rows = rows.some(speaks)
    day = clock.days(rows.at, rows.codes, rows.store)
    order = np.argsort(day, kind="stable")
    days, starts = np.unique(day[order], return_index=True)
    bounds = [*starts.tolist(), len(order)]
    found = {}
    for place, one in enumerate(days.tolist()):
        here = rows.some(order[bounds[place] : bounds[place + 1]])
        weight = np.clip(here.weight, 0, (1 << BITS) - 1)
        said = np.where(here.counterpart >= 0, HONOURS[here.kind], 0) * (here.weight > 0)
        honoured = (said > 0) & (here.counterpart != here.person)
        doer = said[honoured] == 1
        person, other = here.person[honoured], here.counterpart[honoured]
        found[one] = summed(
            Page(
                here.person,
                here.kind << BITS | weight,
                np.full(len(here.person), sign, dtype=np.int64),
                here.sure * np.int64(sign),
                np.where(doer, person, other),
                np.where(doer, other, person),
                np.full(len(person), sign, dtype=np.int64),
            )
        )
    return found


def summed(*pages: Page) -> Page:
    """Pages of one day as one: counts of the same person and deed are added, what adds up to nothing goes."""
    person, what, n, sure, whom, by, times = (np.concatenate(column) for column in zip(*pages, strict=True))
    person, what, (n, sure) = _added(person, what, 16, (n, sure))
    whom, by, (times,) = _added(whom, by, 32, (times,))
    return Page(person, what, n, sure, whom, by, times)


def _added(
    one: np.ndarray, two: np.ndarray, bits: int, counts: tuple[np.ndarray, ...]
) -> tuple[np.ndarray, np.ndarray, tuple[np.ndarray, ...]]:
    key = one.astype(np.int64) << bits | two.astype(np.int64)
    order = np.argsort(key, kind="stable")
    key = key[order]
    first = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1]))) if len(key) else order
    sums = tuple(
        np.add.reduceat(count[order].astype(np.int64), first) if len(key) else count for count in counts
    )
    keep = np.logical_or.reduce([count != 0 for count in sums])
    key = key[first][keep]
    return key >> bits, key & ((1 << bits) - 1), tuple(count[keep] for count in sums)


# ---- the folder


@dataclass
class Shelf:
    """The folder with the pages: which file has which day, through which day of the copy, and what was told too early."""

    folder: Path
    fingerprint: str
    first: int
    through: str = ""
    files: dict[int, str] | None = None
    ahead: tuple[str, ...] = ()

    def page(self, day: int) -> Page:
        """One day's page; an empty one where nothing was done."""
        name = (self.files or {}).get(day)
        return NOTHING if name is None else _load(self.folder / name)

    def days(self) -> list[int]:
        """The days that have a page."""
        return sorted(self.files or {})


def opened(folder: Path) -> Shelf | None:
    """The shelf as it was left; None where there is none or it cannot be read."""
    try:
        kept = json.loads((folder / MANIFEST).read_text("utf-8"))
        return Shelf(
            folder,
            kept["fingerprint"],
            kept["first"],
            kept["through"],
            {int(day): name for day, name in kept["files"].items()},
            tuple(kept["ahead"]),
        )
    except (OSError, ValueError, KeyError):
        return None


def bring_up(folder: Path, copies: Mapping[date, Path], places: Places, since: int) -> tuple[Shelf, bool]:
    """The shelf with all that the copy knows, from day `since` on; made anew where it does not fit. True: it was made anew."""
    shelf = opened(folder)
    whole = shelf is None or shelf.fingerprint != places.fingerprint() or shelf.first > since
    whole = whole or (bool(copies) and shelf is not None and shelf.through > max(copies).isoformat())
    if whole or shelf is None:
        shelf = Shelf(folder, places.fingerprint(), since, "", {})
    new = {day: file for day, file in sorted(copies.items()) if day.isoformat() > shelf.through}
    if new:
        made = made_of(tuple(new.values()), shelf, copies, places, until=_end(max(new), places.home))
        _put(shelf, made, max(new), since)
    return shelf, whole


class Made(NamedTuple):
    """What rows add to pages, and the files that tell of days to come."""

    pages: dict[int, Page]
    ahead: tuple[str, ...]


def made_of(
    files: Sequence[Path], shelf: Shelf, copies: Mapping[date, Path], places: Places, *, until: int
) -> Made:
    """What new files add: their live rows, less the rows of before that they take back. Later than `until` waits."""
    clock = Clock(places, (shelf.first - UNIX - 2) * DAY_US, until)
    gone = _taken_back(files)
    # What is told before it happens waits until it has: such files are read again, for those rows only.
    early = {day: file for day, file in copies.items() if file.name in shelf.ahead}
    never = _taken_back([*files, *(file for day, file in copies.items() if early and day >= min(early))])
    through = _end(date.fromisoformat(shelf.through), places.home) if shelf.through else 0
    parts: dict[int, list[Page]] = defaultdict(list)
    ahead = []

    def take(rows: Rows, name: str, sign: int = 1) -> None:
        later = rows.at >= until
        if later.any() and sign == 1:
            ahead.append(name)
        for day, page in fold(rows.some(~later), clock, sign=sign).items():
            if day >= shelf.first:
                parts[day].append(page)

    for file in files:
        rows = read(file)
        take(rows.some((rows.reverses < 0) & (rows.known < until) & ~np.isin(rows.id, gone)), file.name)
    for file in early.values():
        rows = read(file)
        take(rows.some((rows.reverses < 0) & (rows.at >= through) & ~np.isin(rows.id, never)), file.name)
    if len(gone) and shelf.through:
        older = [file for day, file in sorted(copies.items()) if day.isoformat() <= shelf.through]
        for file in older:
            hit = _ids(file, gone)
            if hit is not None:
                took = hit.some((hit.reverses < 0) & (hit.at < through))
                take(took, file.name, sign=-1)
    pages = {day: summed(*found) for day, found in parts.items()}
    return Made(pages, tuple(sorted(set(ahead))))


def _taken_back(files: Iterable[Path]) -> np.ndarray:
    import pyarrow.compute as pc  # noqa: PLC0415  # slow: job worker only
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow

    found = [
        np.asarray(pc.drop_null(pq.read_table(file, columns=["reverses"])["reverses"])).astype(np.int64)
        for file in files
    ]
    return np.unique(np.concatenate(found)) if found else np.zeros(0, dtype=np.int64)


def _ids(file: Path, wanted: np.ndarray) -> Rows | None:
    """The rows of a file with these numbers; None when it has none of them."""
    import pyarrow.parquet as pq  # noqa: PLC0415  # slow: job worker only

    found = np.isin(np.asarray(pq.read_table(file, columns=["id"])["id"]), wanted)
    return read(file).some(found) if found.any() else None


def _put(shelf: Shelf, made: Made, through: date, since: int) -> None:
    """Write the pages that change under new names, then the list, then drop what the list no longer names."""
    shelf.folder.mkdir(parents=True, exist_ok=True)
    files = dict(shelf.files or {})
    for day, page in made.pages.items():
        whole = summed(shelf.page(day), page) if day in files else page
        name = f"{day}-{through.isoformat()}.npz"
        _save(shelf.folder / name, whole)
        files[day] = name
    shelf.files = {day: name for day, name in files.items() if day >= since}
    shelf.through, shelf.ahead, shelf.first = through.isoformat(), made.ahead, max(shelf.first, since)
    kept = {
        "fingerprint": shelf.fingerprint,
        "first": shelf.first,
        "through": shelf.through,
        "files": {str(day): name for day, name in shelf.files.items()},
        "ahead": list(shelf.ahead),
    }
    partial = shelf.folder / f"{MANIFEST}.partial"
    partial.write_text(json.dumps(kept), "utf-8")
    partial.replace(shelf.folder / MANIFEST)
    named = set(shelf.files.values())
    for file in shelf.folder.glob("*.npz"):
        if file.name not in named:
            file.unlink()


def with_more(shelf: Shelf, more: Mapping[int, Page], days: Collection[int]) -> Iterator[tuple[int, Page]]:
    """The pages of some days, with what today's rows add to them."""
    for day in days:
        page = shelf.page(day)
        yield day, summed(page, more[day]) if day in more else page


def _end(day: date, zone: str) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(days=1)
    return int(midnight.astimezone(UTC).timestamp()) * 1_000_000


def _save(file: Path, page: Page) -> None:
    partial = file.with_suffix(".partial")
    small: dict[str, Any] = {name: _small(column) for name, column in page._asdict().items()}
    with partial.open("wb") as to:
        np.savez(to, **small)
    partial.replace(file)


def _small(column: np.ndarray) -> np.ndarray:
    """In as few bytes as its numbers need."""
    if not len(column):
        return column.astype(np.int8)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= column.min() and column.max() <= np.iinfo(kind).max:
            return column.astype(kind)
    return column


def _load(file: Path) -> Page:
    with np.load(file, allow_pickle=False) as kept:
        return Page(*(kept[name] for name in Page._fields))
