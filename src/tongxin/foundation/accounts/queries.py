"""Who stands behind a cookie, a token, a device; and what an account may see about itself."""

import hashlib
import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Exists, OuterRef

from tongxin.foundation import clock, prepared
from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import rules
from tongxin.foundation.accounts.models import Account, Device, SecondFactor, SignIn, Token
from tongxin.foundation.errors import Refused


@dataclass(frozen=True)
class Entry:
    """Somebody who has proved who they are. `complete` is False while a second factor they own is still owed."""

    account: Account
    second_factor: bool
    complete: bool = True
    sign_in: SignIn | None = None
    scopes: frozenset[str] | None = None
    device: int | None = None


@dataclass(frozen=True)
class OpenDoor:
    """One line of the list of sessions that an account can see and end."""

    public_id: uuid.UUID
    opened_at: datetime
    seen_at: datetime
    expires_at: datetime
    here: bool


def hashed(secret: str) -> str:
    """The fingerprint under which a random secret of ours is kept. Long random secrets need no salt."""
    return hashlib.sha256(secret.encode()).hexdigest()


def entry_of_session(public_id: str) -> Entry | None:
    """The entry behind a session cookie, or None when it has ended."""
    try:
        wanted = uuid.UUID(public_id)
    except ValueError:
        return None
    factor = SecondFactor.objects.filter(account=OuterRef("account"), confirmed_at__isnull=False)
    asked = SignIn.objects.select_related("account").annotate(owns_factor=Exists(factor))
    found = next(iter(asked.filter(public_id=wanted)), None)  # every page asks: `first()` would sort one row
    if found is None or not rules.holds(_stay(found), clock.now()):
        return None
    owes = not found.second_factor and found.owns_factor
    return Entry(found.account, found.second_factor, complete=not owes, sign_in=found)


def _stay(found: SignIn) -> rules.Stay:
    return rules.Stay(
        epoch=found.epoch,
        account_epoch=found.account.epoch,
        active=found.account.is_active,
        ended=found.ended_at is not None,
        idle_until=found.idle_until,
        expires_at=found.expires_at,
    )


def entry_of_secret(secret: str) -> Entry | None:
    """The entry behind a bearer secret (`txt_…` a token, `txd_…` a device), or None when it is unknown, revoked or over."""
    if secret.startswith("txd_"):
        return _entry_of_device(secret)
    row = prepared.one(_TOKEN, [hashed(secret)])
    if row is None:
        return None
    epoch, second_factor, scopes, expires_at, revoked_at, *of_owner = row
    owner = Account.from_db(connection.alias, _OWNER, of_owner)
    if revoked_at is not None or epoch != owner.epoch or not owner.is_active or clock.now() >= expires_at:
        return None
    return Entry(owner, second_factor, scopes=frozenset(json.loads(scopes)))


# In the order of the model, as `from_db` wants them; a password is none of a token's business.
_OWNER = ("id", "public_id", "handle", "kind", "is_active", "epoch", "created_at")
_TOKEN = f"""
SELECT t.epoch, t.second_factor, t.scopes, t.expires_at, t.revoked_at, {", ".join(f"a.{name}" for name in _OWNER)}
FROM accounts_token t JOIN accounts_account a ON a.id = t.account_id WHERE t.key_hash = %s
"""  # noqa: S608 (names of columns)


def _entry_of_device(secret: str) -> Entry | None:
    device = Device.objects.select_related("account").filter(key_hash=hashed(secret)).first()
    if device is None or device.revoked_at is not None or not device.account.is_active:
        return None
    return Entry(device.account, second_factor=False, device=device.pk)


def second_factor_state(account: Account) -> str:
    """`none`, `pending` (begun, not confirmed) or `confirmed`."""
    found = SecondFactor.objects.filter(account=account).values_list("confirmed_at", flat=True).first()
    if found is not None:
        return "confirmed"
    return "pending" if SecondFactor.objects.filter(account=account).exists() else "none"


def open_doors(viewer: Viewer, *, here: str = "") -> list[OpenDoor]:
    """The sessions of the asking account that still hold, newest first."""
    found = SignIn.objects.select_related("account").filter(account=_own(viewer)).order_by("-opened_at")
    at = clock.now()
    return [
        OpenDoor(s.public_id, s.opened_at, s.seen_at, s.expires_at, here=str(s.public_id) == here)
        for s in found
        if rules.holds(_stay(s), at)
    ]


def tokens_of(viewer: Viewer) -> list[Token]:
    """The tokens of the asking account that are not revoked, newest first."""
    return list(Token.objects.filter(account=_own(viewer), revoked_at=None).order_by("-created_at", "-id"))


def access_token(viewer: Viewer, public_id: uuid.UUID) -> Token:
    """A token of the asking account. Refuses `absent` for everybody else's."""
    found = Token.objects.filter(account=_own(viewer), public_id=public_id).first()
    if found is None:
        raise Refused("absent")
    return found


def devices(viewer: Viewer) -> list[Device]:
    """The devices at the places that the viewer reaches, newest first."""
    places = viewer.places()
    found = Device.objects.all() if places is None else Device.objects.filter(place__in=places)
    return list(found.order_by("-created_at", "-id"))


def access_device(viewer: Viewer, public_id: uuid.UUID) -> Device:
    """A device in reach. Refuses `absent` otherwise."""
    found = Device.objects.filter(public_id=public_id).first()
    if found is None or not viewer.reaches(found.place):
        raise Refused("absent")
    return found


def account_by_handle(viewer: Viewer, handle: str) -> Account:
    """An account by its handle, for jobs and whole-brand grants. Refuses `absent`."""
    found = Account.objects.filter(handle=handle).first()
    if found is None or not viewer.reaches(None):
        raise Refused("absent")
    return found


def account_by_public_id(viewer: Viewer, public_id: uuid.UUID) -> Account:
    """An account by its public id; whoever may grant hands the id on. Refuses `absent`."""
    found = Account.objects.filter(public_id=public_id).first()
    if found is None or viewer.anonymous:
        raise Refused("absent")
    return found


def _own(viewer: Viewer) -> int:
    if viewer.account is None:
        raise Refused("sign_in_needed")
    return viewer.account
