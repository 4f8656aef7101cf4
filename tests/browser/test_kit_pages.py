"""The pages of kits and of the champion's care in a real browser: by day and night at every width, axe, two languages, taps counted."""

from datetime import timedelta
from time import monotonic

import pytest

from browser.reading import chinese, faults
from events.factories import published
from journeys.village import picture
from kits.kitchen import SMALL
from outreach.town import agree
from tongxin.champions import actions as champions
from tongxin.champions import queries as days
from tongxin.events import actions as events
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.kits import actions, queries
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
from tongxin.stores import queries as stores
from tongxin.stores.models import Store

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

JOB = system("tests")
WIDTH, TAP, MINUTE = 360, 44, 60
ENGLISH = {
    "title": "Little bakers",
    "summary": "A morning at the oven.",
    "allergens": "wheat, milk, egg",
    "outline": [{"key": "dough", "title": "Dough", "minutes": 40, "note": "by hand"}],
    "materials": [
        {
            "key": "flour",
            "name": "Flour",
            "unit": "g",
            "per_place": 180,
            "fixed": 0,
            "pack": 1000,
            "pack_fen": 900,
        }
    ],
    "poster": [{"key": "main", "template": "family", "title": "Little bakers", "line": "Saturday"}],
    "warmup": [
        {
            "key": "teaser",
            "title": "Teaser",
            "day": -7,
            "time": "18:30",
            "to": "store",
            "text": "Come and bake.",
        },
        {
            "key": "works",
            "title": "Works",
            "day": 1,
            "time": "10:30",
            "to": "came",
            "text": "Show your biscuits.",
        },
    ],
    "roles": [{"key": "champion", "title": "Champion", "count": 1, "duty": "door"}],
    "kpis": [{"key": "came", "title": "Came", "target": 80, "unit": "%"}],
    "checklist": [{"key": "oven", "day": 0, "title": "Oven on"}],
    "safety": [{"key": "oven", "text": "No child at the oven."}],
    "allow": {
        "places": {"rule": "range", "least": 8, "most": 16},
        "start_time": {"rule": "range", "least": "00:00", "most": "23:59"},
        "warmup.teaser.text": {"rule": "range", "most": 60},
        "outline.dough.note": {"rule": "free"},
    },
}


@pytest.fixture(scope="module")
def shown(world, django_db_blocker):
    """A kit in two versions, one store with drift, an older version recalled, a step that does not work."""
    with django_db_blocker.unblock():
        shop = stores.access_store(JOB, world.store["id"])
        kit = actions.make_kit(viewer=JOB, code="little-bakers", content=SMALL | ENGLISH)
        actions.offer(viewer=JOB, kit_id=kit.public_id, everywhere=True)
        first = actions.release(viewer=JOB, kit_id=kit.public_id, revision=1, note="first")
        made = events.draft_from_kit(
            viewer=JOB,
            store=shop,
            version_id=first.public_id,
            starts_at=clock.now() + timedelta(days=6),
            overrides={"places": 9},
        )
        actions.report_step(
            viewer=JOB, version_id=first.public_id, store=shop, step="outline.dough", sentence="No table"
        )
        actions.recall(viewer=JOB, version_id=first.public_id, reason="Wrong heat")
        actions.change_draft(
            viewer=JOB,
            kit_id=kit.public_id,
            revision=1,
            content=SMALL | ENGLISH | {"places": 14, "minutes": 100},
        )
        second = actions.release(viewer=JOB, kit_id=kit.public_id, revision=2)
        actions.change_draft(
            viewer=JOB, kit_id=kit.public_id, revision=2, content=SMALL | ENGLISH | {"minutes": 95}
        )
        assert len(queries.versions_of(JOB, kit.public_id)) == 2
        photo = shown_photo(shop, second)
        return {
            "hq": [
                "/hq/kits/",
                f"/hq/kits/{kit.public_id}/",
                f"/hq/kits/{kit.public_id}/?show=poster",
                f"/hq/kits/{kit.public_id}/reach/",
                f"/hq/events/{made.occurrence.public_id}/costs/",
                "/hq/events/?view=month&month=2026-03",
                f"/hq/kit-versions/{first.public_id}/",
                f"/hq/kit-versions/{second.public_id}/",
                "/hq/checks/",
                "/hq/champions/",
                f"/hq/champions/{world.store['champions'][1]['grant']}/leave/",
                "/hq/photos/",
            ],
            "champion": [
                "/champion/kits/",
                f"/champion/kits/{kit.public_id}/",
                f"/champion/kit-instances/{made.instance.public_id}/",
                f"/champion/events/{made.occurrence.public_id}/costs/",
                f"/champion/events/{made.occurrence.public_id}/",
                "/champion/score/",
                "/champion/training/",
                f"/champion/stores/{shop.public_id}/board/",
                f"/champion/photos/{photo.public_id}/",
            ],
        }


def shown_photo(shop, version):
    """A photo of biscuits that is out as far as it goes, and one with a child in it that nobody has agreed to."""
    held = events.draft_from_kit(
        viewer=JOB, store=shop, version_id=version.public_id, starts_at=clock.now() + timedelta(days=9)
    ).occurrence
    events.publish(viewer=JOB, event_id=held.public_id)
    photos = [events.add_photo(viewer=JOB, event_id=held.public_id, data=picture()) for _ in range(2)]
    events.say_seen(viewer=JOB, photo_id=photos[0].public_id, child_visible=False)
    events.set_photo_state(viewer=JOB, photo_id=photos[0].public_id, state=PhotoState.ADVERT)
    return photos[0]


@pytest.mark.parametrize("role", ["hq", "champion"])
def test_nothing_is_wrong_with_a_page_by_day_by_night_and_at_any_width(shown, visit, role):
    found = []
    with visit(role, width=1440 if role == "hq" else 390) as page:
        for path in shown[role]:
            page.said.clear()
            reply = page.goto(path)
            found += [] if reply.status == 200 else [f"{path}: {reply.status}"]
            page.evaluate("document.querySelectorAll('details').forEach(e => { e.open = true })")
            found += [*faults(page, path), *(f"{path}: {text}" for text in page.said)]
    assert found == []


@pytest.mark.parametrize("role", ["hq", "champion"])
def test_english_pages_leave_no_chinese_but_data(shown, visit, role):
    with visit(role, language="en", width=390) as page:
        for path in shown[role]:
            # the copy on the phone is in the language that members read it in, and says so
            assert chinese(page, path, "main [lang]") == []


class Thumb:
    """A thumb on a phone that counts: every tap goes to something it can hit, without another hand."""

    def __init__(self, page):
        self.page, self.taps = page, 0

    def tap(self, target):
        target.scroll_into_view_if_needed()
        box = target.bounding_box()
        assert min(box["width"], box["height"]) >= TAP, box
        assert 0 <= box["x"] <= WIDTH - box["width"], box
        self.taps += 1
        target.click()


def test_five_items_are_answered_with_one_thumb_in_six_taps(shown, world, visit, django_db_blocker):
    with django_db_blocker.unblock():
        shop = stores.access_store(JOB, world.store["id"])
        words = [(f"第 {n} 项做了吗？", f"Is item {n} done?") for n in range(1, 6)]
        with clock.held(clock.now() - timedelta(days=1)):
            champions.publish_list(viewer=JOB, items=words, since=days.today_in(shop) + timedelta(days=1))
    begun = monotonic()
    with visit("champion", width=WIDTH) as page:
        page.goto("/champion/")
        thumb = Thumb(page)
        for item in page.locator(".checkitem").all():
            thumb.tap(item.locator(".seg label").first)
        thumb.tap(page.locator(".checkform button[type=submit]"))
        page.locator("#h-day", has_text="做完").wait_for()
        assert thumb.taps == 6
    assert monotonic() - begun < MINUTE
    with django_db_blocker.unblock():
        assert days.day_of(JOB, shop).state == "done"


@pytest.fixture
def noon_in_the_store(world, django_db_blocker):
    """At night nobody may be told: for this test the store stands where it is noon."""
    with django_db_blocker.unblock():
        shop = stores.access_store(JOB, world.store["id"])
        place = Store.objects.filter(pk=shop.pk)
        place.update(zone=f"Etc/GMT{clock.now().hour - 12:+d}")
        yield
        place.update(zone=shop.zone)


@pytest.mark.usefixtures("noon_in_the_store")
def test_the_next_message_is_copied_its_poster_saved_and_marked_in_three_taps(
    shown, world, visit, django_db_blocker
):
    with django_db_blocker.unblock():
        shop = stores.access_store(JOB, world.store["id"])
        for member in world.store["members"]:
            agree(people.access_customer(JOB, member["id"]))
        event = published(shop, title="Weekend market", starts_at=clock.now() + timedelta(days=2))
        made = outreach.plan_message(
            viewer=JOB, message_class=MessageClass.COMMUNITY, channel="manual", audience="store",
            audience_key=str(shop.public_id), store=shop, text="周六店门口有市集，来逛逛。",
            path=f"/m/events/{event.public_id}/", expires_at=clock.now() + timedelta(days=1),
        )  # fmt: skip
        outreach.approve_message(viewer=JOB, public_id=made.public_id)
        outreach.expand_due(viewer=JOB)
        outreach.drain()
    with visit("champion", width=WIDTH) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.goto("/champion/")
        thumb = Thumb(page)
        thumb.tap(page.get_by_role("button", name="复制"))
        page.get_by_text("已复制").wait_for()
        assert page.evaluate("navigator.clipboard.readText()") == "周六店门口有市集，来逛逛。"
        with page.expect_download() as saved:
            thumb.tap(page.get_by_role("link", name="存海报"))
        assert saved.value.suggested_filename.endswith("poster.png")
        thumb.tap(page.get_by_role("button", name="已发送"))
        page.get_by_text("记下了，辛苦。").wait_for()
        assert thumb.taps == 3
