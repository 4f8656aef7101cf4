"""Calendars as RFC 5545 writes them: one UID for life, SEQUENCE goes up, what is cancelled says so, an address nobody can guess."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from events.factories import drafted, published
from events.series_makers import opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from stores.factories import viewer as staff_viewer
from tongxin.events import actions, ical
from tongxin.events.actions import feeds, series_edits
from tongxin.events.models import CalendarFeed
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

DB = pytest.mark.django_db

NOON = datetime(2026, 3, 5, 4, tzinfo=UTC)


def events_of(text):
    return list(Calendar.from_ical(text).walk("VEVENT"))


def said(text):
    return [(str(e["SUMMARY"]), int(e["SEQUENCE"]), str(e["STATUS"])) for e in events_of(text)]


def entry(**more):
    return ical.Entry(
        **(
            {
                "uid": "u@tongxin", "sequence": 0, "status": "CONFIRMED", "starts_at": NOON, "ends_at": NOON + timedelta(hours=1),
                "title": "茶会", "where": "门店", "words": "", "changed_at": NOON,
            }
            | more
        )
    )  # fmt: skip


def test_the_text_follows_the_rules_of_lines():
    text = ical.calendar_text(
        "同心", [entry(title="面包, 茶; 花\\草", words="第一行\n第二行" + "很长" * 60)], NOON
    )

    assert text.endswith("END:VCALENDAR\r\n")
    assert all(len(line.encode()) <= 75 for line in text.split("\r\n"))
    assert "\n" not in text.replace("\r\n", "")
    assert "SUMMARY:面包\\, 茶\\; 花\\\\草\r\n" in text
    (back,) = events_of(text)
    assert back["SUMMARY"] == "面包, 茶; 花\\草"
    assert back["DESCRIPTION"] == "第一行\n第二行" + "很长" * 60
    for line in (
        "VERSION:2.0",
        "METHOD:PUBLISH",
        "DTSTART:20260305T040000Z",
        "DTEND:20260305T050000Z",
        "LAST-MODIFIED:20260305T040000Z",
        "DTSTAMP:20260305T040000Z",
        "UID:u@tongxin",
        "SEQUENCE:0",
        "STATUS:CONFIRMED",
    ):
        assert f"{line}\r\n" in text


def test_what_was_typed_cannot_add_lines():
    text = ical.calendar_text(
        "同心", [entry(title="x\r\nATTENDEE:mailto:a@example.org\r\nBEGIN:VALARM")], NOON
    )

    assert "ATTENDEE" not in {line.split(":")[0] for line in text.split("\r\n")}
    assert len(events_of(text)) == 1


def test_what_is_cancelled_does_not_block_the_day():
    assert "TRANSP:TRANSPARENT" in ical.calendar_text("同心", [entry(status="CANCELLED")], NOON)


@DB
def test_one_uid_for_life_and_the_sequence_goes_up(noon):
    event = published(title="茶会", theme="春茶", place="二楼")

    def now():
        (found,) = events_of(ical.event_calendar(ANONYMOUS, event.public_id, base="https://example.org/"))
        return str(found["UID"]), int(found["SEQUENCE"]), str(found["STATUS"]), found["DTSTART"].dt

    uid = f"{event.public_id}@tongxin"
    assert now() == (uid, 0, "CONFIRMED", event.starts_at)
    later = event.starts_at + timedelta(days=1)
    actions.move(
        viewer=TESTS, event_id=event.public_id, version=1, starts_at=later, ends_at=later + timedelta(hours=1)
    )
    assert now() == (uid, 1, "CONFIRMED", later)
    actions.cancel(viewer=TESTS, event_id=event.public_id, reason="雨")
    assert now() == (uid, 2, "CANCELLED", later)
    (found,) = events_of(ical.event_calendar(ANONYMOUS, event.public_id, base="https://example.org/"))
    assert (found["SUMMARY"], found["LOCATION"]) == ("茶会·春茶", f"{event.store.name}、二楼")
    assert found["URL"] == f"https://example.org/m/events/{event.public_id}/"


@DB
def test_a_change_says_when_it_was_made(noon):
    made = opened(publish=True)
    with clock.held(noon + timedelta(hours=5)):
        series_edits.change_series(
            viewer=TESTS, series_id=made.series.public_id, version=made.series.version, title="晚茶"
        )

    found = events_of(ical.feed_for_store(ANONYMOUS, made.series.store.public_id))

    assert {(str(e["SUMMARY"]), int(e["SEQUENCE"]), e["LAST-MODIFIED"].dt) for e in found} == {
        ("晚茶", 1, noon + timedelta(hours=5))
    }


@DB
def test_a_store_offers_what_is_public(noon):
    store = StoreFactory()
    published(store, title="公开")
    drafted(store, title="草稿")
    off = published(store, title="取消的", starts_at=noon + timedelta(days=5))
    actions.cancel(viewer=TESTS, event_id=off.public_id, reason="雨")
    actions.cancel(viewer=TESTS, event_id=drafted(store, title="没发布过").public_id, reason="")
    published(title="别店")

    assert said(ical.feed_for_store(ANONYMOUS, store.public_id)) == [
        ("公开", 0, "CONFIRMED"),
        ("取消的", 1, "CANCELLED"),
    ]
    with pytest.raises(Refused) as refused:
        ical.feed_for_store(ANONYMOUS, off.public_id)
    assert refused.value.code == "absent"
    with pytest.raises(Refused):
        ical.event_calendar(ANONYMOUS, drafted(store).public_id)


@DB
def test_ones_own_events_and_where_one_stands(noon):
    viewer, store = member_viewer(CustomerFactory()), StoreFactory()
    sure, full, given_back, off = (
        published(store, title=t, places=1, starts_at=noon + timedelta(days=n))
        for n, t in enumerate("甲乙丙丁", 2)
    )
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=full.public_id)
    seats = {
        e.pk: actions.register(viewer=viewer, event_id=e.public_id) for e in (sure, full, given_back, off)
    }
    actions.cancel_registration(viewer=viewer, registration_id=seats[given_back.pk].public_id)
    actions.cancel(viewer=TESTS, event_id=off.public_id, reason="雨")

    before = said(ical.my_calendar(viewer))
    assert [(t, s) for t, _, s in before] == [
        ("甲", "CONFIRMED"),
        ("乙", "TENTATIVE"),
        ("丙", "CANCELLED"),
        ("丁", "CANCELLED"),
    ]

    actions.register(
        viewer=viewer, event_id=given_back.public_id
    )  # once more: the phone must believe the newer answer
    after = said(ical.my_calendar(viewer))
    assert after[2][2] == "CONFIRMED"
    assert after[2][1] > before[2][1]
    with pytest.raises(Refused):
        ical.my_calendar(TESTS)


@DB
def test_the_way_into_a_talk_is_never_in_a_calendar(noon):
    viewer = member_viewer(CustomerFactory())
    talk = published(format="online_talk", online_url="https://meet.example.org/secret", title="线上")
    actions.register(viewer=viewer, event_id=talk.public_id)

    assert "secret" not in ical.my_calendar(viewer) + ical.event_calendar(viewer, talk.public_id)


@DB
def test_an_address_nobody_can_guess(noon):
    member = CustomerFactory()
    viewer, store = member_viewer(member), StoreFactory()
    event = published(store, title="茶会")
    actions.register(viewer=viewer, event_id=event.public_id)

    mine = feeds.open_feed(viewer=viewer)
    shop = feeds.open_feed(viewer=staff_viewer(Role.CHAMPION, store=store), store_id=store.public_id)

    assert said(ical.feed_by_token(mine)) == [("茶会", 1, "CONFIRMED")]
    assert said(ical.feed_by_token(shop)) == [("茶会", 0, "CONFIRMED")]
    assert len({mine, shop}) == 2
    assert min(len(mine), len(shop)) >= 32
    assert not CalendarFeed.objects.filter(digest__in=[mine, shop]).exists()
    assert member.nickname not in ical.feed_by_token(mine)
    for wrong in ("", mine[:-1], mine.swapcase(), str(member.public_id)):
        with pytest.raises(Refused) as refused:
            ical.feed_by_token(wrong)
        assert refused.value.code == "absent"


@DB
def test_a_new_address_ends_the_old_one(noon):
    viewer = member_viewer(CustomerFactory())
    first = feeds.open_feed(viewer=viewer)
    second = feeds.open_feed(viewer=viewer)

    with pytest.raises(Refused):
        ical.feed_by_token(first)
    assert said(ical.feed_by_token(second)) == []
    assert feeds.revoke_feed(viewer=viewer)
    assert not feeds.revoke_feed(viewer=viewer)
    with pytest.raises(Refused):
        ical.feed_by_token(second)
    for who, more in ((TESTS, {}), (viewer, {"store_id": StoreFactory().public_id})):
        with pytest.raises(Refused) as refused:
            feeds.open_feed(viewer=who, **more)
        assert refused.value.code == "absent"


@DB
def test_the_same_statements_for_one_event_and_for_many(noon):
    viewer, store = member_viewer(CustomerFactory()), StoreFactory()
    token = feeds.open_feed(viewer=viewer)

    def cost():
        with CaptureQueriesContext(connection) as asked:
            ical.feed_by_token(token)
            ical.feed_for_store(ANONYMOUS, store.public_id)
        return len(asked)

    actions.register(viewer=viewer, event_id=published(store).public_id)
    one = cost()
    for n in range(3):
        actions.register(
            viewer=viewer, event_id=published(store, starts_at=clock.now() + timedelta(days=4 + n)).public_id
        )
    assert cost() == one == 5
