"""The money ledger: entries of two or more lines that add up to nothing. Rows are added, never changed (migration 0003)."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.commerce.terms import Account, EntryKind
from tongxin.foundation.personal import declare
from tongxin.stores.models import Store


class LedgerEntry(models.Model):
    """One thing that happened to money. `key` makes it happen once; `content` is the hash of entry and lines.

    It names promise and voucher and never a person: the books stay whole when somebody is forgotten. `legs` is the number of
    its lines, so that none can be added later.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField()
    kind = models.CharField(max_length=24, choices=[(k.value, k.value) for k in EntryKind])
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    promise = models.ForeignKey(
        "commerce.Promise", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    voucher = models.ForeignKey(
        "commerce.Voucher", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    commitment = models.ForeignKey(
        "commerce.Commitment", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    key = models.CharField(max_length=120, unique=True)
    receipt = models.CharField(max_length=64, default="", blank=True)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    legs = models.PositiveSmallIntegerField()
    by = models.CharField(max_length=80)
    account = models.BigIntegerField(null=True)
    content = models.CharField(max_length=64)

    personal = declare(
        "id public_id at kind store promise voucher commitment key receipt reverses legs by account content"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(legs__gte=2), name="entry_two_legs"),
            models.CheckConstraint(condition=~Q(key=""), name="entry_has_key"),
        )
        indexes = (
            models.Index(fields=["-at", "-id"], name="entry_newest"),
            models.Index(fields=["store", "-at", "-id"], name="entry_by_store"),
            models.Index("promise", name="entry_by_promise", condition=Q(promise__isnull=False)),
            models.Index("voucher", name="entry_by_voucher", condition=Q(voucher__isnull=False)),
            models.Index("commitment", name="entry_by_commitment", condition=Q(commitment__isnull=False)),
        )


class LedgerLine(models.Model):
    """One leg of an entry: an account, the store (or the envelope) it stands for, and fen. Debits are above zero."""

    entry = models.ForeignKey(LedgerEntry, on_delete=models.PROTECT, related_name="+")
    book = models.CharField(max_length=24, choices=[(a.value, a.value) for a in Account])
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    envelope = models.ForeignKey(
        "commerce.Envelope", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    fen = models.BigIntegerField()

    personal = declare("id entry book store envelope fen")

    class Meta:
        constraints = (models.CheckConstraint(condition=~Q(fen=0), name="line_not_nothing"),)
        indexes = (
            models.Index("book", "store", name="line_by_account"),
            models.Index("envelope", name="line_by_envelope", condition=Q(envelope__isnull=False)),
        )
