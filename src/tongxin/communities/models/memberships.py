"""Membership as periods, and who sits in which container."""

import uuid

from django.db import models
from django.db.models import F, Q

from tongxin.communities.models.communities import Community, Container, words
from tongxin.communities.models.joining import FIGURES, Application
from tongxin.communities.terms import Ended, Scene
from tongxin.foundation.personal import Erase, declare, personal
from tongxin.foundation.sealing import EncryptedText
from tongxin.people.models import Customer
from tongxin.stores.models import Store

MEMBERSHIP = "until the membership ends or the account is erased"


class Membership(models.Model):
    """One period of one person in one community, whatever the containers. Coming back is a new period; two never overlap.

    Whether somebody is *active* is never stored: it follows from the open period and the accepted version of the rules.
    `ended_at` is when it happened, `recorded_at` when we learned of it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    community = models.ForeignKey(Community, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+", db_index=False)
    store = models.ForeignKey(Store, on_delete=models.PROTECT, null=True, related_name="+")
    application = models.ForeignKey(Application, on_delete=models.PROTECT, null=True, related_name="+")
    inviter = models.ForeignKey(Customer, on_delete=models.PROTECT, null=True, related_name="+")
    container = models.ForeignKey(Container, on_delete=models.PROTECT, null=True, related_name="+")
    scene = models.CharField(max_length=12, choices=words(Scene))
    channel = models.CharField(max_length=40, default="", blank=True)
    joined_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    recorded_at = models.DateTimeField(null=True)
    ended = models.CharField(max_length=8, choices=words(Ended), default="", blank=True)
    ended_by = models.CharField(max_length=80, default="", blank=True)
    quit_scene = models.CharField(max_length=120, default="", blank=True)
    rests_until = models.DateTimeField(null=True)
    hello = EncryptedText(context="communities.hello", default="", blank=True)
    greeted_at = models.DateTimeField(null=True)
    interests = models.JSONField(default=list)

    personal = declare(
        "id public_id community person store application inviter container ended_by recorded_at",
        scene=personal("where members come from", FIGURES, erase=Erase.KEEP),
        channel=personal("where members come from", FIGURES, erase=Erase.KEEP),
        joined_at=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        ended_at=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        ended=personal("the member's own communities", FIGURES, erase=Erase.KEEP),
        rests_until=personal("a rest after a removal", FIGURES, erase=Erase.KEEP),
        quit_scene=personal("why somebody left", MEMBERSHIP),
        hello=personal("saying hello to the others", MEMBERSHIP),
        greeted_at=personal("saying hello to the others", MEMBERSHIP),
        interests=personal("introducing members to each other", MEMBERSHIP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "community", "person", name="membership_open_once", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("joined_at")), name="community_stay_forwards"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None, ended="") | (Q(ended_at__isnull=False) & ~Q(ended="")),
                name="community_stay_end_says_how",
            ),
        )
        indexes = (
            models.Index("person", name="community_stay_by_person"),
            models.Index(fields=["community", "joined_at", "id"], name="community_stay_by_time"),
            models.Index(fields=["community", "ended_at"], name="community_stay_by_end"),
        )


class ContainerStay(models.Model):
    """Somebody sits in a container: a fact of the outside world, which makes nobody a member by itself."""

    container = models.ForeignKey(Container, on_delete=models.PROTECT, related_name="+", db_index=False)
    person = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="+")
    since = models.DateTimeField()
    until = models.DateTimeField(null=True)
    how_in = models.CharField(max_length=40, default="", blank=True)
    how_out = models.CharField(max_length=40, default="", blank=True)

    personal = declare(
        "id container person",
        since=personal("who is in which group", FIGURES, erase=Erase.KEEP),
        until=personal("who is in which group", FIGURES, erase=Erase.KEEP),
        how_in=personal("where members come from", FIGURES, erase=Erase.KEEP),
        how_out=personal("why somebody left", MEMBERSHIP),
    )

    class Meta:
        constraints = (
            models.UniqueConstraint(
                "container", "person", name="container_stay_open_once", condition=Q(until=None)
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gte=F("since")), name="container_stay_forwards"
            ),
        )
