"""Addresses of calendar feeds."""

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store


class CalendarFeed(models.Model):
    """The secret part of a calendar's address, of a store or of one member: kept only as a digest, revocable."""

    digest = models.CharField(max_length=64, unique=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True, related_name="+")
    opened_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    personal = declare(
        "id store opened_at revoked_at",
        digest=personal("the member's own calendar", "until revoked", erase=Erase.DELETE_ROW, export=False),
        person=personal("the member's own calendar", "until revoked", erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(store__isnull=False, person=None) | Q(store=None, person__isnull=False),
                name="feed_of_one",
            ),
        )
