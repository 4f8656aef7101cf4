"""Names of communities and the numbers by which the book knows them: for rules that name one, and for answers that were kept by number."""

from collections.abc import Collection

from tongxin.communities.models import Community
from tongxin.communities.terms import State


def community_numbers() -> dict[str, int]:
    """Name → number, of every community that has been open; a name that two share stands for neither."""
    rows = Community.objects.exclude(state=State.DRAFT).order_by("id").values_list("name", "id")
    seen: dict[str, list[int]] = {}
    for name, number in rows:
        seen.setdefault(name, []).append(number)
    return {name: numbers[0] for name, numbers in seen.items() if len(numbers) == 1}


def names_of(numbers: Collection[int]) -> dict[int, str]:
    """Number → name."""
    return dict(Community.objects.filter(id__in=numbers).values_list("id", "name"))
