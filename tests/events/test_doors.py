"""A door opens in its window, shows its own list alone, and can be shut."""

import json
import uuid
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from django.db import connection
from django.test.utils import CaptureQueriesContext

from events.doors_setup import HOUR, Evening, worker
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, queries
from tongxin.events.actions import CompanionIn
from tongxin.events.models import Door
from tongxin.events.queries.doors import LIST_DOMAIN
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import tickets
from tongxin.events.terms import DOOR_ASKS
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


@pytest.fixture
def evening(noon):
    return Evening(guests=2)


def refused(act, **given):
    with pytest.raises(Refused) as refusal:
        act(**given)
    return refusal.value.code


def opened(evening, viewer=None):
    return actions.open_door(viewer=viewer or evening.door, event_id=evening.event.public_id)


@pytest.mark.parametrize(
    ("hours", "is_open"), [(-2.01, False), (-2, True), (1, True), (4, True), (4.01, False)]
)
def test_a_door_opens_from_two_hours_before_to_two_hours_after(evening, hours, is_open):
    with clock.held(evening.event.starts_at + timedelta(hours=hours)):
        if is_open:
            door, _ = opened(evening)
            assert door.expires_at == evening.event.ends_at + 12 * HOUR
        else:
            assert refused(opened, evening=evening) == "events.door_closed"
            assert not Door.objects.exists()


def test_only_who_works_at_the_door_opens_it(evening):
    elsewhere = worker(StoreFactory())
    member = member_viewer(evening.members[0])

    with clock.held(evening.at):
        for viewer in (elsewhere, member, worker(StoreFactory(), Role.CHAMPION)):
            assert refused(opened, evening=evening, viewer=viewer) == "absent"
        opened(evening, evening.champion)
        assert refused(actions.open_door, viewer=evening.door, event_id=uuid.uuid4()) == "absent"


def test_the_list_names_people_masked_and_carries_no_phone_no_child_no_ticket(evening):
    member = evening.members[0]
    with clock.held(evening.at):
        _door, names = opened(evening)

    body = json.loads(names.body)
    row = next(r for r in body["rows"] if r["r"] == str(evening.seats[0].public_id))
    own = bytes.fromhex(body["key"])
    assert row["n"] == member.nickname[0] + "*"
    assert (row["p"], row["s"], row["had"], row["came"]) == (1, "confirmed", True, None)
    assert row["t"] == tickets.door_hash(own, f"ticket:{evening.seats[0].ticket}")
    assert tickets.door_hash(own, f"name:{member.nickname}") in row["w"]
    text = names.body
    assert member.nickname not in text
    assert str(evening.seats[0].ticket) not in text
    assert set(row) == {"r", "t", "n", "w", "d", "p", "s", "had", "came"}
    assert body["expires_at"] == (evening.event.ends_at + 12 * HOUR).isoformat()
    assert body["made_at"] == evening.at.isoformat()


def test_the_tail_of_a_phone_is_a_hash_of_this_door_alone(noon):
    evening = Evening(guests=0)
    member = CustomerFactory(home_store=evening.store, phone="13812347788")
    actions.register(viewer=member_viewer(member), event_id=evening.event.public_id)
    with clock.held(evening.at):
        lists = [json.loads(opened(evening)[1].body) for _ in range(2)]

    hashes = [names["rows"][0]["d"] for names in lists]
    assert hashes == [tickets.door_hash(bytes.fromhex(names["key"]), "tail:7788") for names in lists]
    assert hashes[0] != hashes[1]
    assert "7788" not in "".join(map(str, lists[0]["rows"]))


def test_the_list_is_signed_as_it_stands(evening):
    with clock.held(evening.at):
        _, names = opened(evening)
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), bytes.fromhex(names.public))
    raw = bytes.fromhex(names.signature)
    der = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))

    key.verify(der, LIST_DOMAIN + names.body.encode(), ECDSA(SHA256()))
    assert not tickets.signed(installation_key(), LIST_DOMAIN + names.body.encode() + b" ", raw)


def test_a_foreign_list_is_never_shown(evening):
    with clock.held(evening.at):
        door, _ = opened(evening)
        for viewer in (worker(StoreFactory()), worker(evening.store), member_viewer(evening.members[0])):
            assert refused(actions.read_list, viewer=viewer, door_id=door.public_id) == "absent"
            assert refused(actions.find, viewer=viewer, door_id=door.public_id, text="邻居") == "absent"
    other = Evening(guests=1)
    with clock.held(other.at):
        names = json.loads(actions.open_door(viewer=other.door, event_id=other.event.public_id)[1].body)
        assert [r["r"] for r in names["rows"]] == [str(other.seats[0].public_id)]


def test_a_list_of_one_and_of_three_costs_the_same(noon):
    counts = []
    for guests in (1, 3):
        evening = Evening(guests=guests)
        with clock.held(evening.at), CaptureQueriesContext(connection) as asked:
            opened(evening)
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_revoked_door_works_no_more(evening):
    with clock.held(evening.at):
        door, _ = opened(evening)
        actions.revoke_door(viewer=evening.champion, door_id=door.public_id)
        actions.revoke_door(viewer=evening.champion, door_id=door.public_id)

        assert (
            refused(actions.read_list, viewer=evening.door, door_id=door.public_id) == "events.door_revoked"
        )
        assert refused(evening.check_in, door_id=door.public_id) == "events.door_revoked"
    assert Entry.objects.filter(act="events.door_revoked").count() == 1


def test_the_list_can_be_read_again_only_while_the_door_is_open(evening):
    with clock.held(evening.at):
        door, _ = opened(evening)
        actions.read_list(viewer=evening.door, door_id=door.public_id)
    with clock.held(evening.event.ends_at + 3 * HOUR):
        assert refused(actions.read_list, viewer=evening.door, door_id=door.public_id) == "events.door_closed"


# ---- searching


@pytest.mark.parametrize("text", ["", " ", "林", "1", "123", "12345", "13900000001"])
def test_a_search_that_is_too_short_or_a_whole_phone_is_refused(evening, text):
    with clock.held(evening.at):
        door, _ = opened(evening)
        assert (
            refused(actions.find, viewer=evening.door, door_id=door.public_id, text=text)
            == "events.search_short"
        )


def test_found_by_nickname_by_pinyin_and_by_the_last_four_digits(noon):
    evening = Evening(guests=0)
    lin = CustomerFactory(nickname="林小满", phone="13812347788", home_store=StoreFactory())
    seat = actions.register(viewer=member_viewer(lin), event_id=evening.event.public_id)
    other = CustomerFactory(nickname="王小满", phone="13812347788"[:-4] + "9999", home_store=evening.store)
    actions.register(viewer=member_viewer(other), event_id=evening.event.public_id)
    with clock.held(evening.at):
        door, _ = opened(evening)
        for text, found in (
            ("林小", 1),
            ("小满", 2),
            ("lxm", 1),
            ("linxiao", 1),
            ("7788", 1),
            ("0000", 0),
            ("%%", 0),
        ):
            rows = actions.find(viewer=evening.door, door_id=door.public_id, text=text)
            assert len(rows) == found, text
            assert {r.name for r in rows} <= {"林*", "王*"}
        assert (
            actions.find(viewer=evening.door, door_id=door.public_id, text="7788")[0].registration
            == seat.public_id
        )
    trailed = Entry.objects.filter(act="events.door_searched")
    assert trailed.count() == 8
    assert not any("林" in e.after or "7788" in e.after for e in trailed)


def test_ten_are_shown_at_most(noon):
    evening = Evening(guests=11)
    with clock.held(evening.at):
        door, _ = opened(evening)
        assert len(actions.find(viewer=evening.door, door_id=door.public_id, text="邻居")) == 10


def test_a_door_asks_a_bounded_number_of_times_a_minute(evening):
    with clock.held(evening.at):
        door, _ = opened(evening)
        for _ in range(DOOR_ASKS):
            actions.find(viewer=evening.door, door_id=door.public_id, text="邻居")
        assert (
            refused(actions.find, viewer=evening.door, door_id=door.public_id, text="邻居")
            == "events.too_many_searches"
        )
    with clock.held(evening.at + timedelta(seconds=61)):
        actions.find(viewer=evening.door, door_id=door.public_id, text="邻居")


# ---- the roster


def test_children_and_allergies_come_by_the_roster_alone_and_every_look_is_written_down(noon):
    evening = Evening(guests=0, party_most=3)
    mother = CustomerFactory(home_store=evening.store)
    viewer = member_viewer(mother)
    coming, home = (
        people.add_companion(viewer=viewer, nickname=name, age_years=5, agreed=True, notice_version="1")
        for name in ("豆豆", "米粒")
    )
    seat = actions.register(
        viewer=viewer, event_id=evening.event.public_id, companions=[CompanionIn(coming.public_id, "坚果")]
    )
    with clock.held(evening.at):
        _, names = opened(evening)
        children = actions.open_roster(viewer=evening.door, event_id=evening.event.public_id)
        assert (
            refused(actions.open_roster, viewer=worker(StoreFactory()), event_id=evening.event.public_id)
            == "absent"
        )

    assert [(c.registration, c.nickname, c.age_years, c.allergy) for c in children] == [
        (seat.public_id, "豆豆", 5, "坚果")
    ]
    assert "豆豆" not in names.body
    assert "坚果" not in names.body
    assert home.nickname not in names.body
    assert Entry.objects.filter(act="people.roster_opened").count() == 1


def test_the_roster_shuts(noon):
    evening = Evening(guests=0)
    with clock.held(evening.event.ends_at + 25 * HOUR):
        assert (
            refused(actions.open_roster, viewer=evening.door, event_id=evening.event.public_id)
            == "people.roster_closed"
        )


# ---- what is on today


def test_doors_today_are_those_of_ones_own_stores(evening):
    Evening()
    with clock.held(evening.at):
        shown = queries.doors_today(evening.door)
    assert [(e.public_id, e.taken, e.came, e.open) for e in shown] == [(evening.event.public_id, 2, 0, True)]
    assert len(queries.doors_today(TESTS)) == 0  # three days before
