"""Accounts carry no personal field: a handle, a secret or two, and switches.

Whoever leaks these tables learns no name, no phone, no address: phones and origins are keyed hashes, secrets are sealed
or hashed, and staff and customers point down to an account from their own rooms.
"""

import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models import Q

from tongxin.foundation.accounts.terms import AccountKind, Proof
from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText


class AccountManager(BaseUserManager["Account"]):
    """Looks accounts up by handle, as Django's sign-in expects."""

    def get_by_natural_key(self, username: str | None) -> "Account":
        return self.get(handle=username)


class Account(AbstractBaseUser):
    """One who can sign in. `epoch` grows when all sessions and tokens must end at once."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    handle = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in AccountKind])
    is_active = models.BooleanField(default=True)
    epoch = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)

    USERNAME_FIELD = "handle"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = AccountManager()

    personal = declare("id public_id handle kind is_active epoch created_at password last_login")


class SecondFactor(models.Model):
    """A time-based code generator. `last_step` is the newest time step that was used: each code counts once."""

    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    secret = EncryptedText()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)

    personal = declare(
        "id account confirmed_at last_step",
        secret=sensitive(
            "second factor at sign-in", "as long as the account", erase=Erase.DELETE_ROW, export=False
        ),
    )


class RecoveryCode(models.Model):
    """A code on paper for the day the phone is lost; only its hash is kept, and it counts once."""

    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    code_hash = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True)

    personal = declare("id account code_hash used_at")

    class Meta:
        constraints = (models.UniqueConstraint("account", "code_hash", name="recovery_code_once"),)


class SignIn(models.Model):
    """One open door: a browser that has signed in. The cookie names it; it ends by itself, by hand or with the epoch."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    epoch = models.PositiveIntegerField()
    second_factor = models.BooleanField(default=False)
    opened_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    idle_until = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id account epoch second_factor idle_until expires_at ended_at",
        opened_at=personal("sessions one can see and end", "90 days", erase=Erase.DELETE_ROW),
        seen_at=personal("sessions one can see and end", "90 days", erase=Erase.DELETE_ROW),
    )

    class Meta:
        indexes = (models.Index("account", "opened_at", name="sign_in_by_account"),)


class Attempt(models.Model):
    """One try at a door, counted before it is judged. `subject` and `origin` are keyed hashes of a name and an address."""

    proof = models.CharField(max_length=16, choices=[(p.value, p.value) for p in Proof])
    subject = models.CharField(max_length=64)
    origin = models.CharField(max_length=64)
    at = models.DateTimeField()
    passed = models.BooleanField(default=False)

    personal = declare(
        "id proof passed",
        subject=personal("stopping password guessing", "30 days", erase=Erase.KEEP, export=False),
        origin=personal("stopping password guessing", "30 days", erase=Erase.KEEP, export=False),
        at=personal("stopping password guessing", "30 days", erase=Erase.KEEP, export=False),
    )

    class Meta:
        indexes = (
            models.Index("proof", "subject", "at", name="attempt_by_subject", condition=Q(passed=False)),
            models.Index("origin", "at", name="attempt_by_origin", condition=Q(passed=False)),
        )


class PhoneCode(models.Model):
    """A sign-in code on its way to a phone, of which we keep keyed hashes only."""

    phone_hash = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    sent_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True)

    personal = declare(
        "id code_hash expires_at tries used_at",
        phone_hash=personal("signing in by phone", "30 days", erase=Erase.DELETE_ROW, export=False),
        sent_at=personal("signing in by phone", "30 days", erase=Erase.DELETE_ROW, export=False),
    )

    class Meta:
        indexes = (models.Index("phone_hash", "sent_at", name="phone_code_by_phone"),)


class Token(models.Model):
    """A key for a program. Only its hash is kept; its reach is its owner's, narrowed by `scopes`, looked up each time."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    key_hash = models.CharField(max_length=64, unique=True)
    scopes = models.JSONField()
    epoch = models.PositiveIntegerField()
    second_factor = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id account name key_hash scopes epoch second_factor created_at created_by expires_at revoked_at"
    )


class Device(models.Model):
    """A thing at a place that acts by itself (a check-in phone). It has an account of its own, so grants can name it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField(Account, on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=80)
    place = models.BigIntegerField()
    enrol_hash = models.CharField(max_length=64, unique=True)
    enrol_until = models.DateTimeField()
    enrolled_at = models.DateTimeField(null=True)
    key_hash = models.CharField(max_length=64, null=True, unique=True)  # noqa: DJ001 - unique, and empty until enrolled
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=80)
    revoked_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id account name place enrol_hash enrol_until enrolled_at key_hash created_at created_by revoked_at"
    )
