"""Customers, identities, merges, companions, consents, tags; subjects and the book. Triggers stand in migration 0002."""

import uuid

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import Erase, child, declare, personal, sensitive
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.terms import (
    LANGUAGES,
    CustomerKind,
    CustomerState,
    IdentityKind,
    MergeReason,
    Purpose,
    Verification,
)
from tongxin.stores.models import Brand, Store

MEMBERSHIP = "as long as the membership"
KEPT = "kept without the person: an opaque number after erasure"


def _words(enum: type) -> list[tuple[str, str]]:
    return [(word.value, word.value) for word in enum]  # type: ignore[attr-defined]  # any StrEnum


class Customer(models.Model):
    """One person as far as we know. `survivor` is the customer that a merge put in front of this one (never a chain)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    home_store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=10, choices=_words(CustomerKind), default=CustomerKind.MEMBER)
    state = models.CharField(max_length=8, choices=_words(CustomerState), default=CustomerState.LIVE)
    survivor = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    nickname = models.CharField(max_length=80, default="")
    nickname_pinyin = models.CharField(max_length=240, default="")
    nickname_initials = models.CharField(max_length=80, default="")
    gender = models.CharField(max_length=8, default="")
    birth_year = models.PositiveSmallIntegerField(null=True)
    registered_at = models.DateTimeField(null=True)
    tier = models.CharField(max_length=40, default="")
    is_paid = models.BooleanField(default=False)
    source_channel = models.CharField(max_length=40, default="")
    is_staff = models.BooleanField(default=False)
    personalise = models.BooleanField(default=True)
    personalise_at = models.DateTimeField(null=True)
    language = models.CharField(max_length=2, default="", db_default="", blank=True)
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField()

    personal = declare(
        "id public_id brand account kind state survivor simulated created_at personalise_at",
        home_store=personal("figures per store", KEPT, erase=Erase.KEEP),
        nickname=personal("addressing the member", MEMBERSHIP),
        nickname_pinyin=personal("finding the member", MEMBERSHIP, export=False),
        nickname_initials=personal("finding the member", MEMBERSHIP, export=False),
        gender=personal("comparing like with like in studies", MEMBERSHIP),
        birth_year=personal("comparing like with like in studies", MEMBERSHIP),
        registered_at=personal("tenure", MEMBERSHIP),
        tier=personal("benefits of the card", MEMBERSHIP),
        is_paid=personal("benefits of the card", MEMBERSHIP),
        source_channel=personal("where members come from", MEMBERSHIP),
        is_staff=personal("leaving staff out of member figures", KEPT, erase=Erase.KEEP),
        personalise=personal("the member's own switch", KEPT, erase=Erase.KEEP),
        language=personal("writing in the member's language", MEMBERSHIP),
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="merged", survivor__isnull=False)
                | (~Q(state="merged") & Q(survivor__isnull=True))
                | Q(state="erased"),
                name="customer_merged_has_survivor",
            ),
            models.CheckConstraint(condition=Q(language__in=["", *LANGUAGES]), name="customer_language"),
            models.CheckConstraint(
                condition=Q(survivor=None) | ~Q(survivor=F("id")), name="customer_not_own_survivor"
            ),
        )
        indexes = (
            models.Index("home_store", "state", name="customer_by_store"),
            models.Index("survivor", name="customer_behind", condition=Q(survivor__isnull=False)),
            models.Index("is_staff", name="customer_staff", condition=Q(is_staff=True)),
            models.Index(fields=["nickname"], name="customer_nickname", opclasses=["varchar_pattern_ops"]),
            models.Index(
                fields=["nickname_pinyin"], name="customer_pinyin", opclasses=["varchar_pattern_ops"]
            ),
            models.Index(
                fields=["nickname_initials"], name="customer_initials", opclasses=["varchar_pattern_ops"]
            ),
        )


class Identity(models.Model):
    """How an issuer knows a customer. Never rewritten, not even by a merge; `lookup` is a code or a keyed hash.

    `tail` is a keyed hash of the last four digits of a phone, keyed for the home store: a counter search, not a register.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=16, choices=_words(IdentityKind))
    source = models.CharField(max_length=64, default="", blank=True)
    lookup = models.CharField(max_length=128)
    value = EncryptedText(default="", blank=True)
    tail = models.CharField(max_length=64, default="", blank=True)
    verified = models.BooleanField(default=False)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    personal = declare(
        "id customer",
        kind=personal("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
        source=personal("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
        lookup=sensitive("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW, export=False),
        value=sensitive("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
        tail=sensitive("finding a member at the counter", MEMBERSHIP, erase=Erase.DELETE_ROW, export=False),
        verified=personal("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
        first_seen=personal("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
        last_seen=personal("knowing the member again", MEMBERSHIP, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("kind", "source", "lookup", name="identity_once_per_issuer"),)
        indexes = (
            models.Index("customer", name="identity_by_customer"),
            models.Index("tail", name="identity_by_tail", condition=~Q(tail="")),
        )


class Merge(models.Model):
    """Two customers are one person: a link with a reason. Undone by a date, never by rewriting."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    target = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=16, choices=_words(MergeReason))
    note = models.CharField(max_length=200, default="")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    target_personalised = models.BooleanField()
    undone_at = models.DateTimeField(null=True)
    undone_by = models.CharField(max_length=80, default="")

    personal = declare(
        "id public_id source target by target_personalised undone_by",
        reason=personal("why two entries are one person", KEPT, erase=Erase.KEEP),
        note=personal("why two entries are one person", MEMBERSHIP),
        at=personal("why two entries are one person", KEPT, erase=Erase.KEEP),
        undone_at=personal("why two entries are one person", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("source", name="merge_live_once", condition=Q(undone_at=None)),
            models.CheckConstraint(condition=~Q(source=F("target")), name="merge_two_people"),
        )
        indexes = (models.Index("target", name="merge_by_target", condition=Q(undone_at=None)),)


class Companion(models.Model):
    """A child who comes along, under the guardian. A nickname and an age in whole years as given; no birth date, no account.

    Both values are sealed. The row goes by itself `delete_on`, thirty days after the last event, unless consent says otherwise.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    guardian = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    nickname = EncryptedText(context="companion.nickname")
    age_years = EncryptedText(context="companion.age")
    age_given_on = models.DateField()
    delete_on = models.DateField()
    created_at = models.DateTimeField()

    personal = declare(
        "id public_id guardian",
        nickname=child("calling the child at the event", "30 days after the last event"),
        age_years=child("places and safety at the event", "30 days after the last event"),
        age_given_on=child("places and safety at the event", "30 days after the last event"),
        delete_on=child("when this row goes", "30 days after the last event"),
        created_at=child("places and safety at the event", "30 days after the last event"),
    )

    class Meta:
        indexes = (
            models.Index("guardian", name="companion_by_guardian"),
            models.Index("delete_on", name="companion_going"),
        )


class Consent(models.Model):
    """A yes or a no to one purpose under one version of the notice. Append-only; the newest one holds.

    `companion` is the public id of the child a guardian speaks for. A proof we must keep, so erasure leaves it, without the person.
    """

    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    companion = models.UUIDField(null=True)
    purpose = models.CharField(max_length=16, choices=_words(Purpose))
    granted = models.BooleanField()
    notice_version = models.CharField(max_length=40)
    channel = models.CharField(max_length=24)
    source = models.CharField(max_length=64, default="", blank=True)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()
    recorded_at = models.DateTimeField()

    personal = declare(
        "id customer by recorded_at",
        companion=personal("proof of consent", KEPT, erase=Erase.KEEP),
        purpose=personal("proof of consent", KEPT, erase=Erase.KEEP),
        granted=personal("proof of consent", KEPT, erase=Erase.KEEP),
        notice_version=personal("proof of consent", KEPT, erase=Erase.KEEP),
        channel=personal("proof of consent", KEPT, erase=Erase.KEEP),
        source=personal("proof of consent", KEPT, erase=Erase.KEEP),
        at=personal("proof of consent", KEPT, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["customer", "purpose", "-at", "-id"], name="consent_newest"),)


class Tag(models.Model):
    """A word staff keep about a member. The member sees it and can delete it (PIPL 24)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=40)
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id public_id customer by",
        label=personal("serving the member", MEMBERSHIP, erase=Erase.DELETE_ROW),
        at=personal("serving the member", MEMBERSHIP, erase=Erase.DELETE_ROW),
    )

    class Meta:
        constraints = (models.UniqueConstraint("customer", "label", name="tag_once"),)


class Subject(models.Model):
    """What a fact points at: a thing of an upper room, named by (room, key) because the book never points up by a key."""

    room = models.CharField(max_length=32)
    key = models.CharField(max_length=120)
    kind = models.CharField(max_length=32)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    type = models.CharField(max_length=64, default="", blank=True)
    title = models.CharField(max_length=160, default="", blank=True)
    opened_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    simulated = models.BooleanField(default=False)

    personal = declare("id room key kind store type title opened_at closed_at simulated")

    class Meta:
        constraints = (models.UniqueConstraint("room", "key", name="subject_once"),)


class Deed(models.Model):
    """A row of the book. Append-only: what was wrong is reversed by another row.

    `occurred_at` is when it happened, `known_at` when we learned of it: a question as of a day only reads what was known then.
    """

    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=24)
    counterpart = models.ForeignKey(
        Customer, on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, null=True, related_name="+")
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    community = models.BigIntegerField(null=True)
    occurred_at = models.DateTimeField()
    known_at = models.DateTimeField()
    weight = models.SmallIntegerField()
    verification = models.CharField(max_length=8, choices=_words(Verification))
    value = models.SmallIntegerField(null=True)
    device = models.CharField(max_length=64, default="", blank=True)
    source_system = models.CharField(max_length=32)
    source_id = models.CharField(max_length=120)
    reverses = models.OneToOneField("self", on_delete=models.PROTECT, null=True, related_name="+")

    personal = declare(
        "id known_at weight verification source_system reverses",
        person=personal("the member's own history", KEPT, erase=Erase.KEEP, export=False),
        kind=personal("the member's own history", KEPT, erase=Erase.KEEP),
        counterpart=personal("who recognised whom", KEPT, erase=Erase.KEEP, export=False),
        subject=personal("the member's own history", KEPT, erase=Erase.KEEP),
        store=personal("the member's own history", KEPT, erase=Erase.KEEP),
        community=personal("the member's own history", KEPT, erase=Erase.KEEP),
        occurred_at=personal("the member's own history", KEPT, erase=Erase.KEEP),
        value=personal("answers to surveys", KEPT, erase=Erase.KEEP),
        device=personal("stopping fraud", "180 days", export=False),
        source_id=personal("writing a deed down once", MEMBERSHIP, export=False),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("source_system", "source_id", name="deed_once_per_source"),
            models.CheckConstraint(condition=~Q(source_id=""), name="deed_has_source"),
        )
        indexes = (
            models.Index(fields=["person", "-occurred_at", "-id"], name="deed_by_person"),
            models.Index("occurred_at", name="deed_by_time"),
            models.Index("counterpart", name="deed_by_counterpart", condition=Q(counterpart__isnull=False)),
            # Who shares a device with whom: few rows name one. What was known on a day: rows come in that order.
            models.Index(fields=["device", "person"], name="deed_by_device", condition=~Q(device="")),
            BrinIndex(fields=["known_at"], name="deed_by_known"),
        )


class Erased(models.Model):
    """A tombstone: a keyed hash of what was erased, a person's public id or a member code of a till.

    With it a restored backup is made to forget again, and tomorrow's member file does not bring the person back.
    """

    what = models.CharField(max_length=12, choices=[("person", "person"), ("member_code", "member_code")])
    hash = models.CharField(max_length=64, unique=True)
    at = models.DateTimeField()

    personal = declare("id what hash at")
