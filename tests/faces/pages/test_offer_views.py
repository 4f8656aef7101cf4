"""The pages of sales, draws, budgets and partners through Django's client: numbers as members see them, money as it is noted."""

import json
import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access.actors import HERE, JOB, MEMBER_ACTORS, browser, standing_world
from access.things import as_viewer
from events.factories import published
from tongxin.commerce import actions as money
from tongxin.commerce import queries as commerce
from tongxin.commerce.models import Commitment, Envelope, Partner, Sponsored, StaffHours
from tongxin.commerce.terms import CommitmentState
from tongxin.events import actions
from tongxin.events.actions import lottery
from tongxin.events.models import BuyGroup, Occurrence, Registration
from tongxin.foundation import clock
from tongxin.foundation.draw.rules import verify
from tongxin.people import queries as people
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db
ORANGES = {
    "item": "橙子一箱",
    "price_fen": 2990,
    "usual_fen": 3990,
    "pay": "till",
    "group_size": 2,
    "group_hours": 24,
}
FLASH = {"item": "糕一盒", "price_fen": 1990, "pay": "link", "pay_url": "https://pay.example.com/x"}


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


@pytest.fixture
def champion(world):
    return browser(world.actors["champion"])


def shop(world):
    return stores.access_store(JOB, world.store(HERE)["id"])


def text_of(reply) -> str:
    return re.sub(r"\s+", " ", reply.content.decode())


def today():
    return clock.business_day(clock.now())


# ---- group buys


def test_a_group_is_opened_joined_and_complete_with_numbers_only(world):
    one, two, three = (browser(world.actors[name]) for name in MEMBER_ACTORS)
    event = published(shop(world), title="橙子", format="group_buy", details=ORANGES, places=5)
    page = text_of(one.get(f"/m/events/{event.public_id}/"))
    assert "¥29.90" in page
    assert "还剩 5 份" in page
    assert "还没有人开团" in page
    begun = one.post(f"/m/events/{event.public_id}/groups/")
    group = BuyGroup.objects.get(occurrence=event)
    assert begun["Location"] == f"/m/groups/{group.public_id}/"
    seen = text_of(browser(world.actors["anonymous"]).get(f"/m/groups/{group.public_id}/"))
    assert "还差 1 位就成团" in seen
    assert two.post(f"/m/groups/{group.public_id}/join/").status_code == 302
    assert "成团了" in text_of(one.get(f"/m/groups/{group.public_id}/"))
    late = three.post(f"/m/groups/{group.public_id}/join/")
    assert (late.status_code, "已经满了" in text_of(late)) == (409, True)
    mine = Registration.objects.filter(occurrence=event).order_by("id")[0]
    assert "到店取的时候付" in text_of(one.get(f"/m/registrations/{mine.public_id}/"))


def test_who_comes_from_moments_reads_why_and_takes_nothing(world):
    member = browser(world.actors["member_outer"])
    event = published(shop(world), format="group_buy", details=ORANGES, places=5)
    page = text_of(member.get(f"/m/events/{event.public_id}/?from=timeline"))
    assert "不能从朋友圈打开" in page
    assert 'id="join"' not in page
    forced = member.post(f"/m/events/{event.public_id}/groups/", {"came_from": "timeline"})
    assert forced.status_code == 422
    assert not BuyGroup.objects.filter(occurrence=event).exists()
    assert 'id="join"' in text_of(member.get(f"/m/events/{event.public_id}/?from=groupmessage"))


def test_a_flash_sale_hides_its_price_until_it_opens_and_gives_one_each(world):
    member = browser(world.actors["member_outer"])
    opens = clock.now() + timedelta(hours=1)
    event = published(shop(world), format="flash_sale", details=FLASH, places=1, opens_at=opens)
    before = text_of(member.get(f"/m/events/{event.public_id}/"))
    assert "价格到点公布" in before
    assert "19.90" not in before
    early = member.post(f"/m/events/{event.public_id}/register/", {"seen": "1"})
    assert (early.status_code, "19.90" in text_of(early)) == (409, False)
    Occurrence.objects.filter(pk=event.pk).update(opens_at=clock.now() - timedelta(minutes=1))
    assert "¥19.90" in text_of(member.get(f"/m/events/{event.public_id}/"))
    assert member.post(f"/m/events/{event.public_id}/register/", {"seen": "1"}).status_code == 302
    held = Registration.objects.get(occurrence=event)
    assert f"https://pay.example.com/x?ref={held.public_id}" in text_of(
        member.get(f"/m/registrations/{held.public_id}/")
    )
    assert "没有了" in text_of(browser(world.actors["anonymous"]).get(f"/m/events/{event.public_id}/"))


def test_a_champion_makes_a_sale_and_sees_how_it_goes(world, champion):
    day = [(today() + timedelta(days=n)).isoformat() for n in (1, 2, 3)]
    form = {
        "key": "s1", "format": "group_buy", "title": "橙子", "item": "一箱", "price_fen": "29.90", "usual_fen": "39.90", "places": "9", "group_size": "3",
        "open_day": day[0], "open_time": "10:00", "from_day": day[1], "from_time": "10:00", "to_day": day[2], "to_time": "20:00", "pay": "till",
        "group_hours": "24",
    }  # fmt: skip
    for wrong, field in (
        ({"usual_fen": "20"}, "usual_fen"), ({"from_day": day[0], "from_time": "09:00"}, "open_day"), ({"group_size": ""}, "group_size"),
        ({"pay": "link"}, "pay_url"), ({"share_text": "转发送券，帮我砍价"}, "share_text"), ({"to_day": day[1], "to_time": "09:00"}, "to_day"),
    ):  # fmt: skip
        refused = champion.post("/organise/sales/new/", form | wrong)
        assert (refused.status_code, f'id="e-{field}"' in text_of(refused)) == (422, True), wrong
    made = champion.post("/organise/sales/new/", form)
    again = champion.post("/organise/sales/new/", form)
    event = Occurrence.objects.get(title="橙子")  # sent twice it is one
    assert again["Location"] == made["Location"]
    assert champion.post("/organise/sales/new/", form | {"key": "s2", "title": "橙子二"}).status_code == 302
    assert champion.post("/organise/sales/new/", form | {"key": "s3", "title": "橙子二"}).status_code == 302
    assert Occurrence.objects.filter(title="橙子二").count() == 2  # control arm: two keys are two
    assert made["Location"] == f"/organise/sales/{event.public_id}/"
    page = text_of(champion.get(made["Location"]))
    assert "草稿" in page
    assert page.count("不行") == 1  # Moments
    champion.post(f"/champion/events/{event.public_id}/publish/")
    assert "还没开" in text_of(champion.get("/organise/sales/"))


def test_an_event_is_no_sale(world, champion):
    event = published(shop(world))
    assert champion.get(f"/organise/sales/{event.public_id}/").status_code == 404
    assert (
        browser(world.actors["member_outer"]).post(f"/m/events/{event.public_id}/groups/").status_code == 404
    )


def test_the_sale_page_asks_as_much_for_three_groups_as_for_one(world, champion):
    counted, event = [], published(shop(world), format="group_buy", details=ORANGES, places=9)
    for name in MEMBER_ACTORS:
        actions.open_group(viewer=as_viewer(world.actors[name]), event_id=event.public_id)
        champion.get(f"/organise/sales/{event.public_id}/")
        with CaptureQueriesContext(connection) as asked:
            champion.get(f"/organise/sales/{event.public_id}/")
        counted.append(len(asked))
    assert counted[0] == counted[1] == counted[2]


# ---- a draw, for anybody


def test_a_draw_is_public_at_every_step_and_its_file_recomputes(world):
    stranger = browser(world.actors["anonymous"])
    event = published(
        shop(world),
        places=2,
        admission="lottery",
        closes_at=clock.now() + timedelta(hours=1),
        details={"draw": {"contact": "到店"}},
    )
    path = f"/m/draws/{event.public_id}/"
    for n in range(5):
        person = people.access_customer(JOB, world.store(HERE)["members"][n]["id"]).pk
        actions.register(viewer=JOB, event_id=event.public_id, person=person)
    first = text_of(stranger.get(path))
    assert "规则的指纹" in first
    assert "承诺</dt>" not in first
    assert stranger.get(f"{path}document.json").status_code == 404
    with clock.held(clock.now() + timedelta(hours=2)):
        lottery.commit(viewer=JOB, event_id=event.public_id)
        second = text_of(stranger.get(path))
        early = json.loads(stranger.get(f"{path}document.json").content)
    assert early["commitment"] in second
    assert early["seed"] == ""
    assert "开奖时揭示" in second
    with clock.held(clock.now() + timedelta(hours=4)):
        lottery.draw(viewer=JOB, event_id=event.public_id)
        third = text_of(stranger.get(path))
        document = json.loads(stranger.get(f"{path}document.json").content)
    verdict = verify(document, published=early["commitment"])
    assert verdict.ok
    assert len(document["winners"]) == 2
    assert all(one in third for one in (*document["winners"], document["seed"]))
    assert "全部对得上" in third
    for member in world.store(HERE)["members"]:
        assert member["id"] not in third
        assert member["phone"][-4:] not in document["entrants"]


def test_a_draw_that_was_tampered_with_says_so_on_its_own_page(world):
    """The control arm: the page recomputes, it does not only claim."""
    event = published(
        shop(world),
        places=1,
        admission="lottery",
        closes_at=clock.now() + timedelta(hours=1),
        details={"draw": {"contact": "到店"}},
    )
    for n in range(3):
        actions.register(
            viewer=JOB,
            event_id=event.public_id,
            person=people.access_customer(JOB, world.store(HERE)["members"][n]["id"]).pk,
        )
    with clock.held(clock.now() + timedelta(hours=2)):
        lottery.commit(viewer=JOB, event_id=event.public_id)
    with clock.held(clock.now() + timedelta(hours=4)):
        lottery.draw(viewer=JOB, event_id=event.public_id)
    draw = Occurrence.objects.get(pk=event.pk).draw
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE draw_draw SET winners = '[\"forged*1\"]' WHERE public_id = %s", [draw])
        cursor.execute("SET LOCAL session_replication_role = origin")
    page = text_of(browser(world.actors["anonymous"]).get(f"/m/draws/{event.public_id}/"))
    assert "重算对不上" in page
    assert "全部对得上" not in page


def test_an_event_without_a_draw_says_so(world):
    event = published(shop(world))
    assert browser(world.actors["anonymous"]).get(f"/m/draws/{event.public_id}/").status_code == 409


# ---- envelopes


def purse(world, amount=50_000, **more):
    return money.open_envelope(
        viewer=JOB,
        title="春",
        amount_fen=amount,
        opens_on=today(),
        closes_on=today() + timedelta(days=60),
        store=shop(world),
        **more,
    )


def test_headquarters_opens_an_envelope_once(world):
    hq = browser(world.actors["hq_editor"])
    form = {
        "title": "秋",
        "amount": "600",
        "opens_on": today().isoformat(),
        "closes_on": (today() + timedelta(days=90)).isoformat(),
        "ring": "middle",
        "store": world.store(HERE)["id"],
        "hour": "25",
    }
    made = hq.post("/organise/envelopes/new/", form)
    found = Envelope.objects.get(title="秋")
    assert made["Location"] == f"/organise/envelopes/{found.public_id}/"
    assert (found.amount_fen, found.ring, found.hour_fen) == (60_000, "middle", 2_500)
    again = hq.post("/organise/envelopes/new/", form)
    assert (again.status_code, 'id="e-title"' in text_of(again), 'value="600"' in text_of(again)) == (
        409,
        True,
        True,
    )
    nothing = hq.post("/organise/envelopes/new/", form | {"ring": "", "store": ""})
    assert (nothing.status_code, 'id="e-store"' in text_of(nothing)) == (422, True)


def test_a_champion_sets_aside_spends_works_and_closes(world, champion):
    envelope = purse(world, hour_fen=3_000)
    path = f"/organise/envelopes/{envelope.public_id}/"
    assert champion.post(path, {"note": "面粉", "amount": "120", "key": "a"}).status_code == 302
    assert (
        champion.post(path, {"note": "面粉", "amount": "120", "key": "a"}).status_code == 302
    )  # sent twice, counted once
    part = Commitment.objects.get(envelope=envelope)
    spot = f"/organise/commitments/{part.public_id}/"
    assert (
        champion.post(spot, {"step": "spend", "amount": "80.50", "receipt": "B-1", "key": "b"}).status_code
        == 302
    )
    assert (
        champion.post(
            spot, {"step": "hours", "minutes": "40", "worked_on": today().isoformat(), "key": "c"}
        ).status_code
        == 302
    )
    wrong = champion.post(spot, {"step": "spend", "amount": "viel", "key": "d"})
    assert (wrong.status_code, "请填金额" in text_of(wrong), 'value="viel"' in text_of(wrong)) == (
        422,
        True,
        True,
    )
    part.refresh_from_db()
    assert part.spent_fen == 8_050 + 2_000
    assert StaffHours.objects.get(commitment=part).minutes == 40
    page = text_of(champion.get(path))
    assert "40 分钟" in page
    assert champion.post(spot, {"step": "release", "reason": " "}).status_code == 422
    champion.post(spot, {"step": "release", "reason": "办完了"})
    part.refresh_from_db()
    assert part.state == CommitmentState.CLOSED
    assert commerce.envelope_card(JOB, envelope.public_id).left_fen == 50_000 - 10_050


def test_what_does_not_fit_is_asked_for_and_approved_by_somebody_else(world, champion):
    envelope = purse(world, amount=10_000)
    path = f"/organise/envelopes/{envelope.public_id}/"
    over = champion.post(path, {"note": "烤箱", "amount": "500", "key": "a"})
    assert (over.status_code, 'id="e-amount"' in text_of(over), "¥100" in text_of(over)) == (409, True, True)
    assert not Commitment.objects.filter(envelope=envelope).exists()
    champion.post(path, {"note": "烤箱", "amount": "500", "ask": "yes", "key": "a"})
    part = Commitment.objects.get(envelope=envelope)
    assert part.state == CommitmentState.ASKED
    hq = browser(world.actors["hq_editor"])
    hq.post(f"/hq/envelopes/requests/{part.public_id}/", {"answer": "approve", "reason": "值得"})
    assert "待批准" not in text_of(champion.get(path))


def test_an_auditor_reads_and_has_no_form(world):
    envelope = purse(world)
    auditor = browser(world.actors["auditor"])
    page = text_of(auditor.get(f"/organise/envelopes/{envelope.public_id}/"))
    assert "留出一笔" not in page
    assert (
        auditor.post(
            f"/organise/envelopes/{envelope.public_id}/", {"note": "x", "amount": "1", "key": "a"}
        ).status_code
        == 403
    )


# ---- partners


def test_a_partner_is_noted_once_and_changed_by_who_read_it_last(world, champion):
    form = {"name": "花店", "kind": "business", "state": "talking", "brings": "花", "contact": "老板"}
    made = champion.post("/organise/partners/", form)
    found = Partner.objects.get(name="花店")
    assert made["Location"] == f"/organise/partners/{found.public_id}/"
    again = champion.post("/organise/partners/", form)
    assert (again.status_code, 'id="e-name"' in text_of(again)) == (409, True)
    Partner.objects.filter(pk=found.pk).update(version=found.version + 1, brings="别人写的")
    stale = champion.post(
        made["Location"], {"version": found.version, "name": "花店", "state": "active", "brings": "我写的"}
    )
    assert stale.status_code == 412
    assert "现在写的是：别人写的" in text_of(stale)
    assert 'value="我写的"' in text_of(stale)
    champion.post(
        made["Location"], {"version": found.version + 1, "name": "花店", "state": "ended", "contact": "老板"}
    )
    found.refresh_from_db()
    assert (found.state, found.contact) == ("ended", "")


def test_a_supported_event_says_cost_beside_what_was_seen(world, champion):
    envelope, event = purse(world), published(shop(world), title="市集")
    day = (today() + timedelta(days=3)).isoformat()
    form = {
        "title": "义卖",
        "starts_on": day,
        "ends_on": day,
        "cost": "120",
        "envelope": str(envelope.public_id),
        "hope-visitors": "100",
        "key": "a1",
    }
    dear = champion.post("/organise/sponsored/new/", form | {"cost": "5000"})
    assert (dear.status_code, 'id="e-cost"' in text_of(dear)) == (409, True)
    nowhere = champion.post("/organise/sponsored/new/", form | {"envelope": ""})
    assert (nowhere.status_code, 'id="e-envelope"' in text_of(nowhere)) == (422, True)
    backwards = champion.post("/organise/sponsored/new/", form | {"ends_on": today().isoformat()})
    assert (backwards.status_code, 'id="e-ends_on"' in text_of(backwards)) == (422, True)
    assert not Sponsored.objects.filter(title="义卖").exists()
    made = champion.post("/organise/sponsored/new/", form)
    found = Sponsored.objects.get(title="义卖")
    assert made["Location"] == f"/organise/sponsored/{found.public_id}/"
    champion.post(made["Location"], {"step": "held"})
    money.spend(viewer=JOB, commitment_id=found.commitment.public_id, amount_fen=9_600, key="x")
    seen = {
        "step": "outcome",
        "measure": "visitors",
        "value": "96",
        "subject": str(event.public_id),
        "key": "o1",
    }
    assert champion.post(made["Location"], seen).status_code == 302
    page = text_of(champion.get(made["Location"]))
    assert '<td>到场人数</td><td class="n">100</td><td class="n">96</td><td class="n">¥1</td>' in page
    assert "看到的不等于带来的" in page
    uncited = champion.post(made["Location"], seen | {"subject": "", "key": "o2"})
    assert (uncited.status_code, 'id="e-subject"' in text_of(uncited)) == (422, True)
