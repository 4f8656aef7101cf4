"""Machines ten minutes apart (promise P36). Every protection has its control arm: the same without the common clock.

A machine whose clock is wrong is this process with `datetime.now` moved; the database keeps the right time.
"""

import json
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from unittest import mock

import pyotp
import pytest
from django.db import connection, transaction

from people.factories import CustomerFactory, member_viewer
from tongxin.foundation import clock, one_clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries
from tongxin.foundation.accounts.models import PhoneCode, SignIn
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.audit import actions as audit
from tongxin.foundation.audit import queries as trails
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency import actions as once
from tongxin.foundation.outbox import actions as letters
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.ports import Outcome
from tongxin.foundation.outbox.terms import State
from tongxin.people import actions as people
from tongxin.people import ledger
from tongxin.people import queries as persons
from tongxin.people.terms import Purpose

JOB = system("test")
AHEAD, BEHIND = 10, -10
FOLLOWS = pytest.mark.parametrize("follows", [True, False], ids=["", "control"])


@contextmanager
def machine(minutes, *, follows=True):
    """A machine whose own clock is wrong by so many minutes, and which goes by the database's or does not."""

    class Wrong(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) + timedelta(minutes=minutes)

    before = clock._ahead
    with mock.patch.object(clock, "datetime", Wrong), mock.patch.object(one_clock, "datetime", Wrong):
        clock.set_ahead(timedelta(0))
        if follows:
            with mock.patch.object(one_clock, "_due", float("-inf")):
                one_clock.look(connection)
        try:
            yield
        finally:
            clock.set_ahead(before)


def refused(act):
    with pytest.raises(Refused) as no:
        act()
    return no.value.code


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", [AHEAD, BEHIND, 0])
def test_every_machine_goes_by_the_databases_clock(minutes):
    with machine(minutes):
        assert abs(clock.now() - datetime.now(UTC)) < timedelta(seconds=5)
    with machine(minutes, follows=False):  # the control: the machine's own clock
        assert abs(clock.now() - datetime.now(UTC) - timedelta(minutes=minutes)) < timedelta(seconds=5)


def test_a_slow_answer_is_no_difference_of_clocks():
    begun, second = datetime(2026, 3, 5, tzinfo=UTC), timedelta(seconds=1)
    ahead = lambda off, took: one_clock.ahead(there=begun + off, begun=begun, took=took)  # noqa: E731
    assert ahead(timedelta(minutes=10), second) == timedelta(minutes=10) - second / 2
    assert ahead(timedelta(minutes=-10), second) == timedelta(minutes=-10) - second / 2
    assert ahead(second, 2 * second) == timedelta(0)
    assert ahead(0.25 * second, 0 * second) == timedelta(0)
    assert ahead(0.26 * second, 0 * second) == 0.26 * second


@pytest.mark.django_db
def test_the_database_is_asked_at_most_once_a_minute_and_only_ours(django_assert_num_queries):
    asked = mock.Mock(alias="default", vendor="postgresql")
    asked.connection.execute.return_value.fetchone.return_value = (datetime.now(UTC),)
    with mock.patch.object(one_clock, "_due", float("-inf")):
        one_clock.look(mock.Mock(alias="other", vendor="postgresql"))
        one_clock.look(mock.Mock(alias="default", vendor="sqlite"))
        one_clock.look(asked)
        one_clock.look(asked)
        assert asked.connection.execute.call_count == 1
        with mock.patch.object(one_clock.time, "monotonic", return_value=one_clock._due + 1):
            one_clock.look(asked)
        assert asked.connection.execute.call_count == 2


@FOLLOWS
@pytest.mark.django_db
def test_a_no_holds_at_once_although_the_yes_came_from_a_machine_ahead(follows):
    customer = CustomerFactory()
    me = member_viewer(customer)

    def say(*, granted):
        people.set_consent(
            viewer=me, customer=customer, purpose=Purpose.PHOTO, granted=granted, notice_version="1", channel="member_page"
        )  # fmt: skip

    with machine(AHEAD, follows=follows):
        say(granted=True)
    with machine(BEHIND, follows=follows):
        say(granted=False)
    with machine(AHEAD, follows=follows):
        assert (persons.consented(Purpose.PHOTO) == frozenset()) is follows


@FOLLOWS
@pytest.mark.django_db
def test_what_a_machine_ahead_wrote_down_is_known_on_one_behind(follows):
    customer = CustomerFactory()
    with machine(AHEAD, follows=follows):
        deed = ledger.record(
            viewer=JOB, person=customer, kind="checked_in", occurred_at=clock.now(), source=("t", "1")
        )
    with machine(BEHIND, follows=follows):
        assert (deed.known_at <= clock.now()) is follows


class Slow:
    """A carrier at whose door another relay comes by."""

    dedupes = False

    def __init__(self, meanwhile):
        self.carried, self.meanwhile = 0, meanwhile

    def carry(self, letter):
        self.carried += 1
        if self.carried == 1:
            self.meanwhile()
        return Outcome("sent", "ok")


def post(**more):
    with transaction.atomic():
        return letters.post(
            viewer=JOB, kind="code", to="13812341234", body={"code": "1"}, carrier="box", key="k", **more
        )


@FOLLOWS
@pytest.mark.django_db
def test_a_relay_at_work_is_not_taken_for_dead_by_one_ahead(follows):
    seen = []

    def another():
        with machine(AHEAD, follows=follows):
            seen.append(relay.drain(carriers={"box": box}).recovered)

    box = Slow(another)
    with machine(BEHIND, follows=follows):
        post()
        relay.drain(carriers={"box": box})
    assert (seen, box.carried) == ([0 if follows else 1], 1)


@FOLLOWS
@pytest.mark.django_db
def test_a_letter_of_a_machine_ahead_leaves_at_once(follows):
    with machine(AHEAD, follows=follows):
        post()
    with machine(BEHIND, follows=follows):
        assert relay.drain(carriers={"box": Slow(lambda: None)}).carried == (1 if follows else 0)


@FOLLOWS
@pytest.mark.django_db
def test_a_letter_does_not_run_out_on_the_way_to_a_machine_ahead(follows):
    with machine(BEHIND, follows=follows):
        post(expires_at=clock.now() + timedelta(minutes=10))
    with machine(AHEAD, follows=follows):
        relay.drain(carriers={"box": Slow(lambda: None)})
    assert Letter.objects.get().state == (State.SENT if follows else State.EXPIRED)


@FOLLOWS
@pytest.mark.django_db
def test_a_code_by_phone_holds_on_a_machine_ahead(follows):
    with machine(BEHIND, follows=follows):
        accounts.send_code(phone_hash="h", to="13812341234", known=True, carrier="screen")
    code = json.loads(Letter.objects.get().body)["code"]
    with machine(AHEAD, follows=follows):
        check = lambda: accounts.check_code(phone_hash="h", code=code, origin="203.0.113.7")  # noqa: E731
        if follows:
            check()
            assert PhoneCode.objects.get().used_at is not None
        else:
            assert refused(check) == "accounts.wrong_code"


@pytest.fixture
def staff(db):
    return accounts.create_account(
        viewer=JOB, handle="chen", kind=AccountKind.STAFF, password="a-long-test-phrase"
    )


@FOLLOWS
def test_a_session_ends_at_the_same_instant_everywhere(staff, follows):
    with machine(BEHIND, follows=follows):
        opened = accounts.open_session(account=staff)
    with machine(AHEAD, follows=follows):
        assert queries.entry_of_session(str(opened.public_id)) is not None
    # four minutes before its idle end it still holds everywhere, four minutes after it nowhere
    idle = SignIn.objects.get().idle_until - datetime.now(UTC)
    for late, holds in ((-4, True), (4, False)):
        for minutes in (BEHIND, AHEAD):
            with machine(minutes + late + idle / timedelta(minutes=1), follows=False):
                if follows:
                    clock.set_ahead(-timedelta(minutes=minutes))
                found = queries.entry_of_session(str(opened.public_id)) is not None
                assert (found is holds) or not follows
    if not follows:
        with machine(AHEAD - 4 + idle / timedelta(minutes=1), follows=False):
            assert queries.entry_of_session(str(opened.public_id)) is None  # ten minutes too early


@FOLLOWS
def test_a_token_is_refused_at_its_end_on_a_machine_behind(staff, follows):
    me = Viewer(account=staff.pk, name="chen")
    _, secret = accounts.issue_token(
        viewer=me,
        account=staff,
        scopes=frozenset({"me"}),
        expires_at=datetime.now(UTC) + timedelta(milliseconds=300),
    )
    assert queries.entry_of_secret(secret) is not None
    connection.connection.execute("SELECT pg_sleep(0.4)")
    with machine(BEHIND, follows=follows):
        assert (queries.entry_of_secret(secret) is None) is follows


@FOLLOWS
def test_the_second_factor_fits_on_a_machine_ahead(staff, follows):
    opened = accounts.open_session(account=staff)
    secret, _ = accounts.begin_second_factor(account=staff)
    code = pyotp.TOTP(secret).at(datetime.now(UTC))
    with machine(AHEAD, follows=follows):
        prove = lambda: accounts.confirm_second_factor(sign_in=opened, code=code, origin="203.0.113.7")  # noqa: E731
        if follows:
            assert len(prove()) == 10
        else:
            assert refused(prove) == "accounts.wrong_code"


@pytest.mark.django_db
@pytest.mark.parametrize("follows", [True, False], ids=["", "even by its own clock"])
def test_a_write_is_done_once_whichever_machine_is_asked(follows):
    done = []

    def write():
        return once.once(
            viewer=JOB,
            route="POST /x",
            key="k" * 20,
            body=b"{}",
            act=lambda: (201, {"n": len(done) or done.append(1)}),
        )

    with machine(AHEAD, follows=follows):
        assert write()[2] is False
    with machine(BEHIND, follows=follows):
        assert write()[2] is True
    for minutes in (AHEAD, BEHIND):
        with machine(minutes + 24 * 60, follows=False):  # a day later, and the clock wrong as well
            assert once.forget() == 0
            assert write()[2] is True
    assert done == [1]


@FOLLOWS
@pytest.mark.django_db
def test_the_trail_is_in_order_whoever_wrote_it(follows):
    for turn in range(6):
        with machine((AHEAD, BEHIND, 0)[turn % 3], follows=follows), transaction.atomic():
            audit.trail(viewer=JOB, act="test.skewed", subject=("test", "turn", turn))
    with machine(AHEAD, follows=follows):
        audit.seal()
    entries = list(Entry.objects.filter(act="test.skewed").order_by("position"))
    assert [entry.subject_id for entry in entries] == list("012345")  # the chain never goes by the clock
    assert trails.verify().ok
    times = [entry.at for entry in entries]
    # Each machine knows the common clock as well as one answer of the database told it, half a second at most.
    assert all(later > earlier - timedelta(seconds=1) for earlier, later in pairwise(times)) is follows
