"""Who is active: a member whose open period stands under the newest mandatory version of the rules. Never stored, always asked."""

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from tongxin.communities.models import Acceptance, Membership
from tongxin.communities.queries.access import required_number
from tongxin.people.terms import CustomerState

ROOT = Coalesce(F("person__survivor"), F("person"))  # whoever stands for the entry


def members(community: int) -> QuerySet[Membership]:
    """The open periods of living people."""
    return Membership.objects.filter(community=community, ended_at=None).exclude(
        person__state=CustomerState.ERASED
    )


def active_members(community: int) -> QuerySet[Membership]:
    """Those of them who have accepted the rules that hold now."""
    return accepted(members(community), community, required_number(community))


def accepted(rows: QuerySet[Membership], community: int, needs: int) -> QuerySet[Membership]:
    """Of these periods those whose person has accepted version `needs` or a later one."""
    if not needs:
        return rows
    return rows.annotate(root=ROOT).filter(_yes(community, needs))


def unaccepted(rows: QuerySet[Membership], community: int, needs: int) -> QuerySet[Membership]:
    """The others."""
    if not needs:
        return rows.none()
    return rows.annotate(root=ROOT).filter(~Q(_yes(community, needs)))


def heads(rows: QuerySet[Membership]) -> int:
    """How many people these periods are: two entries of one person count once."""
    return rows.aggregate(n=Count(ROOT, distinct=True))["n"] or 0


def _yes(community: int, needs: int) -> Exists:
    return Exists(
        Acceptance.objects.annotate(who=ROOT).filter(
            who=OuterRef("root"), ruleset__community=community, ruleset__number__gte=needs
        )
    )
