"""WeCom: codes that lead to colleagues and into groups, and who came through which."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.foundation.personal import Erase, declare, personal
from tongxin.outreach.models.words import words
from tongxin.outreach.terms_wecom import CodeKind, CodeState, Source, TouchKind
from tongxin.people.models import Customer
from tongxin.stores.models import Store

FOUND = "how the member found us"


class WecomCode(models.Model):
    """A live code. `state` travels through the platform and comes back with everybody who scanned it.

    The row is written before the platform is asked, and `config_id` in one statement with its answer: the admin console does not
    show codes made through the interface, so an id that is lost is a printed code nobody can change any more.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=10, choices=words(CodeKind))
    source = models.CharField(max_length=16, choices=words(Source))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    about_room = models.CharField(max_length=32, default="", blank=True)
    about_key = models.CharField(max_length=120, default="", blank=True)
    label = models.CharField(max_length=30)
    users = models.JSONField(default=list)
    chats = models.JSONField(default=list)
    room_name = models.CharField(max_length=40, default="", blank=True)
    state = models.CharField(max_length=30, unique=True)
    config_id = models.CharField(max_length=80, default="", blank=True)
    picture = models.CharField(max_length=300, default="", blank=True)
    condition = models.CharField(max_length=10, choices=words(CodeState), default=CodeState.MAKING)
    by = models.CharField(max_length=80)
    created_at = models.DateTimeField()
    made_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id kind source store about_room about_key label chats room_name state config_id picture condition by"
        " created_at made_at closed_at",
        users=personal("which colleagues a code leads to", "while employed", erase=Erase.KEEP, export=False),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=~Q(condition="live") | ~Q(config_id=""), name="wecom_live_code_has_its_id"
            ),
            models.UniqueConstraint("config_id", name="wecom_config_once", condition=~Q(config_id="")),
        )
        indexes = (models.Index(fields=["store", "-id"], name="wecom_code_by_store"),)


class WecomTouch(models.Model):
    """One step of somebody's way to us: added a colleague or joined a group, through which code or none. Kept in order."""

    external = models.CharField(max_length=80)
    customer = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=10, choices=words(TouchKind))
    code = models.ForeignKey(WecomCode, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    source = models.CharField(max_length=16, choices=words(Source))
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    place = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id customer code",
        external=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
        kind=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
        source=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
        store=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
        place=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
        at=personal(FOUND, "a year", erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("external", "kind", "place", "at", name="wecom_touch_once"),)
        indexes = (
            models.Index(fields=["external", "at", "id"], name="wecom_touch_path"),
            models.Index(fields=["at"], name="wecom_touch_at"),
            models.Index(
                fields=["customer"], name="wecom_touch_by_person", condition=Q(customer__isnull=False)
            ),
        )
