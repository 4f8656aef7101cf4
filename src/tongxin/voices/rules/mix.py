"""The mix of content: what a community aims for beside what it brought."""

from collections.abc import Mapping
from dataclasses import dataclass

from tongxin.voices.terms import USUAL_MIX, ContentType


@dataclass(frozen=True)
class Share:
    """One type: the share aimed for, how many there were, their share (None while there was nothing), what is missing."""

    content: ContentType
    target: int
    count: int
    real: float | None
    gap: float | None


def mix(targets: Mapping[ContentType, int], counts: Mapping[ContentType, int]) -> tuple[Share, ...]:
    """Every type in the order of the shelves; the usual mix where nothing was set. `gap` above zero is too little of it."""
    aims = targets or USUAL_MIX
    total = sum(counts.values())
    found = []
    for content in ContentType:
        target, count = aims.get(content, 0), counts.get(content, 0)
        real = None if not total else 100 * count / total
        found.append(Share(content, target, count, real, None if real is None else target - real))
    return tuple(found)


def wanted(shares: tuple[Share, ...]) -> ContentType:
    """What to bring next: what is furthest below its share, the larger target first among equals."""
    return max(shares, key=lambda one: (one.target if one.gap is None else one.gap, one.target)).content


def whole(targets: Mapping[ContentType, int]) -> bool:
    """Do the shares add up to a hundred, none below nothing?"""
    return all(share >= 0 for share in targets.values()) and sum(targets.values()) == 100
