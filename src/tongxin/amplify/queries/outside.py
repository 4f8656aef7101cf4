"""Other people's communities as headquarters reads them: what was seen, what it says, deals and how they stand."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from tongxin.amplify.models import (
    OutsideCommunity,
    OutsideDeal,
    OutsideObservation,
    OutsidePlacement,
    OutsidePresence,
    OutsideTalent,
    OutsideWeek,
)
from tongxin.amplify.rules import outside as rules
from tongxin.amplify.rules import outside_watch
from tongxin.amplify.terms import EDITORS
from tongxin.amplify.terms_outside import (
    COUNTS,
    OUTSIDE_READERS,
    DealKind,
    DealState,
    Inside,
    Judging,
    Nearness,
    Platform,
)
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page

PLACEMENTS = 12


@dataclass(frozen=True)
class InsideLine:
    """Who of ours is inside, as what, and since when the host knows."""

    name: str
    role: Inside
    told_on: date
    told_how: str


@dataclass(frozen=True)
class TalentLine:
    """A member who agreed to be asked for something."""

    member: UUID
    name: str
    what: str


@dataclass(frozen=True)
class DealCard:
    """A deal, its price and what it stands at; `watch` is None before its first week was counted."""

    id: UUID
    kind: DealKind
    state: DealState
    base_fen: int
    per_join_fen: int
    most_joins: int
    price_fen: int
    ceiling_fen: int
    value_fen: int
    value_from: str
    code: str
    weeks: int
    starts_on: date
    paid_joins: int
    priced_by: str
    agreed_by: str
    reason: str
    watch: outside_watch.Watch | None
    weekly: tuple[outside_watch.Week, ...]
    placements: tuple[tuple[str, date, str], ...]


@dataclass(frozen=True)
class OutsideCard:
    """One community with everything that is known of it; `verdict` is None before the first week."""

    id: UUID
    name: str
    platform: Platform
    about: str
    claimed: int
    host: str
    store: str
    state: Nearness
    simulated: bool
    observed: int
    newest: date | None
    verdict: rules.Verdict | None
    reach: rules.Span | None
    inside: tuple[InsideLine, ...]
    deals: tuple[DealCard, ...]
    talents: tuple[TalentLine, ...]


def access_outside(viewer: Viewer, community_id: UUID) -> OutsideCommunity:
    """A community on the list. Refuses `absent`."""
    _may(viewer)
    found = OutsideCommunity.objects.select_related("store").filter(public_id=community_id).first()
    if found is None:
        raise Refused("absent")
    return found


def access_deal(viewer: Viewer, deal_id: UUID) -> OutsideDeal:
    """A deal. Refuses `absent`."""
    _may(viewer)
    found = OutsideDeal.objects.filter(public_id=deal_id).first()
    if found is None:
        raise Refused("absent")
    return found


def outsides(viewer: Viewer, *, limit: int = 30, cursor: str | None = None) -> Page[OutsideCard]:
    """The list, newest first. Refuses `absent`."""
    _may(viewer)
    rows = page(OutsideCommunity.objects.select_related("store"), by=("-id",), limit=limit, cursor=cursor)
    return Page(tuple(_cards(viewer, list(rows.items))), rows.cursor)


def outside_card(viewer: Viewer, community_id: UUID) -> OutsideCard:
    """One of them. Refuses `absent`."""
    (card,) = _cards(viewer, [access_outside(viewer, community_id)])
    return card


def verdict_of(row: OutsideCommunity) -> rules.Verdict | None:
    """What its newest weeks say; None without any."""
    judging = _judging()
    weeks = _seen([row.pk], judging).get(row.pk, [])
    return rules.evaluate(weeks, row.claimed, judging) if weeks else None


def ceiling_of(row: OutsideCommunity, *, value_fen: int, run_fen: int) -> rules.Ceiling:
    """The most a term there is worth today. Refuses `amplify.outside_counts` before anything was seen."""
    judging = _judging()
    weeks = _seen([row.pk], judging).get(row.pk, [])
    if not weeks:
        raise Refused("amplify.outside_counts")
    return rules.ceiling(
        weeks, value_fen=value_fen, run_fen=run_fen, joined=_joined_before(), judging=judging
    )


def _joined_before() -> tuple[int, int] | None:
    """Of everybody reached in deals that are over, how many joined."""
    ended = OutsideWeek.objects.filter(deal__state__in=[DealState.STOPPED, DealState.DONE])
    rows = list(ended.values_list("joined", "reached"))
    reached = sum(n for _, n in rows)
    return (min(reached, sum(n for n, _ in rows)), reached) if reached else None


def _may(viewer: Viewer) -> None:
    if not viewer.reaches(None, OUTSIDE_READERS):
        raise Refused("absent")


def _judging() -> Judging:
    return rules.judging_on(clock.business_day(clock.now()))


def _seen(keys: list[int], judging: Judging) -> dict[int, list[rules.Seen]]:
    """The newest weeks of each, oldest of them first."""
    found: dict[int, list[rules.Seen]] = {}
    rows = OutsideObservation.objects.filter(community__in=keys).order_by("community", "week")
    for row in rows:
        found.setdefault(row.community_id, []).append(
            rules.Seen(**{name: getattr(row, name) for name in COUNTS})
        )
    return {key: weeks[-judging.weeks :] for key, weeks in found.items()}


def _cards(viewer: Viewer, rows: list[OutsideCommunity]) -> list[OutsideCard]:
    """Names of people, the host's too, are for who decides; analysts read the rest."""
    named = viewer.reaches(None, EDITORS)
    judging, keys = _judging(), [row.pk for row in rows]
    seen = _seen(keys, judging)
    weeks = OutsideObservation.objects.filter(community__in=keys).order_by("week")
    newest = dict(weeks.values_list("community", "week"))
    inside: dict[int, list[InsideLine]] = {}
    here = (
        OutsidePresence.objects.filter(community__in=keys, until=None).select_related("staff").order_by("id")
    )
    for one in here:
        inside.setdefault(one.community_id, []).append(
            InsideLine(one.staff.name if named else "", Inside(one.role), one.told_on, one.told_how)
        )
    talents: dict[int, list[TalentLine]] = {}
    for found in OutsideTalent.objects.filter(community__in=keys).select_related("person").order_by("id"):
        talents.setdefault(found.community_id, []).append(
            TalentLine(found.person.public_id, found.person.nickname if named else "", found.what)
        )
    deals = _deals(keys, judging)
    return [
        OutsideCard(
            id=row.public_id,
            name=row.name,
            platform=Platform(row.platform),
            about=row.about,
            claimed=row.claimed,
            host=row.host if named else "",
            store=row.store.name if row.store else "",
            state=Nearness(row.state),
            simulated=row.simulated,
            observed=len(seen.get(row.pk, [])),
            newest=newest.get(row.pk),
            verdict=rules.evaluate(seen[row.pk], row.claimed, judging) if row.pk in seen else None,
            reach=rules.newly_reached(seen[row.pk]) if row.pk in seen else None,
            inside=tuple(inside.get(row.pk, [])),
            deals=tuple(deals.get(row.pk, [])),
            talents=tuple(talents.get(row.pk, [])),
        )
        for row in rows
    ]


def _deals(keys: list[int], judging: Judging) -> dict[int, list[DealCard]]:
    rows = list(OutsideDeal.objects.filter(community__in=keys).order_by("-id"))
    weekly: dict[int, list[outside_watch.Week]] = {}
    for week in OutsideWeek.objects.filter(deal__in=rows).order_by("deal", "number"):
        weekly.setdefault(week.deal_id, []).append(
            outside_watch.Week(week.reached, week.joined, week.complaints)
        )
    shown: dict[int, list[tuple[str, date, str]]] = {}
    for one in OutsidePlacement.objects.filter(deal__in=rows).order_by("-shown_on", "-id"):
        shown.setdefault(one.deal_id, []).append((one.what, one.shown_on, one.proof))
    found: dict[int, list[DealCard]] = {}
    for row in rows:
        price = rules.price_fen(
            base_fen=row.base_fen, per_join_fen=row.per_join_fen, most_joins=row.most_joins
        )
        weeks = weekly.get(row.pk, [])
        found.setdefault(row.community_id, []).append(
            DealCard(
                id=row.public_id,
                kind=DealKind(row.kind),
                state=DealState(row.state),
                price_fen=price,
                watch=_watched(row, weeks, judging),
                weekly=tuple(weeks),
                placements=tuple(shown.get(row.pk, [])[:PLACEMENTS]),
                **{name: getattr(row, name) for name in _SAME},
            )
        )
    return found


_SAME = (
    "base_fen", "per_join_fen", "most_joins", "ceiling_fen", "value_fen", "value_from", "code", "weeks", "starts_on", "paid_joins",
    "priced_by", "agreed_by", "reason",
)  # fmt: skip


def _watched(
    row: OutsideDeal, weeks: list[outside_watch.Week], judging: Judging
) -> outside_watch.Watch | None:
    """Against the price as it will really be: the base for sure, a kept join for each that comes."""
    even = outside_watch.even_rate(
        fixed_fen=row.base_fen + row.run_fen,
        weeks=row.weeks,
        value_fen=row.value_fen,
        per_join_fen=row.per_join_fen,
        organic=judging.organic,
    )
    if not weeks or even is None:
        return None
    return outside_watch.watch(
        weeks,
        term=row.weeks,
        even=even,
        alpha=judging.level / 1000,
        cluster=judging.cluster,
        complaints_most=judging.complaints_most / 100_000,
    )
