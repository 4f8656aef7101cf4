"""What reached a person and how they came to us, as lines of their timeline: codes scanned, groups joined, messages that were sent."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from tongxin.foundation.access import Viewer
from tongxin.outreach.models import Send, WecomContact, WecomTouch
from tongxin.outreach.terms import SendState
from tongxin.outreach.terms_wecom import CODE_LABELS, SOURCE_LABELS, TOUCH_LABELS, CodeKind, Source, TouchKind
from tongxin.people import queries as people

MOST = 200  # of each kind, the newest
TOLD = ("收到消息", "was sent a message")


@dataclass(frozen=True)
class LifeLine:
    """One line."""

    at: datetime
    key: str
    kind: str
    zh: str
    en: str
    title: str
    store_name: str


def lines_of(viewer: Viewer, public_id: UUID | str) -> list[LifeLine]:
    """Lines of a person in reach, in no order, as far as staff's own stores; messages are those of plans that were really sent. Refuses `absent`."""
    person = people.access_customer(viewer, public_id)
    entries, near = people.cluster(person), Q()
    if viewer.person != person.pk and (places := viewer.places()) is not None:
        near = Q(store=None) | Q(store__in=places)
    return [*(_touch(row) for row in _touches(entries, near)), *(_told(row) for row in _sends(entries, near))]


def touched_by(entries: Collection[int]) -> Q:
    """The steps of these entries: those that name one, and those of a WeCom contact that is known to be one."""
    known = WecomContact.objects.filter(customer__in=entries).values("external")
    return Q(customer__in=entries) | Q(external__in=known)


def _touches(entries: Collection[int], near: Q) -> list[WecomTouch]:
    rows = WecomTouch.objects.filter(touched_by(entries), near).select_related("code", "store")
    return list(rows.order_by("-at", "-id")[:MOST])


def _touch(row: WecomTouch) -> LifeLine:
    zh, en = TOUCH_LABELS[TouchKind(row.kind)]
    if row.code is not None and row.kind != TouchKind.WELCOMED:
        (code_zh, code_en), (from_zh, from_en) = (
            CODE_LABELS[CodeKind(row.code.kind)],
            SOURCE_LABELS[Source(row.source)],
        )
        zh, en = f"扫{code_zh}（{from_zh}），{zh}", f"scanned a {code_en} ({from_en}), {en}"
    title = row.code.label if row.code is not None else ""
    store = row.store.name if row.store is not None else ""
    return LifeLine(row.at, f"touch:{row.pk}", str(row.kind), zh, en, title, store)


def _sends(entries: Collection[int], near: Q) -> list[Send]:
    rows = Send.objects.filter(
        near, person__in=entries, message__isnull=False, state=SendState.SENT, done_at__isnull=False
    )
    return list(rows.select_related("message", "store").order_by("-done_at", "-id")[:MOST])


def _told(row: Send) -> LifeLine:
    title = row.message.title if row.message is not None else ""
    store = row.store.name if row.store is not None else ""
    return LifeLine(row.done_at or row.due_at, f"send:{row.pk}", "told", *TOLD, title, store)
