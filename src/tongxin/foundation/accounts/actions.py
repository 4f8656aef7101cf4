"""Letting people in and out. Everything secret is random, kept as a hash or sealed, and compared in constant time."""

import hmac
import secrets
import uuid
from datetime import datetime, timedelta

import pyotp
from django.contrib.auth.hashers import check_password, make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS, SYSTEM, Viewer
from tongxin.foundation.accounts import guard, rules
from tongxin.foundation.accounts.models import (
    Account,
    Device,
    PhoneCode,
    RecoveryCode,
    SecondFactor,
    SignIn,
    Token,
)
from tongxin.foundation.accounts.queries import hashed
from tongxin.foundation.accounts.terms import (
    CODE_LIFE,
    CODE_TRIES,
    CODES_PER_DAY,
    ENROL_LIFE,
    RECOVERY_CODES,
    TOKEN_LIFE,
    AccountKind,
    Proof,
)
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.outbox.actions import post
from tongxin.foundation.sealing import blind

_NOBODY: dict[
    str, str
] = {}  # a hash to compare with when the name is unknown, made once with the present hasher


def _subject(account: Account) -> tuple[str, str, str | int]:
    return ("accounts", "account", str(account.public_id))


def create_account(*, viewer: Viewer, handle: str, kind: AccountKind, password: str | None = None) -> Account:
    """A new account. Without a password only codes, tokens or devices open it.

    Refuses `accounts.handle_taken`, `accounts.weak_password`.
    """
    account = Account(handle=handle, kind=kind)
    if password is None:
        account.set_unusable_password()
    else:
        _strong(password, account)
        account.set_password(password)
    try:
        with transaction.atomic():
            account.save()
            trail(viewer=viewer, act="accounts.created", subject=_subject(account), after={"kind": str(kind)})
    except IntegrityError:
        raise Refused("accounts.handle_taken") from None
    return account


def set_password(*, viewer: Viewer, account: Account, password: str) -> None:
    """A new password; every open session and token of the account ends. Refuses `accounts.weak_password`."""
    _strong(password, account)
    with transaction.atomic():
        found = Account.objects.select_for_update().get(pk=account.pk)
        found.set_password(password)
        found.save(update_fields=["password"])
        trail(viewer=viewer, act="accounts.password_set", subject=_subject(found))
        _new_epoch(found)


def _strong(password: str, account: Account) -> None:
    try:
        validate_password(password, account)
    except ValidationError:
        raise Refused("accounts.weak_password") from None


def switch_account(*, viewer: Viewer, account: Account, active: bool) -> None:
    """Close or reopen an account. A closed one is refused on its next request."""
    with transaction.atomic():
        Account.objects.filter(pk=account.pk).update(is_active=active)
        trail(
            viewer=viewer, act="accounts.opened" if active else "accounts.closed", subject=_subject(account)
        )


# ---- staff: handle and password, then the second factor


def sign_in_staff(*, handle: str, password: str, origin: str) -> SignIn:
    """Sign in with a name and a password; HQ roles still owe the second factor afterwards.

    An unknown name costs the same time and gives the same answer. Refuses `accounts.wrong`, `accounts.too_many`.
    """
    attempt = guard.claim(Proof.PASSWORD, subject=handle.lower(), origin=origin)
    account = Account.objects.filter(handle=handle, kind=AccountKind.STAFF, is_active=True).first()
    kept = account.password if account is not None and account.has_usable_password() else _nobody()
    right = check_password(password, kept)
    if account is None or not right:
        raise Refused("accounts.wrong")
    guard.passed(attempt)
    return open_session(account=account)


def _nobody() -> str:
    if "hash" not in _NOBODY:
        _NOBODY["hash"] = make_password(secrets.token_urlsafe(24))
    return _NOBODY["hash"]


def open_session(*, account: Account, second_factor: bool = False) -> SignIn:
    """Open a session for somebody who has just proved who they are."""
    at = clock.now()
    absolute, idle = rules.lives(account.kind)
    with transaction.atomic():
        opened = SignIn.objects.create(
            account=account,
            epoch=account.epoch,
            second_factor=second_factor,
            opened_at=at,
            seen_at=at,
            idle_until=at + idle,
            expires_at=at + absolute,
        )
        trail(viewer=_self(account), act="accounts.signed_in", subject=_subject(account))
    return opened


def _self(account: Account) -> Viewer:
    return Viewer(account=account.pk, name=account.handle)


def note_seen(*, sign_in: SignIn) -> None:
    """Keep an active session from going idle; writes at most once a minute."""
    at = clock.now()
    if rules.worth_noting(sign_in.seen_at, at):
        idle = rules.lives(sign_in.account.kind)[1]
        SignIn.objects.filter(pk=sign_in.pk, ended_at=None).update(seen_at=at, idle_until=at + idle)


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
        trail(viewer=_self(account), act=act, subject=_subject(account))
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
    codes = tuple(_readable(16) for _ in range(RECOVERY_CODES))
    RecoveryCode.objects.bulk_create(
        RecoveryCode(account=account, code_hash=hashed(code.replace("-", ""))) for code in codes
    )
    return codes


def _readable(length: int) -> str:
    """Random letters and digits without look-alikes, in groups of four: five bits each."""
    letters = "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(length))
    return "-".join(letters[i : i + 4] for i in range(0, length, 4))


def drop_second_factor(*, viewer: Viewer, account: Account) -> None:
    """Take a lost generator away, so that a new one can be set up; all sessions and tokens end."""
    with transaction.atomic():
        found = Account.objects.select_for_update().get(pk=account.pk)
        SecondFactor.objects.filter(account=found).delete()
        RecoveryCode.objects.filter(account=found).delete()
        trail(viewer=viewer, act="accounts.factor_dropped", subject=_subject(found))
        _new_epoch(found)


# ---- members: a code by phone


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


# ---- the end of sessions


def end_session(*, viewer: Viewer, public_id: uuid.UUID) -> None:
    """End one of the asking account's sessions. Refuses `absent` for another's."""
    at = clock.now()
    with transaction.atomic():
        found = SignIn.objects.filter(public_id=public_id, account=viewer.account).first()
        if found is None or viewer.account is None:
            raise Refused("absent")
        SignIn.objects.filter(pk=found.pk, ended_at=None).update(ended_at=at)
        trail(viewer=viewer, act="accounts.signed_out", subject=_subject(found.account))


def end_sessions(*, viewer: Viewer, account: Account) -> None:
    """Log out everywhere: every session and token of the account is refused on its next request."""
    with transaction.atomic():
        found = Account.objects.select_for_update().get(pk=account.pk)
        trail(viewer=viewer, act="accounts.signed_out_everywhere", subject=_subject(found))
        _new_epoch(found)


def _new_epoch(account: Account) -> None:
    Account.objects.filter(pk=account.pk).update(epoch=F("epoch") + 1)


# ---- keys for programs and devices


def issue_token(
    *,
    viewer: Viewer,
    account: Account,
    scopes: frozenset[str],
    name: str = "",
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """(token, secret); the secret is shown once. It carries the second factor only if the issuer has proved one.

    Refuses `accounts.expiry`, and `forbidden` for a token of somebody else: only a job of ours may make one.
    """
    at = clock.now()
    ends = expires_at or at + TOKEN_LIFE
    if not at < ends <= at + TOKEN_LIFE:
        raise Refused("accounts.expiry")
    job = viewer.reaches(None, {SYSTEM})
    if viewer.account != account.pk and not job:
        raise Refused("forbidden")
    secret = f"txt_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = Token.objects.create(
            account=account,
            name=name,
            key_hash=hashed(secret),
            scopes=sorted(scopes),
            epoch=account.epoch,
            second_factor=viewer.second_factor or job,
            created_at=at,
            created_by=viewer.name,
            expires_at=ends,
        )
        trail(
            viewer=viewer,
            act="accounts.token_issued",
            subject=("accounts", "token", str(token.public_id)),
            after={"scopes": sorted(scopes)},
        )
    return token, secret


def revoke_token(*, viewer: Viewer, token: Token) -> None:
    """Take a token back; its next request is refused. Twice is as good as once."""
    with transaction.atomic():
        if Token.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=clock.now()):
            trail(
                viewer=viewer,
                act="accounts.token_revoked",
                subject=("accounts", "token", str(token.public_id)),
            )


def enrol_device(*, viewer: Viewer, place: int, name: str) -> tuple[Device, str]:
    """(device, enrolment code). The code, typed on the device within a day, turns into its key. Refuses `absent`."""
    if not viewer.reaches(place):
        raise Refused("absent")
    at = clock.now()
    code = _readable(16)
    with transaction.atomic():
        handle = f"device-{uuid.uuid4().hex[:12]}"
        account = create_account(viewer=viewer, handle=handle, kind=AccountKind.SERVICE)
        device = Device.objects.create(
            account=account,
            name=name,
            place=place,
            enrol_hash=hashed(code.replace("-", "")),
            enrol_until=at + ENROL_LIFE,
            created_at=at,
            created_by=viewer.name,
        )
        trail(viewer=viewer, act="accounts.device_enrolled", subject=_device(device), after={"place": place})
    return device, code


def _device(device: Device) -> tuple[str, str, str | int]:
    return ("accounts", "device", str(device.public_id))


def activate_device(*, code: str, origin: str) -> tuple[Device, str]:
    """(device, key) for an enrolment code, once. Refuses `accounts.wrong_code`, `accounts.too_many`."""
    # 80 bits behind a counter per address; the subject is the code itself, so one address cannot lock out another's.
    plain = code.strip().upper().replace("-", "")
    attempt = guard.claim(Proof.DEVICE, subject=plain, origin=origin)
    at = clock.now()
    secret = f"txd_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        free = Device.objects.filter(
            enrol_hash=hashed(plain), enrolled_at=None, revoked_at=None, enrol_until__gt=at
        )
        if not free.update(enrolled_at=at, key_hash=hashed(secret)):
            raise Refused("accounts.wrong_code")
        device = Device.objects.get(enrol_hash=hashed(plain))
        trail(viewer=_self(device.account), act="accounts.device_activated", subject=_device(device))
    guard.passed(attempt)
    return device, secret


def revoke_device(*, viewer: Viewer, device: Device) -> None:
    """Take a device's key back; its next request is refused. Refuses `absent` out of reach."""
    if not viewer.reaches(device.place):
        raise Refused("absent")
    with transaction.atomic():
        if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=clock.now()):
            trail(viewer=viewer, act="accounts.device_revoked", subject=_device(device))
