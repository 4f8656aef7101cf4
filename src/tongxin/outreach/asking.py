"""What the gate would say to people whom a colleague wants to address by hand or in person today. Nothing is written or sent."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from tongxin.outreach import rules
from tongxin.outreach.evidence import look, people_behind, roots_of
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageClass, SendState

BY_HAND = "by_hand"


def verdicts(
    persons: Collection[int],
    *,
    store: int,
    now: datetime,
    message_class: MessageClass = MessageClass.COMMUNITY,
) -> dict[int, rules.Verdict]:
    """Consent, opt-out, holdout, caps and quiet hours for each of these (surviving) people, as of `now`.

    Who is spoken to needs no channel, so none is asked for. One look however many people.
    """
    wanted = sorted(set(persons))
    if not wanted:
        return {}
    sends = [
        Send(
            pk=-n,
            person_id=person,
            kind=BY_HAND,
            message_class=message_class,
            store_id=store,
            state=SendState.QUEUED,
            due_at=now,
            next_at=now,
            subject_room="",
            subject_key="",
        )
        for n, person in enumerate(wanted, start=1)
    ]
    people = people_behind(frozenset(roots_of(wanted).values()))
    seen = look(sends, now, channels={}, people=people)
    return {
        send.person_id: rules.may_message(replace(seen.facts(send), reachable=True), seen.policy, now)
        for send in sends
    }
