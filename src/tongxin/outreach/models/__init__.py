"""Plans, sends, decisions, tasks, the inbox; opt-outs, addresses, holdouts, caps; sequences and who is in them."""

from tongxin.outreach.models.plans import Message, Reminder, Task
from tongxin.outreach.models.policy import CapPolicy, Holdout
from tongxin.outreach.models.sends import DecisionRow, InboxItem, Send
from tongxin.outreach.models.sequences import Enrolment, Sequence, SequenceStep
from tongxin.outreach.models.wecom_codes import WecomCode, WecomTouch
from tongxin.outreach.models.wecom_mirror import (
    WecomContact,
    WecomCorrection,
    WecomEvent,
    WecomGroup,
    WecomGroupDay,
    WecomGroupMember,
    WecomOwnerDay,
)
from tongxin.outreach.models.wecom_sending import WecomLease, WecomPace, WecomTarget, WecomTask
from tongxin.outreach.models.wecom_staff import (
    Robot,
    WecomColleague,
    WecomDepartment,
    WecomHandover,
    WecomHandoverLine,
    WecomTrial,
)
from tongxin.outreach.models.wishes import Address, OptOut
from tongxin.outreach.models.words import BODY_CONTEXT

__all__ = [
    "BODY_CONTEXT",
    "Address",
    "CapPolicy",
    "DecisionRow",
    "Enrolment",
    "Holdout",
    "InboxItem",
    "Message",
    "OptOut",
    "Reminder",
    "Robot",
    "Send",
    "Sequence",
    "SequenceStep",
    "Task",
    "WecomCode",
    "WecomColleague",
    "WecomContact",
    "WecomCorrection",
    "WecomDepartment",
    "WecomEvent",
    "WecomGroup",
    "WecomGroupDay",
    "WecomGroupMember",
    "WecomHandover",
    "WecomHandoverLine",
    "WecomLease",
    "WecomOwnerDay",
    "WecomPace",
    "WecomTarget",
    "WecomTask",
    "WecomTouch",
    "WecomTrial",
]
