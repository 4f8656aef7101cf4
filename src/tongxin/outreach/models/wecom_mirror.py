"""WeCom: what the platform told us, and our picture of its customers and groups."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.models.words import words
from tongxin.outreach.terms_wecom import Member
from tongxin.people.models import Customer
from tongxin.stores.models import Store

CONTACT = "until the contact ends"
GROUP = "a year after leaving"


class WecomEvent(models.Model):
    """One callback as it came, once: `key` is what it says (kind, change, ids, instant, versions)."""

    key = models.CharField(max_length=64, unique=True)
    kind = models.CharField(max_length=40)
    change = models.CharField(max_length=40, default="", blank=True)
    body = EncryptedText(context="outreach.wecom_event", default="", blank=True)
    happened_at = models.DateTimeField()
    came_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_at = models.DateTimeField()

    personal = declare(
        "id key kind change happened_at came_at applied_at attempts next_at",
        body=sensitive(
            "applying what the platform tells", "7 days after it is applied", erase=Erase.KEEP, export=False
        ),
    )

    class Meta:
        indexes = (
            models.Index(fields=["next_at", "id"], name="wecom_event_due", condition=Q(applied_at=None)),
        )


class WecomContact(models.Model):
    """A colleague's customer: since when, through which code, until when. `customer` when we know who it is."""

    userid = models.CharField(max_length=64)
    external = models.CharField(max_length=80)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    state = models.CharField(max_length=64, default="", blank=True)
    add_way = models.IntegerField(default=0)
    added_at = models.DateTimeField()
    lost_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField()

    personal = declare(
        "id customer",
        userid=personal("which colleague knows the member", CONTACT, erase=Erase.DELETE_ROW, export=False),
        external=personal("reaching the member in WeCom", CONTACT, erase=Erase.DELETE_ROW),
        state=personal("how the member found us", CONTACT, erase=Erase.DELETE_ROW),
        add_way=personal("how the member found us", CONTACT, erase=Erase.DELETE_ROW),
        added_at=personal("how the member found us", CONTACT, erase=Erase.DELETE_ROW),
        lost_at=personal("reaching the member in WeCom", CONTACT, erase=Erase.DELETE_ROW),
        synced_at=personal("reaching the member in WeCom", CONTACT, erase=Erase.DELETE_ROW, export=False),
    )

    class Meta:
        constraints = (models.UniqueConstraint("userid", "external", name="wecom_contact_once"),)
        indexes = (
            models.Index(fields=["external"], name="wecom_contact_by_id"),
            models.Index(
                fields=["customer"], name="wecom_contact_by_person", condition=Q(customer__isnull=False)
            ),
        )


class WecomGroup(models.Model):
    """A group of customers. `dirty_at` says that something changed there that we have not looked at yet."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    chat_id = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120, default="", blank=True)
    owner = models.CharField(max_length=64, default="", blank=True)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    member_version = models.CharField(max_length=80, default="", blank=True)
    wanted_version = models.CharField(max_length=80, default="", blank=True)
    opened_at = models.DateTimeField()
    dismissed_at = models.DateTimeField(null=True)
    dirty_at = models.DateTimeField(null=True)
    next_at = models.DateTimeField(null=True)
    synced_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id chat_id name store member_version wanted_version opened_at dismissed_at dirty_at next_at synced_at",
        owner=personal("which colleague keeps a group", "while employed", erase=Erase.KEEP, export=False),
    )

    class Meta:
        indexes = (
            models.Index(fields=["next_at"], name="wecom_group_dirty", condition=Q(next_at__isnull=False)),
        )


class WecomGroupMember(models.Model):
    """Somebody's stay in a group: from when to when, how they came."""

    group = models.ForeignKey(WecomGroup, on_delete=models.PROTECT, related_name="+", db_index=False)
    external = models.CharField(max_length=80)
    kind = models.CharField(max_length=10, choices=words(Member))
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    joined_at = models.DateTimeField()
    scene = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=64, default="", blank=True)
    left_at = models.DateTimeField(null=True)

    personal = declare(
        "id group kind customer",
        external=personal("who is in a group", GROUP, erase=Erase.DELETE_ROW),
        joined_at=personal("who is in a group", GROUP, erase=Erase.DELETE_ROW),
        scene=personal("how the member found the group", GROUP, erase=Erase.DELETE_ROW),
        state=personal("how the member found the group", GROUP, erase=Erase.DELETE_ROW),
        left_at=personal("who is in a group", GROUP, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("group", "external", name="wecom_member_once", condition=Q(left_at=None)),
        )
        indexes = (
            models.Index(
                fields=["customer"], name="wecom_member_by_person", condition=Q(customer__isnull=False)
            ),
        )


class WecomGroupDay(models.Model):
    """A group's day: stock = stock of the day before + joins − leaves + corrected. What we had missed stands in `corrected`."""

    group = models.ForeignKey(WecomGroup, on_delete=models.PROTECT, related_name="+", db_index=False)
    day = models.DateField()
    stock = models.PositiveIntegerField()
    joins = models.PositiveIntegerField(default=0)
    leaves = models.PositiveIntegerField(default=0)
    corrected = models.IntegerField(default=0)
    before = models.PositiveIntegerField(default=0)
    taken_at = models.DateTimeField()

    personal = declare("id group day stock joins leaves corrected before taken_at")

    class Meta:
        constraints = (
            models.UniqueConstraint("group", "day", name="wecom_day_once"),
            models.CheckConstraint(
                condition=Q(stock=F("before") + F("joins") - F("leaves") + F("corrected")),
                name="wecom_day_adds_up",
            ),
        )


class WecomOwnerDay(models.Model):
    """What the platform counted of one colleague's groups on one day. It forgets after 180 days; we do not."""

    owner = models.CharField(max_length=64)
    day = models.DateField()
    counts = models.JSONField(default=dict)
    taken_at = models.DateTimeField()

    personal = declare(
        "id day counts taken_at",
        owner=personal("which colleague keeps a group", "while employed", erase=Erase.KEEP, export=False),
    )

    class Meta:
        constraints = (models.UniqueConstraint("owner", "day", name="wecom_owner_day_once"),)


class WecomCorrection(models.Model):
    """Something the nightly comparison found other than we had it: no callback had told us. Append-only."""

    at = models.DateTimeField()
    what = models.CharField(max_length=40)
    key = models.CharField(max_length=80)
    ours = models.CharField(max_length=200, default="", blank=True)
    theirs = models.CharField(max_length=200, default="", blank=True)

    personal = declare("id at what key ours theirs")

    class Meta:
        indexes = (models.Index(fields=["-at"], name="wecom_correction_at"),)
