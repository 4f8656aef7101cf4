"""Brand, region, store, staff, resource, grant."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.stores.terms import ResourceKind, Role

EMPLOYMENT = "as long as the person works here, then 90 days"


class Brand(models.Model):
    """The chain. Its currency only matters when money is shown, its zone where a store names none."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    code = models.CharField(max_length=32, unique=True)
    name = models.CharField(max_length=80)
    currency = models.CharField(max_length=3, default="CNY")
    zone = models.CharField(max_length=64, default="Asia/Shanghai")

    personal = declare("id public_id code name currency zone")


class Region(models.Model):
    """A part of the chain that one manager looks after."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=80)

    personal = declare("id public_id brand code name")

    class Meta:
        constraints = (models.UniqueConstraint("brand", "code", name="region_code_once"),)


class Store(models.Model):
    """A shop. `unsorted` (待归类) marks one that a file named before anybody described it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=120)
    city = models.CharField(max_length=40, default="")
    district = models.CharField(max_length=40, default="")
    address = models.CharField(max_length=200, default="")
    lat = models.FloatField(null=True)
    lng = models.FloatField(null=True)
    zone = models.CharField(max_length=64, default="Asia/Shanghai")
    cutoff_hour = models.PositiveSmallIntegerField(default=0)
    opened_on = models.DateField(null=True)
    closed_on = models.DateField(null=True)
    format = models.CharField(max_length=40, default="")
    wecom_department_id = models.CharField(max_length=64, default="")
    unsorted = models.BooleanField(default=False)

    personal = declare(
        "id public_id brand region code name city district address lat lng zone cutoff_hour opened_on closed_on"
        " format wecom_department_id unsorted"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("brand", "code", name="store_code_once"),
            models.CheckConstraint(condition=Q(cutoff_hour__lte=12), name="store_cutoff_before_noon"),
        )
        indexes = (models.Index("region", name="store_by_region"),)


class Staff(models.Model):
    """Somebody who works for the chain. What they may do stands in their grants, not here."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    code = models.CharField(max_length=64)
    name = models.CharField(max_length=80)
    phone = EncryptedText(default="", blank=True)
    phone_lookup = models.CharField(max_length=64, default="", db_index=True)
    role_word = models.CharField(max_length=40, default="")
    wecom_userid = models.CharField(max_length=64, default="")
    active = models.BooleanField(default=True)
    left_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id account brand store code role_word active left_at",
        name=personal("who is in charge", EMPLOYMENT),
        phone=sensitive("reaching staff", EMPLOYMENT),
        phone_lookup=sensitive("leaving staff out of member figures", EMPLOYMENT, export=False),
        wecom_userid=personal("addressing staff in WeCom", EMPLOYMENT),
    )

    class Meta:
        constraints = (models.UniqueConstraint("brand", "code", name="staff_code_once"),)
        indexes = (models.Index("store", name="staff_by_store"),)


class StoreResource(models.Model):
    """A room, an oven, a table: what an event can use, and how many it seats."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in ResourceKind])
    name = models.CharField(max_length=80)
    seats = models.PositiveSmallIntegerField(default=0)

    personal = declare("id public_id store kind name seats")

    class Meta:
        constraints = (models.UniqueConstraint("store", "name", name="resource_name_once"),)


class Grant(models.Model):
    """A role of an account over exactly one place: the brand, a region or a store. Revoked ones stay as history.

    While it `waits` for a second person (a role of headquarters, given by a person) it opens nothing.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    account = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=16, choices=[(r.value, r.value) for r in Role])
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, null=True, related_name="+")
    region = models.ForeignKey(Region, on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    until = models.DateTimeField(null=True)
    granted_by = models.CharField(max_length=80)
    granted_at = models.DateTimeField()
    waits = models.BooleanField(default=False)
    seconded_by = models.CharField(max_length=80, default="")
    seconded_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    revoked_by = models.CharField(max_length=80, default="")

    personal = declare(
        "id public_id account role brand region store until granted_by granted_at waits seconded_by seconded_at"
        " revoked_at revoked_by"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(brand__isnull=False, region=None, store=None)
                | Q(brand=None, region__isnull=False, store=None)
                | Q(brand=None, region=None, store__isnull=False),
                name="grant_one_place",
            ),
            models.CheckConstraint(
                condition=Q(waits=True, seconded_at=None)
                | Q(waits=False, seconded_at=None, seconded_by="")
                | (Q(waits=False, seconded_at__isnull=False) & ~Q(seconded_by=F("granted_by"))),
                name="grant_second_person",
            ),
        )
        indexes = (models.Index("account", name="grant_live", condition=Q(revoked_at=None)),)
