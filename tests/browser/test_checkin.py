"""The door with the network switched off: a real browser, real codes, a real journal that comes home."""

import io
import json
import os
import re
import uuid
from datetime import timedelta

import pytest
import segno

from browser.conftest import JOB, _cookie
from browser.reading import too_pale, violations
from tongxin.events import actions
from tongxin.events.models import Attendance, Door, DoorConflict, Occurrence, Registration, Scan
from tongxin.events.queries.tickets import installation_key
from tongxin.events.rules import tickets
from tongxin.events.terms import Did, Via, Why
from tongxin.foundation import clock
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = [pytest.mark.browser, pytest.mark.django_db]
PHONE = {"width": 390}
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def open_event(world, django_db_blocker):
    """`open_event()` begins in an hour at the world's first store, with three guests; its door is open."""

    def made():
        store = stores.access_store(JOB, world.store["id"])
        begins = clock.now() + HOUR
        fields = {"title": "小小烘焙师", "format": "class", "places": 12, "party_most": 3}
        event = actions.draft(
            viewer=JOB,
            store=store,
            event=actions.EventIn(starts_at=begins, ends_at=begins + 2 * HOUR, **fields),
        )
        actions.publish(viewer=JOB, event_id=event.public_id)
        for member in world.store["members"][:3]:
            person = people.access_customer(JOB, member["id"]).pk
            actions.register(viewer=JOB, event_id=event.public_id, person=person)
        return Occurrence.objects.get(pk=event.pk)

    with django_db_blocker.unblock():
        world.cookies["door"] = _cookie(world.store["door"]["handle"])
        yield made


@pytest.fixture(scope="module")
def evening(open_event):
    """The event that most tests share."""
    return open_event()


@pytest.fixture
def path(evening):
    """The page's address."""
    return f"/champion/checkin/{evening.public_id}/"


def seat(evening, n):
    return Registration.objects.filter(occurrence=evening).order_by("id")[n]


def code(evening, n, at=None):
    return tickets.code(installation_key(), seat(evening, n).ticket, evening.public_id, at or clock.now())


def picture(text):
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="png", scale=6, border=4)
    return {"name": "code.png", "mimeType": "image/png", "buffer": out.getvalue()}


def ready(page, path):
    page.goto(path)
    page.wait_for_selector("html[data-ready][data-kept]")


def by_hand(page, text):
    if not page.locator("#code").is_visible():
        page.get_by_text("没有摄像头，或扫不出来").click()
    page.locator("#code").fill(text)
    page.get_by_role("button", name="查验").click()


def told(page, kind):
    page.wait_for_selector(f"#verdict.v-{kind}")
    return page.locator("#verdict").inner_text()


def settled(page):
    page.locator("#state", has_text="已联网").wait_for()


def axe(page, theme="light"):
    """Night changes colours and nothing else, so then the one rule about colours is asked."""
    assert (violations if theme == "light" else too_pale)(page) == []


def test_the_whole_check_in_with_the_network_switched_off(world, visit, open_event):  # noqa: PLR0915 - one walk, told in order
    evening = open_event()
    path = f"/champion/checkin/{evening.public_id}/"
    with visit("door", **PHONE) as page:
        ready(page, path)
        assert "已联网" in page.locator("#state").inner_text()
        assert re.search(r"名单 \d\d:\d\d 更新", page.locator("#status").inner_text())
        assert page.locator("#ring").get_attribute("aria-label") == "3 位已到 0 位"

        page.context.set_offline(True)
        page.reload()  # the page itself comes from the keeper, the list from the phone
        page.wait_for_selector("html[data-ready]")
        page.locator("#state", has_text="离线").wait_for()

        page.get_by_text("没有摄像头，或扫不出来").click()
        page.locator("#picture").set_input_files(picture(code(evening, 0)))
        assert "可以入场" in told(page, "ok")
        by_hand(page, code(evening, 0))
        assert "刚才签过了" in told(page, "mind")
        by_hand(page, code(evening, 1, clock.now() - HOUR))  # how old a code is, only the server can know
        assert "可以入场" in told(page, "ok")
        by_hand(page, "TX1." + "A" * 141)
        assert "这张票无效" in told(page, "no")
        assert page.locator("#ring").get_attribute("aria-label") == "3 位已到 2 位"

        page.locator("#recent").get_by_role("button", name="撤回").first.click()
        assert "已撤回" in told(page, "mind")
        assert page.locator("#ring").get_attribute("aria-label") == "3 位已到 1 位"

        tail = world.store["members"][2]["phone"][-4:]
        page.locator("#q").fill(tail)
        page.locator("#rows").get_by_role("button", name="签到").click()
        assert "可以入场" in told(page, "ok")
        page.locator("#q").fill("")

        page.get_by_role("button", name="现场加人").click()
        page.get_by_label("怎么称呼").fill("小桃")
        page.get_by_label("几个人").select_option("2")
        page.get_by_role("button", name="加上并签到").click()
        assert "小*" in told(page, "ok")
        assert page.locator("#ring").get_attribute("aria-label") == "5 位已到 4 位"
        assert "条待传" in page.locator("#state").inner_text()
        assert not Scan.objects.filter(occurrence=evening).exists()
        axe(page)

        page.context.set_offline(False)
        settled(page)
        page.locator("[data-tab=in]", has_text="3").wait_for()
        kept = page.evaluate(STORED)
        assert page.said == [] or all("ERR_INTERNET_DISCONNECTED" in line for line in page.said)

    scans = Scan.objects.filter(occurrence=evening)
    assert all(s.offline for s in scans)
    assert sorted(scans.values_list("did", flat=True)) == ["admitted"] * 4 + ["already", "annulled"]
    there = Attendance.objects.filter(occurrence=evening).exclude(counted=None)
    assert set(there.values_list("registration", flat=True)) == {
        seat(evening, 0).pk,
        seat(evening, 2).pk,
        Registration.objects.get(occurrence=evening, walk_in=True).pk,
    }
    assert list(DoorConflict.objects.filter(occurrence=evening).values_list("kind", "scan")) == []
    text = json.dumps(kept, ensure_ascii=False)
    for member in world.store["members"][:3]:
        assert member["phone"] not in text
        assert people.access_customer(JOB, member["id"]).nickname not in text
    assert "小桃" not in text  # uploaded, and forgotten


STORED = """async () => {
  const base = await new Promise((well) => { const r = indexedDB.open("tongxin-door"); r.onsuccess = () => well(r.result); });
  const all = (name) => new Promise((well) => {
    const r = base.transaction(name).objectStore(name).getAll(); r.onsuccess = () => well(r.result);
  });
  return { lists: await all("lists"), journal: await all("journal"), caches: await caches.keys() };
}"""


def test_with_network_an_old_screenshot_is_refused_and_a_fresh_code_is_in(visit, evening, path):
    with visit("champion", **PHONE) as page:
        ready(page, path)
        by_hand(page, code(evening, 1, clock.now() - timedelta(seconds=91)))
        assert "可能是截图" in told(page, "no")
        by_hand(page, code(evening, 1))
        assert "已记好" in told(page, "ok")
        page.get_by_role("button", name="撤回").first.click()
        assert "已撤回" in told(page, "mind")
    assert Attendance.objects.get(registration=seat(evening, 1)).counted is None


def test_what_is_over_is_forgotten(visit, evening, path):
    with visit("champion", **PHONE) as page:
        ready(page, path)
        assert page.evaluate(STORED)["lists"]
        page.evaluate(
            """async (hours) => {
              const { forget } = await import("/static/tongxin/checkin/keep.js");
              await forget(Date.now() + hours * 3600e3);
            }""",
            16,
        )
        kept = page.evaluate(STORED)
        assert (kept["lists"], kept["journal"]) == ([], [])


def test_a_list_that_somebody_touched_is_not_used(visit, evening, path):
    with visit("champion", **PHONE) as page:
        ready(page, path)
        page.evaluate(
            """async (event) => {
              const { keptList, keepList } = await import("/static/tongxin/checkin/keep.js");
              const row = await keptList(event);
              await keepList({ ...row, list: row.list.replace('"confirmed"', '"cancelled"') });
            }""",
            str(evening.public_id),
        )
        page.context.set_offline(True)
        page.reload()
        page.wait_for_selector("html[data-ready]")
        assert "先联网打开一次" in page.locator("#status").inner_text()


def test_a_revoked_phone_is_shut_at_its_next_word(visit, evening, path):
    with visit("champion", **PHONE) as page:
        ready(page, path)
        actions.revoke_door(viewer=JOB, door_id=Door.objects.latest("id").public_id)
        by_hand(page, code(evening, 1))
        assert "这台设备已停用" in told(page, "no")
        assert page.evaluate(STORED)["lists"] == []


def shot(page, name):
    """A picture to look at, when somebody asks for pictures."""
    if folder := os.environ.get("TONGXIN_SHOTS"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


ANSWERED = """async (kind) => {
  const { answer, say } = await import("/static/tongxin/checkin/draw.js");
  const words = { ok: "ok", mind: "already", no: "no_cancelled", off: "later" };
  const notes = { ok: "ok_online", mind: "already_note", no: "no_cancelled_note", off: "later_note" };
  const buttons = kind === "mind" ? [[say("let_in"), () => 0], [say("leave"), () => 0, "clear"]] : [[say("undo"), () => 0, "clear"]];
  answer(document.getElementById("verdict"), kind, {
    title: say(words[kind]), who: say("who", { name: "林*", party: 2 }), note: say(notes[kind], { at: "9:51" }), buttons });
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_answer_is_legible_to_all(visit, evening, path, theme):
    with visit("champion", theme=theme, **PHONE) as page:
        ready(page, path)
        axe(page, theme)
        for kind in ("ok", "mind", "no", "off"):
            page.evaluate(ANSWERED, kind)
            axe(page, theme)
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            shot(page, f"checkin-{theme}-{kind}")


@pytest.mark.parametrize(("role", "theme"), [("champion", "light"), ("champion", "dark"), ("door", "light")])
def test_the_pages_around_it(visit, evening, role, theme):
    with visit(role, theme=theme, **PHONE) as page:
        page.goto("/champion/checkin/")
        axe(page, theme)
        shot(page, f"doors-{theme}")
        assert page.get_by_role("link", name="打开签到").count() >= 1
        reply = page.goto(f"/champion/checkin/{evening.public_id}/conflicts/")
        assert reply.status == (200 if role == "champion" else 403)
        axe(page, theme)
        shot(page, f"conflicts-{role}-{theme}")


def test_a_champion_settles_what_the_doors_disagree_about(visit, open_event):
    event = open_event()
    door, _ = actions.open_door(viewer=JOB, event_id=event.public_id)
    actions.revoke_door(viewer=JOB, door_id=door.public_id)
    line = actions.EntryIn(
        uuid.uuid4(), Did.ADMITTED, Why.OK, clock.now(), Via.SEARCH, registration=seat(event, 0).public_id
    )
    actions.sync(viewer=JOB, door_id=door.public_id, journal=[line])
    with visit("champion", **PHONE) as page:
        page.goto(f"/champion/checkin/{event.public_id}/conflicts/")
        shot(page, "conflicts-open")
        page.get_by_role("button", name="人在现场，算到场").click()
        assert "没有要核对的" in page.locator("main").inner_text()
    assert Attendance.objects.get(registration=seat(event, 0)).counted is not None


# ---- the holder's ticket


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_ticket_turns_also_without_network(world, visit, evening, theme):
    mine = Registration.objects.get(
        occurrence=evening, person=people.access_customer(JOB, world.store["members"][1]["id"]).pk
    )
    with visit("member", theme=theme, **PHONE) as page:
        page.goto(f"/m/tickets/{mine.public_id}/")
        page.wait_for_selector("#my-ticket[data-code]")
        shown = page.locator("#my-ticket").get_attribute("data-code")
        assert (
            tickets.read(installation_key(), shown, evening.public_id, clock.now(), online=True) is not None
        )
        page.wait_for_selector("#kept:visible")
        axe(page, theme)
        page.context.set_offline(True)
        page.reload()
        page.wait_for_selector("#my-ticket[data-code]")
        again = page.locator("#my-ticket").get_attribute("data-code")
        assert (
            tickets.read(installation_key(), again, evening.public_id, clock.now(), online=True) is not None
        )
        shot(page, f"ticket-{theme}")
        size = page.locator(".qr svg").bounding_box()
        assert size["width"] > 180


def test_without_script_the_server_draws_the_code(world, visit, evening):
    mine = Registration.objects.get(
        occurrence=evening, person=people.access_customer(JOB, world.store["members"][1]["id"]).pk
    )
    with visit("member", java_script_enabled=False, **PHONE) as page:
        page.goto(f"/m/tickets/{mine.public_id}/")
        assert page.locator(".qr svg").bounding_box()["width"] > 180
