"""A kit through the API alone: draft, release, offer, adopt, drift, upgrade, a step that does not work, costs, recall."""

import pytest
from django.db import transaction

from access.actors import HERE, api
from kits.kitchen import content

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(world):
    """`ask("hq_editor", "POST", "/kits", {...})` answers status and body; everything is taken back."""
    with transaction.atomic():

        def asked(role, method, path, body=None, version=None):
            actor = next(
                one
                for one in world.actors.values()
                if one.role == role and one.scoped and one.home in {None, HERE}
            )
            more = {} if version is None else {"If-Match": f'"{version}"'}
            reply = api(actor, method, f"/api/v1{path}", body, **more)
            return reply.status_code, reply.json()

        asked.store = world.store(HERE)["id"]
        yield asked
        transaction.set_rollback(True)


def made(ask, **more):
    """A kit with a first released version, offered to every store."""
    _, kit = ask("hq_editor", "POST", "/kits", {"code": "baking", "content": content(**more)})
    ask("hq_editor", "POST", f"/kits/{kit['id']}/versions", {"note": "首版"}, version=1)
    ask("hq_editor", "POST", f"/kits/{kit['id']}/offer", {"everywhere": True})
    return kit["id"]


def test_from_draft_to_recall(ask):
    kit = made(ask)
    status, found = ask("champion", "GET", f"/kits/{kit}")
    assert (status, found["newest"], found["pending"], found["stores"]) == (200, 1, False, 0)
    given = {"store": ask.store, "starts_at": "2026-04-11T10:00:00+08:00", "overrides": {"places": 9}}
    status, instance = ask("champion", "POST", f"/kits/{kit}/instances", given)
    assert (status, instance["overrides"], instance["number"]) == (201, {"places": 9}, 1)
    assert [(line["path"], line["by"]) for line in instance["drift"]] == [("places", -3)]
    ask("hq_editor", "PUT", f"/kits/{kit}/draft", {"content": content(places=14)}, version=1)
    ask("hq_editor", "POST", f"/kits/{kit}/versions", {}, version=2)
    place = f"/kit-instances/{instance['id']}"
    _, preview = ask("champion", "GET", f"{place}/upgrade")
    assert [(one["path"], one["step"], one["clash"], one["may_keep"]) for one in preview["items"]] == [
        ("places", "conflict", "both_changed", True)
    ]
    status, refused = ask("champion", "POST", f"{place}/upgrade", {}, version=1)
    assert (status, refused["code"], refused["data"]["paths"]) == (409, "kits.conflicts", ["places"])
    status, after = ask("champion", "POST", f"{place}/upgrade", {"choices": {"places": "new"}}, version=1)
    assert (status, after["number"], after["overrides"], after["version"]) == (200, 2, {}, 2)
    _, event = ask("champion", "GET", f"/events/{instance['subject']}")
    assert event["title"] == "小小烘焙师"
    _, versions = ask("hq_editor", "GET", f"/kits/{kit}/versions")
    second = versions["items"][0]
    assert (second["number"], second["stores"]) == (2, 1)
    status, recalled = ask(
        "hq_editor", "POST", f"/kit-versions/{second['id']}/recall", {"reason": "糖霜批次有问题"}
    )
    assert (status, recalled["recall_reason"]) == (200, "糖霜批次有问题")
    _, warnings = ask("champion", "GET", "/kit-warnings")
    assert [(one["event"], one["reason"]) for one in warnings["items"]] == [
        (instance["subject"], "糖霜批次有问题")
    ]
    status, refused = ask("champion", "POST", f"/kits/{kit}/instances", given | {"number": 2})
    assert (status, refused["code"]) == (409, "kits.recalled")


def test_a_range_is_refused_with_the_range_and_nothing_is_made(ask):
    kit = made(ask)
    given = {"store": ask.store, "starts_at": "2026-04-11T10:00:00+08:00", "overrides": {"places": 20}}
    status, refused = ask("champion", "POST", f"/kits/{kit}/instances", given)
    assert (status, refused["code"]) == (422, "kits.out_of_range")
    assert (refused["data"]["least"], refused["data"]["most"], refused["data"]["value"]) == (8, 16, 20)
    assert ask("champion", "GET", f"/kits/{kit}/instances")[1]["items"] == []


def test_a_series_a_bill_and_a_step(ask):
    kit = made(ask)
    given = {"store": ask.store, "rule": "FREQ=WEEKLY;BYDAY=SA;COUNT=3", "starts_on": "2026-04-11"}
    status, instance = ask("champion", "POST", f"/kits/{kit}/instances", given)
    assert (status, instance["kind"]) == (201, "series")
    _, dates = ask("champion", "GET", f"/series/{instance['subject']}/dates")
    event = dates["items"][0]["id"]
    spent = {"spent": [{"material": "flour", "quantity": 2200, "fen": 2100}]}
    status, bill = ask("champion", "POST", f"/events/{event}/costs", spent)
    assert (status, bill["planned_fen"], bill["actual_fen"], bill["budget_fen"]) == (200, 9864, 2100, 42000)
    step = {"store": ask.store, "version": 1, "step": "outline.dough", "sentence": "没有操作台"}
    _, report = ask("champion", "POST", f"/kits/{kit}/reports", step)
    assert ask("champion", "POST", f"/kit-reports/{report['id']}/answer", {"answer": "好"})[0] == 403
    assert ask("hq_editor", "POST", f"/kit-reports/{report['id']}/answer", {"answer": "改用折叠桌"})[0] == 200
    _, mine = ask("champion", "GET", f"/kits/{kit}/reports?open_only=false")
    assert [one["answer"] for one in mine["items"]] == ["改用折叠桌"]
    _, roll = ask("hq_editor", "GET", f"/kits/{kit}/rollout")
    assert (roll["adopted"], roll["offered"], roll["execution"][0]["ahead"]) == (1, 6, 3)


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": "\u0000"},
        {"title": 7},
        {"allow": {"places": {"rule": ["free"]}}},
        {"allow": {"places": {"rule": "range", "one_of": [{}]}}},
        {"outline": [7]},
        {"warmup": "x"},
        {"places": 10**30},
    ],
    ids=["nul", "number", "list", "object", "row", "text", "huge"],
)
def test_content_of_any_shape_is_refused_and_never_a_fault_of_ours(ask, wrong):
    status, refused = ask("hq_editor", "POST", "/kits", {"code": "odd", "content": content(**wrong)})
    assert (status, refused["code"]) == (422, "kits.content")
