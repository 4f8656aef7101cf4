"""Accounts themselves: opening and closing them, their password, and what ends everything at once."""

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F

from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused


def subject_of(account: Account) -> tuple[str, str, str | int]:
    """How the trail names an account."""
    return ("accounts", "account", str(account.public_id))


def oneself(account: Account) -> Viewer:
    """Somebody acting on their own account, at the door."""
    return Viewer(account=account.pk, name=account.handle)


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
            trail(
                viewer=viewer, act="accounts.created", subject=subject_of(account), after={"kind": str(kind)}
            )
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
        trail(viewer=viewer, act="accounts.password_set", subject=subject_of(found))
        new_epoch(found)


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
            viewer=viewer, act="accounts.opened" if active else "accounts.closed", subject=subject_of(account)
        )


def new_epoch(account: Account) -> None:
    """Every session and token of the account is over. Belongs into the caller's transaction."""
    Account.objects.filter(pk=account.pk).update(epoch=F("epoch") + 1)
