"""The visible list of gates."""

from tongxin.communities.gates.application import APPLICATION
from tongxin.communities.gates.base import Gate
from tongxin.communities.gates.invitation import INVITATION
from tongxin.communities.gates.paid import PAID
from tongxin.communities.gates.task import TASK

GATES: dict[str, Gate] = {
    one.code: one
    for one in (
        INVITATION,
        APPLICATION,
        TASK,
        PAID,
    )
}
