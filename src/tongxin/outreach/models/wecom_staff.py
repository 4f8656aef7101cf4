"""WeCom among colleagues: who is in the corp, who takes over whose customers and groups, the robots of staff groups, the set-up's trials."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import Erase, declare, personal
from tongxin.foundation.sealing import EncryptedText
from tongxin.outreach.models.words import words
from tongxin.outreach.terms_handover import Kind, State
from tongxin.people.models import Customer
from tongxin.stores.models import Staff, Store

EMPLOYED = "while employed"
WAY = "until the hand-over is a year old"


class WecomColleague(models.Model):
    """Somebody in the corp as the platform lists them: what staff accounts are matched against."""

    userid = models.CharField(max_length=64, unique=True)
    name = models.CharField(max_length=80, default="", blank=True)
    departments = models.JSONField(default=list)
    phone_lookup = models.CharField(max_length=64, default="", blank=True)
    synced_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    personal = declare(
        "id departments synced_at gone_at",
        userid=personal("matching staff with the corp", EMPLOYED, erase=Erase.KEEP, export=False),
        name=personal("matching staff with the corp", EMPLOYED, erase=Erase.KEEP, export=False),
        phone_lookup=personal("matching staff with the corp", EMPLOYED, erase=Erase.KEEP, export=False),
    )


class WecomDepartment(models.Model):
    """A department of the corp: with us, head office or a store."""

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=80, default="", blank=True)
    parent = models.PositiveIntegerField(default=0)
    synced_at = models.DateTimeField()
    gone_at = models.DateTimeField(null=True)

    personal = declare("id number name parent synced_at gone_at")


class WecomHandover(models.Model):
    """One colleague's customers and groups go to another; `left` when the first is no longer with us. Done when no line is open."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    old = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", db_index=False)
    new = models.ForeignKey(Staff, on_delete=models.PROTECT, related_name="+", db_index=False)
    old_userid = models.CharField(max_length=64)
    new_userid = models.CharField(max_length=64)
    left = models.BooleanField()
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    next_at = models.DateTimeField(null=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id old new left store next_at by at done_at",
        old_userid=personal("handing over customers", EMPLOYED, erase=Erase.KEEP, export=False),
        new_userid=personal("handing over customers", EMPLOYED, erase=Erase.KEEP, export=False),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=~Q(old_userid=F("new_userid")), name="wecom_over_to_another"),
            models.UniqueConstraint(
                "old_userid", "new_userid", name="wecom_over_once", condition=Q(done_at=None)
            ),
        )
        indexes = (
            models.Index(fields=["next_at"], name="wecom_over_due", condition=Q(next_at__isnull=False)),
        )


class WecomHandoverLine(models.Model):
    """One customer or group of a hand-over and where it stands. The platform waits a day, in which a customer may refuse."""

    handover = models.ForeignKey(WecomHandover, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=8, choices=words(Kind))
    external = models.CharField(max_length=80)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    name = models.CharField(max_length=120, default="", blank=True)
    state = models.CharField(max_length=8, choices=words(State), default=State.OPEN)
    number = models.IntegerField(default=0)
    asked_at = models.DateTimeField(null=True)
    takes_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id handover kind customer name number",
        external=personal("who looks after a member", WAY, erase=Erase.DELETE_ROW),
        state=personal("who looks after a member", WAY, erase=Erase.DELETE_ROW),
        asked_at=personal("who looks after a member", WAY, erase=Erase.DELETE_ROW),
        takes_at=personal("who looks after a member", WAY, erase=Erase.DELETE_ROW),
        done_at=personal("who looks after a member", WAY, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("handover", "kind", "external", name="wecom_over_line_once"),)
        indexes = (
            models.Index(
                fields=["customer"], name="wecom_over_by_person", condition=Q(customer__isnull=False)
            ),
        )


class WecomTrial(models.Model):
    """What the steps of the set-up said when somebody tried them. The newest is shown."""

    at = models.DateTimeField()
    by = models.CharField(max_length=80)
    steps = models.JSONField(default=list)

    personal = declare("id at by steps")


class Robot(models.Model):
    """The robot of a group of colleagues: of a store, or (without one) of headquarters. Its address is a secret."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    label = models.CharField(max_length=40)
    url = EncryptedText(context="outreach.robot")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)

    personal = declare("id public_id store label url by at closed_at")
