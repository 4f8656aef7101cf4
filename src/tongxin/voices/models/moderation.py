"""Cases of moderation: why a post is looked at, who reported it, the evidence, the verdict, strikes, pauses, the appeal."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models import Community
from tongxin.foundation.personal import Erase, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer
from tongxin.voices.models.posts import FIGURES, Post
from tongxin.voices.models.topics import words
from tongxin.voices.terms_moderation import CaseState, Desk, ReportKind, Verdict

EVIDENCE = "180 days after the verdict"


class Case(models.Model):
    """A post that somebody should look at: on which desk, why, until when; and how it ended, by a named person with a reason.

    A post has one open case. `decided_account` keeps the appeal away from whoever decided.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", db_index=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    desk = models.CharField(max_length=9, choices=words(Desk))
    state = models.CharField(max_length=7, choices=words(CaseState), default=CaseState.OPEN)
    codes = models.JSONField(default=list)
    policy = models.CharField(max_length=16)
    reports = models.PositiveIntegerField(default=0)
    opened_at = models.DateTimeField()
    due_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=80, default="", blank=True)
    decided_account = models.BigIntegerField(null=True)
    verdict = models.CharField(max_length=7, choices=words(Verdict), default="", blank=True)
    why = EncryptedText(context="voices.why", default="", blank=True)

    personal = declare(
        "id public_id post community desk state policy reports opened_at due_at decided_at decided_by decided_account verdict",
        codes=personal("why a post was looked at", FIGURES, export=False, erase=Erase.KEEP),
        why=sensitive("the reason told to the author", EVIDENCE),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("post", name="case_open_once", condition=Q(state="open")),
            models.CheckConstraint(
                condition=Q(state="open", decided_at=None, verdict="")
                | (Q(state="decided", decided_at__isnull=False) & ~Q(verdict="")),
                name="case_decided_whole",
            ),
            models.CheckConstraint(condition=Q(due_at__gt=F("opened_at")), name="case_due_later"),
        )
        indexes = (
            models.Index(fields=["community", "due_at", "id"], name="case_desk", condition=Q(state="open")),
            models.Index(
                fields=["community", "-decided_at"], name="case_decided", condition=Q(state="decided")
            ),
            models.Index(fields=["post", "-id"], name="case_of_post"),
        )


class Evidence(models.Model):
    """A sealed copy of what a post said when its case was opened, with what was found in it. Gone when `keep_until` has passed."""

    case = models.OneToOneField(Case, on_delete=models.CASCADE, related_name="+")
    said = EncryptedText(context="voices.evidence")
    found = EncryptedText(context="voices.evidence", default="", blank=True)
    taken_at = models.DateTimeField()
    keep_until = models.DateTimeField(db_index=True)

    personal = declare(
        "id case taken_at keep_until",
        said=sensitive("evidence of a case", EVIDENCE, erase=Erase.DELETE_ROW, export=False),
        found=sensitive("evidence of a case", EVIDENCE, erase=Erase.DELETE_ROW, export=False),
    )


class Report(models.Model):
    """A member asks to have a post looked at. One a person and post; the author never learns who."""

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=words(ReportKind))
    note = EncryptedText(context="voices.report", default="", blank=True)
    at = models.DateTimeField()

    personal = declare(
        "id case post",
        person=personal("who asked to have a post looked at", EVIDENCE, erase=Erase.DELETE_ROW, export=False),
        kind=personal("what was reported", EVIDENCE, erase=Erase.DELETE_ROW),
        note=sensitive("what was reported", EVIDENCE, erase=Erase.DELETE_ROW),
        at=personal("what was reported", EVIDENCE, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("post", "person", name="report_once"),)


class Strike(models.Model):
    """A reminder that counts for a while (rules/strikes.py). Lifted by an appeal, never deleted."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    policy = models.CharField(max_length=16)
    at = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    personal = declare(
        "id case community policy",
        person=personal("reminders of the house rules", FIGURES, erase=Erase.KEEP, export=False),
        at=personal("reminders of the house rules", FIGURES, erase=Erase.KEEP),
        lifted_at=personal("reminders of the house rules", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["person", "-at"], name="strike_by_person"),)


class Mute(models.Model):
    """Somebody writes nothing in a community until an instant; reading and coming to events go on."""

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    since = models.DateTimeField()
    until = models.DateTimeField()
    lifted_at = models.DateTimeField(null=True)

    personal = declare(
        "id case community",
        person=personal("a pause in writing", FIGURES, erase=Erase.KEEP, export=False),
        since=personal("a pause in writing", FIGURES, erase=Erase.KEEP),
        until=personal("a pause in writing", FIGURES, erase=Erase.KEEP),
        lifted_at=personal("a pause in writing", FIGURES, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (models.CheckConstraint(condition=Q(until__gt=F("since")), name="mute_forwards"),)
        indexes = (models.Index(fields=["person", "community", "-until"], name="mute_by_person"),)


class Appeal(models.Model):
    """The author asks somebody else to look again. One a case."""

    case = models.OneToOneField(Case, on_delete=models.PROTECT, related_name="+")
    said = EncryptedText(context="voices.appeal", default="", blank=True)
    at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(max_length=80, default="", blank=True)
    upheld = models.BooleanField(null=True)
    answer = EncryptedText(context="voices.appeal", default="", blank=True)

    personal = declare(
        "id case due_at answered_by",
        said=sensitive("the author's side of a case", EVIDENCE),
        at=personal("the author's side of a case", FIGURES, erase=Erase.KEEP),
        answered_at=personal("the author's side of a case", FIGURES, erase=Erase.KEEP),
        upheld=personal("the author's side of a case", FIGURES, erase=Erase.KEEP),
        answer=sensitive("the answer to the author", EVIDENCE),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(answered_at=None, upheld=None)
                | Q(answered_at__isnull=False, upheld__isnull=False),
                name="appeal_answered_whole",
            ),
        )
