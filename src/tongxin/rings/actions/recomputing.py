"""Placing everybody: one transaction under one lock, so a run is whole or has not happened, and may be repeated at will."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail, trail_many
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people.models import Customer
from tongxin.rings import rules
from tongxin.rings.actions.periods import begin, close, from_now_on, open_periods
from tongxin.rings.actions.policy import LOCK, ensure_policy
from tongxin.rings.models import Override, Placement, Policy, Run, Standing
from tongxin.rings.queries import body_of, counts, traces_of
from tongxin.rings.queries.person import standing_of
from tongxin.rings.rules import words
from tongxin.rings.rules.traces import week
from tongxin.rings.terms import ORDER, Move, Reason, Ring, RunState
from tongxin.stores.models import Brand
from tongxin.stores.queries import the_brand

BATCH = 5000


@dataclass(frozen=True)
class Summary:
    """What a run found and moved. `already`: the book of runs is past that instant, so nothing was written."""

    as_of: datetime
    version: int
    people: int
    rings: dict[str, int]
    arrived: int = 0
    nearer: int = 0
    farther: int = 0
    left: int = 0
    announced: int = 0
    candidates: int = 0
    overridden: int = 0
    staff: int = 0
    already: bool = False

    def as_json(self) -> dict[str, Any]:
        """Plain JSON values."""
        return asdict(self) | {"as_of": self.as_of.isoformat()}


@dataclass
class Plan:
    """What a run is going to write. `seen` counts people by ring; a run on columns writes calm standings itself."""

    closed: list[Placement] = field(default_factory=list)
    begun: list[Placement] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    ended: list[Override] = field(default_factory=list)
    announced: list[int] = field(default_factory=list)
    moves: Counter[Move] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)


def recompute(
    *, viewer: Viewer, as_of: datetime | None = None, persons: Collection[int] | None = None
) -> Summary:
    """Place everybody (or some, by customer id) as the book was known at `as_of`, now by default.

    Repeating changes nothing: an instant that a whole run has passed already is only reported, and two runs of one week count
    one week towards leaving. Refuses `rings.future`.
    """
    now = clock.now()
    at = now if as_of is None else clock.as_utc(as_of)
    if at > now:
        raise Refused("rings.future", as_of=at.date().isoformat())
    with advisory(LOCK):
        brand, policy = the_brand(), ensure_policy(viewer=viewer)
        if Run.objects.filter(brand=brand, whole=True, state=RunState.DONE, as_of__gte=at).exists():
            return past(viewer, policy, at)
        run = Run.objects.create(
            brand=brand,
            as_of=at,
            week=week(clock.business_day(at, brand.zone).toordinal()),
            policy=policy,
            state=RunState.RUNNING,
            whole=persons is None,
            started_at=now,
        )
        plan = _decide_all(brand, policy, run, persons)
        write(viewer, plan, run)
        summary = summed_up(plan, policy, at)
        run.state, run.summary, run.finished_at = RunState.DONE, summary.as_json(), clock.now()
        run.save(update_fields=["state", "summary", "finished_at"])
        trail(
            viewer=viewer,
            act="rings.recomputed",
            subject=("rings", "run", run.pk),
            after={"as_of": at.isoformat(), "people": summary.people, "version": policy.version},
        )
    return summary


def past(viewer: Viewer, policy: Policy, at: datetime) -> Summary:
    """Nothing was written: how people stood at that instant."""
    people = counts(viewer, at)
    rings = {ring.value: people[ring] for ring in ORDER}
    return Summary(at, policy.version, sum(rings.values()), rings, already=True)


def _decide_all(brand: Brand, policy: Policy, run: Run, persons: Collection[int] | None) -> Plan:
    body, on, at = body_of(policy), clock.business_day(run.as_of, brand.zone), run.as_of
    traces = traces_of(brand, at, body, persons)
    standings = Standing.objects.all() if persons is None else Standing.objects.filter(customer__in=persons)
    kept = {row.customer_id: row for row in standings.iterator(chunk_size=20_000)}
    overrides = {row.customer_id: row for row in Override.objects.filter(ended_at=None)}
    places = open_periods(None if persons is None else persons)
    plan = Plan()
    decide_some(plan, traces, kept=kept, overrides=overrides, places=places, run=run, on=on)
    for person in kept.keys() - traces.keys():  # merged or erased since
        leave(plan, person, places.get(person), overrides.get(person))
    return plan


def decide_some(
    plan: Plan,
    traces: Mapping[int, rules.Traces],
    *,
    kept: Mapping[int, Standing],
    overrides: Mapping[int, Override],
    places: Mapping[int, Placement],
    run: Run,
    on: date,
    cite: bool = False,
) -> None:
    """Decide row by row, by the rule itself, and write down in the plan what follows. `cite`: most of them are going to move."""
    body, at = body_of(run.policy), run.as_of
    for person, traced in traces.items():
        row, override, place = kept.get(person), overrides.get(person), places.get(person)
        if (
            place is not None and place.period.lower >= at
        ):  # a person has spoken since; history is not rewritten
            plan.seen[place.ring] += 1
            continue
        before = standing_of(row, override)
        verdict = rules.decide(rules.weigh(traced, on, body, cite=cite), body, at, before)
        if verdict.ring is None:
            plan.seen["staff"] += 1
            leave(plan, person, place, override)
            continue
        plan.seen[verdict.ring] += 1
        plan.seen["candidates"] += verdict.candidate
        plan.seen["overridden"] += Reason.OVERRIDDEN in verdict.reasons
        _remember(plan, person, row, verdict, blank=not traced.personalise)
        if override is not None and (Reason.OVERRIDDEN not in verdict.reasons):
            plan.ended.append(override)
        if verdict.announce:
            plan.announced.append(person)
        if place is None or place.ring != verdict.ring:
            done = cite or not (traced.deeds or traced.recognitions or traced.violations)
            cited = verdict if done else rules.decide(rules.weigh(traced, on, body), body, at, before)
            _step(plan, person, place, cited, before=before, run=run, blank=not traced.personalise)


def leave(plan: Plan, person: int, place: Placement | None, override: Override | None) -> None:
    """Placed nowhere any more."""
    plan.gone.append(person)
    if place is not None:
        plan.closed.append(place)
        plan.seen["left"] += 1
    if override is not None:
        plan.ended.append(override)


def _remember(plan: Plan, person: int, row: Standing | None, verdict: rules.Verdict, *, blank: bool) -> None:
    after = verdict.standing
    assert after.ring is not None
    assert after.since is not None
    if (
        blank and row is not None and row.ring == after.ring
    ):  # a blank profile is new each time; our row need not be
        return
    now = Standing(
        customer_id=person,
        ring=after.ring.value,
        since=after.since,
        low_runs=after.low_runs,
        low_week=after.low_week,
        reviewed_at=after.reviewed_at,
        announced_at=after.announced_at,
        candidate=verdict.candidate,
    )
    if row is None or any(getattr(row, name) != getattr(now, name) for name in KEPT):
        plan.standings.append(now)


KEPT = ("ring", "since", "low_runs", "low_week", "reviewed_at", "announced_at", "candidate")


def _step(
    plan: Plan,
    person: int,
    place: Placement | None,
    verdict: rules.Verdict,
    *,
    before: rules.Standing,
    run: Run,
    blank: bool,
) -> None:
    assert verdict.ring is not None
    reasons = words.reasons_json(verdict, before, run.as_of)
    if blank:
        reasons["codes"].insert(0, Reason.BLANK_PROFILE.value)
    if place is None:
        plan.moves[Move.ARRIVED] += 1
    else:
        plan.closed.append(place)
        plan.moves[Move.NEARER if verdict.ring.step > Ring(place.ring).step else Move.FARTHER] += 1
    plan.begun.append(
        Placement(
            customer_id=person,
            ring=verdict.ring.value,
            period=from_now_on(run.as_of),
            cause=verdict.cause.value,
            reasons=reasons,
            policy_id=run.policy_id,
            run=run,
            moved_from="" if place is None else place.ring,
        )
    )


def write(viewer: Viewer, plan: Plan, run: Run) -> None:
    """Write what follows: periods, what the rule remembers, the trail."""
    close(plan.closed, run.as_of)
    # Demotions first: the order in which the trail tells of them, and in which seats come free.
    begun = sorted(
        plan.begun, key=lambda p: p.moved_from == "" or Ring(p.ring).step > Ring(p.moved_from).step
    )
    begin(begun)
    Standing.objects.filter(customer__in=plan.gone).delete()
    Standing.objects.bulk_create(
        plan.standings,
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["customer"],
        update_fields=list(KEPT),
    )
    for ended in plan.ended:
        ended.ended_at, ended.ended_by = run.as_of, viewer.name
    Override.objects.bulk_update(plan.ended, ["ended_at", "ended_by"], batch_size=BATCH)
    moved = [place for place in begun if place.moved_from]  # arrivals are told by the run as a whole
    told = {place.customer_id for place in moved} | set(plan.announced)
    names = dict(Customer.objects.filter(id__in=told).values_list("id", "public_id"))
    trail_many(
        viewer=viewer,
        act="rings.moved",
        rows=[
            (
                ("people", "customer", str(names[place.customer_id])),
                {"ring": place.ring, "run": run.pk, "codes": place.reasons["codes"]},
            )
            for place in moved
        ],
        before=[{"ring": place.moved_from} for place in moved],
    )
    for person in plan.announced:
        subject = ("people", "customer", str(names[person]))
        trail(viewer=viewer, act="rings.leave_announced", subject=subject, after={"run": run.pk})


def summed_up(plan: Plan, policy: Policy, at: datetime) -> Summary:
    """The plan in numbers."""
    rings = {ring.value: plan.seen[ring] for ring in ORDER}
    return Summary(
        as_of=at,
        version=policy.version,
        people=sum(rings.values()),
        rings=rings,
        arrived=plan.moves[Move.ARRIVED],
        nearer=plan.moves[Move.NEARER],
        farther=plan.moves[Move.FARTHER],
        left=plan.seen["left"],
        announced=len(plan.announced),
        candidates=plan.seen["candidates"],
        overridden=plan.seen["overridden"],
        staff=plan.seen["staff"],
    )
