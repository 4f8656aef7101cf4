"""Signing staff in, and the sessions that everybody signed in holds."""

import secrets
import uuid

from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import guard, rules
from tongxin.foundation.accounts.actions.accounts import new_epoch, oneself, subject_of
from tongxin.foundation.accounts.models import Account, SignIn
from tongxin.foundation.accounts.terms import (
    AccountKind,
    Proof,
)
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

_NOBODY: dict[
    str, str
] = {}  # a hash to compare with when the name is unknown, made once with the present hasher


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
        trail(viewer=oneself(account), act="accounts.signed_in", subject=subject_of(account))
    return opened


def note_seen(*, sign_in: SignIn) -> None:
    """Keep an active session from going idle; writes at most once a minute."""
    at = clock.now()
    if rules.worth_noting(sign_in.seen_at, at):
        idle = rules.lives(sign_in.account.kind)[1]
        SignIn.objects.filter(pk=sign_in.pk, ended_at=None).update(seen_at=at, idle_until=at + idle)


def end_session(*, viewer: Viewer, public_id: uuid.UUID) -> None:
    """End one of the asking account's sessions. Refuses `absent` for another's."""
    at = clock.now()
    with transaction.atomic():
        found = SignIn.objects.filter(public_id=public_id, account=viewer.account).first()
        if found is None or viewer.account is None:
            raise Refused("absent")
        SignIn.objects.filter(pk=found.pk, ended_at=None).update(ended_at=at)
        trail(viewer=viewer, act="accounts.signed_out", subject=subject_of(found.account))


def end_sessions(*, viewer: Viewer, account: Account) -> None:
    """Log out everywhere: every session and token of the account is refused on its next request."""
    with transaction.atomic():
        found = Account.objects.select_for_update().get(pk=account.pk)
        trail(viewer=viewer, act="accounts.signed_out_everywhere", subject=subject_of(found))
        new_epoch(found)
