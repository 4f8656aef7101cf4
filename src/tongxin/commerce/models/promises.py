"""The promise of an event with a fee: pay, come, get a voucher of equal value."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.commerce.terms import PromiseState
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

BOOKS = "kept for the books without the person: an opaque number after erasure"


class Promise(models.Model):
    """What a member owes and is owed for one registration. `terms` are those of the day it was made.

    `refund_by` says who ordered the fee back: above a limit somebody else hands it out. Whether a granted voucher was spent stands in the voucher's own row: that row alone decides. `version` counts the moves.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    subject_room = models.CharField(max_length=32)
    subject_key = models.CharField(max_length=120)
    under_room = models.CharField(max_length=32)
    under_key = models.CharField(max_length=120)
    fee_fen = models.BigIntegerField()
    voucher_fen = models.BigIntegerField()
    terms = models.JSONField()
    valid_days = models.PositiveSmallIntegerField()
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in PromiseState], default=PromiseState.OPEN
    )
    version = models.PositiveIntegerField(default=0)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    paid_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    receipt = models.CharField(max_length=64, default="", blank=True)
    attended_at = models.DateTimeField(null=True)
    refund_due_at = models.DateTimeField(null=True)
    refund_by = models.CharField(max_length=80, default="", db_default="", blank=True)

    personal = declare(
        "id public_id person version refund_by",
        store=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        subject_room=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP, export=False),
        subject_key=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP, export=False),
        under_room=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP, export=False),
        under_key=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP, export=False),
        fee_fen=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        voucher_fen=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        terms=personal("what was promised", BOOKS, erase=Erase.KEEP),
        valid_days=personal("what was promised", BOOKS, erase=Erase.KEEP),
        state=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        made_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        due_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        paid_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        paid_store=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        receipt=personal("finding the payment at the till", BOOKS, erase=Erase.KEEP),
        attended_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        refund_due_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("subject_room", "subject_key", name="promise_once_per_subject"),
            models.UniqueConstraint(
                "paid_store", "receipt", name="promise_receipt_once", condition=~Q(receipt="")
            ),
            models.CheckConstraint(
                condition=Q(fee_fen__gte=0, voucher_fen__gte=0) & ~Q(fee_fen=0, voucher_fen=0),
                name="promise_of_something",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["paid", "granted", "lapsed", "refund_due"])
                | Q(paid_at__isnull=False, paid_store__isnull=False),
                name="promise_paid_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["open", "cancelled"]) | Q(paid_at=None, receipt=""),
                name="promise_open_is_unpaid",
            ),
            models.CheckConstraint(
                condition=~Q(state="refund_due") | Q(refund_due_at__isnull=False),
                name="promise_refund_has_day",
            ),
        )
        indexes = (
            models.Index("person", name="promise_by_person"),
            models.Index("under_room", "under_key", name="promise_under"),
            models.Index("store", "due_at", name="promise_to_collect", condition=Q(state="open")),
            models.Index("refund_due_at", name="promise_to_refund", condition=Q(state="refund_due")),
        )
