"""A phone comes home: append-only, once a nonce, in any order; what it did and what the server would have said stand side by side."""

import random
import uuid
from datetime import timedelta

import pytest

from events.doors_setup import HOUR, Evening, worker
from events.schedules import Schedule, state_of
from people.factories import CustomerFactory, member_viewer
from stores.factories import StoreFactory
from tongxin.commerce import actions as commerce
from tongxin.commerce.models import Promise, Voucher
from tongxin.commerce.terms import VoucherState
from tongxin.events import actions, queries
from tongxin.events.actions import EntryIn, WalkIn
from tongxin.events.models import Attendance, DoorConflict, Pool, Registration, Scan
from tongxin.events.terms import JOURNAL_MOST, Conflict, Did, Via, Why
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people.models import Deed

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def evening(noon):
    made = Evening(guests=2)
    with clock.held(made.at):
        made.doors = [
            actions.open_door(viewer=viewer, event_id=made.event.public_id)[0]
            for viewer in (made.door, made.champion)
        ]
        yield made


def line(evening, n=0, minute=0, did=Did.ADMITTED, why=Why.OK, **more):
    """What a phone wrote down about a guest's code, `minute` after the door was opened."""
    at = evening.at + minute * MINUTE
    given = (
        {"ticket": evening.code(n, at=at)}
        if not more.keys() & {"ticket", "registration", "walk_in", "annuls"}
        else {}
    )
    return EntryIn(
        nonce=more.pop("nonce", None) or uuid.uuid4(), did=did, did_why=why, scanned_at=at, **given, **more
    )


def upload(evening, *journal, door=0, viewer=None, at=5 * HOUR):
    who = viewer or (evening.door, evening.champion)[door]
    with clock.held(evening.at + at):
        return actions.sync(viewer=who, door_id=evening.doors[door].public_id, journal=journal)


def refused(act, *args, **given):
    with pytest.raises(Refused) as refusal:
        act(*args, **given)
    return refusal.value.code


def open_conflicts():
    return sorted(DoorConflict.objects.filter(resolved_at=None).values_list("kind", flat=True))


def standing_deeds():
    taken_back = Deed.objects.exclude(reverses=None).values("reverses")
    return Deed.objects.filter(kind="checked_in", reverses=None).exclude(pk__in=taken_back).count()


def test_what_was_done_without_network_comes_home(evening):
    journal = [
        line(evening, 0, 1),
        line(evening, registration=evening.seats[1].public_id, via=Via.SEARCH, minute=2),
    ]

    taken = upload(evening, *journal)

    assert [(t.nonce, t.server, t.server_why, t.counted) for t in taken] == [
        (e.nonce, Did.ADMITTED, Why.OK, True) for e in journal
    ]
    scan = Scan.objects.get(nonce=journal[0].nonce)
    assert (scan.offline, scan.did, scan.server) == (True, "admitted", "admitted")
    assert (scan.scanned_at, scan.received_at) == (evening.at + MINUTE, evening.at + 5 * HOUR)
    assert Attendance.objects.get(registration=evening.seats[0]).at == evening.at + MINUTE
    assert standing_deeds() == 2
    assert open_conflicts() == []
    assert Entry.objects.filter(act="events.synced").count() == 1


def test_sent_again_nothing_changes(evening):
    journal = [line(evening, 0, 1), line(evening, 0, 2)]
    first = upload(evening, *journal)
    before = state_of(evening)

    assert upload(evening, *reversed(journal), *journal)[-2:] == first
    assert state_of(evening) == before
    assert Entry.objects.filter(act="events.synced").count() == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_one_ticket_at_two_phones_counts_once_and_is_looked_at(evening, order):
    journals = [line(evening, 0, 10), line(evening, 0, 3)]
    for n in order:
        upload(evening, journals[n], door=n)

    assert Attendance.objects.get(registration=evening.seats[0]).counted == journals[1].nonce
    assert standing_deeds() == 1
    assert (
        Deed.objects.filter(kind="checked_in", weight__gt=0).latest("id").occurred_at
        == evening.at + 3 * MINUTE
    )
    assert list(DoorConflict.objects.values_list("kind", "scan")) == [("twice", journals[0].nonce)]


def test_a_place_cancelled_before_the_scan_is_a_conflict_and_never_rewritten(evening):
    with clock.held(evening.at + MINUTE):
        actions.cancel_registration(
            viewer=member_viewer(evening.members[0]), registration_id=evening.seats[0].public_id
        )
    upload(evening, line(evening, 0, 2))

    scan = Scan.objects.get()
    assert (scan.did, scan.did_why, scan.server, scan.server_why) == (
        "admitted",
        "ok",
        "refused",
        "cancelled",
    )
    assert open_conflicts() == [Conflict.ADMITTED_CANCELLED]
    assert standing_deeds() == 0


def test_a_place_cancelled_after_the_scan_was_a_place_then(evening):
    with clock.held(evening.at + 20 * MINUTE):
        actions.cancel_registration(
            viewer=member_viewer(evening.members[0]), registration_id=evening.seats[0].public_id
        )
    upload(evening, line(evening, 0, 2))

    assert Scan.objects.get().server == "admitted"
    assert standing_deeds() == 1


def test_a_code_of_nobody_is_kept_and_looked_at(evening):
    forged = line(evening, ticket="TX1.AAAA.BBBB")
    taken = upload(evening, forged)

    assert (taken[0].server, taken[0].server_why) == (Did.REFUSED, Why.INVALID)
    row = DoorConflict.objects.get()
    assert (row.kind, row.scan, row.registration) == ("admitted_invalid", forged.nonce, None)
    upload(evening, forged)
    assert DoorConflict.objects.count() == 1


def test_who_was_told_no_at_the_door_leaves_no_conflict(evening):
    upload(evening, line(evening, ticket="TX1.AAAA.BBBB", did=Did.REFUSED, why=Why.INVALID))

    assert Scan.objects.get().did == "refused"
    assert open_conflicts() == []


def test_a_revoked_phone_is_heard_and_counts_for_nobody(evening):
    actions.revoke_door(viewer=evening.champion, door_id=evening.doors[0].public_id)
    upload(evening, line(evening, 0, 1))

    scan = Scan.objects.get()
    assert (scan.did, scan.server, scan.server_why) == ("admitted", "refused", "door_closed")
    assert open_conflicts() == [Conflict.REVOKED_DOOR]
    assert standing_deeds() == 0


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_an_annulment_may_come_home_before_its_scan(evening, order):
    scan = line(evening, 0, 1)
    undo = line(evening, minute=4, did=Did.ANNULLED, why=Why.ANNULLED, annuls=scan.nonce)
    for n in order:
        upload(evening, (scan, undo)[n])

    assert Attendance.objects.get().counted is None
    assert standing_deeds() == 0
    assert open_conflicts() == []


def test_taken_back_too_late_it_stands_and_is_looked_at(evening):
    scan = line(evening, 0, 1)
    upload(evening, scan, line(evening, minute=12, did=Did.ANNULLED, why=Why.ANNULLED, annuls=scan.nonce))

    assert Attendance.objects.get().counted == scan.nonce
    assert open_conflicts() == [Conflict.LATE_ANNULMENT]


def test_an_answer_that_got_lost(evening):
    """The server refused, the answer never arrived, and the phone let the guest in by itself: both are kept."""
    actions.cancel_registration(
        viewer=member_viewer(evening.members[0]), registration_id=evening.seats[0].public_id
    )
    online = evening.check_in(nonce=(nonce := uuid.uuid4()))
    assert online.did is Did.REFUSED
    for _ in range(2):
        upload(evening, line(evening, 0, 0, nonce=nonce))

    assert sorted(Scan.objects.values_list("did", flat=True)) == ["admitted", "refused"]
    assert open_conflicts() == [Conflict.ADMITTED_CANCELLED]


def test_an_answer_that_got_lost_but_said_the_same(evening):
    nonce = uuid.uuid4()
    evening.check_in(nonce=nonce)
    upload(evening, line(evening, 0, 0, nonce=nonce))
    assert Scan.objects.count() == 1


@pytest.mark.parametrize("days", [-400, 400])
def test_a_wrong_clock_is_kept_within_the_life_of_the_door(evening, days):
    wrong = line(evening, 0)
    wrong = EntryIn(
        wrong.nonce, wrong.did, wrong.did_why, evening.at + timedelta(days=days), ticket=wrong.ticket
    )
    upload(evening, wrong, at=11 * HOUR)

    door = evening.doors[0]
    assert Scan.objects.get().scanned_at == (door.opened_at if days < 0 else door.expires_at)


def test_after_the_door_has_expired_its_journal_is_still_taken(evening):
    upload(evening, line(evening, 0, 1), at=72 * HOUR)
    assert standing_deeds() == 1


def test_nobody_elses_journal(evening):
    for viewer in (worker(StoreFactory()), worker(evening.store), member_viewer(evening.members[0])):
        assert refused(upload, evening, line(evening), viewer=viewer) == "absent"
    assert refused(upload, evening, *[line(evening)] * (JOURNAL_MOST + 1)) == "events.journal_long"
    assert not Scan.objects.exists()


# ---- walk-ins without network


def walk(evening, minute=1, **who):
    return line(evening, minute=minute, walk_in=WalkIn(**who), via=Via.WALK_IN)


def test_a_walk_in_without_network_gets_a_seat_when_it_comes_home(evening):
    member = CustomerFactory(phone="13812345678")
    journal = [walk(evening, phone="13812345678"), walk(evening, 2, nickname="小桃")]
    for _ in range(2):
        upload(evening, *journal)

    walked = Registration.objects.filter(walk_in=True).order_by("registered_at")
    assert walked[0].person_id == member.pk
    assert walked.count() == 2
    assert standing_deeds() == 2
    assert Pool.objects.get(occurrence=evening.event).taken == 4


def test_a_walk_in_over_the_capacity_is_a_conflict_never_a_seat(noon):
    made = Evening(guests=2, places=2)
    with clock.held(made.at):
        made.doors = [actions.open_door(viewer=made.door, event_id=made.event.public_id)[0]]
    upload(made, walk(made, nickname="小桃"))

    scan = Scan.objects.get()
    assert (scan.did, scan.server, scan.server_why, scan.registration) == (
        "admitted",
        "refused",
        "full",
        None,
    )
    assert open_conflicts() == [Conflict.ADMITTED_INVALID]
    assert Pool.objects.get(occurrence=made.event).taken == 2


# ---- conflicts


def test_a_champion_says_what_was_right(evening):
    actions.revoke_door(viewer=evening.champion, door_id=evening.doors[0].public_id)
    upload(evening, line(evening, 0, 1))
    shown = queries.conflicts_of(evening.champion, evening.event.public_id)
    assert [(c.kind, c.name, c.resolved_at) for c in shown] == [
        ("revoked_door", evening.members[0].nickname[0] + "*", None)
    ]

    for viewer, code in ((evening.door, "absent"), (worker(StoreFactory()), "absent")):
        assert refused(actions.resolve, viewer=viewer, conflict_id=shown[0].public_id, verdict="在的") == code
        assert refused(queries.conflicts_of, viewer, evening.event.public_id) == code
    assert (
        refused(actions.resolve, viewer=evening.champion, conflict_id=shown[0].public_id, verdict=" ")
        == "input.bad"
    )
    for _ in range(2):
        actions.resolve(
            viewer=evening.champion, conflict_id=shown[0].public_id, verdict="人在现场", came=True
        )

    assert standing_deeds() == 1
    assert Attendance.objects.get().at == evening.at + MINUTE
    assert open_conflicts() == []
    assert Scan.objects.filter(did="admitted", server="refused").count() == 1  # the old scan stands as it was
    assert Entry.objects.filter(act="events.conflict_resolved").count() == 1


def test_a_conflict_of_nobody_cannot_make_somebody_come(evening):
    upload(evening, line(evening, ticket="TX1.AAAA.BBBB"))
    row = DoorConflict.objects.get()
    given = {"viewer": evening.champion, "conflict_id": row.public_id, "verdict": "不认识"}
    assert refused(actions.resolve, came=True, **given) == "events.seat_state"
    assert open_conflicts() == [Conflict.ADMITTED_INVALID]
    actions.resolve(**given)
    assert open_conflicts() == []


def test_a_voucher_that_was_spent_meanwhile_stays_and_is_looked_at(noon):
    made = Evening(guests=1, fee_fen=3900, voucher_fen=3900)
    commerce.mark_paid(
        viewer=made.champion, promise_id=Promise.objects.get().public_id, receipt="A-1", store=made.store
    )
    with clock.held(made.at):
        made.doors = [actions.open_door(viewer=made.door, event_id=made.event.public_id)[0]]
    scan = line(made, 0, 1)
    upload(made, scan, at=HOUR)
    assert Voucher.objects.count() == 1
    with clock.held(made.at + 2 * HOUR):
        commerce.redeem(
            viewer=made.champion, code=Voucher.objects.get().code, store=made.store, receipt="A-2"
        )
    upload(made, line(made, minute=5, did=Did.ANNULLED, why=Why.ANNULLED, annuls=scan.nonce))

    assert Attendance.objects.get().counted is None
    assert open_conflicts() == [Conflict.LATE_ANNULMENT]
    assert Voucher.objects.get().state == VoucherState.REDEEMED


def test_nothing_personal_stands_in_the_trail_or_in_a_log(evening, caplog):
    member = CustomerFactory(phone="13812347788", nickname="林小满")
    door = evening.doors[0].public_id
    code = evening.code()
    evening.check_in(ticket=code, door_id=door)
    actions.find(viewer=evening.door, door_id=door, text="7788")
    actions.find(viewer=evening.door, door_id=door, text="林小")
    actions.walk_in(
        viewer=evening.door,
        event_id=evening.event.public_id,
        nonce=uuid.uuid4(),
        who=WalkIn("13812347788", "林小满"),
    )
    upload(evening, walk(evening, phone="13900001111", nickname="小桃"), line(evening, 1, 2))
    kept = str(
        [list(e.values()) for e in Entry.objects.values("subject_id", "before", "after", "reason", "act")]
    )

    for word in ("7788", "0001111", "林", "小桃", code.split(".")[1], str(evening.seats[0].ticket)):
        assert word not in kept
        assert word not in caplog.text
    assert str(member.public_id) not in caplog.text


# ---- random schedules


@pytest.mark.parametrize("seed", range(6))
def test_every_order_of_upload_ends_the_same(noon, seed):
    """The small version of five hundred schedules (bench/checkin.py): three phones over a day."""
    schedule = Schedule(random.Random(seed), guests=3, acts=12)

    states = [schedule.played(order) for order in schedule.orders(3)]

    assert all(state == states[0] for state in states[1:])
    assert states[0]["scans"] == schedule.written
    assert states[0]["rewards"] == states[0]["counted_once"]
    assert states[0]["conflicts"] == schedule.expected_conflicts
