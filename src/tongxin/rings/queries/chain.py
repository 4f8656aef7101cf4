"""The rings of many: counts, flows, the diagram, lists of things to do. Each is cut to the stores in the viewer's reach."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Func, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields import DateTimeField

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.rings.diagram import RingDiagram, draw
from tongxin.rings.models import Invitation, Override, Placement, Run, Standing
from tongxin.rings.queries.book import switched_off
from tongxin.rings.terms import LIVE_INVITATIONS, ORDER, Ring
from tongxin.stores.terms import Role

READERS = frozenset(
    {
        "system",
        Role.ADMIN,
        Role.HQ_EDITOR,
        Role.HQ_ANALYST,
        Role.AUDITOR,
        Role.REGION_MANAGER,
        Role.STORE_MANAGER,
        Role.CHAMPION,
    }
)
NAMED_READERS = READERS - {Role.HQ_ANALYST}  # an analyst sees figures, not people
FLOW_DAYS = 28
ALARM = 0.05  # of a store's members placed by hand


def _reach(viewer: Viewer, prefix: str = "customer__", roles: frozenset[str] = READERS) -> Q:
    places = viewer.places(roles)
    return Q() if places is None else Q(**{f"{prefix}home_store__in": places})


def _open(viewer: Viewer, as_of: datetime | None = None) -> QuerySet[Placement]:
    at = Q(period__upper_inf=True) if as_of is None else Q(period__contains=as_of)
    return Placement.objects.filter(at, _reach(viewer))


def counts(viewer: Viewer, as_of: datetime | None = None) -> dict[Ring, int]:
    """How many people stand in each ring, now or at an instant."""
    found = dict(_open(viewer, as_of).order_by().values_list("ring").annotate(n=Count("id")))
    return {ring: found.get(ring, 0) for ring in ORDER}


@dataclass(frozen=True)
class StoreRings:
    """One store's people per ring; `seats` of the inner ring are for the action that confirms to say."""

    store: UUID
    code: str
    name: str
    people: dict[Ring, int]

    @property
    def total(self) -> int:
        """Everybody placed whose home this store is."""
        return sum(self.people.values())


def store_counts(viewer: Viewer, as_of: datetime | None = None) -> list[StoreRings]:
    """Counts per home store in reach, largest first."""
    home = "customer__home_store__"
    rows = (
        _open(viewer, as_of)
        .filter(customer__home_store__isnull=False)
        .order_by()
        .values_list(f"{home}public_id", f"{home}code", f"{home}name", "ring")
        .annotate(n=Count("id"))
    )
    found: dict[tuple[UUID, str, str], dict[Ring, int]] = {}
    for store, code, name, ring, n in rows:
        found.setdefault((store, code, name), dict.fromkeys(ORDER, 0))[Ring(ring)] = n
    stores = [StoreRings(*key, people) for key, people in found.items()]
    return sorted(stores, key=lambda s: (-s.total, s.code))


@dataclass(frozen=True)
class Flows:
    """Steps between rings since an instant, and who was placed for the first time."""

    since: datetime
    steps: dict[tuple[Ring, Ring], int]
    arrived: int

    @property
    def nearer(self) -> int:
        """Steps towards the fire."""
        return sum(n for (origin, target), n in self.steps.items() if target.step > origin.step)

    @property
    def farther(self) -> int:
        """Steps away from it."""
        return sum(n for (origin, target), n in self.steps.items() if target.step < origin.step)


def flows(viewer: Viewer, since: datetime) -> Flows:
    """Every period that began after `since`, by the ring it came from."""
    began = Func(F("period"), function="lower", output_field=DateTimeField())
    rows = (
        Placement.objects.filter(_reach(viewer))
        .annotate(began=began)
        .filter(began__gt=since)
        .order_by()
        .values_list("moved_from", "ring")
        .annotate(n=Count("id"))
    )
    steps: Counter[tuple[Ring, Ring]] = Counter()
    arrived = 0
    for origin, target, n in rows:
        if origin == "":
            arrived += n
        elif origin != target:
            steps[Ring(origin), Ring(target)] += n
    return Flows(since, dict(steps), arrived)


def ring_diagram(viewer: Viewer, since: datetime | None = None) -> RingDiagram:
    """The diagram of the viewer's people with the steps of the last four weeks (or since an instant)."""
    moved = flows(viewer, since or clock.now() - timedelta(days=FLOW_DAYS))
    return draw(counts(viewer), moved.steps, moved.arrived)


@dataclass(frozen=True)
class ToDo:
    """One person somebody should look at: who, which store, since or until when."""

    customer: UUID
    store: str
    at: datetime
    invitation: UUID | None = None
    state: str = ""


def candidates(viewer: Viewer) -> list[ToDo]:
    """Those whom the rule proposes: they meet the inner gates as of the last run and have no open invitation.

    Who has switched personalisation off since then is proposed no more.
    """
    live = Invitation.objects.filter(customer=OuterRef("customer"), state__in=LIVE_INVITATIONS)
    rows = (
        Standing.objects.filter(_reach(viewer, roles=NAMED_READERS), candidate=True, ring=Ring.MIDDLE)
        .annotate(asked=Subquery(live.values("id")[:1]))
        .filter(asked=None)
        .filter(customer__personalise=True)
        .order_by("since", "customer")
    )
    found = list(rows.values_list("customer", "customer__public_id", "customer__home_store__name", "since"))
    off = switched_off([row[0] for row in found])
    return [ToDo(*row[1:]) for row in found if row[0] not in off]


def leaving_soon(viewer: Viewer) -> list[ToDo]:
    """Those of the inner ring whose champion has been told: low before their quarterly review."""
    rows = Standing.objects.filter(
        _reach(viewer, roles=NAMED_READERS), announced_at__isnull=False, ring=Ring.INNER
    ).order_by("announced_at", "customer")
    told = rows.values_list("customer__public_id", "customer__home_store__name", "announced_at")
    return [ToDo(customer, store, at) for customer, store, at in told if at is not None]


def invitations(viewer: Viewer) -> list[ToDo]:
    """Open invitations into the inner ring, oldest first."""
    rows = Invitation.objects.filter(
        _reach(viewer, roles=NAMED_READERS), state__in=LIVE_INVITATIONS, expires_at__gt=clock.now()
    ).order_by("invited_at", "id")
    columns = ("customer__public_id", "customer__home_store__name", "invited_at", "public_id", "state")
    return [ToDo(*row) for row in rows.values_list(*columns)]


@dataclass(frozen=True)
class OverrideRate:
    """How many of a store's placed people stand by hand; above one in twenty something is wrong with rule or store."""

    store: str
    overridden: int
    placed: int

    @property
    def rate(self) -> float:
        """Share of people placed by hand."""
        return self.overridden / self.placed

    @property
    def alarm(self) -> bool:
        """More than 5 %."""
        return self.rate > ALARM


def override_rates(viewer: Viewer) -> list[OverrideRate]:
    """Per store in reach, those with an override in force among those placed."""
    by_hand = Counter(
        Override.objects.filter(_reach(viewer), ended_at=None, expires_at__gt=clock.now()).values_list(
            "customer__home_store__name", flat=True
        )
    )
    placed = Counter(_open(viewer).values_list("customer__home_store__name", flat=True))
    return [OverrideRate(store, n, placed[store]) for store, n in sorted(by_hand.items()) if placed[store]]


def runs(viewer: Viewer, limit: int = 12) -> list[Run]:
    """The newest runs over everybody; empty for those who do not see the whole brand."""
    if viewer.places(READERS) is not None:
        return []
    return list(Run.objects.filter(whole=True).select_related("policy").order_by("-as_of")[:limit])


def placement_faults() -> list[str]:
    """What the database must never hold, in words (for doctor and tests): nobody without, nobody with two places."""
    checks = {
        "live customers of a rule's standing without an open period": """
            SELECT count(*) FROM rings_standing s WHERE NOT EXISTS (
              SELECT 1 FROM rings_placement p WHERE p.customer_id = s.customer_id AND upper_inf(p.period))""",
        "open periods of customers without a standing": """
            SELECT count(*) FROM rings_placement p WHERE upper_inf(p.period) AND NOT EXISTS (
              SELECT 1 FROM rings_standing s WHERE s.customer_id = p.customer_id)""",
        "open periods that differ from the rule without an override": """
            SELECT count(*) FROM rings_placement p JOIN rings_standing s USING (customer_id)
            WHERE upper_inf(p.period) AND p.ring <> s.ring AND NOT EXISTS (
              SELECT 1 FROM rings_override o WHERE o.customer_id = p.customer_id AND o.ended_at IS NULL)""",
    }
    faults = []
    with connection.cursor() as cursor:
        for said, sql in checks.items():
            cursor.execute(sql)
            (n,) = cursor.fetchone()
            if n:
                faults.append(f"{n} {said}")
    return faults
