"""Channels that leave the house: a letter of the outbox each, and the gate once more in the moment it is carried."""

import json
from collections.abc import Collection, Mapping, Sequence

from django.conf import settings
from django.core import signing
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection

from tongxin.foundation import clock
from tongxin.foundation.outbox.actions import CHANNEL
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.outbox.queries import address_hash
from tongxin.foundation.outbox.terms import State
from tongxin.outreach.ports import Check, Delivery, Limit, Receipt, TaskPlan
from tongxin.outreach.terms import Cap, MessageClass, SendState
from tongxin.stores.queries import the_brand

LETTER_KIND = "outreach.message"
STOP_SALT = "outreach.stop"
ENDS: dict[str, SendState] = {
    State.SENT: SendState.SENT,
    State.FAILED: SendState.FAILED,
    State.EXPIRED: SendState.EXPIRED,
    State.UNKNOWN: SendState.UNKNOWN,
}


def stop_token(send: str) -> str:
    """What the unsubscribe link of one send carries: signed, without anything about the person."""
    return signing.dumps(send, salt=STOP_SALT)


def link(path: str) -> str:
    """A page of ours as a whole address."""
    return f"{str(settings.TONGXIN_BASE_URL).rstrip('/')}/{path.lstrip('/')}"


class Lettered:
    """What such channels share. An adapter says its id, its carrier and where its addresses are."""

    id: str
    carrier: str
    caps: frozenset[Cap] = frozenset({Cap.DIRECT, Cap.DELIVERY_RESULT})

    def addresses(self, persons: Collection[int]) -> dict[int, str]:
        """Person → address."""
        raise NotImplementedError

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Who has an address; adapters may answer without opening them."""
        return frozenset(self.addresses(persons))

    def limits(self) -> Sequence[Limit]:
        """None beyond the gate's."""
        return ()

    def ready(self) -> bool:
        """Is it configured?"""
        return False

    def prepare(self, homes: Mapping[int, int | None], *, store: int | None) -> list[TaskPlan]:
        """Nobody has to do anything."""
        return [TaskPlan(store, len(homes))]

    def dispatch(self, deliveries: Sequence[Delivery]) -> list[Receipt]:
        """A letter each, in two statements; the same key is the same letter."""
        to = self.addresses([one.person for one in deliveries])
        sender, now = the_brand().name, clock.now()
        letters = [
            Letter(
                key=one.key,
                kind=LETTER_KIND,
                carrier=self.carrier,
                to=to[one.person],
                to_hash=address_hash(to[one.person]),
                body=json.dumps(self.body(one, sender), cls=DjangoJSONEncoder, ensure_ascii=False),
                person=one.person,
                actor="system:outreach",
                created_at=now,
                due_at=now,
                expires_at=one.expires_at,
            )
            for one in deliveries
            if one.person in to
        ]
        Letter.objects.bulk_create(letters, ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_notify(%s, '')", [CHANNEL])
        return [Receipt(SendState.QUEUED if one.person in to else SendState.FAILED) for one in deliveries]

    def body(self, one: Delivery, sender: str) -> dict[str, object]:
        """What the carrier is given: words, who says them, where they lead, and how to stop them."""
        found: dict[str, object] = {
            "send": str(one.public_id),
            "key": one.key,
            "sender": sender,
            "text": one.text,
            "language": one.language,
        }
        if one.path:
            found["url"] = link(one.path)
        if one.message_class is not MessageClass.SERVICE:
            found["stop"] = link(f"m/stop/{stop_token(str(one.public_id))}/")
        return found

    def poll(self, keys: Collection[str]) -> dict[str, SendState]:
        """What the relay wrote down."""
        rows = Letter.objects.filter(key__in=list(keys), state__in=list(ENDS))
        return {key: ENDS[state] for key, state in rows.values_list("key", "state")}

    def health(self) -> list[Check]:
        """Configured or not."""
        return [Check(self.id, ok=self.ready(), detail="" if self.ready() else "not configured")]
