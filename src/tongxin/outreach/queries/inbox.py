"""What a member reads: the own inbox, the own opt-outs, and what an unsubscribe link would do."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.outreach.models import Address, InboxItem, OptOut
from tongxin.outreach.terms import MessageClass
from tongxin.people.queries import cluster


@dataclass(frozen=True)
class InboxLine:
    """One item as its reader sees it. `store_name` is who speaks, "" when the chain does."""

    public_id: UUID
    text: str
    path: str
    message_class: MessageClass
    title: str
    store_name: str
    at: datetime
    read_at: datetime | None


@dataclass(frozen=True)
class OptOutLine:
    """A class of messages, on one channel or ("") on all, that the member does not want."""

    message_class: MessageClass
    channel: str
    since: datetime


@dataclass(frozen=True)
class AddressLine:
    """An address the member gave, and whether it is confirmed."""

    channel: str
    value: str
    confirmed: bool


def own_entries(viewer: Viewer) -> list[int]:
    """The entries that are the viewing member, none for who is no member."""
    return [] if viewer.person is None else cluster(viewer.person)


def my_inbox(
    viewer: Viewer, *, unread: bool = False, limit: int = 50, cursor: str | None = None
) -> Page[InboxLine]:
    """The viewer's own inbox, newest first, merged entries included; empty for who is no member."""
    rows = InboxItem.objects.filter(person__in=own_entries(viewer)).select_related(
        "send__store", "send__message"
    )
    if unread:
        rows = rows.filter(read_at=None)
    found = page(rows.defer("send__body"), by=["-id"], limit=limit, cursor=cursor)
    return Page(tuple(_line(row) for row in found.items), found.cursor)


def _line(row: InboxItem) -> InboxLine:
    send = row.send
    return InboxLine(
        public_id=row.public_id,
        text=row.text,
        path=row.path,
        message_class=MessageClass(send.message_class),
        title=send.message.title if send.message else "",
        store_name=send.store.name if send.store else "",
        at=row.at,
        read_at=row.read_at,
    )


def unread_count(viewer: Viewer) -> int:
    """How many items the viewer has not read."""
    return InboxItem.objects.filter(person__in=own_entries(viewer), read_at=None).count()


def access_item(viewer: Viewer, public_id: UUID | str) -> InboxItem:
    """An item of the viewer's own inbox. Refuses `absent`."""
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    found = InboxItem.objects.filter(public_id=wanted, person__in=own_entries(viewer)).first()
    if found is None:
        raise Refused("absent")
    return found


def my_opt_outs(viewer: Viewer) -> list[OptOutLine]:
    """What the viewer has said no to and not taken back."""
    rows = OptOut.objects.filter(person__in=own_entries(viewer), lifted_at=None).order_by("at", "id")
    seen: dict[tuple[str, str], OptOutLine] = {}
    for row in rows:
        line = OptOutLine(MessageClass(row.message_class), row.channel, row.at)
        seen.setdefault((row.message_class, row.channel), line)
    return list(seen.values())


def my_addresses(viewer: Viewer) -> list[AddressLine]:
    """The addresses that the viewer gave."""
    rows = Address.objects.filter(person__in=own_entries(viewer)).order_by("channel", "id")
    return [AddressLine(row.channel, row.value, row.confirmed_at is not None) for row in rows]
