"""Reading subscriptions and their log."""

from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.foundation.plugs import wiring
from tongxin.foundation.webhooks.models import Attempt, Delivery, Subscription
from tongxin.foundation.webhooks.terms import KEEPERS


def catalogue() -> dict[str, str]:
    """Every act that can be subscribed to, with its 中文 label: the audit catalogue."""
    acts: dict[str, str] = wiring().ACTS
    return acts


def keeper(viewer: Viewer) -> None:
    """Refuses `forbidden` to all but those who keep the installation."""
    if not viewer.reaches(None, KEEPERS):
        raise Refused("forbidden")


def subscriptions(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[Subscription]:
    """All subscriptions, newest first, without their secrets. Refuses `forbidden`."""
    keeper(viewer)
    return page(Subscription.objects.defer("secret", "old_secret"), by=["-id"], limit=limit, cursor=cursor)


def access_subscription(viewer: Viewer, public_id: UUID, *, lock: bool = False) -> Subscription:
    """One subscription. Refuses `absent`, to those who may not know as well."""
    rows = Subscription.objects.select_for_update() if lock else Subscription.objects.all()
    found = rows.filter(public_id=public_id).first() if viewer.reaches(None, KEEPERS) else None
    if found is None:
        raise Refused("absent")
    return found


def deliveries(
    viewer: Viewer, public_id: UUID, *, limit: int = 50, cursor: str | None = None
) -> Page[Delivery]:
    """What became of a subscription's events, newest first. Refuses `absent`."""
    found = access_subscription(viewer, public_id)
    return page(Delivery.objects.filter(subscription=found), by=["-id"], limit=limit, cursor=cursor)


def attempts(viewer: Viewer, public_id: UUID, event: UUID) -> list[Attempt]:
    """The log of one event's tries, oldest first. Refuses `absent`."""
    found = access_subscription(viewer, public_id)
    return list(Attempt.objects.filter(delivery__subscription=found, delivery__event=event).order_by("id"))
