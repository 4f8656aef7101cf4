"""Neighbours we do things with, and the local events we sponsor: what they cost and what came of them."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.commerce.models.envelopes import Commitment
from tongxin.commerce.terms import Measure, PartnerKind, PartnerState, SponsorState
from tongxin.foundation.personal import declare, personal
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Subject
from tongxin.stores.models import Store

NEIGHBOURS = "as long as we work together, then 90 days"


class Partner(models.Model):
    """A school, a café, a residents' committee near a store."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=[(k.value, k.value) for k in PartnerKind])
    name = models.CharField(max_length=80)
    brings = models.CharField(max_length=200, default="", blank=True)
    contact = EncryptedText(default="", blank=True, context="commerce.partner")
    state = models.CharField(
        max_length=8, choices=[(s.value, s.value) for s in PartnerState], default=PartnerState.TALKING
    )
    version = models.PositiveIntegerField(default=0)
    since = models.DateField()
    ended_on = models.DateField(null=True)

    personal = declare(
        "id public_id store kind name brings state version since ended_on",
        contact=personal("reaching the partner", NEIGHBOURS, export=False),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("store", "name", name="partner_once_per_store"),
            models.CheckConstraint(
                condition=Q(state="ended", ended_on__isnull=False) | (~Q(state="ended") & Q(ended_on=None)),
                name="partner_end_has_day",
            ),
        )


class Sponsored(models.Model):
    """A local event we support: with whom, what for, at what cost (the commitment in an envelope), how far it is."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, related_name="+")
    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, null=True, related_name="+")
    commitment = models.OneToOneField(Commitment, on_delete=models.PROTECT, null=True, related_name="+")
    title = models.CharField(max_length=120)
    we_give = models.CharField(max_length=200, default="", blank=True)
    we_hope = models.JSONField(default=dict)
    starts_on = models.DateField()
    ends_on = models.DateField()
    state = models.CharField(
        max_length=12, choices=[(s.value, s.value) for s in SponsorState], default=SponsorState.PLANNED
    )
    version = models.PositiveIntegerField(default=0)
    key = models.CharField(max_length=120, unique=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id public_id store partner commitment title we_give we_hope starts_on ends_on state version key by at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(condition=Q(ends_on__gte=F("starts_on")), name="sponsored_forwards"),
        )
        indexes = (models.Index(fields=["store", "-starts_on"], name="sponsored_by_store"),)


class Outcome(models.Model):
    """What came of a sponsored event: one measure and the thing of the book where it can be looked up. Corrected by another row."""

    sponsored = models.ForeignKey(Sponsored, on_delete=models.PROTECT, related_name="+")
    measure = models.CharField(max_length=16, choices=[(m.value, m.value) for m in Measure])
    value = models.BigIntegerField()
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="+")
    corrects = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")
    key = models.CharField(max_length=120, unique=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id sponsored measure value subject corrects key by at")

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(value__gte=0), name="outcome_not_negative"),)
