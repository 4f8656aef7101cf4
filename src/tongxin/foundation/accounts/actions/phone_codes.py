"""Members sign in by a code to their phone, of which we keep keyed hashes only."""

import hmac
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import F

from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.accounts import guard
from tongxin.foundation.accounts.models import (
    PhoneCode,
)
from tongxin.foundation.accounts.terms import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_DAY,
    Proof,
)
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.outbox.actions import post
from tongxin.foundation.sealing import blind


def send_code(*, phone_hash: str, to: str, known: bool, carrier: str) -> None:
    """Post a six-digit code to a phone; at most five a day. An unknown phone costs the same work and gets nothing.

    `to` is the number itself, which only the sealed letter keeps. Refuses `accounts.too_many_codes`.
    """
    at = clock.now()
    code = f"{secrets.randbelow(10**6):06d}"
    with transaction.atomic(), advisory(f"phone-code:{phone_hash}"):
        if (
            PhoneCode.objects.filter(phone_hash=phone_hash, sent_at__gt=at - timedelta(days=1)).count()
            >= CODES_PER_DAY
        ):
            raise Refused("accounts.too_many_codes")
        # A code for an unknown phone is kept under a hash that no six digits give.
        kept = _code_hash(phone_hash, code if known else secrets.token_hex(16))
        made = PhoneCode.objects.create(
            phone_hash=phone_hash, code_hash=kept, sent_at=at, expires_at=at + CODE_LIFE
        )
        undo = transaction.savepoint()
        post(
            viewer=ANONYMOUS,
            kind="sign_in_code",
            to=to,
            body={"code": code, "minutes": int(CODE_LIFE.total_seconds()) // 60},
            carrier=carrier,
            key=f"sign-in-code:{made.pk}",
            expires_at=at + CODE_LIFE,
        )
        (transaction.savepoint_commit if known else transaction.savepoint_rollback)(undo)


def _code_hash(phone_hash: str, code: str) -> str:
    return blind("sign-in-code", f"{phone_hash}:{code}")


def check_code(*, phone_hash: str, code: str, origin: str) -> None:
    """Judge a code once: five tries, ten minutes, the newest code only.

    The try is committed before it is judged, so a refusal cannot hand it back: call it outside a transaction.
    Refuses `accounts.wrong_code`, `accounts.too_many`.
    """
    attempt = guard.claim(Proof.PHONE, subject=phone_hash, origin=origin)
    at = clock.now()
    newest = PhoneCode.objects.filter(phone_hash=phone_hash).order_by("-sent_at", "-id").first()
    kept, key = (newest.code_hash, newest.pk) if newest is not None else ("-" * 64, 0)
    right = hmac.compare_digest(kept.encode(), _code_hash(phone_hash, code.strip()).encode())
    still_open = PhoneCode.objects.filter(pk=key, used_at=None, expires_at__gt=at, tries__lt=CODE_TRIES)
    counted = still_open.update(tries=F("tries") + 1)
    used = PhoneCode.objects.filter(pk=key, used_at=None).update(used_at=at) if right and counted else 0
    if not used:
        raise Refused("accounts.wrong_code")
    guard.passed(attempt)
