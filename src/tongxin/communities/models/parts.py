"""Parts with a term: who is soul, host, expert or moderator, and until when."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community, Container, words
from tongxin.communities.models.joining import FIGURES
from tongxin.communities.terms import Part
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Staff


class PartTerm(models.Model):
    """One term in a part, of a member or of staff; `container` narrows it to one group. `shown_as` is the persona: 营养师 周医师."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    part = models.CharField(max_length=10, choices=words(Part))
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="+")
    shown_as = models.CharField(max_length=40, default="", blank=True)
    specialty = models.CharField(max_length=40, default="", blank=True)
    duty = models.CharField(max_length=120, default="", blank=True)
    since = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)
    reason = models.CharField(max_length=120, default="", blank=True)
    given_by = models.CharField(max_length=80)

    personal = declare(
        "id public_id community part person staff container specialty duty since until ended_at ended_by given_by",
        shown_as=personal("the name under which somebody serves", "until the term ends"),
        reason=personal("why a term ended", FIGURES, erase=Erase.BLANK),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(person__isnull=False, staff=None) | Q(person=None, staff__isnull=False),
                name="part_one_holder",
            ),
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="part_term_forwards"),
            models.UniqueConstraint(
                "community", name="part_one_host", condition=Q(part="host", ended_at=None)
            ),
            models.UniqueConstraint(
                "community", "part", "person", name="part_once_member",
                condition=Q(ended_at=None, person__isnull=False),
            ),
            models.UniqueConstraint(
                "community", "part", "staff", name="part_once_staff",
                condition=Q(ended_at=None, staff__isnull=False),
            ),
        )  # fmt: skip
        indexes = (models.Index("community", name="part_live", condition=Q(ended_at=None)),)
