"""Vouchers: one-off, of one member, good in every store of the brand."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.commerce.models.promises import BOOKS, Promise
from tongxin.commerce.terms import VoucherState
from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer
from tongxin.stores.models import Store

WALLET = "until the member is forgotten"


class Voucher(models.Model):
    """A voucher is this row and nothing else: what spends it is one UPDATE of it. `code_hash` finds it, `code` shows it.

    A grant that was taken back leaves its row as `void`; at most one other row of a promise stands.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    promise = models.ForeignKey(Promise, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+", db_index=False)
    value_fen = models.BigIntegerField()
    code = EncryptedText(default="", blank=True, context="commerce.voucher")
    code_hash = models.CharField(max_length=64, unique=True)
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in VoucherState], default=VoucherState.GRANTED
    )
    version = models.PositiveIntegerField(default=0)
    granted_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    redeemed_at = models.DateTimeField(null=True)
    redeemed_on = models.DateField(null=True)
    redeemed_store = models.ForeignKey(
        Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    receipt = models.CharField(max_length=64, default="", blank=True)

    personal = declare(
        "id public_id promise person version",
        store=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        value_fen=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        code=sensitive("showing the voucher to its member", WALLET),
        code_hash=sensitive("finding the voucher at the till", WALLET, export=False),
        state=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        granted_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        expires_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        redeemed_at=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        redeemed_on=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        redeemed_store=personal("fee and voucher of an event", BOOKS, erase=Erase.KEEP),
        receipt=personal("finding the purchase at the till", BOOKS, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("promise", name="voucher_one_stands", condition=~Q(state="void")),
            models.CheckConstraint(condition=Q(value_fen__gt=0), name="voucher_of_something"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="voucher_forwards"),
            models.CheckConstraint(
                condition=Q(
                    state="redeemed",
                    redeemed_at__isnull=False,
                    redeemed_on__isnull=False,
                    redeemed_store__isnull=False,
                )
                | (~Q(state="redeemed") & Q(redeemed_at=None, redeemed_on=None, redeemed_store=None)),
                name="voucher_spent_says_where",
            ),
        )
        indexes = (
            models.Index("person", "redeemed_on", name="voucher_by_person"),
            models.Index("expires_at", name="voucher_open", condition=Q(state="granted")),
            models.Index("store", name="voucher_by_store"),
        )
