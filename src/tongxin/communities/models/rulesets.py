"""The rules of the house, version by version, and who has accepted which."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer

KEPT = "kept as proof, without the person"


class RuleSet(models.Model):
    """One version of the rules. Never changed once published; a mandatory one counts from `takes_effect_at`."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    number = models.PositiveIntegerField()
    lines = models.JSONField()
    mandatory = models.BooleanField(default=True)
    note = models.CharField(max_length=200, default="", blank=True)
    takes_effect_at = models.DateTimeField()
    published_at = models.DateTimeField()
    published_by = models.CharField(max_length=80)

    personal = declare(
        "id public_id community number lines mandatory note takes_effect_at published_at published_by"
    )

    class Meta:
        constraints = (models.UniqueConstraint("community", "number", name="ruleset_number_once"),)


class Acceptance(models.Model):
    """A person has seen a version and said yes to it. Append-only; a proof, so erasure leaves it without the person."""

    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    ruleset = models.ForeignKey(RuleSet, on_delete=models.PROTECT, related_name="+")
    shown_at = models.DateTimeField()
    accepted_at = models.DateTimeField()
    channel = models.CharField(max_length=24)

    personal = declare(
        "id person ruleset",
        shown_at=personal("proof of accepting the rules", KEPT, erase=Erase.KEEP),
        accepted_at=personal("proof of accepting the rules", KEPT, erase=Erase.KEEP),
        channel=personal("proof of accepting the rules", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("person", "ruleset", name="acceptance_once"),
            models.CheckConstraint(
                condition=Q(accepted_at__gte=F("shown_at")), name="acceptance_shown_first"
            ),
        )
