"""The second factor: a generator of codes, and codes on paper for the day it is lost. Each code counts once."""

import hmac
from datetime import datetime

import pyotp
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import guard
from tongxin.foundation.accounts.actions.accounts import new_epoch, oneself, subject_of
from tongxin.foundation.accounts.actions.keys import readable
from tongxin.foundation.accounts.models import (
    Account,
    RecoveryCode,
    SecondFactor,
    SignIn,
)
from tongxin.foundation.accounts.queries import hashed
from tongxin.foundation.accounts.terms import (
    RECOVERY_CODES,
    Proof,
)
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused


def begin_second_factor(*, account: Account) -> tuple[str, str]:
    """(secret, otpauth address) to show once as text and QR. A new call replaces an unconfirmed secret.

    Refuses `accounts.factor_exists` when one is already confirmed.
    """
    secret = pyotp.random_base32()
    with transaction.atomic():
        Account.objects.select_for_update().get(pk=account.pk)
        if SecondFactor.objects.filter(account=account, confirmed_at__isnull=False).exists():
            raise Refused("accounts.factor_exists")
        SecondFactor.objects.filter(account=account).delete()
        SecondFactor.objects.create(account=account, secret=secret)
    return secret, pyotp.TOTP(secret).provisioning_uri(name=account.handle, issuer_name="同心 Tongxin")


def confirm_second_factor(*, sign_in: SignIn, code: str, origin: str) -> tuple[str, ...]:
    """Prove the second factor, with a code of the generator or one from paper; the session then has full reach.

    Returns ten recovery codes the first time, to be shown once, otherwise nothing.
    Refuses `accounts.no_factor`, `accounts.wrong_code`, `accounts.too_many`.
    """
    account = sign_in.account
    attempt = guard.claim(Proof.FACTOR, subject=str(account.pk), origin=origin)
    at = clock.now()
    with transaction.atomic():
        factor = SecondFactor.objects.select_for_update().filter(account=account).first()
        if factor is None:
            raise Refused("accounts.no_factor")
        first = factor.confirmed_at is None
        if not (_generator_code(factor, code, at) or (not first and _paper_code(account, code, at))):
            raise Refused("accounts.wrong_code")
        SecondFactor.objects.filter(pk=factor.pk, confirmed_at=None).update(confirmed_at=at)
        SignIn.objects.filter(pk=sign_in.pk).update(second_factor=True)
        sign_in.second_factor = True
        paper = _new_paper(account) if first else ()
        act = "accounts.factor_set" if first else "accounts.factor_proved"
        trail(viewer=oneself(account), act=act, subject=subject_of(account))
    guard.passed(attempt)
    return paper


def _generator_code(factor: SecondFactor, code: str, at: datetime) -> bool:
    """Is it the code of this half minute or a neighbour's, and newer than the last one used?"""
    generator = pyotp.TOTP(factor.secret)
    step = int(at.timestamp()) // generator.interval
    given = code.strip().replace(" ", "")
    for candidate in (step - 1, step, step + 1):
        if hmac.compare_digest(generator.generate_otp(candidate).encode(), given.encode()):
            fresh = SecondFactor.objects.filter(pk=factor.pk, last_step__lt=candidate).update(
                last_step=candidate
            )
            return bool(fresh)
    return False


def _paper_code(account: Account, code: str, at: datetime) -> bool:
    plain = code.strip().upper().replace("-", "")
    used = RecoveryCode.objects.filter(account=account, code_hash=hashed(plain), used_at=None).update(
        used_at=at
    )
    return bool(used)


def _new_paper(account: Account) -> tuple[str, ...]:
    RecoveryCode.objects.filter(account=account).delete()
    codes = tuple(readable(16) for _ in range(RECOVERY_CODES))
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account=account, code_hash=hashed(code.replace("-", ""))) for code in codes
    )
    return codes


def drop_second_factor(*, viewer: Viewer, account: Account) -> None:
    """Take a lost generator away, so that a new one can be set up; all sessions and tokens end."""
    with transaction.atomic():
        found = Account.objects.select_for_update().get(pk=account.pk)
        SecondFactor.objects.filter(account=found).delete()
        RecoveryCode.objects.filter(account=found).delete()
        trail(viewer=viewer, act="accounts.factor_dropped", subject=subject_of(found))
        new_epoch(found)
