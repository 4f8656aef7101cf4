"""The pages of kits in a real browser: every page by day and night at every width, axe, and two languages."""

from datetime import timedelta

import pytest

from browser.reading import chinese, faults
from kits.kitchen import SMALL
from tongxin.events import actions as events
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.kits import actions, queries
from tongxin.stores import queries as stores

pytestmark = [pytest.mark.browser, pytest.mark.django_db]

JOB = system("tests")
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
        return {
            "hq": [
                "/hq/kits/",
                f"/hq/kits/{kit.public_id}/",
                f"/hq/kits/{kit.public_id}/reach/",
                f"/hq/kit-versions/{first.public_id}/",
                f"/hq/kit-versions/{second.public_id}/",
            ],
            "champion": [
                "/champion/kits/",
                f"/champion/kits/{kit.public_id}/",
                f"/champion/kit-instances/{made.instance.public_id}/",
                f"/champion/events/{made.occurrence.public_id}/",
            ],
        }


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
