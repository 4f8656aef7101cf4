"""The kept indices of one community, for the room above that knows which community a viewer may read."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from tongxin.measure.models import CommunityIndices

DAYS = 91
ORDER = ("influence", "connection", "participation", "output")


@dataclass(frozen=True)
class IndexPoint:
    """One index on one day; None where the evidence was not enough."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class IndexCard:
    """One index: today's value among its peers, its components raw, why there is none, and its course."""

    code: str
    name: tuple[str, str]
    now: IndexPoint
    change: float | None
    components: tuple[tuple[tuple[str, str], float | None, float | None], ...]
    reasons: tuple[tuple[str, str], ...]
    course: tuple[tuple[date, IndexPoint], ...]


@dataclass(frozen=True)
class IndicesCard:
    """All four of one community as kept on a day, under which reference."""

    day: date
    members: int
    peers: str
    version: str
    fingerprint: str
    simulated: bool
    indices: tuple[IndexCard, ...]

    @property
    def whole(self) -> bool:
        """Are all four known, so that a picture may be drawn?"""
        return all(one.now.value is not None for one in self.indices)


def kept_indices(community: int) -> IndicesCard | None:
    """The newest kept indices of a community (by its number in the book) with their course; None before the first."""
    rows = list(CommunityIndices.objects.filter(community=community).order_by("-day")[:DAYS])
    if not rows:
        return None
    newest = rows[0]
    by_day = [(row.day, {one["index"]: one for one in row.answer["indices"]}) for row in reversed(rows)]
    return IndicesCard(
        day=newest.day,
        members=newest.members,
        peers=str(newest.answer.get("peers") or ""),
        version=newest.version,
        fingerprint=newest.fingerprint,
        simulated=newest.simulated,
        indices=tuple(_card(code, by_day) for code in ORDER if code in by_day[-1][1]),
    )


def _card(code: str, by_day: list[tuple[date, dict[str, Any]]]) -> IndexCard:
    course = tuple((day, _point(found.get(code))) for day, found in by_day)
    last = by_day[-1][1][code]
    first = next((point.value for _day, point in course if point.value is not None), None)
    value = course[-1][1].value
    return IndexCard(
        code=code,
        name=_both(last["name"]),
        now=course[-1][1],
        change=None if value is None or first is None or len(course) < 2 else value - first,
        components=tuple((_both(one["name"]), one["raw"], one["percentile"]) for one in last["components"]),
        reasons=tuple(_both(one) for one in last["reasons"]),
        course=course,
    )


def _point(one: dict[str, Any] | None) -> IndexPoint:
    if one is None or one["value"] is None or one["ci"] is None:
        return IndexPoint(None, None, None)
    return IndexPoint(one["value"], one["ci"][0], one["ci"][1])


def _both(words: Any) -> tuple[str, str]:
    """Words as the engine's plain answer keeps them."""
    if isinstance(words, dict):
        return str(words.get("zh", "")), str(words.get("en", ""))
    return str(words[0]), str(words[1])
