"""Lists of events: what each asks of the database, whom they show to whom, what clashes, and the file."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, RegionFactory, StoreFactory
from tongxin.events import actions
from tongxin.events.queries import guests, listing, member
from tongxin.events.queries.event_page import event_page
from tongxin.events.queries.guests import Guests
from tongxin.events.queries.listing import Tab
from tongxin.events.terms import Seat
from tongxin.foundation import clock, sheets
from tongxin.foundation.access import ANONYMOUS, Grant, Viewer
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def champion(*shops):
    return Viewer(1, "champion", (Grant(Role.CHAMPION, places=frozenset(s.pk for s in shops)),))


def as_member(person):
    return Viewer(2, "member", (Grant(Role.MEMBER),), person=person.pk)


def comes(event, person, **more):
    return actions.register(viewer=as_member(person), event_id=event.public_id, **more)


def asked(act) -> int:
    with CaptureQueriesContext(connection) as questions:
        act()
    return len(questions)


def test_each_tab_shows_its_own_and_counts_it():
    shop = StoreFactory()
    coming, draft = published(shop), drafted(shop)
    gone = published(shop)
    actions.cancel(viewer=TESTS, event_id=gone.public_id, reason="x")
    with clock.held(clock.now() - timedelta(days=9)):
        past = published(shop)
    viewer = champion(shop)
    shown = {tab: [line.id for line in listing.organised(viewer, tab).items] for tab in Tab}
    assert shown == {
        Tab.COMING: [coming.pk],
        Tab.DRAFT: [draft.pk],
        Tab.PAST: [past.pk],
        Tab.CANCELLED: [gone.pk],
    }
    assert listing.tab_counts(viewer) == dict.fromkeys(Tab, 1)


def test_a_line_carries_the_counters_of_its_pools():
    event = published(places=2)
    for _ in range(3):
        comes(event, CustomerFactory())
    line = listing.one_line(TESTS, event.public_id)
    assert (line.size, line.taken, line.left, line.waiting, line.asking) == (2, 2, 0, 1, 0)
    assert line.form == ("试吃", "tasting")


def test_a_champion_sees_their_own_store_and_no_other():
    here, there = StoreFactory(), StoreFactory()
    mine, theirs = published(here), published(there)
    viewer = champion(here)
    assert [line.id for line in listing.organised(viewer).items] == [mine.pk]
    assert listing.tab_counts(viewer)[Tab.COMING] == 1
    with pytest.raises(Refused) as refused:
        listing.one_line(viewer, theirs.public_id)
    assert refused.value.code == "absent"
    now = clock.now()
    assert [line.id for line in listing.between(viewer, now, now + timedelta(days=9))] == [mine.pk]
    assert len(listing.organised(TESTS).items) == 2, "control arm: who reaches everything sees both"


def test_the_list_narrows_to_a_store_and_a_region():
    region = RegionFactory()
    here, there = StoreFactory(region=region), StoreFactory()
    mine = published(here)
    published(there)
    assert [line.id for line in listing.organised(TESTS, store=here).items] == [mine.pk]
    assert [line.id for line in listing.organised(TESTS, region=region).items] == [mine.pk]


def test_members_see_what_is_published_and_still_to_come():
    shop = StoreFactory()
    event = published(shop)
    drafted(shop)
    assert [line.id for line in listing.upcoming(ANONYMOUS, shop.public_id)] == [event.pk]
    person = CustomerFactory(home_store=shop)
    assert [line.id for line in listing.soonest(as_member(person))] == [event.pk]
    assert listing.soonest(ANONYMOUS) == []


def test_lists_ask_as_much_for_three_as_for_one():
    shop, other = StoreFactory(), StoreFactory()
    for home, n in ((shop, 1), (other, 3)):
        for _ in range(n):
            comes(published(home), CustomerFactory(home_store=home))
    for act in (
        lambda s: listing.organised(champion(s)),
        lambda s: listing.between(champion(s), clock.now(), clock.now() + timedelta(days=9)),
        lambda s: listing.upcoming(ANONYMOUS, s.public_id),
    ):
        one, three = asked(lambda act=act: act(shop)), asked(lambda act=act: act(other))
        assert one == three <= 4


def test_guests_stand_in_their_lists_with_name_masked_phone_and_answers():
    questions = ({"id": "how", "text": "第一次来吗", "choices": ["第一次", "来过"]},)
    event = published(places=1, questions=questions)
    first, second = CustomerFactory(nickname="豆豆妈"), CustomerFactory(nickname="阿杰")
    comes(event, first, answers={"how": "来过"})
    comes(event, second)
    found = queried(event)
    assert [(g.name, g.answers) for g in found[Guests.COMING]] == [("豆豆妈", (("第一次来吗", "来过"),))]
    assert [(g.name, g.number) for g in found[Guests.WAITING]] == [("阿杰", 1)]
    assert found[Guests.ASKING] == found[Guests.OVER] == ()


def queried(event):
    event.refresh_from_db()
    counts = guests.guest_counts(TESTS, event)
    found = {kind: guests.guests(TESTS, event, kind).items for kind in Guests}
    assert counts == {kind: len(rows) for kind, rows in found.items()}
    return found


def test_the_list_of_guests_asks_as_much_for_three_as_for_one():
    one, three = published(), published()
    comes(one, CustomerFactory())
    for _ in range(3):
        comes(three, CustomerFactory())
    counted = [asked(lambda e=e: guests.guests(TESTS, e, Guests.COMING)) for e in (one, three)]
    assert counted == [4, 4]


def test_guests_are_absent_to_another_store():
    event = published(StoreFactory())
    for act in (guests.guest_counts, lambda v, e: guests.guests(v, e, Guests.COMING)):
        with pytest.raises(Refused) as refused:
            act(champion(StoreFactory()), event)
        assert refused.value.code == "absent"


def test_the_file_holds_a_row_a_registration_without_phones():
    event = published(places=1)
    names = ["豆豆妈", '说"好"的人, 阿杰']
    for name in names:
        comes(event, CustomerFactory(nickname=name))
    text = b"".join(guests.exported(TESTS, event.public_id)).decode("utf-8-sig")
    lines = text.splitlines()
    assert lines[0] == ",".join(guests.COLUMNS)
    assert len(lines) == 3
    assert "豆豆妈,confirmed,1,," in lines[1]
    assert '"说""好""的人, 阿杰",waiting,1,1,' in lines[2]


def test_a_name_that_a_spreadsheet_would_run_stays_a_name():
    event = published()
    comes(event, CustomerFactory(nickname="=HYPERLINK(1)"))
    text = b"".join(guests.exported(TESTS, event.public_id)).decode()
    assert ",'=HYPERLINK(1)," in text


@pytest.mark.parametrize(
    "name", ["=1+1", "＝1+1", "@SUM(A1)", "-2", "−2", "'=1", "＋86", "\t=1", "豆豆妈", "a=b", "12"]
)
def test_cells_are_made_safe_as_every_other_file_of_ours(name):
    event = published()
    comes(event, CustomerFactory(nickname=name))
    text = b"".join(guests.exported(TESTS, event.public_id)).decode("utf-8-sig")
    assert next(csv.DictReader(io.StringIO(text, newline="")))["name"] == sheets.safe(name)


def test_the_file_is_absent_to_another_store_before_its_first_byte():
    event = published(StoreFactory())
    for act in (guests.exported, lambda v, e: actions.export_registrations(viewer=v, event_id=e)):
        with pytest.raises(Refused) as refused:
            act(champion(StoreFactory()), event.public_id)
        assert refused.value.code == "absent"
    assert not Entry.objects.filter(act="events.exported").exists()


def test_who_took_the_list_along_stands_in_the_trail():
    store = StoreFactory()
    event, desk = published(store), champion(store)
    comes(event, CustomerFactory(nickname="豆豆妈"))
    blocks = actions.export_registrations(viewer=desk, event_id=event.public_id)
    told = Entry.objects.filter(act="events.exported").values_list("actor", "subject_id")
    assert list(told) == [(desk.name, str(event.public_id))]  # before the first byte
    assert "豆豆妈" in b"".join(blocks).decode()


# ---- the member's own


def test_the_page_is_one_statement_and_knows_where_the_member_stands():
    event = published(places=1)
    first, second, third = (CustomerFactory() for _ in range(3))
    comes(event, first)
    comes(event, second)
    comes(event, third)
    assert asked(lambda: event_page(as_member(third), event.public_id)) == 1
    page = event_page(as_member(third), event.public_id)
    assert (page.mine_state, page.mine_place, page.waiting, page.left) == (Seat.WAITING, 2, 2, 0)
    assert event_page(ANONYMOUS, event.public_id).mine is None
    assert event_page(as_member(first), event.public_id).mine_state == Seat.CONFIRMED


def test_a_draft_is_absent_to_members_and_there_for_its_organisers():
    event = drafted(StoreFactory())
    for viewer in (ANONYMOUS, as_member(CustomerFactory())):
        with pytest.raises(Refused) as refused:
            event_page(viewer, event.public_id)
        assert refused.value.code == "absent"
    assert event_page(champion(event.store), event.public_id).title == event.title


@pytest.mark.parametrize(
    ("days", "opens", "closes", "said"),
    [(3, None, None, ""), (3, 1, None, "early"), (3, None, -1, "late"), (-1, None, None, "over")],
)
def test_why_one_cannot_register(days, opens, closes, said):
    now = clock.now()
    with clock.held(now - timedelta(days=5)):
        event = published(
            starts_at=now + timedelta(days=days),
            opens_at=None if opens is None else now + timedelta(days=opens),
            closes_at=None if closes is None else now + timedelta(days=closes),
        )
    assert event_page(ANONYMOUS, event.public_id).shut(now) == said


def test_my_events_are_mine_those_ahead_and_those_over():
    person, other = CustomerFactory(), CustomerFactory()
    mine, theirs, given_back = published(), published(), published()
    here = comes(mine, person)
    comes(theirs, other)
    gone = comes(given_back, person)
    actions.cancel_registration(viewer=as_member(person), registration_id=gone.public_id)
    viewer = as_member(person)
    assert [line.public_id for line in member.my_events(viewer)] == [here.public_id]
    assert [line.public_id for line in member.my_events(viewer, past=True)] == [gone.public_id]
    assert asked(lambda: member.my_events(viewer)) == 2


def test_a_registration_says_who_is_before_and_is_absent_to_others():
    event = published(places=1)
    people = [CustomerFactory() for _ in range(3)]
    made = [comes(event, person) for person in people]
    assert member.my_registration(as_member(people[2]), made[2].public_id).ahead == 1
    assert member.my_registration(as_member(people[0]), made[0].public_id).ahead is None
    for viewer in (as_member(people[0]), ANONYMOUS, champion(event.store)):
        with pytest.raises(Refused) as refused:
            member.my_registration(viewer, made[2].public_id)
        assert refused.value.code == "absent"


@pytest.mark.parametrize(("before", "shown"), [(timedelta(minutes=31), False), (timedelta(minutes=29), True)])
def test_the_way_into_an_online_event_is_shown_half_an_hour_before(before, shown):
    event = published(format="online_talk", online_url="https://example.com/x")
    me = member_viewer(CustomerFactory())
    made = actions.register(viewer=me, event_id=event.public_id)

    with clock.held(event.starts_at - before):
        line = member.my_registration(me, made.public_id).line

    assert line.online
    assert line.online_url == ("https://example.com/x" if shown else "")
