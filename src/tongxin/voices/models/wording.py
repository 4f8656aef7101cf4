"""The brand's own words: what is watched for in its communities, and phrases that are lawful there, each from a day to a day."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.foundation.personal import declare
from tongxin.stores.models import Brand
from tongxin.voices.models.topics import words
from tongxin.voices.terms_moderation import Category, Level, WordUse


class BrandWord(models.Model):
    """A word that headquarters adds to the list that comes with the product; `folded` is how it is compared.

    A row is never reworded: another spelling or level is another row, so that a verdict of then can be understood later.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+", db_index=False)
    text = models.CharField(max_length=24)
    folded = models.CharField(max_length=24)
    use = models.CharField(max_length=7, choices=words(WordUse))
    category = models.CharField(max_length=8, choices=words(Category), default="", blank=True)
    level = models.CharField(max_length=5, choices=words(Level), default="", blank=True)
    since = models.DateField()
    until = models.DateField(null=True)
    made_by = models.CharField(max_length=80)
    made_at = models.DateTimeField()
    ended_by = models.CharField(max_length=80, default="", blank=True)

    personal = declare(
        "id public_id brand text folded use category level since until made_by made_at ended_by"
    )

    class Meta:
        constraints = (
            models.UniqueConstraint("brand", "folded", name="brand_word_once", condition=Q(until=None)),
            models.CheckConstraint(condition=~Q(folded=""), name="brand_word_something"),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="brand_word_days"
            ),
            models.CheckConstraint(
                condition=(Q(use="watched") & ~Q(category="") & ~Q(level=""))
                | Q(use="lawful", category="", level=""),
                name="brand_word_whole",
            ),
        )
