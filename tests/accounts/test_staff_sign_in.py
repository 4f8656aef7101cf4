"""Handle and password, guessing, sessions."""

import os
import statistics
import time
from datetime import timedelta

import pytest

from accounts.proofs import HOME, PASSWORD, code_of
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import actions, guard, queries
from tongxin.foundation.accounts.actions import sign_ins
from tongxin.foundation.accounts.models import Account, Attempt, SignIn
from tongxin.foundation.accounts.terms import AccountKind, Proof
from tongxin.foundation.audit.models import Entry

H = timedelta(hours=1)
PAIRS = int(os.environ.get("TONGXIN_PAIRS", "10"))  # more by hand: each costs half a second of processor
pytestmark = pytest.mark.django_db


def sign_in(handle="chen", password=PASSWORD, origin=HOME):
    return actions.sign_in_staff(handle=handle, password=password, origin=origin)


def test_the_right_password_opens_a_session_that_the_cookie_can_name(chen):
    opened = sign_in()
    entry = queries.entry_of_session(str(opened.public_id))
    assert entry is not None
    assert (entry.account, entry.second_factor, entry.complete, entry.scopes) == (chen, False, True, None)
    assert Entry.objects.filter(act="accounts.signed_in").count() == 1


@pytest.mark.parametrize("handle", ["chen", "nobody"])
def test_wrong_and_unknown_are_refused_alike(chen, handle):
    assert code_of(lambda: sign_in(handle, "wrong-password-x")) == "accounts.wrong"
    assert SignIn.objects.count() == 0


def test_members_closed_accounts_and_accounts_without_password_cannot_sign_in_as_staff(chen, job):
    actions.create_account(viewer=job, handle="m1", kind=AccountKind.MEMBER, password=PASSWORD)
    actions.create_account(viewer=job, handle="svc", kind=AccountKind.STAFF)
    actions.switch_account(viewer=job, account=chen, active=False)
    for handle in ("m1", "svc", "chen"):
        assert code_of(lambda h=handle: sign_in(h)) == "accounts.wrong"
    actions.switch_account(viewer=job, account=chen, active=True)
    assert sign_in()


@pytest.mark.parametrize("handle", ["chen", "nobody"])
def test_the_sixth_try_in_half_an_hour_is_refused_even_with_the_right_password(chen, handle):
    for _ in range(5):
        assert code_of(lambda: sign_in(handle, "wrong-password-x")) == "accounts.wrong"
    assert code_of(lambda: sign_in(handle)) == "accounts.too_many"
    with clock.held(clock.now() + timedelta(minutes=31)):
        if handle == "chen":
            assert sign_in()
        else:
            assert code_of(lambda: sign_in(handle)) == "accounts.wrong"


def test_upper_case_does_not_open_a_second_counter(chen):
    for i in range(5):
        code_of(lambda i=i: sign_in("CHEN" if i % 2 else "chen", "wrong-password-x"))
    assert code_of(sign_in) == "accounts.too_many"


def test_control_arm_without_the_counter_the_sixth_try_goes_through(chen, monkeypatch):
    monkeypatch.setattr(guard.rules, "wait_minutes", lambda tries, now: 0)
    for _ in range(5):
        code_of(lambda: sign_in(password="wrong-password-x"))
    assert sign_in()


def test_thirty_failures_an_hour_from_one_address(chen):
    for i in range(30):
        code_of(lambda i=i: sign_in(f"guess-{i}", "wrong-password-x"))
    assert code_of(sign_in) == "accounts.too_many"
    assert sign_in(origin="198.51.100.9")


def test_a_right_try_does_not_count(chen):
    for _ in range(12):
        sign_in()
    assert Attempt.objects.filter(passed=True).count() == 12


def test_tries_keep_neither_names_nor_addresses(chen):
    sign_in()
    attempt = Attempt.objects.get()
    assert "chen" not in attempt.subject
    assert HOME not in attempt.origin


def test_each_proof_counts_by_itself(chen):
    for _ in range(5):
        guard.claim(Proof.FACTOR, subject="chen", origin=HOME)
    assert sign_in()


def test_unknown_names_take_as_long_as_known_ones(chen, settings):
    """Promise P24: the median time differs by less than 5 % (measured over interleaved pairs, with the real hasher)."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    sign_ins._NOBODY.clear()
    known = Account.objects.get(handle="chen")
    known.set_password(PASSWORD)
    known.save()
    sign_ins._nobody()

    def seconds(handle, i):
        start = time.process_time()
        code_of(lambda: sign_in(handle, "wrong-password-x", origin=f"10.0.0.{i}"))
        taken = time.process_time() - start
        Attempt.objects.all().delete()
        return taken

    pairs = [(seconds("chen", i), seconds("nobody", i)) for i in range(PAIRS)]
    sign_ins._NOBODY.clear()
    known_median, unknown_median = (statistics.median(side) for side in zip(*pairs, strict=True))
    # Few pairs on a shared machine: the tolerance is wider than the promise; the twin below shows what it would catch.
    assert abs(known_median - unknown_median) < 0.25 * known_median
    assert (
        unknown_median > 0.01
    )  # the twin: without the stand-in hash an unknown name answers within a millisecond or two


# ---- sessions


def test_sessions_end_after_three_idle_hours_and_after_twelve(chen):
    opened = sign_in()
    at = clock.now()
    name = str(opened.public_id)
    with clock.held(at + 2.9 * H):
        entry = queries.entry_of_session(name)
        actions.note_seen(sign_in=entry.sign_in)
    with clock.held(at + 3.1 * H):
        assert queries.entry_of_session(name)
    with clock.held(at + 6 * H):
        assert queries.entry_of_session(name) is None
    for hours in range(2, 12, 2):
        with clock.held(at + hours * H):
            SignIn.objects.update(seen_at=clock.now(), idle_until=clock.now() + 3 * H)
    with clock.held(at + 12 * H):
        assert queries.entry_of_session(name) is None


def test_being_seen_is_written_once_a_minute(chen, django_assert_num_queries):
    opened = sign_in()
    with django_assert_num_queries(0):
        actions.note_seen(sign_in=opened)
    with clock.held(clock.now() + timedelta(minutes=2)), django_assert_num_queries(1):
        actions.note_seen(sign_in=opened)


@pytest.mark.parametrize("name", ["", "x", "00000000-0000-0000-0000-000000000000"])
def test_a_made_up_cookie_is_nobody(chen, name):
    assert queries.entry_of_session(name) is None


def own(account) -> Viewer:
    return Viewer(account=account.pk, name=account.handle)


def test_one_sees_and_ends_ones_own_sessions_only(chen, job):
    other = actions.create_account(viewer=job, handle="liu", kind=AccountKind.STAFF, password=PASSWORD)
    first, second = sign_in(), sign_in()
    listed = queries.open_doors(own(chen), here=str(second.public_id))
    assert {(d.public_id, d.here) for d in listed} == {(first.public_id, False), (second.public_id, True)}
    assert code_of(lambda: actions.end_session(viewer=own(other), public_id=first.public_id)) == "absent"
    assert queries.entry_of_session(str(first.public_id))
    actions.end_session(viewer=own(chen), public_id=first.public_id)
    assert queries.entry_of_session(str(first.public_id)) is None
    assert queries.entry_of_session(str(second.public_id))


def test_log_out_everywhere_ends_sessions_and_tokens(chen, job):
    opened = sign_in()
    _, secret = actions.issue_token(viewer=own(chen), account=chen, scopes=frozenset({"me"}))
    actions.end_sessions(viewer=own(chen), account=chen)
    assert queries.entry_of_session(str(opened.public_id)) is None
    assert queries.entry_of_secret(secret) is None
    chen.refresh_from_db()
    assert queries.entry_of_session(str(sign_in().public_id))


def test_a_new_password_ends_what_was_open(chen, job):
    opened = sign_in()
    actions.set_password(viewer=job, account=chen, password="another-good-phrase")
    assert queries.entry_of_session(str(opened.public_id)) is None
    assert sign_in(password="another-good-phrase")


@pytest.mark.parametrize("weak", ["short", "password1234"])
def test_weak_passwords_are_refused_and_nothing_is_written(db, job, weak):
    call = lambda: actions.create_account(viewer=job, handle="w", kind=AccountKind.STAFF, password=weak)  # noqa: E731
    assert code_of(call) == "accounts.weak_password"
    assert not Account.objects.filter(handle="w").exists()


def test_a_taken_handle_is_refused(chen, job):
    call = lambda: actions.create_account(viewer=job, handle="chen", kind=AccountKind.STAFF)  # noqa: E731
    assert code_of(call) == "accounts.handle_taken"


def test_accounts_are_looked_up_by_handle(chen, job):
    assert queries.account_by_handle(job, "chen") == chen
    assert Account.objects.get_by_natural_key("chen") == chen
    assert queries.account_by_public_id(job, chen.public_id) == chen
    assert code_of(lambda: queries.account_by_handle(own(chen), "chen")) == "absent"
    assert code_of(lambda: queries.account_by_handle(job, "no")) == "absent"
    assert (
        code_of(lambda: queries.account_by_public_id(Viewer(account=None, name="?"), chen.public_id))
        == "absent"
    )
