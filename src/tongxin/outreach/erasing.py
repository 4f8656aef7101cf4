"""How this room forgets a person and says what it holds: plugged into `people` by `project/wiring.py`."""

from typing import Any

from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_forgetting
from tongxin.outreach.models import Address, DecisionRow, Enrolment, InboxItem, OptOut, Send
from tongxin.outreach.terms import Reason, SendState
from tongxin.people.ports import Person


class OutreachEraser:
    """`ERASERS = (…, OutreachEraser())`."""

    room = "outreach"

    def erase(self, person: Person) -> int:
        """What waits never goes; words, inbox and addresses go. That something was said or refused stays, without the person."""
        mine = Send.objects.filter(person__in=person.ids)
        mine.filter(state__in=[SendState.QUEUED, SendState.AWAITING_STAFF]).update(
            state=SendState.CANCELLED, reason=Reason.ERASED, done_at=clock.now()
        )
        gone = InboxItem.objects.filter(person__in=person.ids).delete()[0]
        gone += Address.objects.filter(person__in=person.ids).delete()[0]
        gone += wecom_forgetting.forget(person.ids)
        return gone + mine.update(body="")

    def export(self, person: Person) -> dict[str, list[dict[str, Any]]]:
        """Everything said or not said to a person, the inbox, opt-outs and addresses."""
        sends = Send.objects.filter(person__in=person.ids).defer("body").order_by("id")
        items = InboxItem.objects.filter(person__in=person.ids).order_by("id")
        decisions = DecisionRow.objects.filter(send__person__in=person.ids).order_by("id")
        return {
            "sends": [
                {
                    "kind": row.kind,
                    "class": row.message_class,
                    "subject": [row.subject_room, row.subject_key],
                    "channel": row.channel,
                    "state": row.state,
                    "reason": row.reason,
                    "due_at": row.due_at.isoformat(),
                    "handed_at": row.handed_at.isoformat() if row.handed_at else None,
                }
                for row in sends
            ],
            "decisions": [
                {
                    "outcome": row.outcome,
                    "why": row.why,
                    "until": row.until.isoformat() if row.until else None,
                    "at": row.at.isoformat(),
                }
                for row in decisions
            ],
            "inbox": [
                {
                    "text": row.text,
                    "at": row.at.isoformat(),
                    "read_at": row.read_at.isoformat() if row.read_at else None,
                }
                for row in items
            ],
            "opt_outs": [
                {
                    "class": row.message_class,
                    "channel": row.channel,
                    "via": row.via,
                    "at": row.at.isoformat(),
                    "lifted_at": row.lifted_at.isoformat() if row.lifted_at else None,
                }
                for row in OptOut.objects.filter(person__in=person.ids).order_by("id")
            ],
            "sequences": [
                {
                    "sequence": row.sequence.title,
                    "arm": row.arm,
                    "entered_at": row.entered_at.isoformat(),
                }
                for row in Enrolment.objects.filter(person__in=person.ids)
                .select_related("sequence")
                .order_by("id")
            ],
            "addresses": [
                {"channel": row.channel, "value": row.value, "confirmed": row.confirmed_at is not None}
                for row in Address.objects.filter(person__in=person.ids).order_by("id")
            ],
            **wecom_forgetting.held(person.ids),
        }
