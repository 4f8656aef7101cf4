"""A small town for the tests of outreach: a store, members who agreed to this or that, notices and plans for them."""

from datetime import timedelta
from itertools import count

from django.db import transaction

from people.factories import CustomerFactory
from stores.factories import TESTS
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.outreach import actions
from tongxin.outreach.models import DecisionRow, InboxItem, Message, Send
from tongxin.outreach.terms import MessageClass, SendIn
from tongxin.people.actions import set_consent
from tongxin.people.terms import Purpose
from tongxin.stores.terms import Role

NUMBERS = count(1)
SUBJECT = ("events", "8a1f")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "周六下午两点见"


def itself(member):
    """The member, signed in."""
    return Viewer(account=None, name="member", grants=(Grant(Role.MEMBER),), person=member.pk)


def agree(member, purpose=Purpose.GROUP_MESSAGE, *, granted=True):
    """What a member says to a purpose, on the member's own page."""
    set_consent(
        viewer=itself(member),
        customer=member,
        purpose=purpose,
        granted=granted,
        notice_version="v1",
        channel="member_page",
    )


def neighbour(*purposes, **more):
    """A member who said yes to these purposes."""
    member = CustomerFactory(**more)
    for purpose in purposes:
        agree(member, purpose)
    return member


def willing(**more):
    """A member who wants messages of the community."""
    return neighbour(Purpose.GROUP_MESSAGE, **more)


def letter(member, message_class=MessageClass.SERVICE, **more):
    """What is to be told to a member: due now, if not said otherwise."""
    given = {
        "person": member.pk,
        "kind": "note",
        "text": TEXT,
        "message_class": message_class,
        "subject": SUBJECT,
        "key": f"k{next(NUMBERS)}",
    }
    return SendIn(**(given | more))


def say(*letters, viewer=TESTS):
    """Written down in a transaction of its own; answers the rows."""
    with transaction.atomic():
        actions.notify(viewer=viewer, sends=letters)
    by_key = {send.key: send for send in Send.objects.filter(key__in=[one.key for one in letters])}
    return [by_key[one.key] for one in letters]


def tell(member, message_class=MessageClass.SERVICE, **more):
    """One notice, written down; answers the row."""
    return say(letter(member, message_class, **more))[0]


def plan(
    store, viewer=TESTS, *, channel="manual", message_class=MessageClass.COMMUNITY, approved=True, **more
):
    """A plan for a store's members, good for two days, approved if not said otherwise."""
    message = actions.plan_message(
        viewer=viewer,
        message_class=message_class,
        channel=channel,
        audience="store",
        audience_key=str(store.public_id),
        store=store,
        **({"text": TEXT, "expires_at": clock.now() + 2 * DAY} | more),
    )
    if approved:
        actions.approve_message(viewer=viewer, public_id=message.public_id)
    return Message.objects.get(pk=message.pk)


def send_out(message):
    """Turn a plan into sends and ask the gate."""
    actions.expand(viewer=TESTS, public_id=message.public_id)
    return actions.drain()


def state(send):
    """Where a send is, and why."""
    send = Send.objects.get(pk=send.pk)
    return send.state, send.reason


def decisions(send):
    """What the gate said about a send, oldest first."""
    return list(DecisionRow.objects.filter(send=send).order_by("id").values_list("outcome", "why"))


def inbox(member):
    """The texts in a member's inbox, oldest first."""
    return [item.text for item in InboxItem.objects.filter(person=member).order_by("id")]
