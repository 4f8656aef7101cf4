"""The pages of events through Django's client: registering with a family, what is refused on the page, the till, the file."""

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from access.actors import HERE, JOB, browser, standing_world
from access.things import promise
from events.factories import drafted, published
from tongxin.commerce import queries as commerce
from tongxin.events import actions
from tongxin.events.models import Occurrence, Participant, Registration
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.outreach import actions as outreach
from tongxin.people import queries as people
from tongxin.people.models import Companion
from tongxin.stores import queries as stores

pytestmark = pytest.mark.django_db


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


def client(world, name):
    return browser(world.actors[name])


def shop(world):
    return stores.access_store(JOB, world.store(HERE)["id"])


def path(event):
    return f"/m/events/{event.public_id}/"


def registered(event):
    return Registration.objects.get(occurrence=event)


def person_of(world, n):
    return people.access_customer(JOB, world.store(HERE)["members"][n]["id"]).pk


# ---- the member


@pytest.mark.parametrize(("actor", "most"), [("anonymous", 2), ("member_outer", 5), ("member_inner", 5)])
def test_the_event_page_asks_at_most_five_questions_sign_in_included(world, actor, most):
    event = published(shop(world), party_most=3, fee_fen=3900, voucher_fen=3900)
    visitor = client(world, actor)
    visitor.get(path(event))
    with CaptureQueriesContext(connection) as asked:
        reply = visitor.get(path(event))
    assert reply.status_code == 200
    assert len(asked) <= most, [one["sql"][:80] for one in asked.captured_queries]


def test_the_lists_of_a_member_ask_as_much_for_three_as_for_one(world):
    member, counted = client(world, "member_outer"), []
    for _ in range(3):
        event = published(shop(world))
        actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, 0))
        member.get("/m/events/")
        with CaptureQueriesContext(connection) as asked:
            member.get("/m/events/")
        counted.append(len(asked))
    assert counted[0] == counted[1] == counted[2]


def test_registering_with_a_child_known_and_a_child_new(world):
    event = published(shop(world), party_most=3)
    member = client(world, "member_outer")
    page = member.get(path(event)).content.decode()
    known = re.search(r'name="child" value="([^"]+)"', page)[1]
    form = {
        "seen": "1", "child": known, "nickname-1": "米粒", "age-1": "5", "agreed": "yes", "allergy": "坚果",
    }  # fmt: skip
    reply = member.post(path(event) + "register/", form)
    made = registered(event)
    assert reply["Location"] == f"/m/registrations/{made.public_id}/"
    assert (made.state, made.party) == (Seat.CONFIRMED, 3)
    assert {row.allergy for row in Participant.objects.filter(registration=made)} == {"坚果"}
    shown = member.get(reply["Location"]).content.decode()
    assert "米粒" in shown
    assert "报好了" in shown


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"nickname-1": "米粒", "age-1": "5"}, "监护人"),
        ({"nickname-1": "米粒", "age-1": "五"}, "整岁"),
        ({"nickname-1": "", "age-1": "5"}, "整岁"),
        ({"seen": "7"}, "改过"),
    ],
)
def test_what_is_refused_is_said_on_the_page_and_nothing_is_written(world, form, said):
    event = published(shop(world), party_most=3)
    children = Companion.objects.count()
    reply = client(world, "member_outer").post(path(event) + "register/", {"seen": "1"} | form)
    assert reply.status_code in {409, 422}
    alert = re.search(r'role="alert">(.*?)</p>', reply.content.decode(), re.DOTALL)[1]
    assert said in alert
    assert not Registration.objects.filter(occurrence=event).exists()
    assert Companion.objects.count() == children


def test_a_refusal_after_a_new_child_takes_the_child_back_too(world):
    event = published(shop(world), party_most=2, questions=({"id": "q", "text": "怎么来", "required": True},))
    children = Companion.objects.count()
    form = {"seen": "1", "nickname-1": "米粒", "age-1": "5", "agreed": "yes"}
    reply = client(world, "member_outer").post(path(event) + "register/", form)
    assert reply.status_code == 422
    assert "怎么来" in reply.content.decode()
    assert Companion.objects.count() == children
    form["q-q"] = "走路"
    assert client(world, "member_outer").post(path(event) + "register/", form).status_code == 302
    assert Companion.objects.count() == children + 1


def test_somebody_elses_child_cannot_be_brought(world):
    event = published(shop(world), party_most=3)
    theirs = world.document["regions"][1]["stores"][0]["members"][0]["companions"][0]
    reply = client(world, "member_outer").post(path(event) + "register/", {"seen": "1", "child": theirs})
    assert reply.status_code == 404


def test_cancelling_in_one_tap_and_registering_again(world):
    event, member = published(shop(world), fee_fen=3900), client(world, "member_outer")
    member.post(path(event) + "register/", {"seen": "1"})
    made = registered(event)
    page = member.get(f"/m/registrations/{made.public_id}/").content.decode()
    assert "不收费" in page
    assert member.post(f"/m/registrations/{made.public_id}/cancel/").status_code == 302
    made.refresh_from_db()
    assert made.state == Seat.CANCELLED
    assert "再看看这场活动" in member.get(f"/m/registrations/{made.public_id}/").content.decode()
    assert member.post(path(event) + "register/", {"seen": "1"}).status_code == 302


@pytest.mark.parametrize("state", [s for s in Seat if s is not Seat.OFFERED])
def test_every_state_of_a_registration_has_its_sentence(world, state):
    event = published(
        shop(world), admission="approval" if state in {Seat.APPLIED, Seat.DECLINED} else "first_come"
    )
    made = actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, 0))
    Registration.objects.filter(pk=made.pk).update(state=state, number=1)
    page = client(world, "member_outer").get(f"/m/registrations/{made.public_id}/")
    lead = re.search(r'id="h-now">(.*?)</h2>', page.content.decode(), re.DOTALL)[1]
    assert page.status_code == 200
    assert lead.strip().endswith(("。", "？"))


def test_members_read_no_word_of_rings_or_of_sales(world):
    event = published(shop(world), fee_fen=3900, voucher_fen=3900, party_most=3)
    member = client(world, "member_outer")
    member.post(path(event) + "register/", {"seen": "1"})
    outreach.drain()
    made = registered(event)
    for address in (
        path(event),
        "/m/events/",
        "/m/inbox/",
        "/m/wallet/",
        f"/m/registrations/{made.public_id}/",
    ):
        page = member.get(address)
        assert page.status_code == 200, address
        assert not re.search("外环|中环|内环|拉新|转化", page.content.decode()), address


def test_the_inbox_leads_to_the_registration_and_is_read_then(world):
    event, member = published(shop(world)), client(world, "member_outer")
    member.post(path(event) + "register/", {"seen": "1"})
    outreach.drain()
    page = member.get("/m/inbox/").content.decode()
    assert "报好了：新品试吃" in page
    item = re.search(r'action="(/m/inbox/[0-9a-f-]{36}/)"', page)[1]
    assert "/m/registrations/" in member.post(item)["Location"]
    assert "badge ember" not in member.get("/m/inbox/").content.decode()


def test_stopping_a_class_of_messages_and_starting_again(world):
    member = client(world, "member_outer")
    member.post("/m/hear/promotion/", {"on": "no"})
    assert "不收" in member.get("/m/inbox/").content.decode()
    member.post("/m/hear/promotion/", {"on": "yes"})
    assert "不收" not in member.get("/m/inbox/").content.decode()
    assert member.post("/m/hear/everything/", {"on": "no"}).status_code == 404


def test_a_draft_is_absent_to_members_and_closed_stores_too(world):
    event = drafted(shop(world))
    assert client(world, "member_outer").get(path(event)).status_code == 404
    assert client(world, "champion").get(path(event)).status_code == 200
    assert client(world, "anonymous").get(f"/m/stores/{shop(world).public_id}/").status_code == 200


# ---- the champion

TEA = {
    "key": "k1",
    "title": "茶会",
    "format": "tea",
    "day": "2026-04-01",
    "time": "10:00",
    "minutes": "60",
    "places": "8",
}


def test_a_champion_writes_publishes_moves_and_calls_off(world):
    champion = client(world, "champion")
    form = TEA
    made = champion.post("/champion/events/new/", form)
    address = made["Location"]
    event = Occurrence.objects.order_by("-id")[0]
    assert (event.title, event.state, event.starts_at.hour) == ("茶会", "draft", 2)
    champion.post(address + "publish/")
    champion.post(address + "move/", {"version": "1", "day": "2026-04-02", "time": "11:00", "place": "二楼"})
    event.refresh_from_db()
    assert (event.state, event.place, event.starts_at.day) == ("published", "二楼", 2)
    stale = champion.post(address + "move/", {"version": "1", "day": "2026-04-03", "time": "11:00"})
    assert stale.status_code == 412
    assert champion.post(address + "cancel/", {"reason": ""}).status_code == 422
    champion.post(address + "cancel/", {"reason": "停电"})
    event.refresh_from_db()
    assert (event.state, event.cancel_reason) == ("cancelled", "停电")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", ""),
        ("day", "soon"),
        ("minutes", "0"),
        ("places", "many"),
        ("fee", "-3"),
        ("kind", "x"),
        ("format", "x"),
    ],
)
def test_a_form_filled_in_wrongly_says_so_and_keeps_what_was_typed(world, field, value):
    form = TEA
    reply = client(world, "champion").post("/champion/events/new/", form | {"place": "窗边", field: value})
    assert reply.status_code == 422
    assert 'value="窗边"' in reply.content.decode()
    assert not Occurrence.objects.filter(place="窗边").exists()


@pytest.mark.parametrize("face", ["champion", "hq"])
def test_a_form_that_is_sent_twice_writes_one_draft(world, face):
    page = client(world, "champion" if face == "champion" else "hq_editor")
    form = TEA if face == "champion" else TEA | {"store": str(shop(world).public_id)}
    first, second = (page.post(f"/{face}/events/new/", form) for _ in range(2))
    assert first.status_code == 302
    assert first["Location"] == second["Location"]
    assert Occurrence.objects.filter(title="茶会").count() == 1
    # control arm: a new form has a key of its own and makes another one; without a key nothing is made
    fresh = re.search(r'name="key" value="(\w+)"', page.get(f"/{face}/events/new/").content.decode())[1]
    assert page.post(f"/{face}/events/new/", form | {"key": fresh})["Location"] != first["Location"]
    assert page.post(f"/{face}/events/new/", form | {"key": ""}).status_code == 422
    assert Occurrence.objects.filter(title="茶会").count() == 2


def test_the_lists_of_a_champion_ask_as_much_for_three_as_for_one(world):
    champion, counted = client(world, "champion"), []
    for n in range(3):
        event = published(shop(world))
        actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, n))
        champion.get("/champion/events/")
        with CaptureQueriesContext(connection) as asked:
            champion.get("/champion/events/")
        counted.append(len(asked))
    assert counted[0] == counted[1] == counted[2]


def test_applicants_are_admitted_or_declined_from_the_list(world):
    event, champion = published(shop(world), admission="approval"), client(world, "champion")
    made = [
        actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, n)) for n in (0, 1)
    ]
    page = champion.get(f"/champion/events/{event.public_id}/people/").content.decode()
    assert page.count('value="approve"') == 2
    for one, answer in zip(made, ("approve", "decline"), strict=True):
        champion.post(f"/champion/registrations/{one.public_id}/answer/", {"answer": answer})
        one.refresh_from_db()
    assert [one.state for one in made] == [Seat.CONFIRMED, Seat.DECLINED]
    odd = champion.post(f"/champion/registrations/{made[0].public_id}/answer/", {"answer": "sing"})
    assert odd.status_code == 422


def test_a_fee_is_noted_with_its_receipt_and_taken_back_with_a_reason(world):
    champion = client(world, "champion")
    key = promise(world, world.actors["champion"]).own
    address = f"/champion/fees/{key}/"
    assert key in champion.get("/champion/till/").content.decode()
    assert champion.post(address + "paid/", {"receipt": ""}).status_code == 422
    champion.post(address + "paid/", {"receipt": "A-17"})
    assert "A-17" in champion.get(address).content.decode()
    assert commerce.promise_card(JOB, key).state == "paid"
    champion.post(address + "unpaid/", {"reason": "记错了"})
    assert commerce.promise_card(JOB, key).state == "open"


def test_a_voucher_is_looked_at_then_spent_once(world):
    event = published(shop(world), fee_fen=3900, voucher_fen=3900)
    made = actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, 0))
    subject = ("events", str(made.public_id))
    from tongxin.commerce import actions as till

    found = commerce.promise_for(subject)
    till.mark_paid(viewer=JOB, promise_id=found.public_id, receipt="A-1", store=shop(world))
    till.attended(viewer=JOB, subject=subject, at=clock.now())
    wallet = client(world, "member_outer").get("/m/wallet/").content.decode()
    code = re.search(r'couponcode">([^<]+)<', wallet)[1]
    champion = client(world, "champion")
    assert (
        "用掉这张券"
        in champion.post("/champion/till/voucher/", {"code": code, "do": "look"}).content.decode()
    )
    spend = {"code": code, "do": "spend", "receipt": "B-2"}
    assert champion.post("/champion/till/voucher/", spend).status_code == 302
    again = champion.post("/champion/till/voucher/", spend | {"receipt": "B-3"})
    assert again.status_code == 409
    assert "couponcode" not in client(world, "member_outer").get("/m/wallet/").content.decode()


# ---- headquarters


def test_the_month_marks_what_clashes_and_skips_what_was_cancelled(world):
    place, at = shop(world), clock.now() + timedelta(days=2)
    for n in range(2):
        published(place, starts_at=at + timedelta(minutes=30 * n), title=f"重叠{n}")
    gone = published(place, starts_at=at, title="没了")
    actions.cancel(viewer=JOB, event_id=gone.public_id, reason="x")
    page = client(world, "hq_editor").get(f"/hq/events/?view=month&month={at:%Y-%m}")
    together = [
        line.title
        for line, kinds in page.context["marked"]
        if ("同一家店时间重叠", "two at once in one store") in kinds
    ]
    assert together == ["重叠0", "重叠1"]
    assert page.content.decode().count("slot published clash") == page.context["marked_all"]
    assert "没了" not in page.content.decode()
    assert client(world, "hq_editor").get("/hq/events/?view=month&month=soon").status_code == 200


def test_an_analyst_sees_figures_and_no_names(world):
    event = published(shop(world))
    actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, 0))
    mark = world.store(HERE)["mark"]
    name = f"{mark}11"
    assert name in client(world, "hq_editor").get(f"/hq/events/{event.public_id}/").content.decode()
    assert name not in client(world, "hq_analyst").get(f"/hq/events/{event.public_id}/").content.decode()


def test_the_export_streams_a_file(world):
    event = published(shop(world))
    actions.register(viewer=JOB, event_id=event.public_id, person=person_of(world, 0))
    reply = client(world, "hq_editor").get(f"/hq/events/{event.public_id}/export/")
    assert reply["Content-Disposition"].startswith("attachment")
    assert reply.streaming
    assert len(b"".join(reply.streaming_content).splitlines()) == 2


def test_a_message_is_written_looked_at_and_approved(world):
    editor = client(world, "hq_editor")
    form = {
        "audience": f"persons|store|{shop(world).public_id}",
        "message_class": "community",
        "channel": "inbox",
        "text": "周末有市集",
    }
    assert editor.post("/hq/messages/", form | {"text": ""}).status_code == 422
    address = editor.post("/hq/messages/", form)["Location"]
    assert "周末有市集" in editor.get(address).content.decode()
    assert editor.post(address + "approve/").status_code == 302
    assert "已批准" in editor.get(address).content.decode()
