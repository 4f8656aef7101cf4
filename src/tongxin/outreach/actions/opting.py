"""A member's no to a class of messages, and yes again. A no holds from the moment it is written."""

from dataclasses import dataclass
from uuid import UUID

from django.core import signing
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import trails
from tongxin.outreach.actions.draining import lock_people
from tongxin.outreach.channels import LABELS
from tongxin.outreach.channels.lettered import STOP_SALT
from tongxin.outreach.evidence import roots_of
from tongxin.outreach.models import OptOut, Send
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerState

STOP_LINK = "stop_link"


@dataclass(frozen=True)
class No:
    """What a member does not want, and where they said so."""

    message_class: MessageClass
    channel: str
    via: str


def opt_out(
    *,
    viewer: Viewer,
    customer: Customer,
    message_class: MessageClass,
    channel: str = "",
    via: str = "member_page",
) -> bool:
    """No more of this class, on one channel or on all; answers whether that is new. Members for themselves, or staff they told.

    Refuses `absent`, `outreach.unknown_channel`.
    """
    found = people.access_customer(viewer, customer.public_id, Verb.CHANGE)
    return _out(viewer, found, No(message_class, channel, via))


def opt_in(*, viewer: Viewer, customer: Customer, message_class: MessageClass, channel: str = "") -> bool:
    """The member wants them again; answers whether there was a no. Consent is another matter. Refuses `absent`."""
    with transaction.atomic():
        found = people.access_customer(viewer, customer.public_id, Verb.CHANGE)
        lock_people([found.pk], wait=True)
        lifted = OptOut.objects.filter(
            person__in=people.cluster(found), message_class=message_class, channel=channel, lifted_at=None
        ).update(lifted_at=clock.now())
        if lifted:
            _written(viewer, found, "outreach.opted_in", No(message_class, channel, "member_page"))
    return bool(lifted)


def opt_out_by_token(*, token: str) -> MessageClass:
    """The link in a message, posted: no more of that message's class, on any channel. May be repeated.

    Refuses `outreach.bad_token` for whatever we did not sign and for who is not there any more.
    """
    send = signed_send(token)
    root = roots_of([send.person_id]).get(send.person_id, 0)
    person = Customer.objects.filter(pk=root).exclude(state=CustomerState.ERASED).first()
    if person is None:
        raise Refused("outreach.bad_token")
    message_class = MessageClass(send.message_class)
    itself = Viewer(account=None, name=STOP_LINK, person=person.pk)
    _out(itself, person, No(message_class, "", STOP_LINK))
    return message_class


def signed_send(token: str) -> Send:
    """The send that a token of ours names. Refuses `outreach.bad_token`."""
    try:
        named = UUID(str(signing.loads(token[:400], salt=STOP_SALT)))
    except (signing.BadSignature, ValueError):
        raise Refused("outreach.bad_token") from None
    found = Send.objects.defer("body").filter(public_id=named).first()
    if found is None:
        raise Refused("outreach.bad_token")
    return found


def _out(viewer: Viewer, person: Customer, no: No) -> bool:
    if no.channel and no.channel not in LABELS:
        raise Refused("outreach.unknown_channel", channel=no.channel[:24])
    with transaction.atomic():
        # The drain holds the same lock while it decides: what it let through before this is gone, nothing after it goes.
        lock_people([person.pk], wait=True)
        same = {"person": person, "message_class": no.message_class, "channel": no.channel}
        if OptOut.objects.filter(**same, lifted_at=None).exists():
            return False
        OptOut.objects.create(**same, via=no.via, at=clock.now())
        _written(viewer, person, "outreach.opted_out", no)
    return True


def _written(viewer: Viewer, person: Customer, act: str, no: No) -> None:
    after = {"class": str(no.message_class), "channel": no.channel, "via": no.via}
    trails.of_person(viewer, person, act, **after)
