"""The permission matrix: every route and method × every actor × own, foreign and absent things (promises P12, P13, P17).

Generated from the table; every refusal has its positive control, because a wall of 404s proves nothing by itself.
"""

from contextlib import nullcontext

import pytest

from access.actors import ACTORS, Actor, api, undone
from access.requests import BODIES, HEADERS, address, body
from access.things import FACTORIES, Things, absent
from tongxin.foundation.access import ANYONE, Row
from tongxin.project.permissions import API

pytestmark = pytest.mark.django_db
NONE = Things(None)
# Routes that are open to all but ask for a proof of their own, or answer 404 by design.
OWN_ANSWER = {"api:devices.activate": 401, "api:api-root": 404}


def name(row: Row) -> str:
    return f"{row.method} {row.route}"


def things_of(world, row: Row, actor: Actor) -> Things:
    return FACTORIES[row.kind](world, actor) if row.kind else NONE


def ask(world, row: Row, actor: Actor, thing: str | None):
    """One request, undone; reading leaves nothing to undo, as `test_harm.test_reading_changes_nothing` says of each."""
    sent = None if row.method == "GET" else body(row, world, actor, thing)
    with nullcontext() if row.method == "GET" else undone():
        return api(
            actor, row.method, address(row, thing, world), sent, **HEADERS.get((row.route, row.method), {})
        )


def may(row: Row, actor: Actor) -> bool:
    return ANYONE in row.roles or (actor.role in row.roles and actor.scoped)


def check_headers(reply) -> None:
    assert reply["Cache-Control"] == "private, no-store"
    assert reply["X-Content-Type-Options"] == "nosniff"
    assert "unsafe-inline" not in reply["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in reply["Content-Security-Policy"]
    assert reply["Permissions-Policy"]


@pytest.mark.parametrize("row", API, ids=name)
def test_api(world, row):
    allowed, through = 0, set()
    for actor in (world.actors[a] for a in ACTORS):
        things = things_of(world, row, actor)
        thing = things.own or things.foreign or (absent() if row.kind else None)
        reply = ask(world, row, actor, thing)
        case = f"{name(row)} as {actor.name}: {reply.status_code} {reply.content[:200]!r}"
        check_headers(reply)
        if row.route in OWN_ANSWER:
            assert reply.status_code == OWN_ANSWER[row.route], case
            allowed += 1
        elif actor.name == "anonymous" and not may(row, actor):
            assert reply.status_code == 401, case
        elif not may(row, actor):
            assert reply.status_code == 403, case
        elif things.own is not None or not row.kind:
            assert 200 <= reply.status_code < 300, case
            allowed += 1
            through.add(actor.role)
            if things.foreign is not None:
                foreign, nothing = ask(world, row, actor, things.foreign), ask(world, row, actor, absent())
                assert foreign.status_code == nothing.status_code == 404, (
                    f"{case} foreign {foreign.status_code}"
                )
                assert foreign.content == nothing.content, case
        else:
            assert reply.status_code == 404, case
    assert allowed, f"{name(row)}: nobody in the matrix may do it, so its refusals prove nothing"
    # The positive control, per role: a row may not promise what no actor of that role can do.
    if ANYONE not in row.roles:
        assert row.roles - {"moderator"} <= through, f"{name(row)}: {row.roles - {'moderator'} - through}"


def test_every_write_has_a_body_and_every_body_a_route():
    writes = {(r.route, r.method) for r in API if r.method != "GET"}
    assert writes - set(BODIES) == set()
    assert set(BODIES) - writes == set()


def test_every_kind_of_thing_has_a_factory():
    assert {r.kind for r in API} - {""} <= set(FACTORIES)
