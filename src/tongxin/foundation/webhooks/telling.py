"""From the sealed trail to other people's servers: feed, claim, tell, record."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F

from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.audit.queries import sealed_after
from tongxin.foundation.http import Blocked, Client, LeftAlone, NoAnswer, NotSent
from tongxin.foundation.outbox.actions import post
from tongxin.foundation.webhooks import rules
from tongxin.foundation.webhooks.models import Attempt, Delivery, Subscription
from tongxin.foundation.webhooks.terms import State

FED = 500  # entries a subscription and round
LEASE = 120.0  # seconds for which a claimed delivery is left to its claimant
BATCH = 10
PATIENCE = 10.0  # seconds of telling a round; sealing and other subscriptions wait behind it

JOB = system("webhooks")


def feed() -> int:
    """Make deliveries of newly sealed entries; answers how many. A crash repeats or skips none: one transaction each."""
    made = 0
    for key in Subscription.objects.filter(active=True).order_by("id").values_list("id", flat=True):
        with transaction.atomic():
            found = (
                Subscription.objects.select_for_update(skip_locked=True).filter(id=key, active=True).first()
            )
            made += 0 if found is None else _feed_one(found)
    return made


def _feed_one(subscription: Subscription) -> int:
    entries = sealed_after(subscription.position, FED)
    if not entries:
        return 0
    at = clock.now()
    fresh = [
        Delivery(
            subscription=subscription, event=e.public_id, act=e.act, body=_body(e), created_at=at, due_at=at
        )
        for e in entries
        if rules.wanted(e.act, subscription.acts)
    ]
    Delivery.objects.bulk_create(fresh, ignore_conflicts=True)
    subscription.position = entries[-1].position or 0
    subscription.save(update_fields=["position"])
    return len(fresh)


def _body(entry: Entry) -> str:
    event = rules.Event(
        id=str(entry.public_id),
        act=entry.act,
        subject=(entry.subject_room, entry.subject_kind, entry.subject_id),
        at=entry.at,
        before=_parsed(entry.before),
        after=_parsed(entry.after),
    )
    return rules.cloud_event(event, settings.TONGXIN_BASE_URL)


def _parsed(text: str) -> Any:
    return json.loads(text) if text else None


def tell(client: Client, *, patience: float = PATIENCE) -> int:
    """Tell what is due, for `patience` seconds at most; answers how many deliveries were tried.

    Receivers know a repeat by its `webhook-id`, so a delivery whose outcome is unknown is told again.
    """
    until, told = time.monotonic() + patience, 0
    while time.monotonic() < until:
        claimed = _claim()
        if not claimed:
            break
        for delivery in claimed:
            _tell_one(client, delivery)
        told += len(claimed)
    return told


def _claim() -> list[Delivery]:
    at = clock.now()
    with transaction.atomic():
        due = Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            state=State.WAITING, due_at__lte=at, subscription__active=True
        )
        keys = list(due.order_by("due_at", "id").values_list("id", flat=True)[:BATCH])
        Delivery.objects.filter(id__in=keys).update(
            due_at=at + timedelta(seconds=LEASE), attempts=F("attempts") + 1
        )
    return list(Delivery.objects.filter(id__in=keys).select_related("subscription").order_by("id"))


def _tell_one(client: Client, delivery: Delivery) -> None:
    began, status, detail = time.monotonic(), None, ""
    try:
        status = client.post(
            delivery.subscription.url, body=delivery.body.encode(), headers=_headers(delivery)
        ).status
    except LeftAlone as alone:  # not tried, so not counted
        Delivery.objects.filter(id=delivery.pk).update(
            attempts=F("attempts") - 1, due_at=clock.now() + timedelta(seconds=alone.wait)
        )
        return
    except (Blocked, NotSent, NoAnswer) as fault:
        detail = f"{type(fault).__name__}: {fault}"[:80]
    spent = int((time.monotonic() - began) * 1000)
    with transaction.atomic():
        Attempt.objects.create(
            delivery=delivery, at=clock.now(), status=status, detail=detail, milliseconds=spent
        )
        _record(delivery, status)


def _headers(delivery: Delivery) -> dict[str, str]:
    subscription, at = delivery.subscription, clock.now()
    secrets = [subscription.secret]
    if subscription.old_secret and subscription.old_until is not None and subscription.old_until > at:
        secrets.append(subscription.old_secret)
    return rules.signed(name=f"evt_{delivery.event.hex}", text=delivery.body, at=at, secrets=secrets)


def _record(delivery: Delivery, status: int | None) -> None:
    at = clock.now()
    row = Delivery.objects.filter(id=delivery.pk)
    if status is not None and 200 <= status < 300:
        row.update(state=State.DELIVERED, done_at=at)
        Subscription.objects.filter(id=delivery.subscription_id).update(last_success_at=at)
        return
    following = rules.next_try(delivery.attempts, at)
    if status == rules.GONE:
        row.update(state=State.FAILED, done_at=at)
        _disable(delivery, "gone")
    elif following is None:
        row.update(state=State.FAILED, done_at=at)
        _disable(delivery, "failed for three days", unless_success_since=delivery.created_at)
    else:
        row.update(due_at=following)


def _disable(delivery: Delivery, because: str, *, unless_success_since: datetime | None = None) -> None:
    """Stop telling an address that is gone, and say so to whoever asked to be told."""
    found = Subscription.objects.select_for_update().get(id=delivery.subscription_id)
    last, since = found.last_success_at, unless_success_since
    if not found.active or (last is not None and since is not None and last > since):
        return
    found.active, found.disabled_because = False, because
    found.save(update_fields=["active", "disabled_because"])
    Delivery.objects.filter(subscription=found, state=State.WAITING).update(
        state=State.DROPPED, done_at=clock.now()
    )
    subject = ("webhooks", "subscription", str(found.public_id))
    trail(viewer=JOB, act="webhooks.disabled", subject=subject, after={"because": because})
    if found.notify:
        post(
            viewer=JOB,
            kind="webhook_disabled",
            to=found.notify,
            body={"subscription": str(found.public_id), "because": because},
            carrier=getattr(settings, "TONGXIN_NOTICE_CARRIER", "webhook-out"),
            key=f"webhook-disabled:{found.public_id}:{delivery.pk}",
        )
