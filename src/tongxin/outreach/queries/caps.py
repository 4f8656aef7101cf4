"""The caps that hold."""

from datetime import datetime

from tongxin.outreach import rules
from tongxin.outreach.models import CapPolicy
from tongxin.outreach.policy import fatigue, shipped
from tongxin.outreach.terms import MessageClass


def caps(now: datetime) -> rules.Policy:
    """The lines that hold now: the shipped ones, and the chain's own in their place."""
    own = [
        (
            row.since,
            rules.Line(
                MessageClass(row.message_class) if row.message_class else None,
                row.hours,
                row.most,
                row.clause,
            ),
        )
        for row in CapPolicy.objects.filter(since__lte=now).order_by("since", "id")
    ]
    return rules.Policy(
        rules.newest_lines([*shipped()["cap"], *own], now),
        fatigue=fatigue(now),
        groups=rules.newest_lines(shipped()["group"], now),
    )
