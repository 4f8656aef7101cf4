"""What is known of those who voted: when they joined, and whether they ever did anything else."""

from collections.abc import Iterable

from django.db.models import Min

from tongxin.communities.models import Membership
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Customer, Deed
from tongxin.voices.models import Contest, Vote
from tongxin.voices.queries.challenges import slip
from tongxin.voices.rules.votes import Cast

DOING = tuple(code for code, deed in BY_CODE.items() if deed.weight > 0)


def cast_in(row: Contest, votes: Iterable[Vote]) -> list[Cast]:
    """The votes of a contest for the rule, the later one of a person with two entries; four statements however many."""
    found = {(one.person.survivor_id or one.person_id): one for one in votes}
    entries: dict[int, int] = {key: key for key in found}
    behind = Customer.objects.filter(survivor__in=list(found)).values_list("pk", "survivor")
    entries |= {entry: survivor for entry, survivor in behind if survivor is not None}
    did: dict[int, int] = dict.fromkeys(found, 0)
    for person in Deed.objects.filter(person__in=list(entries), kind__in=DOING).values_list(
        "person", flat=True
    ):
        did[entries[person]] += 1
    joined = dict(
        Membership.objects.filter(community=row.community_id, person__in=list(entries))
        .values_list("person")
        .annotate(at=Min("joined_at"))
    )
    first = {
        key: min((at for entry, at in joined.items() if entries[entry] == key), default=None) for key in found
    }
    return [
        Cast(slip(row, key), str(one.entry.public_id), one.at, first[key] or row.made_at, did[key])
        for key, one in found.items()
    ]
