"""`/webhooks`: who is told of what, and what became of telling them."""

import uuid
from datetime import datetime
from typing import Annotated, Any

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out
from tongxin.faces.api.writing import write
from tongxin.faces.asking import Asked
from tongxin.foundation.webhooks import actions, queries
from tongxin.foundation.webhooks.terms import State

router = Router(tags=["webhooks"])

Act = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=PLAIN)]


class Subscription(Out):
    """An address that is told of some acts. Its secret is shown once, when it is made or changed."""

    id: uuid.UUID
    url: str
    acts: list[str]
    active: bool
    disabled_because: str
    last_success_at: datetime | None
    created_at: datetime


class Subscriptions(Out):
    items: list[Subscription]
    cursor: str | None


class Subscribed(Subscription):
    secret: str


class NewSubscription(In):
    """`acts` are words of the event catalogue: `people.merged`, `people.*`, `*`."""

    url: Annotated[str, StringConstraints(min_length=8, max_length=500, pattern=PLAIN)]
    acts: Annotated[list[Act], Field(min_length=1, max_length=100)]
    notify: Annotated[str, StringConstraints(max_length=200, pattern=PLAIN)] = ""


class Secret(Out):
    secret: str


class Delivery(Out):
    event: uuid.UUID
    act: str
    state: State
    attempts: int
    created_at: datetime
    due_at: datetime
    done_at: datetime | None


class Deliveries(Out):
    items: list[Delivery]
    cursor: str | None


def _plain(found: Any) -> dict[str, Any]:
    return {
        "id": found.public_id,
        "url": found.url,
        "acts": found.acts,
        "active": found.active,
        "disabled_because": found.disabled_because,
        "last_success_at": found.last_success_at,
        "created_at": found.created_at,
    }


@router.get("/webhooks", url_name="webhooks", operation_id="webhooks.list", response=Subscriptions)
def list_subscriptions(request: Asked, limit: Limit = 50, cursor: Cursor | None = None) -> Subscriptions:
    """All subscriptions, newest first."""
    page = queries.subscriptions(request.viewer, limit=limit, cursor=cursor)
    return Subscriptions(items=[Subscription(**_plain(s)) for s in page.items], cursor=page.cursor)


@router.post("/webhooks", url_name="webhooks", operation_id="webhooks.subscribe", response={201: Subscribed})
@write(201)
def subscribe(request: Asked, body: NewSubscription) -> Subscribed:
    """Be told from now on. Messages follow Standard Webhooks with a CloudEvents body."""
    made, secret = actions.subscribe(viewer=request.viewer, url=body.url, acts=body.acts, notify=body.notify)
    return Subscribed(**_plain(made), secret=secret)


@router.delete(
    "/webhooks/{uuid:webhook_id}", url_name="webhook", operation_id="webhooks.unsubscribe", response=Done
)
@write()
def unsubscribe(request: Asked, webhook_id: uuid.UUID) -> Done:
    """End a subscription, its log included."""
    actions.unsubscribe(viewer=request.viewer, public_id=webhook_id)
    return Done()


@router.post(
    "/webhooks/{uuid:webhook_id}/rotate",
    url_name="webhook.rotate",
    operation_id="webhooks.rotate",
    response=Secret,
)
@write()
def rotate(request: Asked, webhook_id: uuid.UUID) -> Secret:
    """A new secret; for a day every message carries a signature of the old one too."""
    return Secret(secret=actions.rotate_secret(viewer=request.viewer, public_id=webhook_id))


@router.get(
    "/webhooks/{uuid:webhook_id}/deliveries",
    url_name="webhook.deliveries",
    operation_id="webhooks.deliveries",
    response=Deliveries,
)
def list_deliveries(
    request: Asked, webhook_id: uuid.UUID, limit: Limit = 50, cursor: Cursor | None = None
) -> Deliveries:
    """What became of a subscription's events, newest first."""
    page = queries.deliveries(request.viewer, webhook_id, limit=limit, cursor=cursor)
    items = [
        Delivery(
            event=d.event,
            act=d.act,
            state=State(d.state),
            attempts=d.attempts,
            created_at=d.created_at,
            due_at=d.due_at,
            done_at=d.done_at,
        )
        for d in page.items
    ]
    return Deliveries(items=items, cursor=page.cursor)
