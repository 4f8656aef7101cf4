"""A small world in which registration acts are killed at every statement, and what must be found afterwards."""

from datetime import timedelta

import pytest

from events.factories import published
from events.killing import killed_after, killed_at
from events.rush import viewer_of
from people.factories import CustomerFactory
from project import samples
from stores.factories import TESTS
from tongxin.commerce.models import Promise
from tongxin.events import actions, queries
from tongxin.events.models import Pool, Registration, WaitLine
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.idempotency.actions import once
from tongxin.outreach.models import Send
from tongxin.people.models import Deed

MOST = 60  # statements; a flow that needs more is too long anyway


class World:
    """One seat taken, one member waiting, one who comes; a fee, so that money is in the same transaction."""

    people: list = []

    def __init__(self):
        if not World.people:
            World.people = [CustomerFactory().pk for _ in range(3)]
        self.holder, self.waiter, self.comer = World.people
        self.event = published(places=1, fee_fen=2000, voucher_fen=2000)

    def register(self, who):
        return actions.register(viewer=viewer_of(who), event_id=self.event.public_id)

    def of(self, who):
        return Registration.objects.get(occurrence=self.event, person=who)

    def seen(self):
        """Everything that an act may leave behind, comparable between runs."""
        rows = Registration.objects.filter(occurrence=self.event).order_by("person", "id")
        keys = [str(row.public_id) for row in rows]
        pool = Pool.objects.get(occurrence=self.event)
        sends = Send.objects.filter(subject_key=str(self.event.public_id)).order_by("id")
        return {
            "rows": [(r.person_id, r.state, r.number, r.version, r.reason) for r in rows],
            "pool": (pool.taken, pool.held, pool.waited),
            "letters": sorted((s.person_id, s.kind, s.state) for s in sends),
            "notes": list(
                WaitLine.objects.filter(registration__in=rows)
                .order_by("id")
                .values_list("registration__person", "note")
            ),
            "trail": list(
                Entry.objects.filter(subject_id__in=keys).order_by("id").values_list("act", flat=True)
            ),
            "deeds": sorted(Deed.objects.filter(subject=self.event.subject_id).values_list("person", "kind")),
            "promises": sorted(Promise.objects.filter(subject_key__in=keys).values_list("person", "state")),
        }


def seat_taken(world):
    world.register(world.holder)


def one_waits(world):
    seat_taken(world)
    world.register(world.waiter)


def one_is_offered(world):
    one_waits(world)
    gives_up(world)


def gives_up(world):
    return actions.cancel_registration(
        viewer=viewer_of(world.holder), registration_id=world.of(world.holder).public_id
    ).state


def accepts(world):
    return actions.accept(
        viewer=viewer_of(world.waiter), registration_id=world.of(world.waiter).public_id
    ).state


def declines(world):
    return actions.leave(
        viewer=viewer_of(world.waiter), registration_id=world.of(world.waiter).public_id
    ).state


def registers(world):
    try:
        return world.register(world.comer).state
    except Refused as refused:  # a repeat after a commit that could not be answered any more
        if refused.code != "events.registered":
            raise
        return world.of(world.comer).state


def registers_under_a_key(world):
    """As the API does it: the seat is taken after the answer is kept, right before the commit."""
    viewer = viewer_of(world.comer)

    def act():
        made = actions.register(viewer=viewer, event_id=world.event.public_id, closing=True)
        return 201, {"state": str(made.state)}

    route = f"POST {world.event.public_id}"
    return once(viewer=viewer, route=route, key="tap", body=b"", act=act)[1]["state"]


def lapses(world):
    with clock.held(world.event.starts_at - timedelta(hours=2)):
        return actions.lapse(viewer=TESTS) >= 0


def shape(seen, world):
    """The same with names instead of numbers, so that runs compare."""
    names = {world.holder: "holder", world.waiter: "waiter", world.comer: "comer"}

    def named(value):
        if isinstance(value, (list, tuple)):
            return [named(v) for v in value]
        return names.get(value, value) if isinstance(value, int) else value

    return {key: value if key == "pool" else named(value) for key, value in seen.items()}


def survives_every_kill(prepare, act):
    """Kill the act after each statement and after its commit; compare with the state before and the state after."""
    World.people = []
    world = World()
    prepare(world)
    old = shape(world.seen(), world)
    said = str(act(world))
    new = shape(world.seen(), world)
    first, stride = samples.stride()
    for n in range(first, MOST, stride):
        world = World()
        prepare(world)
        answer = killed_at(n, lambda world=world: act(world))
        found = shape(world.seen(), world)
        assert found == (old if answer == "killed" else new), n
        assert queries.counters_wrong() == []
        if answer != "killed":
            assert answer == said
            break
        act(world)  # the same tap again
        assert shape(world.seen(), world) == new, n
    else:
        pytest.fail("it has no end")
    assert n > 5
    # committed, and dead before it could say so: the repeat finds the act done and does nothing twice
    world = World()
    prepare(world)
    assert killed_after(lambda world=world: act(world)) == "killed"
    assert shape(world.seen(), world) == new
    assert str(act(world)) == said
    assert shape(world.seen(), world) == new
    assert queries.counters_wrong() == []
