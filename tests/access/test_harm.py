"""What requests must not be able to do: change by reading, write fields that are none of theirs, go on after revocation."""

import json
import os

import pytest

from access.actors import ACTORS, CHINESE, FAR, HERE, JOB, api, rows_touched, undone
from access.requests import BODIES, HEADERS, address, body
from access.test_matrix import OWN_ANSWER, may, name, things_of
from access.things import absent
from tongxin.faces.api.app import api as the_api
from tongxin.foundation.access import ANYONE
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries as entries
from tongxin.foundation.accounts.models import Device, Token
from tongxin.project.permissions import API
from tongxin.stores import actions as stores

pytestmark = pytest.mark.django_db
GETS = [row for row in API if row.method == "GET"]
WRITES = [row for row in API if row.method != "GET" and BODIES[row.route, row.method] is not None]


def someone(world, row):
    """An actor of the row with a thing of their own; of those, one who still has the role when the write is done."""
    order = ("store_manager",) if row.route == "api:grant" else ACTORS
    for actor in (world.actors[a] for a in order):
        if may(row, actor):
            things = things_of(world, row, actor)
            if things.own is not None or not row.kind:
                return actor, things.own
    raise AssertionError(name(row))


# Who takes a list of people away is written down: one row, before the first byte.
LEAVES_A_TRAIL = {"api:event.registrations_file", "hq.event.export"}


@pytest.mark.parametrize("row", GETS, ids=name)
def test_reading_changes_nothing(world, row):
    actor, thing = someone(world, row)
    path = address(row, thing, world)
    before = rows_touched()
    api(actor, "GET", path)
    assert rows_touched() - before == (row.route in LEAVES_A_TRAIL)


def test_control_arm_a_write_is_seen(world):
    row = next(r for r in WRITES if r.route == "api:me.consent")
    actor, thing = someone(world, row)
    before = rows_touched()
    with undone():
        api(actor, "PUT", address(row, thing, world), body(row, world, actor, thing))
        assert rows_touched() > before


# ---- mass assignment and truthy tricks (promise P14)

TRICKS = (
    "id",
    "public_id",
    "is_staff",
    "is_admin",
    "role_",
    "state",
    "simulated",
    "created_at",
    "brand",
    "grants",
)


@pytest.mark.parametrize("row", WRITES, ids=name)
def test_unknown_fields_are_refused_and_nothing_is_written(world, row):
    """All at once, and each is named: one that is taken is missing among the errors."""
    actor, thing = someone(world, row)
    sent = dict(body(row, world, actor, thing)) | dict.fromkeys(TRICKS, True)
    before = rows_touched()
    with undone():
        reply = api(actor, row.method, address(row, thing, world), sent, **HEADERS.get((row.route, row.method), {}))  # fmt: skip
    assert (reply.status_code, reply.json()["code"]) == (422, "input.bad"), name(row)
    told = {error["field"].rpartition(".")[2] for error in reply.json()["errors"]}
    assert told >= set(TRICKS), f"{name(row)} took {set(TRICKS) - told}"
    assert rows_touched() == before


def booleans(schema, document) -> list[str]:
    if "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[-1]]
    return [n for n, s in schema.get("properties", {}).items() if s.get("type") == "boolean"]


def test_truthy_values_are_no_booleans(world):
    document = the_api.get_openapi_schema()
    tried = 0
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            schema = (
                operation.get("requestBody", {})
                .get("content", {})
                .get("application/json", {})
                .get("schema", {})
            )
            for field in booleans(schema, document):
                row = next(r for r in WRITES if operation_of(r) == operation["operationId"])
                actor, thing = someone(world, row)
                for trick in ("true", "yes", "on", 1, "1", [True]):
                    sent = dict(body(row, world, actor, thing)) | {field: trick}
                    with undone():
                        reply = api(actor, method.upper(), address(row, thing, world), sent)
                    assert reply.status_code == 422, f"{path} took {field}={trick!r}"
                    tried += 1
    assert tried >= 24


def operation_of(row) -> str:
    for router in the_api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                if f"api:{view.url_name}" == row.route and row.method in operation.methods:
                    return operation.operation_id
    return ""


@pytest.mark.parametrize(
    "sent", [b"", b"{", b"[]", b'"x"', b"null", b"\xff\xfe", b'{"granted": true', b"1" * 100]
)
def test_broken_bodies_are_refused_clearly(world, sent):
    from django.test import Client

    member = world.actors["member_outer"]
    reply = Client().generic(
        "PUT",
        "/api/v1/me/consents/photo",
        sent,
        "application/json",
        HTTP_AUTHORIZATION=f"Bearer {member.token}",
        HTTP_IDEMPOTENCY_KEY="k",
        **CHINESE,
    )
    assert reply.status_code in (400, 422)
    assert reply["Content-Type"] == "application/problem+json"


# ---- foreign things inside a body


def test_an_own_member_with_a_foreign_link_is_absent(world):
    manager = world.actors["store_manager"]
    mine = world.store(HERE)["members"][-1]["id"]
    for merge in (
        things_of(world, next(r for r in API if r.route == "api:member.unmerge"), manager).foreign,
        absent(),
    ):
        with undone():
            reply = api(manager, "POST", f"/api/v1/members/{mine}/unmerge", {"merge": merge})
        assert (reply.status_code, reply.json()["code"]) == (404, "absent")


@pytest.mark.parametrize("route", ["members", "devices", "grants"])
def test_a_foreign_store_in_a_body_is_absent(world, route):
    manager = world.actors["store_manager"]
    far = world.store(FAR)
    sent = {
        "members": {"nickname": "x", "home_store": far["id"]},
        "devices": {"name": "x", "store": far["id"]},
        "grants": {"account": far["door"]["account"], "role": "door", "store": far["id"]},
    }[route]
    with undone():
        reply = api(manager, "POST", f"/api/v1/{route}", sent)
    assert (reply.status_code, reply.json()["code"]) == (404, "absent")


def test_nobody_grants_more_than_they_hold(world):
    manager, home = world.actors["store_manager"], world.store(HERE)
    account = home["door"]["account"]
    for sent in (
        {"account": account, "role": "admin", "everywhere": True},
        {"account": account, "role": "store_manager", "store": home["id"]},
        {"account": account, "role": "hq_analyst", "everywhere": True},
    ):
        with undone():
            reply = api(manager, "POST", "/api/v1/grants", sent)
        assert (reply.status_code, reply.json()["code"]) == (403, "stores.wider_than_own"), sent


# ---- lists hold nothing of others (pretix CVE-2026-5600)

# No list of somebody's: the document, the root, and teachers, whose pages name their store to every member of the chain.
FOR_ALL = frozenset({"api:openapi-json", "api:api-root", "api-docs", "api:teachers"})
LISTS = [row for row in GETS if not row.kind and row.route not in FOR_ALL]


@pytest.mark.parametrize("row", LISTS, ids=name)
def test_lists_hold_no_mark_of_another_store(world, row):
    for actor in (world.actors[a] for a in ("champion", "store_manager", "door", "device", "member_outer")):
        if not may(row, actor):
            continue
        text = api(
            actor, "GET", address(row, None, world) + ("?limit=200" if row.route.endswith("s") else "")
        ).content.decode()
        for region in range(2):
            for store in range(3):
                mark = world.store((region, store))["mark"]
                assert (region, store) == HERE or mark not in text, f"{actor.name} read {mark} in {row.route}"


def test_control_arm_headquarters_do_read_the_marks(world):
    reply = api(world.actors["admin"], "GET", "/api/v1/members?limit=200").content.decode()
    assert all(world.store((r, s))["mark"] in reply for r in range(2) for s in range(3))


def test_an_analyst_reads_pseudonyms(world):
    analyst = world.actors["hq_analyst"]
    listed = api(analyst, "GET", "/api/v1/members?limit=200").content.decode()
    card = api(analyst, "GET", f"/api/v1/members/{world.store(HERE)['members'][0]['id']}").content.decode()
    assert "MK-1-1-1" not in listed
    assert "MK-1-1-1" not in card


# ---- revoke and replay (promise P15)


def written(world, actor, only) -> list[tuple]:
    """The requests that are named, made ready while the actor still is somebody: what they are about and what they send."""
    return [
        (row, address(row, thing, world), None if row.method == "GET" else body(row, world, actor, thing))
        for row in API
        if may(row, actor) and name(row) in only
        for thing in [things_of(world, row, actor).own]
    ]


def replay(actor, requests) -> dict[str, int]:
    """The status of each."""
    found = {}
    for row, path, sent in requests:
        with undone():
            reply = api(actor, row.method, path, sent, **HEADERS.get((row.route, row.method), {}))
        found[name(row)] = reply.status_code
    return found


def close(world, actor):
    account = entries.account_by_handle(JOB, actor.handle)
    accounts.switch_account(viewer=JOB, account=account, active=False)


def log_out_everywhere(world, actor):
    accounts.end_sessions(viewer=JOB, account=entries.account_by_handle(JOB, actor.handle))


def take_grants(world, actor):
    account = entries.account_by_handle(JOB, actor.handle)
    for grant in stores.queries.grants_for(JOB, limit=200).items:
        if grant.account_id == account.pk:
            try:
                stores.revoke(viewer=JOB, grant_id=grant.public_id)
            except stores.Refused:  # the last admin: another one first
                other = entries.account_by_handle(JOB, world.actors["hq_editor"].handle)
                stores.grant(
                    viewer=JOB, account=other, role=stores.Role.ADMIN, brand=stores.queries.the_brand()
                )
                stores.revoke(viewer=JOB, grant_id=grant.public_id)


def revoke_token(world, actor):
    for token in Token.objects.filter(account=entries.account_by_handle(JOB, actor.handle)):
        accounts.revoke_token(viewer=JOB, token=token)


WAYS = (close, log_out_everywhere, take_grants, revoke_token)
ENDING = (close, log_out_everywhere, revoke_token)
REVOKED = ("champion", "store_manager", "hq_editor", "admin", "member_inner")
EVERY_DOOR = "TONGXIN_EVERY_DOOR" in os.environ  # `make nightly`: every door after every way


def could(world, actor) -> list[str]:
    """What an actor may do with a thing of their own. `test_matrix.test_api` asks each of these and wants an answer of 2xx."""
    return [
        name(row)
        for row in API
        if may(row, actor)
        and ANYONE not in row.roles
        and row.route not in OWN_ANSWER
        and (not row.kind or things_of(world, row, actor).own is not None)
    ]


def turn(world, who, way) -> set[str]:
    """The doors of an actor that are tried after this way: without a grant each door decides for itself, so all of them.

    The other ways end who one is, before any door is looked at: there the doors are dealt out, each to one way.
    """
    ours = could(world, world.actors[who])
    if way is take_grants or EVERY_DOOR:
        return set(ours)
    return set(ours[ENDING.index(way) :: len(ENDING)])


@pytest.mark.sampled
@pytest.mark.parametrize("way", WAYS, ids=lambda w: w.__name__)
@pytest.mark.parametrize("who", REVOKED)
def test_revoked_actors_do_nothing_any_more(world, who, way):
    actor = world.actors[who]
    if way is take_grants and actor.role == "member":
        pytest.skip("a member holds no grant")
    asked = turn(world, who, way)
    requests = written(world, actor, asked)
    before = replay(actor, requests[:3])
    assert len(before) == 3
    assert [what for what, status in before.items() if status >= 300] == []
    with undone():
        way(world, actor)
        after = replay(actor, requests)
    assert set(after) == asked
    assert [what for what in asked if after[what] < 300] == []


@pytest.mark.parametrize("who", REVOKED)
def test_together_the_ways_try_every_door_of_an_actor(world, who):
    ours = could(world, world.actors[who])
    assert len(ours) >= 15
    assert set().union(*(turn(world, who, way) for way in ENDING)) == set(ours)


def test_a_revoked_device_reads_nothing_any_more(world):
    device = world.actors["device"]
    with undone():
        assert api(device, "GET", "/api/v1/stores").status_code == 200
        found = Device.objects.get(public_id=world.store(HERE)["device"]["id"])
        accounts.revoke_device(viewer=JOB, device=found)
        assert api(device, "GET", "/api/v1/stores").status_code == 401


@pytest.mark.parametrize("given", ["Bearer", "Bearer x", "Basic eDp5", "bearer txt_x", "txt_x"])
def test_a_wrong_bearer_is_401_and_says_so(world, given):
    reply = api(None, "GET", "/api/v1/stores", Authorization=given)
    assert (reply.status_code, reply.json()["code"], reply["WWW-Authenticate"]) == (
        401,
        "token.unknown",
        "Bearer",
    )


def test_a_cookie_opens_nothing_of_the_api(world):
    from access.actors import browser

    reply = browser(world.actors["admin"]).get("/api/v1/members")
    assert (reply.status_code, json.loads(reply.content)["code"]) == (401, "sign_in_needed")
