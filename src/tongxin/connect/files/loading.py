"""Where each table lives: from typed rows to the room that keeps them. One function a home, one line a table.

Every loader takes a `Frame` and answers a `Step`: what changed, and which rows it would not take and why.
"""

from __future__ import annotations

import hashlib
import zoneinfo
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.commerce.actions import upsert_memberships
from tongxin.commerce.lake_layout import LAKE
from tongxin.commerce.rules import MembershipRow
from tongxin.compass.tables import TABLES
from tongxin.foundation.access import Viewer
from tongxin.people import ledger, subjects
from tongxin.people.actions import upsert_members
from tongxin.people.queries.customers import people_by_code
from tongxin.people.rules import DeedIn, MemberRow
from tongxin.stores.actions import unsorted_stores, upsert_staff, upsert_stores
from tongxin.stores.queries import stores_by_code, the_brand
from tongxin.stores.rules import Counts, StaffRow, StoreRow

if TYPE_CHECKING:
    from tongxin.commerce.lake import Writer

Refusal = tuple[int, str, str, str]  # place in the frame, column, found, allowed


@dataclass(frozen=True)
class Frame:
    """Typed rows of one table: stored column name → array, all of one length, and the number of each row in its file."""

    table: str
    columns: dict[str, pa.Array | pa.ChunkedArray]
    numbers: Sequence[int]

    def __len__(self) -> int:
        return len(self.numbers)

    def dicts(self) -> Iterable[dict[str, Any]]:
        """The rows; absent columns are absent keys."""
        names = list(self.columns)
        lists = [self.columns[name].to_pylist() for name in names]
        return (dict(zip(names, row, strict=True)) for row in zip(*lists, strict=True))

    def only(self, kept: pa.Array) -> Frame:
        """The rows of a mask."""
        places = pc.indices_nonzero(kept).to_pylist()
        return Frame(
            self.table,
            {name: column.filter(kept) for name, column in self.columns.items()},
            [self.numbers[place] for place in places],
        )


@dataclass
class Step:
    """What a load did; `months` are those of the lake that changed, `everywhere` says that the daily summary must look at all."""

    new: int = 0
    changed: int = 0
    same: int = 0
    refusals: list[Refusal] = field(default_factory=list)
    warnings: dict[str, int] = field(default_factory=dict)
    months: frozenset[str] = frozenset()
    everywhere: bool = False


@dataclass(frozen=True)
class Target:
    """Who imports, from where, as which arrival, and whether only to look."""

    viewer: Viewer
    source: str
    arrival: int
    dry_run: bool = False
    writer: Writer | None = None


def load(frame: Frame, target: Target) -> Step:
    """Hand a frame to the home of its table."""
    return HOMES[frame.table](frame, target)


# ---- stores, staff, members


def _stores(frame: Frame, target: Target) -> Step:
    zones = zoneinfo.available_timezones()
    names = TABLES["stores"].names
    rows, refusals = [], []
    for place, row in enumerate(frame.dicts()):
        if row.get("timezone") and row["timezone"] not in zones:
            refusals.append((place, "timezone", repr(row["timezone"]), "an IANA name, e.g. Asia/Shanghai"))
            continue
        given: dict[str, Any] = {name: row.get(name) for name in names}
        rows.append(StoreRow(**given))
    return _counted(upsert_stores(viewer=target.viewer, rows=rows), refusals)


def _staff(frame: Frame, target: Target) -> Step:
    names = ("staff_code", "name", "store_code", "phone", "role", "wecom_userid")
    given: list[dict[str, Any]] = [
        {name: row.get(name) for name in names if name in row} for row in frame.dicts()
    ]
    rows = [StaffRow(**one) for one in given]
    return _counted(upsert_staff(viewer=target.viewer, rows=rows), [])


def _members(frame: Frame, target: Target) -> Step:
    names = [name for name in TABLES["members"].names if name not in ("phone", "updated_at")]
    rows = []
    for row in _newest(frame, "member_code"):
        phone = row.get("phone")
        hashed = phone is not None and len(phone) == 64 and set(phone.lower()) <= set("0123456789abcdef")
        given: dict[str, Any] = {name: row.get(name) for name in names}
        rows.append(
            MemberRow(
                **given,
                phone=None if hashed else phone,
                phone_sha256=phone.lower() if phone and hashed else None,
            )
        )
    counts = upsert_members(viewer=target.viewer, rows=rows, source=target.source)
    step = _counted(counts, [])
    step.same += len(frame) - len(rows)
    if counts.clashes:
        step.warnings["手机号等标识已属于另一位会员，没有并入：请先核对，再合并"] = counts.clashes
    if counts.erased:
        step.warnings["已抹去的会员不再导入"] = counts.erased
    return step


def _newest(frame: Frame, key: str) -> Iterable[dict[str, Any]]:
    """One row a key: the newest `updated_at`, otherwise the later row."""
    kept: dict[str, dict[str, Any]] = {}
    for row in frame.dicts():
        last = kept.get(row[key])
        old, fresh = (last or {}).get("updated_at"), row.get("updated_at")
        if last is None or old is None or (fresh is not None and fresh >= old):
            kept[row[key]] = row
    return kept.values()


def _memberships(frame: Frame, target: Target) -> Step:
    names = ("member_code", "program", "status", "started_at", "ended_at", "fee_fen", "auto_renew")
    given: list[dict[str, Any]] = [{name: row.get(name) for name in names} for row in frame.dicts()]
    rows = [MembershipRow(**one) for one in given]
    taken = upsert_memberships(viewer=target.viewer, rows=rows, source=target.source)
    refusals = [
        *(
            (place, "member_code", "no such member", "a member that was imported before")
            for place in taken.unknown
        ),
        *(
            (place, "started_at", "overlaps another period of this program", "one period at a time")
            for place in taken.clashing
        ),
        *((place, "ended_at", "not after started_at", "a later time, or empty") for place in taken.turned),
    ]
    return Step(taken.new, taken.changed, taken.same, refusals)


def _counted(counts: Counts, refusals: list[Refusal]) -> Step:
    moved = counts.new + counts.changed > 0
    return Step(counts.new, counts.changed, counts.same, refusals, everywhere=moved)


# ---- the book


def _participation(frame: Frame, target: Target) -> Step:
    def facts(row: dict[str, Any]) -> list[tuple[str, datetime]]:
        said = [(row["status"], row["happened_at"])]
        if row.get("registered_at") and row["status"] != "registered":
            said.append(("registered", row["registered_at"]))
        return said

    def deeds(row: dict[str, Any], place: Places) -> list[DeedIn]:
        about = (row["member_code"], row["what"], row["what_code"])
        return [
            place.deed(
                row["member_code"], status, at, ("participation", *about, status), row.get("store_code")
            )
            for status, at in facts(row)
        ]

    def thing(row: dict[str, Any], room: str) -> subjects.SubjectIn:
        key = f"{row['what']}:{row['what_code']}"
        return subjects.SubjectIn(
            room, key[:120], row["what"], type=(row.get("kit_code") or "")[:64], title=row["what_code"]
        )

    return _book(frame, target, ("member_code",), thing, deeds)


def _surveys(frame: Frame, target: Target) -> Step:
    def deeds(row: dict[str, Any], place: Places) -> list[DeedIn]:
        about = ("survey", row["member_code"], row["kind"], row.get("what_code") or "")
        at = row["answered_at"]
        return [
            place.deed(
                row["member_code"], "survey_answered", at, about, row.get("store_code"), value=row["score"]
            )
        ]

    def thing(row: dict[str, Any], room: str) -> subjects.SubjectIn:
        key = f"survey:{row['kind']}:{row.get('what_code') or ''}:{row.get('sampled') or ''}"
        return subjects.SubjectIn(
            room, key[:120], "survey", type=row["kind"], title=row.get("what_code") or row["kind"]
        )

    return _book(frame, target, ("member_code",), thing, deeds)


#: kind of tie → (deed, whose deed it is): an accepted answer is the answerer's, not that of who accepted it
_TIES = {
    "reply": ("replied", "from"),
    "answer": ("answered", "from"),
    "accepted": ("answer_accepted", "to"),
    "like": ("reacted", "from"),
    "referral": ("referral_verified", "from"),
}


def _ties(frame: Frame, target: Target) -> Step:
    def deeds(row: dict[str, Any], place: Places) -> list[DeedIn]:
        kind, whose = _TIES[row["kind"]]
        doer, other = row["from_member_code"], row["to_member_code"]
        if whose == "to":
            doer, other = other, doer
        about = ("tie", row["from_member_code"], row["to_member_code"], row["kind"])
        return [place.deed(doer, kind, row["at"], about, None, counterpart=place.people[other])]

    return _book(frame, target, ("from_member_code", "to_member_code"), None, deeds)


@dataclass(frozen=True)
class Places:
    """Who and where the codes of a frame mean."""

    people: dict[str, int]
    stores: dict[str, int]
    source: str
    subject: int | None = None

    def deed(
        self,
        code: str,
        kind: str,
        at: datetime,
        about: tuple[str, ...],
        store: str | None,
        *,
        value: int | None = None,
        counterpart: int | None = None,
    ) -> DeedIn:
        """A deed whose source number is a hash of what it says: the same fact from two files is one row of the book."""
        digest = hashlib.sha256("\x1f".join((*about, at.isoformat())).encode()).hexdigest()
        return DeedIn(
            person=self.people[code],
            kind=kind,
            occurred_at=at,
            source_system=f"import:{self.source}"[:32],
            source_id=f"{about[0]}:{digest[:48]}",
            subject=self.subject,
            store=self.stores.get(store or ""),
            counterpart=counterpart,
            value=value,
        )


def _book(
    frame: Frame,
    target: Target,
    who: tuple[str, ...],
    thing: Callable[[dict[str, Any], str], subjects.SubjectIn] | None,
    deeds: Callable[[dict[str, Any], Places], list[DeedIn]],
) -> Step:
    rows = list(frame.dicts())
    codes = {row[name] for row in rows for name in who}
    people = people_by_code(codes, source=target.source)
    refusals: list[Refusal] = []
    known = []
    for place, row in enumerate(rows):
        missing = next((name for name in who if row[name] not in people), None)
        if missing is not None:
            refusals.append((place, missing, "no such member", "a member that was imported before"))
        elif row.get("score") is not None and abs(row["score"]) > 32_000:
            refusals.append((place, "score", str(row["score"]), "a small whole number"))
        else:
            known.append(row)
    room = f"import:{target.source}"[:32]
    things = {id(row): thing(row, room) for row in known} if thing else {}
    noted = subjects.note_many({(t.room, t.key): t for t in things.values()}.values()) if things else {}
    stores = unsorted_stores(
        viewer=target.viewer, codes={row.get("store_code") or "" for row in known} - {""}
    )
    places = {code: store.pk for code, store in stores.items()}

    def every() -> Iterable[DeedIn]:
        for row in known:
            about = things.get(id(row))
            subject = noted[about.room, about.key].pk if about else None
            yield from deeds(row, Places(people, places, target.source, subject))

    written = ledger.record_many(every(), viewer=target.viewer)
    return Step(written.new, 0, len(known) - min(written.new, len(known)), refusals)


# ---- the lake


def _lake(frame: Frame, target: Target) -> Step:
    assert target.writer is not None
    refusals = _impossible(frame)
    step = Step(refusals=refusals)
    kept = frame
    if frame.table == "orders":
        step.refusals += _unknown_stores(frame, target, step)
    if step.refusals:
        out = {place for place, *_ in step.refusals}
        kept = frame.only(pa.array([place not in out for place in range(len(frame))], pa.bool_()))
    rows = pa.table(kept.columns | {"row_no": pa.array(np.asarray(kept.numbers, np.int64))})
    merged = target.writer.merge(
        frame.table, rows, source=target.source, arrival=target.arrival, dry_run=target.dry_run
    )
    step.new, step.changed, step.same = merged.new, merged.changed, merged.same
    step.months = merged.months
    moved = merged.new + merged.changed > 0
    # A refund counts on the day of the purchase it undoes, whenever that was; an article's margin class is everybody's.
    step.everywhere = moved and frame.table in ("refunds", "products", "categories")
    for sentence, times in (
        ("没有版本的行由后导入的文件决定", merged.later_won),
        ("同一版本有两种内容，保留了其中一种：请核对来源", merged.tied),
        ("明细还没有对应的订单，已留存，订单到后自动归位", merged.unplaced),
    ):
        if times:
            step.warnings[sentence] = times
    return step


def _unknown_stores(frame: Frame, target: Target, step: Step) -> list[Refusal]:
    """Unknown stores become 待归类; a code that lost its leading zeros in Excel is refused instead: it would stay wrong."""
    codes = frame.columns["store_code"]
    named = set(codes.unique().to_pylist())
    known = set(stores_by_code(the_brand(), None))
    unknown = named - known
    padded = {code.lstrip("0"): code for code in known if code.startswith("0")}
    lost = {code: padded[code] for code in unknown if code in padded}
    if fresh := unknown - lost.keys():
        step.warnings["门店还没有登记，作为“待归类”保留"] = len(fresh)
        if not target.dry_run:
            unsorted_stores(viewer=target.viewer, codes=fresh)
    if not lost:
        return []
    return [
        (
            place,
            "store_code",
            f"{code!r}: leading zeros lost? there is a store {lost[code]!r}",
            "the full code",
        )
        for place, code in enumerate(codes.to_pylist())
        if code in lost
    ]


FIRST_YEAR, LAST_YEAR = 1990, 2100


def _impossible(frame: Frame) -> list[Refusal]:
    """Values of the right type that cannot be: a year beyond all tills, a refund of less than nothing."""
    found: list[Refusal] = []
    for name, column in TABLES[frame.table].headers.items():
        if column.kind == "datetime" and name in frame.columns:
            year = pc.year(frame.columns[name])
            wrong = pc.or_(pc.less(year, FIRST_YEAR), pc.greater(year, LAST_YEAR))
            found += [
                (place, name, "a year before 1990 or after 2100", "the time of the purchase")
                for place in pc.indices_nonzero(pc.fill_null(wrong, False)).to_pylist()
            ]
    if frame.table == "refunds":
        negative = pc.less(frame.columns["amount_fen"], 0)
        found += [
            (place, "amount", "less than nothing", "a positive amount")
            for place in pc.indices_nonzero(negative).to_pylist()
        ]
    return found


#: the visible list: where each table goes
HOMES: dict[str, Callable[[Frame, Target], Step]] = {
    "stores": _stores,
    "staff": _staff,
    "members": _members,
    "memberships": _memberships,
    "participation": _participation,
    "surveys": _surveys,
    "ties": _ties,
    **dict.fromkeys(LAKE, _lake),
}

#: how long texts may be where they are kept; longer ones are refused rather than cut
WIDTHS: dict[str, dict[str, int]] = {
    "stores": {"store_code": 64, "name": 120, "region": 64, "city": 40, "district": 40, "address": 200, "format": 40, "wecom_department_id": 64},
    "staff": {"staff_code": 64, "name": 80, "store_code": 64, "wecom_userid": 64},
    "members": {"name": 80, "gender": 8, "tier": 40, "source_channel": 40, "home_store_code": 64, "member_code": 120},
    "memberships": {"program": 80, "status": 40},
    "orders": {"store_code": 64},
    "participation": {"what_code": 100, "kit_code": 64, "store_code": 64},
    "surveys": {"what_code": 80, "store_code": 64},
}  # fmt: skip
