"""Many phones at once on one pool: real processes, real connections, and what must hold afterwards."""

import threading

from django.db import connection, transaction

from foundation.racing import in_processes
from stores.factories import TESTS
from tongxin.events import actions, queries
from tongxin.events.actions import letters
from tongxin.events.models import Occurrence, Pool, Registration
from tongxin.events.terms import LIVE, Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused


def viewer_of(person):
    """A member, signed in."""
    return Viewer(account=None, name=f"member:{person}", person=person)


def rush(work, people, *, processes=4, lanes=5):
    """`work(person)` for each of these people, spread over processes and threads that start together; answers by person.

    A refusal is answered by its code, any other exception by its text.
    """

    def one(person):
        try:
            return work(person)
        except Refused as refused:
            return refused.code
        except Exception as fault:  # noqa: BLE001 (handed back as a value; the test looks at it)
            return repr(fault)

    def process(n):
        mine, answers, begun = people[n::processes], {}, threading.Barrier(lanes)

        def lane(k):
            try:
                begun.wait(30)
                for person in mine[k::lanes]:
                    answers[person] = one(person)
            finally:
                connection.close()

        threads = [threading.Thread(target=lane, args=[k], daemon=True) for k in range(lanes)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        return answers

    together = {}
    for answers in in_processes(process, processes):
        if isinstance(answers, Exception):
            raise answers
        together |= answers
    return together


def register(event):
    """What each phone does: register, and say what came of it."""

    def work(person):
        made = actions.register(viewer=viewer_of(person), event_id=event.public_id)
        return made.state, made.number

    return work


def count_then_insert(event):
    """The control: what others do. Counts the seats, then writes the row; the counter is not asked."""

    def work(person):
        with transaction.atomic():
            found = Occurrence.objects.select_related("store").get(pk=event.pk)
            pool = Pool.objects.get(occurrence=found)
            taken = Registration.objects.filter(occurrence=found, state=Seat.CONFIRMED).count()
            if taken >= pool.size:
                return "full", None
            made = Registration.objects.create(
                occurrence=found, person_id=person, pool=pool, state=Seat.CONFIRMED, registered_at=clock.now()
            )
            trail(
                viewer=viewer_of(person),
                act="events.registered",
                subject=("events", "registration", str(made.public_id)),
            )
            letters.tell(viewer=viewer_of(person), registration=made)
        return made.state, None

    return work


def restless(event):
    """Register, and then change one's mind: every third gives up at once, who is offered a seat accepts or passes it on."""

    def work(person):
        made = actions.register(viewer=viewer_of(person), event_id=event.public_id)
        if person % 3 == 0:
            actions.cancel_registration(viewer=viewer_of(person), registration_id=made.public_id)
        for row in Registration.objects.filter(occurrence=event, state=Seat.OFFERED).order_by("?")[:2]:
            act = actions.leave if person % 2 else actions.accept
            try:
                act(viewer=TESTS, registration_id=row.public_id)
            except Refused as refused:
                if refused.code != "events.offer_over":
                    raise
        return "done"

    return work


def sold(event):
    """Seats given by the rows, not by the counter."""
    return Registration.objects.filter(occurrence=event, state=Seat.CONFIRMED).count()


def faults(event, people):
    """Everything that must hold after a rush of single people; empty when all is well."""
    pool = Pool.objects.get(occurrence=event)
    rows = Registration.objects.filter(occurrence=event)
    live = list(rows.filter(state__in=LIVE).values_list("person", flat=True))
    found = [str(wrong) for wrong in queries.counters_wrong(event.public_id)]
    if pool.taken + pool.held > pool.size:
        found.append(f"over: {pool.taken} + {pool.held} of {pool.size}")
    if pool.taken + pool.held < pool.size and rows.filter(state=Seat.WAITING).exists():
        found.append(f"under: {pool.taken} + {pool.held} of {pool.size}, and somebody waits")
    if len(live) != len(set(live)):
        found.append("somebody has two places")
    if set(rows.values_list("person", flat=True)) != set(people):
        found.append("somebody was lost")
    return found
