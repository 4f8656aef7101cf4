"""Tables of communities, one file a noun."""

from tongxin.communities.models.communities import Community, Container, FollowUp, GateRow
from tongxin.communities.models.days import Day
from tongxin.communities.models.joining import Application, Decision, Invitation
from tongxin.communities.models.memberships import ContainerStay, Membership
from tongxin.communities.models.parts import PartTerm
from tongxin.communities.models.proofs import SolvedAnswer
from tongxin.communities.models.rulesets import Acceptance, RuleSet
from tongxin.communities.models.welcome import FirstStepDone, Introduction, Welcome

__all__ = [
    "Acceptance",
    "Application",
    "Community",
    "Container",
    "ContainerStay",
    "Day",
    "Decision",
    "FirstStepDone",
    "FollowUp",
    "GateRow",
    "Introduction",
    "Invitation",
    "Membership",
    "PartTerm",
    "RuleSet",
    "SolvedAnswer",
    "Welcome",
]
