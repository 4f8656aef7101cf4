"""Subscribing, and taking messages in. The telling itself stands in `telling.py`."""

import base64
import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.audit.queries import last_position
from tongxin.foundation.errors import Refused
from tongxin.foundation.http import Blocked, Client
from tongxin.foundation.webhooks import rules
from tongxin.foundation.webhooks.models import Delivery, Received, Subscription
from tongxin.foundation.webhooks.queries import access_subscription, catalogue, keeper
from tongxin.foundation.webhooks.terms import State

DELIVERIES_KEPT = timedelta(days=30)


def client() -> Client:
    """A client for addresses that users type: any public host, https; plus what the operator names."""
    return Client(allow=["*"], local=getattr(settings, "TONGXIN_HTTP_LOCAL", ()))


def fresh_secret() -> str:
    """`whsec_…`, 256 bits."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def subscribe(*, viewer: Viewer, url: str, acts: list[str], notify: str = "") -> tuple[Subscription, str]:
    """Tell `url` of `acts` (`people.merged`, `people.*`, `*`) from now on; the secret is shown this once.

    `notify` is whom to write to when telling fails for good. Refuses `forbidden`, `webhooks.bad_url`,
    `webhooks.unknown_act`.
    """
    keeper(viewer)
    try:
        client().check(url)
    except Blocked:
        raise Refused("webhooks.bad_url") from None
    for act in acts or [""]:
        if not any(rules.wanted(known, [act]) for known in catalogue()):
            raise Refused("webhooks.unknown_act", act=act)
    secret = fresh_secret()
    with transaction.atomic():
        made = Subscription.objects.create(
            url=url, acts=acts, secret=secret, notify=notify, position=last_position(), created_at=clock.now()
        )
        trail(viewer=viewer, act="webhooks.subscribed", subject=_subject(made), after={"acts": acts})
    return made, secret


def unsubscribe(*, viewer: Viewer, public_id: UUID) -> None:
    """End a subscription, its log included. Refuses `absent`."""
    with transaction.atomic():
        found = access_subscription(viewer, public_id, lock=True)
        trail(viewer=viewer, act="webhooks.unsubscribed", subject=_subject(found))
        found.delete()


def enable(*, viewer: Viewer, public_id: UUID) -> None:
    """Begin telling again, from now on. Refuses `absent`."""
    with transaction.atomic():
        found = access_subscription(viewer, public_id, lock=True)
        found.active, found.disabled_because, found.position = True, "", last_position()
        found.save(update_fields=["active", "disabled_because", "position"])
        trail(viewer=viewer, act="webhooks.enabled", subject=_subject(found))


def rotate_secret(*, viewer: Viewer, public_id: UUID, overlap: timedelta = timedelta(hours=24)) -> str:
    """A new secret; for `overlap` every message carries a signature of the old one too. Refuses `absent`."""
    with transaction.atomic():
        found = access_subscription(viewer, public_id, lock=True)
        found.old_secret, found.old_until = found.secret, clock.now() + overlap
        found.secret = fresh_secret()
        found.save(update_fields=["secret", "old_secret", "old_until"])
        trail(viewer=viewer, act="webhooks.secret_rotated", subject=_subject(found))
        return found.secret


def redeliver(*, viewer: Viewer, public_id: UUID, event: UUID) -> None:
    """Tell one event again. Refuses `absent`."""
    with transaction.atomic():
        found = access_subscription(viewer, public_id, lock=True)
        again = Delivery.objects.filter(subscription=found, event=event)
        if not again.update(state=State.WAITING, attempts=0, due_at=clock.now(), done_at=None):
            raise Refused("absent")
        trail(viewer=viewer, act="webhooks.redelivered", subject=_subject(found), after={"event": str(event)})


def accept(
    *,
    source: str,
    secrets: Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    act: Callable[[dict[str, Any]], None],
) -> bool:
    """Take a signed message in: check it, then `act` on it once; answers whether it was new.

    Effect and id are kept in one transaction, so a sender who retries after our crash is heard, and one who repeats
    is not heard twice. Refuses `webhooks.signature` (forged, or more than five minutes off), `webhooks.bad_body`.
    """
    name = rules.genuine(headers=headers, body=body, secrets=secrets, now=clock.now())
    if name is None:
        raise Refused("webhooks.signature")
    try:
        message = json.loads(body)
    except ValueError:
        message = None
    if not isinstance(message, dict):
        raise Refused("webhooks.bad_body")
    with transaction.atomic():
        _, fresh = Received.objects.get_or_create(
            source=source, message=name, defaults={"at": clock.now(), "body": body.decode()}
        )
        if fresh:
            act(message)
    return fresh


def forget() -> int:
    """Delete old ids of received messages and old deliveries that are done; answers how many."""
    at = clock.now()
    old = Received.objects.filter(at__lt=at - rules.KEPT_IDS).delete()[0]
    done = Delivery.objects.exclude(state=State.WAITING).filter(created_at__lt=at - DELIVERIES_KEPT)
    return old + done.delete()[0]


def _subject(subscription: Subscription) -> tuple[str, str, str]:
    return ("webhooks", "subscription", str(subscription.public_id))
