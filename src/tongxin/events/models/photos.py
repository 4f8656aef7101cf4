"""Photos of an event: who is seen, what each of them agreed to, where else the photo is shown."""

import uuid

from django.db import models
from django.db.models import Q

from tongxin.events.models.occurrences import PROGRAMME, Occurrence, words
from tongxin.events.terms_after import PhotoMoment, PhotoState
from tongxin.foundation.personal import Erase, child, declare, personal
from tongxin.people.models import Consent, Customer

KEPT_PROOF = "kept without the person: proof of what was agreed"
CHILD_SEEN = "30 days after the event; longer only while the guardian's file lasts"


class Photo(models.Model):
    """A photo of an event, by the name under which `media` keeps the picture. Private until everybody seen agrees to more.

    `seen_at` is when somebody last said who is seen. `strangers`: a person who can be recognised is not named. A photo with a child
    is out only with `guardian_file`, a consent that the guardian gave; PostgreSQL asks for it too, and for every child in it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    occurrence = models.ForeignKey(Occurrence, on_delete=models.PROTECT, related_name="+", db_index=False)
    picture = models.UUIDField(null=True)
    name = models.CharField(max_length=40, default="", blank=True)
    moment = models.CharField(max_length=6, choices=words(PhotoMoment), default=PhotoMoment.DURING)
    caption = models.CharField(max_length=80, default="", blank=True)
    child_visible = models.BooleanField(default=True)
    strangers = models.BooleanField(default=False)
    seen_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=7, choices=words(PhotoState), default=PhotoState.PRIVATE)
    guardian_file = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    later = models.CharField(max_length=7, choices=words(PhotoState), default="", blank=True)
    later_at = models.DateTimeField(null=True)
    later_by = models.CharField(max_length=80, default="", blank=True)
    version = models.PositiveIntegerField(default=1)
    added_at = models.DateTimeField()
    added_by = models.CharField(max_length=80)
    moved_at = models.DateTimeField(null=True)
    moved_by = models.CharField(max_length=80, default="", blank=True)
    gone_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id occurrence picture name moment caption child_visible strangers seen_at state guardian_file later later_at"
        " later_by version added_at added_by moved_at moved_by gone_at"
    )

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(state="private") | Q(seen_at__isnull=False, strangers=False, gone_at=None),
                name="photo_out_only_when_said",
            ),
            models.CheckConstraint(
                condition=Q(state="private") | Q(child_visible=False) | Q(guardian_file__isnull=False),
                name="photo_of_child_needs_file",
            ),
            models.CheckConstraint(
                condition=Q(later="", later_at=None) | (~Q(later="") & Q(later_at__isnull=False)),
                name="photo_scheduled_whole",
            ),
        )
        indexes = (
            models.Index(fields=["occurrence", "id"], name="photo_by_event"),
            models.Index("id", name="photo_out", condition=~Q(state="private")),
            models.Index("later_at", name="photo_later", condition=Q(later_at__isnull=False)),
            models.Index("added_at", name="photo_of_child", condition=Q(child_visible=True, gone_at=None)),
        )


class PhotoSeen(models.Model):
    """Somebody seen in a photo: a guest, or (with `companion`) a child of the guest. Changes only while the photo is private."""

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+")
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    companion = models.UUIDField(null=True)

    personal = declare(
        "id photo",
        person=personal("asking who is seen", PROGRAMME, erase=Erase.DELETE_ROW, export=False),
        companion=child("asking the guardian of a child who is seen", CHILD_SEEN, export=False),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["photo", "person", "companion"], name="photo_seen_once", nulls_distinct=False
            ),
        )


class PhotoAnswer(models.Model):
    """A yes or a no of somebody seen (for a child: of the guardian) to one use of one photo. Append-only; the newest holds.

    `record` is the consent under which a yes was given.
    """

    photo = models.ForeignKey(Photo, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    companion = models.UUIDField(null=True)
    use = models.CharField(max_length=7, choices=words(PhotoState))
    granted = models.BooleanField()
    record = models.ForeignKey(Consent, on_delete=models.PROTECT, null=True, related_name="+")
    by = models.CharField(max_length=80)
    at = models.DateTimeField()

    personal = declare(
        "id photo person record by",
        companion=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        use=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        granted=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
        at=personal("proof of consent", KEPT_PROOF, erase=Erase.KEEP),
    )

    class Meta:
        indexes = (models.Index(fields=["photo", "person", "use", "-id"], name="photo_answer_newest"),)


class PhotoPlace(models.Model):
    """Where else a photo is shown: at another event, or on the shelf of a kit. It only points: what holds for the photo holds here."""

    photo = models.ForeignKey(Photo, on_delete=models.CASCADE, related_name="+")
    occurrence = models.ForeignKey(Occurrence, on_delete=models.CASCADE, null=True, related_name="+")
    kit = models.CharField(max_length=64, default="", blank=True, db_index=True)
    at = models.DateTimeField()
    by = models.CharField(max_length=80)

    personal = declare("id photo occurrence kit at by")

    class Meta:
        constraints = (
            models.UniqueConstraint(
                fields=["photo", "occurrence", "kit"], name="photo_place_once", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=Q(occurrence=None) & ~Q(kit="") | Q(occurrence__isnull=False, kit=""),
                name="photo_at_one_place",
            ),
        )
