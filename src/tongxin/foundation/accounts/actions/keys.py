"""Keys for programs and devices: random, shown once, kept as a hash, gone at once."""

import secrets
import uuid
from datetime import datetime

from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.accounts import guard
from tongxin.foundation.accounts.actions.accounts import create_account, oneself
from tongxin.foundation.accounts.models import Account, Device, Token
from tongxin.foundation.accounts.queries import hashed
from tongxin.foundation.accounts.terms import ENROL_LIFE, TOKEN_LIFE, AccountKind, Proof
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused


def readable(length: int) -> str:
    """Random letters and digits without look-alikes, in groups of four: five bits each."""
    letters = "".join(secrets.choice("23456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(length))
    return "-".join(letters[i : i + 4] for i in range(0, length, 4))


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
    code = readable(16)
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
        trail(viewer=oneself(device.account), act="accounts.device_activated", subject=_device(device))
    guard.passed(attempt)
    return device, secret


def revoke_device(*, viewer: Viewer, device: Device) -> None:
    """Take a device's key back; its next request is refused. Refuses `absent` out of reach."""
    if not viewer.reaches(device.place):
        raise Refused("absent")
    with transaction.atomic():
        if Device.objects.filter(pk=device.pk, revoked_at=None).update(revoked_at=clock.now()):
            trail(viewer=viewer, act="accounts.device_revoked", subject=_device(device))
