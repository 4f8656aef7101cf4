"""The agreement in its versions, ambassadors with their terms, and what they are asked to do."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.amplify.terms_ambassadors import AMBASSADOR_LABELS, LIVE, AmbassadorState, Tier
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Store

TERM = "as long as the term, and two years after"
PROOF = "kept without the person: proof of what was agreed"


class Agreement(models.Model):
    """What an ambassador signs, in numbered versions; `perks` are what they get. Never changed once published."""

    number = models.PositiveIntegerField(unique=True)
    body = models.TextField()
    perks = models.JSONField(default=list)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare("id number body perks by at")


class Ambassador(models.Model):
    """One time as an ambassador. `why` are the applicant's words, or the inviter's; `reason` of a no names its cause."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(
        max_length=8, choices=[(one.value, AMBASSADOR_LABELS[one][0]) for one in AmbassadorState]
    )
    tier = models.PositiveSmallIntegerField(default=1)
    why = models.CharField(max_length=300, default="", blank=True)
    agreement = models.ForeignKey(Agreement, on_delete=models.PROTECT, null=True, related_name="+")
    agreed_at = models.DateTimeField(null=True)
    learned = models.JSONField(default=list, blank=True)
    began_at = models.DateTimeField(null=True)
    until = models.DateTimeField(null=True)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=80, default="", blank=True)
    decided_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, default="", blank=True)

    personal = declare(
        "id public_id person store agreement decided_by",
        state=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        tier=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        why=personal("the ambassador programme", TERM),
        agreed_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        learned=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        began_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        until=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        asked_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        decided_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        ended_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
        reason=personal("why a term did not begin or ended", TERM),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state__in=[one.value for one in LIVE]),
                name="ambassador_live_once",
            ),
            models.CheckConstraint(
                condition=Q(tier__in=[one.value for one in Tier]), name="ambassador_tier_is_one"
            ),
            models.CheckConstraint(
                condition=~Q(state="active")
                | Q(
                    agreement__isnull=False,
                    agreed_at__isnull=False,
                    began_at__isnull=False,
                    until__isnull=False,
                ),
                name="ambassador_active_has_agreed",
            ),
        )
        indexes = (
            models.Index(fields=["person", "-id"], name="ambassador_of"),
            models.Index(fields=["-asked_at", "-id"], name="ambassador_newest"),
        )


class AmbassadorTask(models.Model):
    """Something an ambassador is asked to do, by when; a task is a wish and never a condition of their thanks."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ambassador = models.ForeignKey(Ambassador, on_delete=models.PROTECT, related_name="+")
    words = models.CharField(max_length=120)
    due_on = models.DateField(null=True)
    given_by = models.CharField(max_length=80)
    given_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id ambassador words due_on given_by given_at",
        done_at=personal("the ambassador programme", PROOF, erase=Erase.KEEP),
    )
