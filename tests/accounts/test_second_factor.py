"""The generator's code and the codes on paper: each counts once."""

from datetime import timedelta

import pyotp
import pytest
from django.db import connection

from accounts.proofs import HOME, PASSWORD, code_of
from tongxin.foundation import clock
from tongxin.foundation.accounts import actions, queries
from tongxin.foundation.accounts.models import RecoveryCode, SecondFactor

pytestmark = pytest.mark.django_db
HALF_MINUTE = timedelta(seconds=30)


@pytest.fixture
def opened(chen):
    return actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)


@pytest.fixture
def secret(chen):
    return actions.begin_second_factor(account=chen)[0]


def prove(opened, code):
    return actions.confirm_second_factor(sign_in=opened, code=code, origin=HOME)


def now_code(secret, shift=0):
    return pyotp.TOTP(secret).at(clock.now() + shift * HALF_MINUTE)


def test_the_first_right_code_confirms_and_hands_out_ten_paper_codes(opened, secret, chen):
    assert queries.second_factor_state(chen) == "pending"
    paper = prove(opened, now_code(secret))
    assert len(set(paper)) == 10
    assert all(len(code) == 19 for code in paper)
    assert queries.second_factor_state(chen) == "confirmed"
    entry = queries.entry_of_session(str(opened.public_id))
    assert (entry.second_factor, entry.complete) == (True, True)


def test_a_confirmed_factor_is_owed_by_every_new_session(opened, secret, chen):
    prove(opened, now_code(secret))
    again = actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)
    assert queries.entry_of_session(str(again.public_id)).complete is False
    with clock.held(clock.now() + 2 * HALF_MINUTE):
        assert prove(again, now_code(secret)) == ()
        assert queries.entry_of_session(str(again.public_id)).complete is True


@pytest.mark.parametrize(("shift", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_neighbouring_half_minutes_pass(opened, secret, shift, right):
    if right:
        assert prove(opened, now_code(secret, shift))
    else:
        assert code_of(lambda: prove(opened, now_code(secret, shift))) == "accounts.wrong_code"


def test_a_code_counts_once(opened, secret, chen):
    code = now_code(secret)
    prove(opened, code)
    again = actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)
    assert code_of(lambda: prove(again, code)) == "accounts.wrong_code"


def test_control_arm_without_the_last_step_the_code_would_count_twice(opened, secret, chen):
    code = now_code(secret)
    prove(opened, code)
    SecondFactor.objects.update(last_step=0)
    again = actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)
    prove(again, code)


def test_a_paper_code_counts_once_in_any_spelling(opened, secret, chen):
    paper = prove(opened, now_code(secret))
    again = actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)
    prove(again, paper[0].lower().replace("-", ""))
    third = actions.sign_in_staff(handle="chen", password=PASSWORD, origin=HOME)
    assert code_of(lambda: prove(third, paper[0])) == "accounts.wrong_code"
    assert RecoveryCode.objects.filter(used_at=None).count() == 9


def test_guessing_is_counted(opened, secret):
    for _ in range(5):
        assert code_of(lambda: prove(opened, "000000")) == "accounts.wrong_code"
    assert code_of(lambda: prove(opened, now_code(secret))) == "accounts.too_many"


def test_without_a_begun_factor_there_is_nothing_to_prove(opened):
    assert code_of(lambda: prove(opened, "123456")) == "accounts.no_factor"


def test_a_confirmed_factor_cannot_be_replaced_by_beginning_again(opened, secret, chen):
    prove(opened, now_code(secret))
    assert code_of(lambda: actions.begin_second_factor(account=chen)) == "accounts.factor_exists"


def test_an_unconfirmed_one_can(opened, chen):
    first, address = actions.begin_second_factor(account=chen)
    assert address.startswith("otpauth://totp/")
    second, _ = actions.begin_second_factor(account=chen)
    assert code_of(lambda: prove(opened, now_code(first))) == "accounts.wrong_code"
    assert prove(opened, now_code(second))


def test_dropping_it_ends_everything_and_lets_a_new_one_begin(opened, secret, chen, job):
    prove(opened, now_code(secret))
    actions.drop_second_factor(viewer=job, account=chen)
    assert queries.entry_of_session(str(opened.public_id)) is None
    assert queries.second_factor_state(chen) == "none"
    assert RecoveryCode.objects.count() == 0


def test_secret_and_paper_are_not_readable_in_the_tables(opened, secret):
    paper = prove(opened, now_code(secret))
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret FROM accounts_secondfactor")
        assert secret not in cursor.fetchone()[0]
        cursor.execute("SELECT string_agg(code_hash, ' ') FROM accounts_recoverycode")
        kept = cursor.fetchone()[0]
    assert not any(code.replace("-", "") in kept for code in paper)
