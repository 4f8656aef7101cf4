"""Who has a reason to be invited, looked up for a whole store at once: the number of statements does not grow with its people."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date, datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Coalesce

from tongxin.champions.models import Invite
from tongxin.champions.rules.inviting import LOST, NearStep, Reason, missed, newcomer, one_step_away, turns
from tongxin.champions.terms import QUIET_DAYS
from tongxin.events.models import Attendance, Registration
from tongxin.events.terms import LIVE
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.terms import CustomerKind, CustomerState
from tongxin.rings import queries as rings
from tongxin.rings import rules as ring_rules
from tongxin.rings.rules import words
from tongxin.rings.terms import Ring
from tongxin.stores.models import Store
from tongxin.stores.queries import business_day_of

STEPS_TRIED = 60  # a step is proved by trying it on a copy of the traces: milliseconds each
ROOT = Coalesce("person__survivor", "person")


def reasons_of(store: Store, day: date, now: datetime) -> list[Reason]:
    """Everybody of a store who has a reason and was not named in four weeks, in the order of their turns.

    Left out: staff, who switched personalisation off, and who already has a place at an event to come in this store.
    """
    members = dict(
        Customer.objects.filter(
            home_store=store,
            state=CustomerState.LIVE,
            kind=CustomerKind.MEMBER,
            is_staff=False,
            personalise=True,
        ).values_list("id", "registered_at")
    )
    rested = _lately_named(day) | _coming(store, now)
    persons = [key for key in members if key not in rested]
    visits = _visits(store, persons, now)
    touched = _touched(persons)
    found: list[Reason | None] = []
    for key in persons:
        registered = members[key]
        joined = None if registered is None else business_day_of(store, registered)
        found += [
            missed(key, visits.get(key, ()), day),
            newcomer(key, joined, day, touched=key in touched),
        ]
    steps = _steps(
        store, sorted(visits, key=lambda key: (visits[key][-1], key), reverse=True)[:STEPS_TRIED], now
    )
    found += [one_step_away(key, step) for key, step in steps.items()]
    return turns(reason for reason in found if reason is not None)


def _lately_named(day: date) -> set[int]:
    rows = Invite.objects.filter(day__gt=day - timedelta(days=QUIET_DAYS)).annotate(root=ROOT)
    return set(rows.values_list("root", flat=True))


def _coming(store: Store, now: datetime) -> set[int]:
    rows = Registration.objects.filter(
        occurrence__store=store, occurrence__starts_at__gt=now, state__in=LIVE
    ).annotate(root=ROOT)
    return set(rows.values_list("root", flat=True))


def _visits(store: Store, persons: Collection[int], now: datetime) -> dict[int, list[date]]:
    found: dict[int, list[date]] = defaultdict(list)
    rows = (
        Attendance.objects.filter(
            Q(person__in=persons) | Q(person__survivor__in=persons), at__gt=now - timedelta(days=2 * LOST)
        )
        .annotate(root=ROOT)
        .order_by("at", "id")
        .values_list("root", "at")
    )
    for person, at in rows:
        if at is not None:  # the filter says so; the type cannot
            found[person].append(clock.business_day(at, store.zone, store.cutoff_hour))
    return found


def _touched(persons: Collection[int]) -> set[int]:
    rows = Registration.objects.filter(Q(person__in=persons) | Q(person__survivor__in=persons)).annotate(
        root=ROOT
    )
    return set(rows.values_list("root", flat=True))


def _steps(store: Store, persons: Collection[int], now: datetime) -> dict[int, NearStep | None]:
    """The nearest missing step of each; nobody's while the brand has no rule for its rings."""
    try:
        policy = rings.body_of(rings.current_policy(store.brand))
    except Refused:
        return {}
    on = clock.business_day(now, store.brand.zone)
    held = rings.rings_held(persons)
    found: dict[int, NearStep | None] = {}
    for person, traces in rings.traces_of(store.brand, now, policy, list(persons)).items():
        evidence = ring_rules.weigh(traces, on, policy)
        step = ring_rules.account(evidence, policy, held.get(person, Ring.OUTER)).nearest
        found[person] = (
            None
            if step is None
            else NearStep(
                step.kind, step.count, step.opens, words.say_step(step, "zh"), words.say_step(step, "en")
            )
        )
    return found
