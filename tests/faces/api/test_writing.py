"""Every write of the API happens once a key (promise P4): generic over the route table."""

import pytest

from access.actors import CHINESE, api, rows_touched, undone
from access.requests import BODIES, HEADERS, JOURNAL, address, body
from access.test_harm import someone
from access.test_matrix import name
from kits.kitchen import content
from tongxin.faces.api import writing
from tongxin.foundation.idempotency.models import Kept
from tongxin.project.permissions import API

pytestmark = pytest.mark.django_db
# The enrolment code of a device counts once by itself and comes from nobody in particular, so it carries no key.
# A scan is done once by its nonce, which is the key itself (tests/events/test_checkin_api.py).
OWN_WAY = {"api:devices.activate", "api:checkins"}
WRITES = [row for row in API if row.method != "GET" and row.route not in OWN_WAY]


@pytest.mark.parametrize("row", WRITES, ids=name)
def test_the_same_key_and_body_give_the_same_answer_and_one_effect(world, row):
    actor, thing = someone(world, row)
    path = address(row, thing, world)
    sent = body(row, world, actor, thing)
    more = HEADERS.get((row.route, row.method), {})
    with undone():
        first = api(actor, row.method, path, sent, key="k-1", **more)
        assert first.status_code < 300
        before = rows_touched()
        again = api(actor, row.method, path, sent, key="k-1", **more)
        assert rows_touched() == before
        if row.verb == "erase" and row.route.startswith("api:me.erase"):
            assert again.status_code == 401  # nobody is left to be answered
            return
        assert (again.status_code, again.content) == (first.status_code, first.content)
        assert again[writing.REPEATED] == "true"
        assert writing.REPEATED not in first


@pytest.mark.parametrize("row", [r for r in WRITES if BODIES[r.route, r.method] is not None], ids=name)
def test_another_body_under_the_same_key_is_refused(world, row):
    actor, thing = someone(world, row)
    if row.route == "api:me.erase":
        pytest.skip("nobody is left to ask again")
    path, sent = address(row, thing, world), body(row, world, actor, thing)
    more = HEADERS.get((row.route, row.method), {})
    other = other_body(sent)
    with undone():
        assert api(actor, row.method, path, sent, key="k-2", **more).status_code < 300
        reply = api(actor, row.method, path, other, key="k-2", **more)
    assert (reply.status_code, reply.json()["code"]) == (422, "idempotency.other_body")


# Fields of the operational side and another value for each.
OTHERS = {
    "week": "2026-02-23",
    "shown_as": "小满",
    "reference": "B2",
    "least_fen": 300,
    "made": False,
    "per_store": 2,
    "points": {"answered": 1},
    "high_permille": 500,
    "perks": [],
    "options": ["大", "小"],
    "why": "别的理由",
    "scope": "community",
    "counts": True,
    "keeps": False,
    "scores": {"0": 7},
    "stage": "closed",
    "seats": 8,
    "option": 0,
    "rule": "天数(28) >= 1",
    "words": "辛苦了",
    "score": 3,
    "child_visible": False,
    "data": "R0lGODlhAQABAIAAAP///wAAACwAAAAAAQABAAACAUwAOw==",
    "number": 2,
    "hello": "大家好",
    "most": 2,
    "gates": [],
    "gate": "task",
    "last_day": "2026-03-06",
    "done": False,
    "item": "day",
    "reply": "后天送到",
    "outcome": "not_now",
    "answers": [{"item": "board", "answer": "no"}],
    "items": [{"zh": "地面干净吗？"}],
    "content": content(places=9),
    "overrides": {"places": 11},
    "choices": {"places": "new"},
    "spent": [{"material": "flour", "quantity": 1, "fen": 1}],
    "sentence": "换个说法",
    "language": "zh",
    "came_from": "poster",
    "answer": "改天",
    "state": "cancelled",
    "brings": "运动会",
    "size": 3,
    "value": 7,
    "receipt": "another",
    "amount_fen": 1001,
    "lines": [JOURNAL["lines"][0] | {"code": "TX1.B.B"}],
    "counted": 0,
    "events": ["00000000-0000-4000-8000-000000000000"],
    "beacon": "4021.77",
    "places": 21,
    "theme": "夏天",
    "starts_at": "2026-04-02T11:00:00+08:00",
    "verdict": "看错了",
    "seen": 2,
    "wanted": True,
    "member": "00000000-0000-4000-8000-000000000000",
    "event": "00000000-0000-4000-8000-000000000000",
    "body": "换个别的说法",
    "targets": {"tip": 100},
    "decision": "remove",
    "said": "我想再说一句",
    "label": "wish",
    "owner": "00000000-0000-4000-8000-000000000000",
    "day": "2026-03-03",
    "post": "00000000-0000-4000-8000-000000000000",
    "entry": "00000000-0000-4000-8000-000000000000",
    "kind": "liked",
}


def other_body(sent):
    """The same shape with one value changed."""
    for field, value in sent.items():
        if isinstance(value, bool):
            return sent | {field: not value}
        if field in (
            "title",
            "note",
            "reason",
            "nickname",
            "notice_version",
            "name",
            "channel",
        ) and isinstance(value, str):
            return sent | {field: value + "x"} if value != "member_asked" else sent | {"note": "other"}
    if isinstance(sent.get("answers"), dict):
        return sent | {"answers": sent["answers"] | {"went_well": "收尾"}}
    if sent.get("state") == "group":
        return sent | {"state": "private"}
    if sent.get("state") == "dormant":
        return sent | {"state": "at_risk"}
    for field, other in OTHERS.items():
        if field in sent:
            return sent | {field: other}
    if sent.get("kind") == "concentration":
        return sent | {"kind": "dormancy"}
    if sent == {"code": None}:
        return {"code": "AAAAAAAA"}
    if sent.keys() == {"do"}:
        return {"do": "decline" if sent["do"] == "end" else "end"}
    if sent.keys() == {"words"}:
        return {"words": "换一句"}
    if "url" in sent:
        return sent | {"url": sent["url"] + "2"}
    if "merge" in sent or "source" in sent:
        return sent | {next(iter(sent)): "00000000-0000-4000-8000-000000000000"}
    return sent | {"until": "2027-01-01T00:00:00+08:00"}


@pytest.mark.parametrize("row", WRITES, ids=name)
def test_a_write_without_a_key_or_with_a_bad_one_is_refused(world, row):
    import json

    from django.test import Client

    actor, thing = someone(world, row)
    path, sent = address(row, thing, world), body(row, world, actor, thing)
    more = {
        f"HTTP_{k.upper().replace('-', '_')}": v for k, v in HEADERS.get((row.route, row.method), {}).items()
    }
    data = b"" if sent is None else json.dumps(sent).encode()
    for key, code in (
        (None, "idempotency.key_needed"),
        ("k" * 201, "idempotency.bad_key"),
        ("键", "idempotency.bad_key"),
    ):
        keyed = {} if key is None else {"HTTP_IDEMPOTENCY_KEY": key}
        before = rows_touched()
        reply = Client().generic(
            row.method,
            path,
            data,
            "application/json",
            HTTP_AUTHORIZATION=f"Bearer {actor.token}",
            **CHINESE,
            **keyed,
            **more,
        )
        assert (reply.status_code, reply.json()["code"]) == (422, code)
        assert rows_touched() == before


def test_keys_belong_to_their_sender(world):
    sent = {"granted": True, "notice_version": "2026-01"}
    with undone():
        a = api(world.actors["member_outer"], "PUT", "/api/v1/me/consents/photo", sent, key="mine")
        b = api(
            world.actors["member_inner"],
            "PUT",
            "/api/v1/me/consents/photo",
            sent | {"granted": False},
            key="mine",
        )
    assert (a.status_code, b.status_code) == (200, 200)
    assert (a.json()["granted"], b.json()["granted"]) == (True, False)


def test_a_refusal_is_kept_too_unless_it_may_be_different_next_time(world):
    admin = world.actors["admin"]
    store = world.document["regions"][0]["stores"][0]
    taken = {"nickname": "x", "home_store": store["id"], "phone": store["members"][0]["phone"]}
    bad = taken | {"phone": "123"}
    with undone():
        first = api(admin, "POST", "/api/v1/members", bad, key="bad")
        again = api(admin, "POST", "/api/v1/members", bad, key="bad")
        assert (first.status_code, first.json()["code"]) == (422, "people.phone_bad")
        assert again.content == first.content
        assert Kept.objects.filter(key="bad").count() == 1
        conflict = api(admin, "POST", "/api/v1/members", taken, key="conflict")
        assert (conflict.status_code, conflict.json()["code"]) == (409, "people.identity_taken")
        assert not Kept.objects.filter(key="conflict").exists()


def test_control_arm_without_the_store_the_write_would_happen_twice(world, monkeypatch):
    def every_time(*, act, **rest):
        status, answer = act()
        return status, answer, False

    monkeypatch.setattr(writing, "once", every_time)
    member = world.actors["member_outer"]
    sent = {"nickname": "豆豆", "age_years": 7, "agreed": True, "notice_version": "2026-01"}
    with undone():
        first = api(member, "POST", "/api/v1/me/companions", sent, key="k")
        again = api(member, "POST", "/api/v1/me/companions", sent, key="k")
    assert first.json()["id"] != again.json()["id"]


# ---- two people edit the same thing


def test_a_policy_is_edited_against_the_version_that_was_read(world):
    admin, editor = world.actors["admin"], world.actors["hq_editor"]
    with undone():
        read = api(admin, "GET", "/api/v1/rings/policy")
        tag, policy = read["ETag"], read.json()["body"]
        assert tag == f'"{read.json()["version"]}"'
        mine = policy | {"middle": policy["middle"] | {"days": 5}}
        first = api(admin, "PUT", "/api/v1/rings/policy", {"body": mine}, **{"If-Match": tag})
        assert first.json()["version"] == read.json()["version"] + 1
        theirs = policy | {"middle": policy["middle"] | {"days": 6}}
        late = api(editor, "PUT", "/api/v1/rings/policy", {"body": theirs}, **{"If-Match": tag})
        assert (late.status_code, late.json()["code"]) == (412, "rings.policy_stale")
        assert late.json()["data"]["version"] == read.json()["version"] + 1
        fresh = api(editor, "GET", "/api/v1/rings/policy")
        assert fresh.json()["body"]["middle"]["days"] == 5
        right = api(
            editor, "PUT", "/api/v1/rings/policy", {"body": theirs}, **{"If-Match": f"W/{fresh['ETag']}"}
        )
        assert right.status_code == 200


@pytest.mark.parametrize(
    ("tag", "status", "code"),
    [(None, 428, "match.needed"), ('"x"', 412, "edit.stale"), ("*", 412, "edit.stale")],
)
def test_an_edit_without_a_readable_match_is_refused(world, tag, status, code):
    more = {} if tag is None else {"If-Match": tag}
    with undone():
        reply = api(world.actors["admin"], "PUT", "/api/v1/rings/policy", {"body": {}}, **more)
    assert (reply.status_code, reply.json()["code"]) == (status, code)


def test_one_key_does_not_carry_over_to_another_version(world):
    with undone():
        a = api(
            world.actors["admin"], "PUT", "/api/v1/rings/policy", {"body": {}}, key="p", **{"If-Match": '"1"'}
        )
        b = api(
            world.actors["admin"], "PUT", "/api/v1/rings/policy", {"body": {}}, key="p", **{"If-Match": '"2"'}
        )
    assert a.status_code == 200
    assert b.json()["code"] == "idempotency.other_body"
