"""Teachers: members or colleagues who teach what they are good at, each with a page."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.amplify.terms_teachers import LIVE_TEACHERS, TEACHER_LABELS, TeacherState
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.stores.models import Staff, Store

PROOF = "kept without the person: proof of what was agreed"
PAGE = "as long as the page is shown"


class Teacher(models.Model):
    """One time as a teacher, of a member or of a colleague. `words` and `shown_as` stand on the page."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    person = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    staff = models.ForeignKey(Staff, on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    state = models.CharField(
        max_length=8, choices=[(one.value, TEACHER_LABELS[one][0]) for one in TeacherState]
    )
    specialties = models.JSONField()
    shown_as = models.CharField(max_length=24, default="", blank=True)
    words = models.CharField(max_length=300, default="", blank=True)
    why = models.CharField(max_length=120, default="", blank=True)
    invited_by = models.CharField(max_length=80)
    invited_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id person staff store specialties invited_by",
        state=personal("a teacher's page", PROOF, erase=Erase.KEEP),
        shown_as=personal("a teacher's page", PAGE),
        words=personal("a teacher's page", PAGE),
        why=personal("a teacher's page", PAGE),
        invited_at=personal("a teacher's page", PROOF, erase=Erase.KEEP),
        answered_at=personal("a teacher's page", PROOF, erase=Erase.KEEP),
        ended_at=personal("a teacher's page", PROOF, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(person__isnull=False, staff=None) | Q(person=None, staff__isnull=False),
                name="teacher_member_or_colleague",
            ),
            models.UniqueConstraint(
                fields=["person"],
                condition=Q(state__in=[one.value for one in LIVE_TEACHERS]),
                name="teacher_member_once",
            ),
            models.UniqueConstraint(
                fields=["staff"],
                condition=Q(state__in=[one.value for one in LIVE_TEACHERS]),
                name="teacher_colleague_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="shown") | ~Q(shown_as=""), name="teacher_shown_has_a_name"
            ),
        )
        indexes = (models.Index(fields=["state", "-id"], name="teacher_shown"),)
