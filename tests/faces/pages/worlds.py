"""Somebody who meets every inner gate, made through the book."""

from datetime import timedelta

from access.actors import JOB, MEMBER_ACTORS
from tongxin.foundation import clock
from tongxin.people import actions, ledger
from tongxin.people import queries as people
from tongxin.people.rules import DeedIn
from tongxin.rings import actions as rings


def candidate(world):
    """(actor, public id) of the first member after ninety days of doing much, seen by others; stands in the middle ring."""
    members = world.document["regions"][0]["stores"][0]["members"]
    persons = [people.access_customer(JOB, m["id"]) for m in members]
    me, others = persons[0], [p.pk for p in persons[1:]]
    far = world.document["regions"][0]["stores"][1]["members"]
    others += [people.access_customer(JOB, m["id"]).pk for m in far]
    with clock.held(clock.now() - timedelta(days=20)):
        actions.switch_personalisation(viewer=JOB, customer=me, on=True)
    now, rows = clock.now(), []
    for n in range(28):
        at = now - timedelta(days=3 * n + 1)
        kind = ("checked_in", "co_hosted", "answer_accepted", "featured")[n % 4]
        rows.append(
            DeedIn(
                me.pk,
                kind,
                at,
                "pages",
                f"d{n}",
                counterpart=others[n % len(others)] if kind == "answer_accepted" else None,
                known_at=at,
            )
        )
        rows.append(
            DeedIn(others[n % len(others)], "replied", at, "pages", f"r{n}", counterpart=me.pk, known_at=at)
        )
    ledger.record_many(rows)
    for week in (1, 0):
        with clock.held(now - timedelta(days=7 * week)):
            rings.recompute(viewer=JOB)
    return world.actors[MEMBER_ACTORS[0]], members[0]["id"]
