"""Door, scan, attendance, conflict."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.models.occurrences import Occurrence, words
from tongxin.events.models.registrations import FIGURES, Registration
from tongxin.events.terms import Conflict, Did, Via, Why
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store


class Door(models.Model):
    """A phone that checks people in at one occurrence: who opened it (an account or a device), until when, revoked or not."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    account = models.BigIntegerField(null=True)
    device = models.BigIntegerField(null=True)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=80, default="", blank=True)
    asked = models.PositiveSmallIntegerField(default=0)
    asked_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id occurrence store account device opened_by opened_at expires_at revoked_at revoked_by asked asked_at"
    )


class Scan(models.Model):
    """One act at a door. Append-only; `nonce` makes the same act sent twice one row.

    `did` is what the scanner did, `server` what the server would have said at `scanned_at`, each with its reason; neither is
    ever made from the other. An annulment is a scan that names the one it takes back.
    """

    nonce = models.UUIDField(unique=True)
    door = models.ForeignKey(Door, on_delete=models.PROTECT, null=True, related_name="+")
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    registration = models.ForeignKey(
        Registration, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    via = models.CharField(max_length=8, choices=words(Via))
    did = models.CharField(max_length=10, choices=words(Did))
    did_why = models.CharField(max_length=16, choices=words(Why))
    server = models.CharField(max_length=10, choices=words(Did))
    server_why = models.CharField(max_length=16, choices=words(Why))
    offline = models.BooleanField(default=False)
    forced = models.BooleanField(default=False)
    annuls = models.UUIDField(null=True)
    scanned_at = models.DateTimeField()
    received_at = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare(
        "id nonce door occurrence registration via did did_why server server_why offline forced annuls received_at by",
        scanned_at=personal("who was there", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (
            models.Index(fields=["registration", "scanned_at"], name="scan_by_registration"),
            models.Index(fields=["occurrence", "-scanned_at", "-id"], name="scan_by_occurrence"),
            models.Index("annuls", name="scan_annuls", condition=Q(annuls__isnull=False)),
        )


class Attendance(models.Model):
    """Who was there: one row a registration, following from its scans alone, whatever their order. `counted` names the scan.

    The row is also what everything locks that counts a scan of the registration. `deed` says how often the book was written.
    """

    registration = models.OneToOneField(Registration, on_delete=models.PROTECT, related_name="+")
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    counted = models.UUIDField(null=True)
    at = models.DateTimeField(null=True)
    rewarded = models.BooleanField(default=False)
    deed = models.BigIntegerField(null=True)

    personal = declare(
        "id registration occurrence person counted rewarded deed",
        at=personal("who was there", FIGURES, erase=Erase.KEEP),
    )


class DoorConflict(models.Model):
    """Something the doors disagree about; a champion looks and says what was right. Never rewrites a scan."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+")
    registration = models.ForeignKey(Registration, on_delete=models.PROTECT, null=True, related_name="+")
    kind = models.CharField(max_length=20, choices=words(Conflict))
    scan = models.UUIDField()
    found_at = models.DateTimeField()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = models.CharField(max_length=80, default="", blank=True)
    verdict = models.CharField(max_length=200, default="", blank=True)

    personal = declare(
        "id public_id occurrence registration kind scan found_at resolved_at resolved_by verdict"
    )

    class Meta:
        constraints = (models.UniqueConstraint("kind", "scan", name="conflict_once"),)
        indexes = (
            models.Index(
                fields=["occurrence", "found_at"], name="conflict_open", condition=Q(resolved_at=None)
            ),
        )
