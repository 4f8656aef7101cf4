"""What PostgreSQL knows of commerce: the daily summary of purchases, paid-membership periods, imports."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.commerce.terms import RunState
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

TILL = "as long as the membership; the lake keeps the orders without the person"
BOOKS = "kept for the books without the person: an opaque number after erasure"


class PurchaseDay(models.Model):
    """What a customer bought in a store on one trading day. Recomputed from the lake; refunds count on the day they undo."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    business_date = models.DateField()
    source = models.CharField(max_length=64)
    orders = models.PositiveIntegerField()
    net_fen = models.BigIntegerField()
    high_margin_fen = models.BigIntegerField()

    personal = declare(
        "id customer",
        store=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
        business_date=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
        source=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
        orders=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
        net_fen=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
        high_margin_fen=personal("the member's own purchases", TILL, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("customer", "business_date", "store", "source", name="purchase_day_once"),
        )
        indexes = (
            models.Index("business_date", name="purchase_day_by_date"),
            models.Index("store", "business_date", name="purchase_day_by_store"),
        )


class Membership(models.Model):
    """A paid period of a customer in a program. Periods of one program never overlap (exclusion constraint, migration 0002)."""

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    program = models.CharField(max_length=80)
    status = models.CharField(max_length=40)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    fee_fen = models.BigIntegerField(null=True)
    auto_renew = models.BooleanField(null=True)
    source = models.CharField(max_length=64)
    source_id = models.CharField(max_length=240)

    personal = declare(
        "id customer",
        program=personal("paid membership", BOOKS, erase=Erase.KEEP),
        status=personal("paid membership", BOOKS, erase=Erase.KEEP),
        started_at=personal("paid membership", BOOKS, erase=Erase.KEEP),
        ended_at=personal("paid membership", BOOKS, erase=Erase.KEEP),
        fee_fen=personal("paid membership", BOOKS, erase=Erase.KEEP),
        auto_renew=personal("paid membership", BOOKS, erase=Erase.KEEP),
        source=personal("paid membership", BOOKS, erase=Erase.KEEP),
        source_id=personal("writing a period down once", TILL, export=False),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gt=F("started_at")), name="membership_forwards"
            ),
            models.UniqueConstraint(
                "source", "source_id", name="membership_once_per_source", condition=~Q(source_id="")
            ),
        )


class ImportRun(models.Model):
    """One file taken in as one table. Its id is the file's place in the order of arrivals; `position` is where to go on.

    The same file for the same table is the same run, however often it is started.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    table = models.CharField(max_length=32)
    source = models.CharField(max_length=64)
    sha256 = models.CharField(max_length=64)
    lake = models.CharField(max_length=36, default="", blank=True)
    file_name = models.CharField(max_length=200)
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in RunState], default=RunState.RUNNING
    )
    position = models.BigIntegerField(default=0)
    rows = models.BigIntegerField(default=0)
    new = models.BigIntegerField(default=0)
    changed = models.BigIntegerField(default=0)
    same = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    warnings = models.JSONField(default=list, blank=True)
    refused_file = models.CharField(max_length=200, default="", blank=True)
    by = models.CharField(max_length=80)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id table source sha256 lake file_name state position rows new changed same refused warnings"
        " refused_file by started_at finished_at"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("sha256", "table", "source", "lake", name="import_once_per_file"),
        )
        indexes = (models.Index(fields=["-started_at"], name="import_newest"),)
