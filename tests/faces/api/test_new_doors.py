"""Rituals, group buys, kept places, partners, sponsorships and files to take away, as a program meets them."""

import base64
import csv
import io
import random
from datetime import timedelta

import pytest
from PIL import Image

from access.actors import HERE, JOB, api, undone
from access.requests import _new_sponsorship, _wish_to_host
from access.things import event, over_event, partner, sale, sponsorship, voucher
from events.factories import drafted
from tongxin.faces.api.app import api as the_api
from tongxin.faces.api.bodies import LONGEST_DATA
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db


@pytest.fixture
def champion(world):
    return world.actors["champion"]


def read(actor, path):
    return api(actor, "GET", f"/api/v1{path}")


def post(actor, path, body, **headers):
    return api(actor, "POST", f"/api/v1{path}", body, **headers)


def test_a_ritual_from_the_wish_to_the_draft(world, champion):
    member = world.actors["member_inner"]
    with undone():
        wish = _wish_to_host(world, member, None)
        made = post(member, "/rituals", wish).json()
        assert (made["approved"], made["event"]) == (None, None)
        assert post(member, "/rituals", wish).json()["code"] == "events.waiting_for_answer"
        assert made["id"] in [one["id"] for one in read(champion, "/rituals").json()["items"]]
        done = post(champion, f"/rituals/{made['id']}/approve", {"answer": "好呀"}).json()
        assert (done["approved"], done["answer"]) == (True, "好呀")
        assert read(champion, f"/events/{done['event']}").json()["title"] == wish["title"]
        assert read(member, "/me/rituals").json()["items"][0]["event"] == done["event"]
        assert post(champion, f"/rituals/{made['id']}/decline", {"answer": "不"}).json()["code"] == (
            "events.answered"
        )


def test_a_group_is_opened_joined_and_complete(world):
    members = [world.actors[name] for name in ("member_outer", "member_middle", "member_inner")]
    key = sale(world, members[0]).own
    with undone():
        group = post(members[0], f"/events/{key}/groups", {}).json()
        assert (group["joined"], group["missing"], group["mine"]) == (1, 2, True)
        assert post(members[0], f"/groups/{group['id']}/join", {}).status_code == 409
        reply = post(members[1], f"/groups/{group['id']}/join", {"came_from": "moments"})
        assert reply.json()["code"] == "events.channel_policy"
        for one in members[1:]:
            group = post(one, f"/groups/{group['id']}/join", {"came_from": "chat"}).json()
        assert (group["joined"], group["complete"]) == (3, True)
        assert group["id"] not in [g["id"] for g in read(members[0], f"/events/{key}/groups").json()["items"]]


def test_kept_places_are_read_and_set_under_the_events_version(world, champion):
    path = f"/events/{event(world, champion).own}/allotments"
    with undone():
        first = read(champion, path)
        assert first["ETag"] == f'"{first.json()["version"]}"'
        sent = {"audience": "ring:middle", "size": 4, "release_at": "2026-03-07T18:00:00+08:00"}
        assert api(champion, "PUT", f"/api/v1{path}", sent).status_code == 428
        done = api(champion, "PUT", f"/api/v1{path}", sent, if_match=first["ETag"])
        assert [(p["audience"], p["size"]) for p in done.json()["items"]] == [("", 8), ("ring:middle", 4)]
        for stale in (first["ETag"], '"x"', '"-1"', '"１"', "9" * 30):
            reply = api(champion, "PUT", f"/api/v1{path}", sent, if_match=stale.encode().decode("latin-1"))
            assert (reply.status_code, reply.json()["code"]) == (412, "edit.stale"), stale


def test_two_people_edit_a_partner(world, champion):
    path = f"/partners/{partner(world, champion).own}"
    with undone():
        tag = read(champion, path)["ETag"]
        done = api(champion, "PATCH", f"/api/v1{path}", {"state": "active"}, if_match=tag)
        assert (done.json()["state"], done.json()["version"]) == ("active", 1)
        late = api(world.actors["store_manager"], "PATCH", f"/api/v1{path}", {"brings": "x"}, if_match=tag)
        assert (late.status_code, late.json()["data"]) == (412, {"version": 1})
        ended = api(champion, "PATCH", f"/api/v1{path}", {"state": "ended"}, if_match='"1"').json()
        assert (ended["contact"], ended["state"]) == ("", "ended")
    assert read(world.actors["auditor"], path).json()["contact"] == ""


def test_a_sponsorship_with_its_hope_and_what_came(world, champion):
    ours = event(world, champion).own  # made before what is undone
    with undone():
        sent = _new_sponsorship(world, champion, None)
        made = post(champion, "/sponsorships", sent, key="one").json()
        other = post(world.actors["store_manager"], "/sponsorships", sent, key="one").json()
        assert other["id"] != made["id"]  # a key belongs to its sender
        seen = {"measure": "visitors", "value": 264, "subject": ["events", ours]}
        done = post(champion, f"/sponsorships/{made['id']}/outcomes", seen).json()
        assert [(r["measure"], r["hoped"], r["observed"]) for r in done["results"]] == [
            ("visitors", 300, 264)
        ]
        unknown = seen | {"subject": ["events", "nothing"]}
        assert post(champion, f"/sponsorships/{made['id']}/outcomes", unknown).json()["code"] == (
            "commerce.outcome_needs_subject"
        )
        assert (
            post(champion, f"/sponsorships/{made['id']}/state", {"state": "held"}).json()["state"] == "held"
        )


def table(actor, path):
    reply = read(actor, path)
    assert reply.status_code == 200, reply.content
    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply["Content-Disposition"]
    return list(csv.DictReader(io.StringIO(reply.content.decode("utf-8-sig"))))


def test_files_hold_what_the_lists_hold_and_nobodys_name(world):
    admin = world.actors["admin"]
    for make in (voucher, sponsorship, partner, event):
        make(world, admin)
    for name, path in (
        ("vouchers", "/vouchers"), ("envelopes", "/envelopes"), ("partners", "/partners"), ("events", "/events"),
    ):  # fmt: skip
        listed, cursor = [], ""
        while cursor is not None:
            page = read(admin, f"{path}?limit=200" + (f"&cursor={cursor}" if cursor else "")).json()
            listed += [one["id"] for one in page["items"]]
            cursor = page["cursor"]
        rows = table(admin, f"/exports/{name}")
        assert [row["id"] for row in rows] == listed, name
        assert not {"masked_name", "contact", "code", "phone"} & set(rows[0] if rows else ())
    lines = table(admin, "/exports/ledger")
    assert sum(int(row["line_fen"]) for row in lines) == 0
    assert lines
    assert table(admin, "/exports/sponsorships")[0]["measure"] == "visitors"


def test_a_file_ends_where_reach_ends(world):
    store = world.store(HERE)
    partner(world, world.actors["champion_elsewhere"])
    partner(world, world.actors["champion"])
    names = {row["store_name"] for row in table(world.actors["champion"], "/exports/partners")}
    assert names == {row["store_name"] for row in table(world.actors["store_manager"], "/exports/partners")}
    assert len(names) == 1
    far = read(world.actors["champion_elsewhere"], f"/exports/partners?store={store['id']}")
    assert (far.status_code, far.json()["code"]) == (404, "absent")


def test_a_photo_as_large_as_a_phone_takes_it_goes_in_whole_and_a_larger_one_is_refused_unread(
    world, champion, settings, tmp_path
):
    settings.TONGXIN_MEDIA = tmp_path
    noise = Image.frombytes("RGB", (1400, 1100), random.Random(7).randbytes(1400 * 1100 * 3))
    out = io.BytesIO()
    noise.save(out, "PNG")  # noise does not shrink: over four megabytes
    path = f"/events/{over_event(world, champion).own}/photos"
    with undone():
        body = {"data": base64.b64encode(out.getvalue()).decode(), "caption": "大图"}
        assert len(body["data"]) > 2 * settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        made = post(champion, path, body, key="large")
        assert (made.status_code, made.json()["state"]) == (201, "private")
        assert post(champion, path, body, key="large").json() == made.json(), (
            "the same key adds no second one"
        )
        # control arm: the usual doors keep the usual size, and nobody is read before the table lets them in
        assert post(champion, "/events", body).status_code in {400, 413}
        assert post(world.actors["member_outer"], path, body).status_code == 403
        too_large = post(champion, path, {"data": "A" * (LONGEST_DATA + 4096)})
        assert (too_large.status_code, too_large.json()["code"]) == (413, "media.too_large")


def test_how_people_get_in_changes_by_patch_while_it_is_a_draft(world, champion):
    with undone():
        draft = drafted(stores.access_store(JOB, world.store(HERE)["id"]))
        path, version = f"/events/{draft.public_id}", f'"{draft.version}"'
        body = {
            "admission": "lottery",
            "closes_at": (draft.starts_at - timedelta(days=1)).isoformat(),
            "details": {"draw": {"contact": "服务台"}},
        }
        changed = api(champion, "PATCH", f"/api/v1{path}", body, if_match=version).json()
        assert (changed["admission"], changed["version"]) == ("lottery", draft.version + 1)
        same = api(
            champion,
            "PATCH",
            f"/api/v1{path}",
            {"title": None, "details": None},
            if_match=f'"{changed["version"]}"',
        )
        assert (same.status_code, same.json()["title"]) == (200, draft.title), "null leaves what is there"
        assert post(champion, f"{path}/publish", {}).status_code == 200
        late = api(
            champion,
            "PATCH",
            f"/api/v1{path}",
            {"admission": "first_come"},
            if_match=f'"{changed["version"] + 2}"',
        )
        assert late.status_code in {412, 422}


def test_the_document_shows_a_body_for_each_of_the_new_writes():
    document = the_api.get_openapi_schema()
    for name in ("Keep", "NewProposal", "Agreed", "NotNow", "ComeFrom", "NewPartner", "PartnerEdit", "NewSponsorship",
                 "Became", "NewOutcome"):  # fmt: skip
        assert document["components"]["schemas"][name]["example"], name
