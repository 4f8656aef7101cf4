"""Reading people. What could leak begins with the viewer; foreign people answer as absent ones."""

from tongxin.people.queries.cards import (
    CompanionCard,
    ConsentLine,
    IdentityLine,
    PersonCard,
    PersonLine,
    TagLine,
    me,
    person_card,
    search_customers,
)
from tongxin.people.queries.consents import asking, consent_history, consented, consents_of
from tongxin.people.queries.customers import (
    access_customer,
    behind,
    cluster,
    home_store_of,
    member_of,
    people_by_code,
    person_by_phone,
    person_of,
    personalised,
    phone_hash,
    roles_over,
    sight_of,
    survivor_of,
)
from tongxin.people.queries.deeds import DeedRow, iterate_live_deeds, live_deeds
from tongxin.people.queries.erasures import Tombstone, tombstones
from tongxin.people.queries.merges import MergeLine, access_merge, merges_of
from tongxin.people.queries.timeline import TillLine, TimelineItem, timeline

__all__ = [
    "CompanionCard",
    "ConsentLine",
    "DeedRow",
    "IdentityLine",
    "MergeLine",
    "PersonCard",
    "PersonLine",
    "TagLine",
    "TillLine",
    "TimelineItem",
    "Tombstone",
    "access_customer",
    "access_merge",
    "asking",
    "behind",
    "cluster",
    "consent_history",
    "consented",
    "consents_of",
    "home_store_of",
    "iterate_live_deeds",
    "live_deeds",
    "me",
    "member_of",
    "merges_of",
    "people_by_code",
    "person_by_phone",
    "person_card",
    "person_of",
    "personalised",
    "phone_hash",
    "roles_over",
    "search_customers",
    "sight_of",
    "survivor_of",
    "timeline",
    "tombstones",
]
