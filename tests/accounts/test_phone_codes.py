"""Members sign in by a code to their phone."""

from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.db import connection

from accounts.proofs import HOME, code_of
from tongxin.foundation import clock
from tongxin.foundation.accounts import actions
from tongxin.foundation.accounts.models import PhoneCode
from tongxin.foundation.accounts.terms import CODE_TRIES
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.sealing import blind

PHONE = "+8613812341234"
HASH = blind("phone", PHONE)
MINUTE = timedelta(minutes=1)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _noon(noon):
    return noon


def send(known=True, phone=PHONE):
    actions.send_code(phone_hash=blind("phone", phone), to=phone, known=known, carrier="screen")


def sent_code() -> str:
    letter = Letter.objects.order_by("-id").first()
    return letter.body.split('"code": "')[1][:6]


def check(code, origin=HOME):
    actions.check_code(phone_hash=HASH, code=code, origin=origin)


def test_the_code_in_the_letter_opens_once():
    send()
    code = sent_code()
    check(code)
    assert code_of(lambda: check(code)) == "accounts.wrong_code"


def test_the_letter_goes_out_of_date_with_the_code():
    send()
    letter = Letter.objects.get()
    assert (letter.to, letter.kind) == (PHONE, "sign_in_code")
    assert letter.expires_at == clock.now() + 10 * MINUTE
    with clock.held(clock.now() + 10 * MINUTE):
        assert code_of(lambda: check(sent_code())) == "accounts.wrong_code"


def test_only_the_newest_code_opens():
    send()
    old = sent_code()
    with clock.held(clock.now() + MINUTE):
        send()
        new = sent_code()
        if old != new:
            assert code_of(lambda: check(old)) == "accounts.wrong_code"
        check(new)


def test_five_tries_a_code_then_the_right_one_is_wrong_too():
    send()
    right = sent_code()
    wrong = "000000" if right != "000000" else "111111"
    for i in range(CODE_TRIES):
        assert code_of(lambda i=i: check(wrong, origin=f"10.0.0.{i}")) == "accounts.wrong_code"
    # The counter of the name refuses first; half an hour later the code itself is over.
    assert code_of(lambda: check(right)) == "accounts.too_many"


def test_control_arm_with_a_fresh_count_the_right_code_still_opens():
    send()
    right = sent_code()
    PhoneCode.objects.update(tries=CODE_TRIES)
    assert code_of(lambda: check(right)) == "accounts.wrong_code"
    PhoneCode.objects.update(tries=CODE_TRIES - 1)
    check(right)


@pytest.mark.parametrize("known", [True, False])
def test_five_codes_a_day_and_the_same_answer_for_the_unknown(known):
    for _ in range(5):
        send(known)
    assert code_of(lambda: send(known)) == "accounts.too_many_codes"
    assert Letter.objects.count() == (5 if known else 0)
    send(known, phone="+8613900000000")
    with clock.held(clock.now() + timedelta(days=1, seconds=1)):
        send(known)


def test_nobody_signs_in_with_a_code_for_an_unknown_phone():
    send(known=False)
    assert code_of(lambda: check("000000")) == "accounts.wrong_code"


def test_without_any_code_the_answer_is_the_same():
    assert code_of(lambda: check("123456")) == "accounts.wrong_code"


def test_neither_phone_nor_code_stand_in_the_table():
    send()
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM accounts_phonecode c")
        row = cursor.fetchone()[0]
    assert PHONE not in row
    assert "13812341234" not in row
    assert f'"{sent_code()}"' not in row


@pytest.mark.django_db(transaction=True)
def test_twelve_at_once_open_one_door():
    send()
    code, opened, refused = sent_code(), [], []
    at, start = clock.now(), Barrier(12)

    def run(i):
        try:
            with clock.held(at):
                start.wait(10)
                check(code, origin=f"10.0.1.{i}")
            opened.append(i)
        except Refused as no:
            refused.append(no.code)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(i,)) for i in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(opened) == 1
    assert len(refused) == 11
