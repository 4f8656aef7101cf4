"""今日 and the calendar at headquarters: what waits is there and leads where it is settled; as many statements for one store as for three."""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from access.actors import JOB, browser, standing_world
from events.factories import published
from kits.kitchen import content, cooked, released, taken, used
from stores.factories import StoreFactory
from tongxin.champions.models import CheckAnswer
from tongxin.champions.queries.chain import StoreLine
from tongxin.champions.rules.health import StoreHealth
from tongxin.champions.terms import Health
from tongxin.events.terms import Kind
from tongxin.faces.hq.drawings import band, region_dots, tile_map
from tongxin.foundation import clock
from tongxin.kits import actions as kits
from tongxin.kits.queries import Tile
from tongxin.outreach.actions.plans import plan_message
from tongxin.outreach.terms import MessageClass
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def _django_db_helper():
    """The world of the module stands in one transaction; each test takes back what it did."""


@pytest.fixture(scope="module")
def standing(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        yield built


@pytest.fixture
def world(standing):
    with transaction.atomic():
        yield standing
        transaction.set_rollback(True)


def shop(world):
    return stores.access_store(JOB, world.document["regions"][0]["stores"][0]["id"])


def checked(store, *days_ago):
    today = clock.business_day(clock.now())
    for ago in days_ago:
        CheckAnswer.objects.create(
            store=store, day=today - ago * DAY, list=0, item="board", answer="yes", by="tests", at=clock.now()
        )


def waiting(client):
    found = client.get(reverse("hq.today")).context
    return {todo.badge: todo for todo in (*found["todos"], *found["more"])}


def test_nothing_waits_in_a_quiet_house(world):
    page = browser(world.actors["auditor"]).get(reverse("hq.today"))
    assert page.context["count"] == 0
    assert "没有等你的事" in page.content.decode()


def test_everything_that_waits_is_there_and_leads_somewhere(world):
    store = shop(world)
    plan = plan_message(
        viewer=JOB, message_class=MessageClass.COMMUNITY, channel="inbox", audience="store", store=store,
        audience_key=str(store.public_id), text="周末有市集", title="周末农夫市集", expires_at=clock.now() + 2 * DAY,
    )  # fmt: skip
    checked(store, 5, 6, 7)
    version = released()
    used(taken(version, store), clock.now() + DAY, clock.now() + DAY + HOUR)
    kits.recall(viewer=JOB, version_id=version.public_id, reason="温度写错")
    other = released(cooked("swap"))
    kits.change_draft(viewer=JOB, kit_id=other.kit.public_id, revision=1, content=content(places=13))
    kits.report_step(viewer=JOB, version_id=other.public_id, store=store, step="outline.story")
    editor = browser(world.actors["hq_editor"])
    found = waiting(editor)
    assert {badge: todo.title for badge, todo in found.items()} == {
        "触达": "周末农夫市集",
        "红店": store.name,
        "召回": "小小烘焙师 v1 已召回",
        "行不通": "小小烘焙师",
        "工具包": "小小烘焙师 v2 待发布",
    }
    assert found["触达"].link == reverse("hq.message", args=[plan.public_id])
    assert found["红店"].note == "1 场用了召回的工具包，提醒还没人看"
    for todo in found.values():
        assert editor.get(todo.link.partition("#")[0]).status_code == 200
    order = [
        todo.tone for todo in (*editor.get("/hq/").context["todos"], *editor.get("/hq/").context["more"])
    ]
    assert order == sorted(order, key=["bad", "warn", "ember", ""].index)
    assert "触达" not in waiting(browser(world.actors["hq_analyst"]))  # who approves nothing is not asked to
    far = waiting(browser(world.actors["region_manager"]))
    assert "红店" in far
    assert "工具包" not in far


def test_the_stores_stand_by_region_with_shape_and_word(world):
    store = shop(world)
    checked(store, *range(1, 15))
    page = browser(world.actors["hq_editor"]).get(reverse("hq.today"))
    assert [(one[0], one[2]) for one in page.context["levels"]] == [
        ("well", 1), ("watch", 0), ("red", 0), ("silent", 5),
    ]  # fmt: skip
    text = page.content.decode()
    assert "6 家店，没有亮红的" in text
    assert "1 家 正常，2 家 未报" in text.replace("&nbsp;", " ")
    assert (page.context["yesterday"].answered, page.context["yesterday"].due) == (1, 6)


@pytest.mark.parametrize("path", ["/hq/", "/hq/events/?view=month", "/hq/kits/"])
def test_as_many_statements_for_one_store_as_for_three(world, path):
    editor = browser(world.actors["hq_editor"])
    version, asked = released(), []
    for _ in range(2):
        for n in range(1 if not asked else 2):
            store = StoreFactory()
            checked(store, 4)
            published(store, starts_at=clock.now() + HOUR + n * DAY, ends_at=clock.now() + 2 * HOUR + n * DAY)
            taken(version, store, key=str(store.public_id))
        editor.get(path)
        with CaptureQueriesContext(connection) as seen:
            assert editor.get(path).status_code == 200
        asked.append(len(seen))
    assert asked[0] == asked[1]


def test_the_calendar_marks_what_stands_in_its_way(world):
    store = shop(world)
    at = clock.now() + 10 * DAY
    tea = published(store, title="茶会", kind=Kind.RITUAL, starts_at=at, ends_at=at + HOUR)
    sale = published(store, title="试吃会", starts_at=at + 3 * HOUR, ends_at=at + 4 * HOUR)
    page = browser(world.actors["hq_editor"]).get(reverse("hq.events") + "?view=month&month=2026-03")
    assert [(line.title, words) for line, words in page.context["marked"]] == [
        ("试吃会", (("品牌活动撞上本店仪式", "a brand event on the day of the store's ritual"),))
    ]
    text = page.content.decode()
    assert all(reverse("hq.event", args=[one.public_id]) in text for one in (tea, sale))
    holiday = browser(world.actors["hq_editor"]).get(reverse("hq.events") + "?view=month&month=2026-10")
    assert "国庆节" in holiday.content.decode()
    text = holiday.content.decode()
    assert "重阳节" in text, "a feast that is no day off"
    assert text.count("中秋节") <= 1, "a feast that is one is said once"


def tile(name, city="杭州", region="东区", *, offered=True, version=None, recalled=False):
    return Tile(None, name, city, region, offered, version, recalled)


def test_tiles_by_region_and_city():
    tiles = [
        tile("a", version=2),
        tile("b", version=1),
        tile("c", version=1, recalled=True),
        tile("d", city="宁波"),
        tile("e", city="苏州", region="西区", offered=False),
    ]
    found = tile_map(tiles, 2)
    assert [
        (region.name, [(city.name, [one.kind for one in city.squares]) for city in region.cities])
        for region in found
    ] == [
        ("东区", [("杭州", ["newest", "older", "recalled"]), ("宁波", ["offered"])]),
        ("西区", [("苏州", ["none"])]),
    ]
    assert dict(found[0].counted) == {"newest": 1, "older": 1, "recalled": 1, "offered": 1}


def test_a_band_stays_in_its_box():
    drawn = band([(0.5, 0.4, 0.6), (0.8, 0.7, 0.9)])
    assert (drawn.line, drawn.x, drawn.y) == ("M3.0 21.6L105.0 8.4", 105.0, 8.4)
    assert drawn.area.startswith("M3.0 17.2L105.0 4.0L")
    assert region_dots([]) == []


def test_six_hundred_stores_are_drawn_in_a_few_shapes_that_hold_every_one_of_them():
    levels = list(Health)
    lines = [
        StoreLine(n, None, f"S{n}", f"{n} 号店", "东区", StoreHealth(levels[n % len(levels)], ()))
        for n in range(600)
    ]
    (region,) = region_dots(lines)
    assert len(region.shapes) == len(levels)
    assert sum(path.count("M") for _level, path in region.shapes) == 600
    assert {level: path.count("M") for level, path in region.shapes} == dict(region.counted)
