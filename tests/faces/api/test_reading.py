"""Lists, times, money, and the document that describes them."""

import json
import re

import pytest
from django.test import Client

from access.actors import HERE, api
from tongxin.faces.api.app import api as the_api
from tongxin.project.permissions import API

pytestmark = pytest.mark.django_db


def walk(actor, path, limit) -> list[str]:
    found, cursor = [], ""
    while True:
        page = api(actor, "GET", f"{path}?limit={limit}" + (f"&cursor={cursor}" if cursor else "")).json()
        assert len(page["items"]) <= limit
        found += [item["id"] for item in page["items"]]
        cursor = page["cursor"]
        if cursor is None:
            return found


@pytest.mark.parametrize(
    "path", ["/api/v1/members", "/api/v1/stores", "/api/v1/grants", "/api/v1/staff", "/api/v1/audit"]
)
def test_pages_walk_through_everything_once(world, path):
    admin = world.actors["admin"]
    limit = 7 if path != "/api/v1/audit" else 150
    whole = walk(admin, path, 200)
    assert walk(admin, path, limit) == whole
    assert len(set(whole)) == len(whole)
    assert len(whole) > 3


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=201", "limit=x", "cursor=%00", "cursor=abc", "cursor=" + "a" * 401]
)
def test_foreign_cursors_and_limits_are_refused(world, query):
    reply = api(world.actors["admin"], "GET", f"/api/v1/members?{query}")
    assert (reply.status_code, reply.json()["code"]) == (422, "input.bad")


def test_a_refusal_names_fields_and_never_repeats_values(world):
    member = world.actors["member_outer"]
    sent = {"granted": "13812345678", "notice_version": ""}
    reply = api(member, "PUT", "/api/v1/me/consents/photo", sent)
    assert {e["field"].split(".")[-1] for e in reply.json()["errors"]} == {"granted", "notice_version"}
    assert "13812345678" not in reply.content.decode()


def test_times_carry_an_offset(world):
    text = api(world.actors["admin"], "GET", "/api/v1/audit").content.decode()
    stamps = re.findall(r'"at": ?"([^"]+)"', text)
    assert stamps
    assert all(re.search(r"(Z|[+-]\d\d:\d\d)$", stamp) for stamp in stamps)


def test_members_are_found_by_name_phone_and_store(world):
    store = world.store(HERE)
    admin, first = world.actors["admin"], store["members"][0]
    for query in (
        f"text={first['phone']}",
        "text=MK-1-1-11",
        f"text={first['phone']}&store={store['id']}&kind=member",
    ):
        items = api(admin, "GET", f"/api/v1/members?{query}").json()["items"]
        assert [i["id"] for i in items] == [first["id"]], query
    assert items[0]["phone_hint"].endswith(first["phone"][-4:])
    assert first["phone"] not in json.dumps(items)
    assert api(admin, "GET", "/api/v1/members?kind=prospect").json()["items"] == []


def test_a_guardian_sees_their_companion_and_nobody_else_does(world):
    guardian = world.store(HERE)["members"][0]
    mine = api(world.actors["member_outer"], "GET", "/api/v1/me").json()
    assert [c["id"] for c in mine["companions"]] == guardian["companions"]
    for who in ("admin", "champion", "store_manager", "hq_analyst"):
        text = api(world.actors[who], "GET", f"/api/v1/members/{guardian['id']}").content.decode()
        assert guardian["companions"][0] not in text


def test_a_member_reads_ring_evidence_and_version_without_the_words_of_headquarters(world):
    for who, ring in (("member_outer", "outer"), ("member_middle", "middle"), ("member_inner", "inner")):
        reply = api(world.actors[who], "GET", "/api/v1/me/ring")
        told = reply.json()
        assert (told["ring"], told["policy_version"], told["personalise"]) == (ring, 1, True)
        assert told["gates"] or told["held"]
        assert told["next_step"]
        assert not re.search("外环|中环|内环|拉新|转化", told["next_step"])


def test_switching_personalisation_off_works_at_once(world):
    from access.actors import undone

    member = world.actors["member_outer"]
    with undone():
        assert api(member, "PUT", "/api/v1/me/personalisation", {"on": False}).json()["granted"] is False
        assert api(member, "GET", "/api/v1/me/ring").json()["personalise"] is False
        consents = {
            c["purpose"]: c["granted"] for c in api(member, "GET", "/api/v1/me/consents").json()["items"]
        }
        assert consents["personalisation"] is False


def test_an_erased_member_is_absent_to_all(world):
    from access.actors import undone

    admin, someone = world.actors["admin"], world.store(HERE)["members"][-1]
    with undone():
        assert (
            api(admin, "POST", f"/api/v1/members/{someone['id']}/erase", {"reason": "asked"}).status_code
            == 200
        )
        assert api(admin, "GET", f"/api/v1/members/{someone['id']}").status_code == 404
        assert "MK-1-1-16" not in api(admin, "GET", "/api/v1/members?limit=200").content.decode()


def test_an_enrolled_device_activates_itself_and_reads_its_store(world):
    from access.actors import undone

    manager, store = world.actors["store_manager"], world.store(HERE)
    with undone():
        made = api(manager, "POST", "/api/v1/devices", {"store": store["id"], "name": "后门"}).json()
        key = api(None, "POST", "/api/v1/devices/activate", {"code": made["code"]})
        assert key.status_code == 201
        reply = Client().get("/api/v1/stores", HTTP_AUTHORIZATION=f"Bearer {key.json()['key']}")
        assert [s["id"] for s in reply.json()["items"]] == [store["id"]]
        listed = {d["id"]: d for d in api(manager, "GET", "/api/v1/devices").json()["items"]}
        assert listed[made["id"]]["store"] == store["code"]


# ---- the document


@pytest.fixture(scope="module")
def document():
    return the_api.get_openapi_schema()


def operations(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_the_document_is_openapi_31_and_complete(world):
    served = Client().get("/api/v1/openapi.json").json()
    assert served["openapi"] == "3.1.0"
    assert {f"api:{r}" for r in ()} == set()
    assert len(list(operations(served))) == len(
        [r for r in API if r.route not in ("api:openapi-json", "api:api-root", "api-docs")]
    )


def test_writes_ask_for_a_key_and_edits_for_a_match(document):
    asked = {
        operation["operationId"]: {p["name"] for p in operation["parameters"] if p["in"] == "header"}
        for _, method, operation in operations(document)
        if method != "get"
    }
    assert asked.pop("devices.activate") == set()
    for edited in (
        "rings.set_policy", "events.change", "events.move", "events.resize", "series.change", "allotments.set", "partners.change",
        "kits.change", "kits.release", "kits.adapt", "kits.upgrade", "checklist.publish", "events.review.submit",
        "events.followup.offer", "photos.seen", "photos.move", "communities.change",
        "posts.edit", "topics.change", "calendar.change",
    ):  # fmt: skip
        assert asked.pop(edited) == {"Idempotency-Key", "If-Match"}
    assert set(map(frozenset, asked.values())) == {frozenset({"Idempotency-Key"})}


def test_every_operation_says_its_scope_and_its_problems(document):
    for path, method, operation in operations(document):
        assert operation["description"], path
        assert operation["x-scope"] or operation["operationId"] == "devices.activate"
        assert "application/problem+json" in operation["responses"]["4XX"]["content"], method


def test_input_shapes_refuse_the_unknown(document):
    bodies = {
        o["requestBody"]["content"]["application/json"]["schema"]["$ref"].rsplit("/", 1)[-1]
        for _, _, o in operations(document)
        if "requestBody" in o
    }
    for name in bodies:
        assert document["components"]["schemas"][name]["additionalProperties"] is False, name


def test_names_of_shapes_are_not_shared_by_different_shapes(document):
    """ninja keeps one shape a name: two different ones of one name would overwrite each other silently."""
    shapes: dict[str, set] = {}
    for router in the_api._get_bound_routers():
        for view in router.path_operations.values():
            for operation in view.operations:
                for model in [*operation.models, *operation.response_models.values()]:
                    for name, definition in (
                        model.model_json_schema().get("$defs", {})
                        if hasattr(model, "model_json_schema")
                        else {}
                    ).items():
                        shapes.setdefault(name, set()).add(
                            json.dumps(definition.get("properties", definition), sort_keys=True)
                        )
    assert {name: len(kinds) for name, kinds in shapes.items() if len(kinds) > 1} == {}


@pytest.mark.parametrize("language", ["zh-CN", "en"])
def test_the_docs_page_needs_nobody_else(world, language):
    page = Client().get("/api/v1/docs", HTTP_ACCEPT_LANGUAGE=language).content.decode()
    assert "/api/v1/members/{member_id}/merge" in page
    assert "<script" not in page
    assert not re.search(
        r"https?://(?!127\.0\.0\.1)", page.replace("https://json-schema.org", "").replace("^(https://", "")
    )
    assert ("回答" in page) is (language == "zh-CN")
