"""What faces read about communities; what could leak begins with the viewer."""

from tongxin.communities.queries.access import (
    accepted_number,
    access_application,
    access_community,
    access_container,
    access_membership,
    community_to_join,
    has_right,
    my_membership,
    open_membership,
    required_number,
    who_joins,
)
from tongxin.communities.queries.dormant import QuietList, QuietRow, dormant_members
from tongxin.communities.queries.emblems import emblem_file
from tongxin.communities.queries.instruments import Instruments, instruments
from tongxin.communities.queries.keeping import application_card, applications_for, members_of
from tongxin.communities.queries.member import (
    CommunityLine,
    community_page,
    my_communities,
    open_communities,
    rules_of,
)
from tongxin.communities.queries.offers import after_of, offers_for
from tongxin.communities.queries.proofs import Proof, solved_open
from tongxin.communities.queries.staff import communities_for, community_card, days_of

__all__ = [
    "CommunityLine",
    "Instruments",
    "Proof",
    "QuietList",
    "QuietRow",
    "accepted_number",
    "access_application",
    "access_community",
    "access_container",
    "access_membership",
    "after_of",
    "application_card",
    "applications_for",
    "communities_for",
    "community_card",
    "community_page",
    "community_to_join",
    "days_of",
    "dormant_members",
    "emblem_file",
    "has_right",
    "instruments",
    "members_of",
    "my_communities",
    "my_membership",
    "offers_for",
    "open_communities",
    "open_membership",
    "required_number",
    "rules_of",
    "solved_open",
    "who_joins",
]
