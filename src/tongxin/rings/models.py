"""What the rings keep: policy versions, where the rule has everyone, history as periods, invitations, overrides, runs."""

import uuid
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.db import models
from django.db.models import F, Func, Q, Value

from tongxin.foundation.personal import Erase, declare, personal
from tongxin.people.models import Customer
from tongxin.rings.terms import (
    Cause,
    InvitationState,
    OverrideReason,
    Ring,
    RunState,
    ThanksKind,
    ThanksState,
)
from tongxin.stores.models import Brand, Store

RINGS = [(ring.value, ring.zh) for ring in Ring]


class NoOverlap(ExclusionConstraint):
    """`EXCLUDE USING gist`; without the system check that wants django.contrib.postgres installed for nothing else."""

    def check(self, model: type[models.Model], connection: Any) -> list[Any]:  # noqa: ARG002 the signature is Django's
        return []


class Policy(models.Model):
    """One version of the ring policy. Never changed once published; placements name the version they were made by."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    version = models.PositiveIntegerField()
    body = models.JSONField()
    note = models.CharField(max_length=400, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    author_name = models.CharField(max_length=80)
    created_at = models.DateTimeField()

    personal = declare("id brand version body note author author_name created_at")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["brand", "version"], name="rings_policy_version")
        ]


class Run(models.Model):
    """One placing of everybody (or of some): what it found and moved."""

    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    as_of = models.DateTimeField()
    week = models.PositiveIntegerField()
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=[(s.value, s.value) for s in RunState])
    whole = models.BooleanField(default=True)
    summary = models.JSONField(default=dict)
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    personal = declare("id brand as_of week policy state whole summary started_at finished_at")

    class Meta:
        indexes: ClassVar = [models.Index(fields=["brand", "-as_of"], name="rings_run_newest")]


class Standing(models.Model):
    """Where the rule has one customer, and what it remembers about the way out. One row a placed customer."""

    customer = models.OneToOneField(Customer, on_delete=models.CASCADE, primary_key=True, related_name="+")
    ring = models.CharField(max_length=8, choices=RINGS)
    since = models.DateTimeField()
    low_runs = models.PositiveSmallIntegerField(default=0)
    low_week = models.PositiveIntegerField(default=0)
    reviewed_at = models.DateTimeField(null=True)
    announced_at = models.DateTimeField(null=True)
    candidate = models.BooleanField(default=False)

    personal = declare("customer ring since low_runs low_week reviewed_at announced_at candidate")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["customer"], name="rings_candidates", condition=Q(candidate=True)),
            models.Index(
                fields=["customer"], name="rings_announced", condition=Q(announced_at__isnull=False)
            ),
        ]


class Placement(models.Model):
    """One period in a ring. A placed customer has exactly one open period; periods never overlap."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    ring = models.CharField(max_length=8, choices=RINGS)
    period = DateTimeRangeField()
    cause = models.CharField(max_length=8, choices=[(c.value, c.value) for c in Cause])
    reasons = models.JSONField(default=dict)
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    run = models.ForeignKey(Run, null=True, on_delete=models.SET_NULL, related_name="+")
    moved_from = models.CharField(max_length=8, choices=RINGS, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=80, blank=True)

    personal = declare(
        "id customer ring period cause policy run moved_from by by_name",
        reasons=personal("显示为什么在这个圈层", "与圈层历史同存", erase=Erase.BLANK),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(period__upper_inf=True), name="rings_one_open_placement"
            ),
            NoOverlap(
                name="rings_no_overlap",
                index_type="gist",
                expressions=[
                    (Func(F("customer"), F("customer"), Value("[]"), function="int8range"), "&&"),
                    ("period", "&&"),
                ],
            ),
            models.CheckConstraint(condition=~Q(period__isempty=True), name="rings_period_not_empty"),
        ]
        indexes: ClassVar = [
            models.Index(Func(F("period"), function="lower"), name="rings_placement_start"),
            models.Index(fields=["ring"], name="rings_open_by_ring", condition=Q(period__upper_inf=True)),
        ]


class Override(models.Model):
    """A person's decision that stands above the rule until it expires. Never deleted; at most one in force a customer."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    ring = models.CharField(max_length=8, choices=RINGS)
    auto_ring = models.CharField(max_length=8, choices=RINGS)
    reason = models.CharField(max_length=20, choices=[(r.value, r.value) for r in OverrideReason])
    note = models.CharField(max_length=400, blank=True)
    role = models.CharField(max_length=24)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    ended_by = models.CharField(max_length=80, blank=True)

    personal = declare(
        "id public_id customer ring auto_ring reason role by by_name at expires_at ended_at ended_by",
        note=personal("写明人工调整的理由", "与圈层历史同存"),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"], condition=Q(ended_at__isnull=True), name="rings_one_override"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("at")), name="rings_override_expires"),
        ]


class Invitation(models.Model):
    """An invitation into the inner ring: proposed by the rule, confirmed by a named person with a reason, accepted by the member.

    `evidence` keeps the lines of the gate as they were when the named person gave their word. `seat` offers a seat among the
    advisers with it; `seat_taken` is the member's answer to that.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in InvitationState])
    policy = models.ForeignKey(Policy, on_delete=models.PROTECT, related_name="+")
    invited_by = models.CharField(max_length=80)
    invited_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=80, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = models.CharField(max_length=200, default="", blank=True)
    evidence = models.JSONField(default=list, blank=True)
    seat = models.BooleanField(default=False)
    seat_taken = models.BooleanField(null=True)

    personal = declare(
        "id public_id customer store state policy invited_by invited_at expires_at answered_at closed_at closed_by by seat"
        " seat_taken",
        reason=personal("写明为什么邀请，本人看得到", "与圈层历史同存"),
        evidence=personal("邀请时依据的条件", "与圈层历史同存"),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["customer"],
                condition=Q(state__in=[InvitationState.INVITED.value, InvitationState.ACCEPTED.value]),
                name="rings_one_live_invitation",
            )
        ]


class Programme(models.Model):
    """Thanks for many at once, with a random share held out so that their effect can be told."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    brand = models.ForeignKey(Brand, on_delete=models.PROTECT, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=80)
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in ThanksKind])
    ring = models.CharField(max_length=8, choices=RINGS)
    words = models.CharField(max_length=200)
    envelope = models.UUIDField(null=True)
    commitment = models.UUIDField(null=True)
    cost_fen = models.PositiveIntegerField(default=0)
    share_permille = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=32)
    window_days = models.PositiveSmallIntegerField(default=28)
    opened_by = models.CharField(max_length=80)
    opened_at = models.DateTimeField()
    run_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id brand store title kind ring words envelope commitment cost_fen share_permille seed window_days opened_by"
        " opened_at run_at"
    )

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=Q(share_permille__gte=50, share_permille__lte=500), name="rings_programme_share"
            ),
        ]


class Thanks(models.Model):
    """One member thanked (or held out of a programme), what it cost, and whether others may see it."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="+")
    store = models.ForeignKey(Store, null=True, on_delete=models.PROTECT, related_name="+")
    programme = models.ForeignKey(Programme, null=True, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=8, choices=[(k.value, k.value) for k in ThanksKind])
    state = models.CharField(max_length=10, choices=[(s.value, s.value) for s in ThanksState])
    words = models.CharField(max_length=200, blank=True)
    about_room = models.CharField(max_length=32, default="", blank=True)
    about_key = models.CharField(max_length=120, default="", blank=True)
    cost_fen = models.PositiveIntegerField(default=0)
    commitment = models.UUIDField(null=True)
    by_name = models.CharField(max_length=80)
    at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)

    personal = declare(
        "id public_id customer store programme kind state about_room about_key cost_fen commitment by_name at answered_at",
        words=personal("感谢本人的话", "与会员资格同存"),
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["programme", "customer"],
                condition=Q(programme__isnull=False),
                name="rings_thanked_once_a_programme",
            ),
            models.CheckConstraint(
                condition=~Q(state=ThanksState.PUBLIC.value) | Q(kind=ThanksKind.PRAISE.value),
                name="rings_only_praise_is_public",
            ),
            models.CheckConstraint(
                condition=~Q(state=ThanksState.HELD.value) | Q(cost_fen=0),
                name="rings_held_out_costs_nothing",
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["store", "-at"], name="rings_praise_in_public", condition=Q(state="public")),
            models.Index(fields=["customer", "-at"], name="rings_thanks_of"),
        ]
