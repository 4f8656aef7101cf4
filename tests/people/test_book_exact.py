"""The book to the letter: every column of a row, every word of its trail, what a failure leaves behind."""

from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from people.factories import CustomerFactory
from stores.factories import TESTS, StoreFactory
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import ledger, subjects
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Deed
from tongxin.people.rules import DeedIn
from tongxin.people.subjects import SubjectIn
from tongxin.people.terms import Verification

pytestmark = pytest.mark.django_db
DAY = datetime(2026, 3, 5, 4, tzinfo=UTC)
EARLIER = DAY - timedelta(days=3)


@pytest.fixture
def person(noon):
    return CustomerFactory()


@pytest.fixture
def subject(noon):
    return subjects.note(SubjectIn("events", "e1", "event"))


def row(person, key="1", **more):
    return DeedIn(
        **{"person": person.pk, "kind": "checked_in", "occurred_at": EARLIER, "source_system": "test", "source_id": key} | more
    )  # fmt: skip


def columns(deed):
    return {
        name: getattr(deed, name)
        for name in (
            "person_id", "kind", "counterpart_id", "subject_id", "store_id", "community", "occurred_at", "known_at", "weight",
            "verification", "value", "device", "source_system", "source_id", "reverses_id",
        )
    }  # fmt: skip


PLAIN = {"counterpart_id": None, "subject_id": None, "store_id": None, "community": None, "value": None, "device": "", "reverses_id": None}  # fmt: skip


@pytest.mark.parametrize("by_number", [True, False])
def test_every_column_of_one_deed(person, subject, by_number):
    store, other = StoreFactory(), CustomerFactory()
    name = (lambda thing: thing.pk) if by_number else (lambda thing: thing)
    made = ledger.record(
        viewer=TESTS,
        person=name(person),
        kind="answer_accepted",
        occurred_at=EARLIER,
        source=("test", "1"),
        subject=name(subject),
        store=name(store),
        counterpart=name(other),
        community=7,
        value=9,
        verification=Verification.STAFF,
        device="phone-1",
    )
    assert columns(made) == {
        "person_id": person.pk, "kind": "answer_accepted", "counterpart_id": other.pk, "subject_id": subject.pk,
        "store_id": store.pk, "community": 7, "occurred_at": EARLIER, "known_at": DAY,
        "weight": BY_CODE["answer_accepted"].weight, "verification": "staff", "value": 9, "device": "phone-1",
        "source_system": "test", "source_id": "1", "reverses_id": None,
    }  # fmt: skip


def test_what_is_not_said_stays_empty_and_the_kind_says_the_rest(person):
    made = ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=EARLIER, source=("test", "1"))
    fact = BY_CODE["read"]
    assert columns(made) == PLAIN | {
        "person_id": person.pk, "kind": "read", "occurred_at": EARLIER, "known_at": DAY, "weight": fact.weight,
        "verification": str(fact.verification), "source_system": "test", "source_id": "1",
    }  # fmt: skip


def test_one_number_of_two_sources_is_two_deeds(person):
    first, second, third = (
        ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=DAY, source=source)
        for source in (("a", "1"), ("b", "1"), ("a", "2"))
    )
    assert len({first.pk, second.pk, third.pk}) == 3
    assert (first.source_system, second.source_system, third.source_id) == ("a", "b", "2")


def test_every_column_of_many_deeds(person, subject):
    store, other = StoreFactory(), CustomerFactory()
    full = row(
        person, "full", counterpart=other.pk, subject=subject.pk, store=store.pk, community=3, value=5, device="d",
        known_at=DAY - timedelta(hours=1), verification=Verification.STAFF,
    )  # fmt: skip
    assert ledger.record_many([full, row(other, "plain", kind="read")]).new == 2
    by_key = {deed.source_id: columns(deed) for deed in Deed.objects.filter(source_system="test")}
    assert by_key["full"] == {
        "person_id": person.pk, "kind": "checked_in", "counterpart_id": other.pk, "subject_id": subject.pk,
        "store_id": store.pk, "community": 3, "occurred_at": EARLIER, "known_at": DAY - timedelta(hours=1),
        "weight": BY_CODE["checked_in"].weight, "verification": "staff", "value": 5, "device": "d",
        "source_system": "test", "source_id": "full", "reverses_id": None,
    }  # fmt: skip
    assert by_key["plain"] == PLAIN | {
        "person_id": other.pk, "kind": "read", "occurred_at": EARLIER, "known_at": DAY, "weight": BY_CODE["read"].weight,
        "verification": str(BY_CODE["read"].verification), "source_system": "test", "source_id": "plain",
    }  # fmt: skip


def told(act):
    return Entry.objects.filter(act=act).order_by("id").last()


def test_the_trail_of_many_says_who_and_how_many(person):
    ledger.record_many([row(person, "1"), row(person, "2"), row(person, "1")], viewer=TESTS)
    entry = told("people.deeds_recorded")
    assert (entry.actor, entry.subject_room, entry.subject_kind, entry.subject_id) == (
        TESTS.name,
        "people",
        "book",
        "deeds",
    )
    assert (entry.before, entry.after, entry.reason) == ("", '{"new":2,"same":1}', "")
    ledger.record_many([row(person, "3")])
    assert (told("people.deeds_recorded").actor, told("people.deeds_recorded").after) == (
        "system:book", '{"new":1,"same":0}'
    )  # fmt: skip


def test_many_batches_are_one_act(person, monkeypatch):
    monkeypatch.setattr(ledger, "BATCH", 2)
    before = Entry.objects.count()
    assert (ledger.record_many(row(person, str(n)) for n in range(5)).new, Entry.objects.count()) == (
        5,
        before + 1,
    )
    assert told("people.deeds_recorded").after == '{"new":5,"same":0}'
    bad = [*(row(person, str(n)) for n in range(5, 9)), row(person, "9", kind="danced")]
    with pytest.raises(Refused):
        ledger.record_many(bad)
    assert (
        Deed.objects.filter(source_system="test").count() == 5
    )  # the whole batches before the bad row are gone too


def test_the_batches_are_as_long_as_the_copy_is_wide():
    assert ledger.BATCH == 10_000


@pytest.mark.parametrize("act", ["one", "many", "reverse"])
def test_deeds_and_their_trail_stand_or_fall_together(person, monkeypatch, act):
    deed = ledger.record(
        viewer=TESTS, person=person, kind="checked_in", occurred_at=DAY, source=("test", "0")
    )

    def broken(**_):
        raise RuntimeError("the trail is full")

    before = Deed.objects.count()
    monkeypatch.setattr(ledger, "trail", broken)
    with suppress(RuntimeError):
        if act == "one":
            monkeypatch.setattr(ledger.Deed.objects, "get", broken)
            ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=DAY, source=("test", "1"))
        elif act == "many":
            ledger.record_many([row(person)])
        else:
            ledger.reverse(viewer=TESTS, deed_id=deed.pk, reason="x")
    monkeypatch.undo()
    assert Deed.objects.count() == before


def test_an_unknown_kind_is_named_but_not_at_length(person):
    with pytest.raises(Refused) as no:
        ledger.record_many([row(person, kind="x" * 40)])
    assert (no.value.code, no.value.data) == ("people.unknown_deed", {"kind": "x" * 24})


# ---- taking back


def test_every_column_of_a_reversal_and_its_trail(person, subject):
    store, other = StoreFactory(), CustomerFactory()
    deed = ledger.record(
        viewer=TESTS, person=person, kind="answer_accepted", occurred_at=EARLIER, source=("test", "1"), subject=subject,
        store=store, counterpart=other, community=7, value=9, device="phone-1",
    )  # fmt: skip
    staff = Viewer(account=person.pk, name="chen")
    with clock.held(DAY + timedelta(days=1)):
        entry = ledger.reverse(viewer=staff, deed_id=deed.pk, reason="scanned by mistake")
    assert columns(Deed.objects.get(pk=entry.pk)) == {
        "person_id": person.pk, "kind": "answer_accepted", "counterpart_id": other.pk, "subject_id": subject.pk,
        "store_id": store.pk, "community": 7, "occurred_at": EARLIER, "known_at": DAY + timedelta(days=1),
        "weight": -deed.weight, "verification": "staff", "value": None, "device": "", "source_system": "book",
        "source_id": f"reverse:{deed.pk}", "reverses_id": deed.pk,
    }  # fmt: skip
    line = told("people.deed_reversed")
    assert (line.actor, line.subject_room, line.subject_kind, line.subject_id) == (
        "chen",
        "people",
        "deed",
        str(deed.pk),
    )
    assert (line.before, line.after, line.reason) == ('{"kind":"answer_accepted"}', "", "scanned by mistake")


def test_a_job_that_takes_back_does_so_as_the_system(person):
    deed = ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=DAY, source=("test", "1"))
    assert ledger.reverse(viewer=TESTS, deed_id=deed.pk, reason="x").verification == "system"


def test_a_deed_is_held_while_it_is_taken_back(person):
    deed = ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=DAY, source=("test", "1"))
    with CaptureQueriesContext(connection) as asked:
        ledger.reverse(viewer=TESTS, deed_id=deed.pk, reason="x")
    assert any(
        "FOR UPDATE" in query["sql"] for query in asked
    )  # two at once would both find it not yet taken back


def test_taking_back_one_leaves_the_others(person):
    deeds = [
        ledger.record(viewer=TESTS, person=person, kind="read", occurred_at=DAY, source=("test", str(n)))
        for n in range(3)
    ]
    ledger.reverse(viewer=TESTS, deed_id=deeds[1].pk, reason="x")
    assert ledger.reverse(viewer=TESTS, deed_id=deeds[2].pk, reason="x").reverses_id == deeds[2].pk


# ---- the copy of a day

COLUMNS = {
    "id": pa.int64(), "person": pa.int64(), "kind": pa.string(), "counterpart": pa.int64(), "subject": pa.int64(),
    "subject_kind": pa.string(), "subject_key": pa.string(), "store_code": pa.string(), "community": pa.int64(),
    "occurred_at": pa.timestamp("us", tz="UTC"), "known_at": pa.timestamp("us", tz="UTC"), "weight": pa.int16(),
    "verification": pa.string(), "value": pa.int16(), "reverses": pa.int64(),
}  # fmt: skip


def test_every_column_of_the_copy(person, subject, tmp_path):
    store, other = StoreFactory(), CustomerFactory()
    deed = ledger.record(
        viewer=TESTS, person=person, kind="answer_accepted", occurred_at=EARLIER, source=("test", "1"), subject=subject,
        store=store, counterpart=other, community=7, value=9,
    )  # fmt: skip
    back = ledger.reverse(viewer=TESTS, deed_id=deed.pk, reason="x")
    file = ledger.copy_day(clock.business_day(DAY), tmp_path / "a" / "book")
    assert file == tmp_path / "a" / "book" / "known_on=2026-03-05.parquet"
    table = pq.read_table(file)
    assert dict(zip(table.schema.names, table.schema.types, strict=True)) == COLUMNS
    assert pq.ParquetFile(file).metadata.row_group(0).column(0).compression == "ZSTD"
    rows = {line["id"]: line for line in table.to_pylist()}
    assert list(rows) == sorted(rows)
    assert rows[deed.pk] == {
        "id": deed.pk, "person": person.pk, "kind": "answer_accepted", "counterpart": other.pk, "subject": subject.pk,
        "subject_kind": "event", "subject_key": "events:e1", "store_code": store.code, "community": 7,
        "occurred_at": EARLIER, "known_at": DAY, "weight": deed.weight, "verification": deed.verification, "value": 9,
        "reverses": None,
    }  # fmt: skip
    assert (rows[back.pk]["reverses"], rows[back.pk]["weight"], rows[back.pk]["value"]) == (
        deed.pk,
        -deed.weight,
        None,
    )
    bare = next(
        line for line in rows.values() if line["kind"] == "became_member" and line["person"] == other.pk
    )
    assert (bare["subject"], bare["subject_kind"], bare["subject_key"], bare["counterpart"]) == (
        None,
        "",
        "",
        None,
    )


def test_a_day_of_the_copy_is_the_day_of_its_zone_to_the_instant(person, tmp_path):
    day, second = date(2026, 3, 8), timedelta(seconds=1)
    for zone in (clock.SHANGHAI, "America/New_York"):  # New York's 8 March 2026 has 23 hours
        start, end = clock.day_start(day, zone), clock.day_end(day, zone)
        for key, at in (("before", start - second), ("first", start), ("last", end - second), ("after", end)):
            ledger.record_many([row(person, f"{zone}:{key}", known_at=at)])
    seen = {
        zone: {
            line["known_at"]
            for line in pq.read_table(ledger.copy_day(day, tmp_path / "x", zone=zone)).to_pylist()
        }
        for zone in (clock.SHANGHAI, "America/New_York")
    }
    for zone, found in seen.items():
        start, end = clock.day_start(day, zone), clock.day_end(day, zone)
        assert {start, end - second} <= found
        assert all(start <= at < end for at in found)
    default = pq.read_table(ledger.copy_day(day, tmp_path / "x")).to_pylist()
    assert {line["known_at"] for line in default} == seen[clock.SHANGHAI]


def test_a_copy_longer_than_a_batch_is_whole(person, tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "BATCH", 3)
    ledger.record_many([row(person, str(n)) for n in range(8)])
    (tmp_path / "book").mkdir()
    file = ledger.copy_day(clock.business_day(DAY), tmp_path / "book")
    lines = pq.read_table(file).to_pylist()
    assert len(lines) == len({line["id"] for line in lines}) == Deed.objects.count()
    assert [file.name] == [found.name for found in (tmp_path / "book").iterdir()]
