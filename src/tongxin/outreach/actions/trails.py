"""How acts on plans and on what somebody wants to hear stand in the trail: the one place where their subjects are spelled."""

from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.outreach.models import Message
from tongxin.people.models import Customer


def of_plan(viewer: Viewer, message: Message, act: str, reason: str = "", **after: object) -> None:
    """An act on a plan, with the state it is in now."""
    subject = ("outreach", "message", str(message.public_id))
    trail(viewer=viewer, act=act, subject=subject, after={"state": message.state, **after}, reason=reason)


def of_person(viewer: Viewer, person: Customer, act: str, **after: object) -> None:
    """What somebody decided about messages to them: codes only, never an address."""
    trail(viewer=viewer, act=act, subject=("people", "customer", str(person.public_id)), after=after)
