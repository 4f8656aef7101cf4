"""Posters and printables through Django's client: who gets them, that nobody's data is in them, where the buttons stand."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from PIL import Image

from access.actors import FAR, HERE, JOB, browser, standing_world
from events.factories import drafted, published
from kits.kitchen import content, released, taken, used
from kits.photographed import read
from tongxin.events import actions
from tongxin.faces import posters
from tongxin.foundation import clock
from tongxin.kits.poster import drawing, keeping
from tongxin.outreach import actions as outreach
from tongxin.outreach.models import Task
from tongxin.outreach.terms import MessageClass
from tongxin.people import queries as people
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


@pytest.fixture(autouse=True)
def kept(settings, tmp_path):
    settings.HOME = tmp_path
    return tmp_path / "posters"


def shop(world, where=HERE):
    return stores.access_store(JOB, world.store(where)["id"])


def client(world, name):
    return browser(world.actors[name])


def test_the_poster_opens_the_page_of_its_event(world):
    event = published(shop(world), title="周末烤星星", fee_fen=3900, voucher_fen=3900)
    reply = client(world, "champion").get(f"/champion/events/{event.public_id}/poster.png")
    assert reply.status_code == 200
    assert reply["Content-Type"] == "image/png"
    assert "no-store" in reply["Cache-Control"]
    picture = Image.open(io.BytesIO(reply.content))
    assert picture.size == (1080, 1920)
    assert picture.info == {}
    assert read(picture).endswith(f"/m/events/{event.public_id}/?from=poster")


@pytest.mark.parametrize(
    ("actor", "address"),
    [
        ("champion", "/champion/events/{}/poster.pdf"),
        ("hq_editor", "/hq/events/{}/poster.png"),
        ("hq_editor", "/hq/events/{}/poster.pdf"),
    ],
)
def test_the_same_for_a_wall_and_for_headquarters(world, actor, address):
    event = published(shop(world))
    reply = client(world, actor).get(address.format(event.public_id))
    assert reply.status_code == 200
    assert reply.content.startswith(b"%PDF-" if address.endswith("pdf") else b"\x89PNG")
    assert "attachment" in reply["Content-Disposition"]


def test_the_words_are_those_of_the_event_in_the_time_of_its_store(world):
    starts = datetime(2026, 3, 7, 2, 0, tzinfo=UTC)  # ten in the morning in Shanghai
    event = published(
        shop(world), title="小小烘焙师", format="tea", place="二楼", fee_fen=3900, voucher_fen=3900,
        starts_at=starts, ends_at=starts + timedelta(minutes=90),
    )  # fmt: skip
    request = type("Asking", (), {"viewer": JOB})
    facts = posters.public_facts(request, event.public_id)
    assert (facts.title, facts.store, facts.place) == ("小小烘焙师", shop(world).name, "二楼")
    assert (facts.starts, facts.ends) == (datetime(2026, 3, 7, 10, 0), datetime(2026, 3, 7, 11, 30))
    assert (facts.fee_fen, facts.back_fen, facts.template, facts.mark) == (3900, 3900, "calm", "")
    assert facts.seats == 12


def test_an_event_made_from_a_kit_wears_the_kit(world):
    """Look, line and the champion's page come from the version, with the store's own values."""
    store = shop(world)
    event = published(store, title="小小烘焙师")
    instance = taken(released(), store=store, key=str(event.public_id))
    used(instance, event.starts_at, event.ends_at, key=str(event.public_id))
    says = content()
    facts = posters.public_facts(type("Asking", (), {"viewer": JOB}), event.public_id)
    assert (facts.template, facts.line) == (says["poster"][0]["template"], says["poster"][0]["line"])
    parts = posters.one_page_parts(JOB, event.public_id, "zh")
    assert parts[0].heading == "安全与过敏"
    assert says["safety"][0]["text"] in parts[0].lines
    assert {part.ticks for part in parts} == {True, False}
    plain = posters.one_page_parts(JOB, published(store).public_id, "zh")
    assert [part.heading for part in plain] == ["开始前", "开始时", "结束后"]


def test_the_form_to_move_an_event_begins_with_the_time_of_its_store(world):
    """It began with UTC once: saving the form unread moved the event by eight hours."""
    event = published(shop(world), starts_at=clock.now().replace(hour=2, minute=15) + timedelta(days=3))
    page = client(world, "champion").get(f"/champion/events/{event.public_id}/").content.decode()
    assert re.search(r'name="time" required value="([^"]+)"', page)[1] == "10:15"


@pytest.mark.parametrize("paper", posters.PAPERS)
def test_each_paper_is_a_pdf_and_holds_no_name_of_a_guest(world, paper, monkeypatch):
    event = published(shop(world))
    person = people.access_customer(JOB, world.store(HERE)["members"][0]["id"])
    actions.register(viewer=JOB, event_id=event.public_id, person=person.pk)
    told = []
    plain = drawing.Sheet.type
    monkeypatch.setattr(
        drawing.Sheet, "type", lambda self, at, text, **how: (told.append(text), plain(self, at, text, **how))
    )
    reply = client(world, "champion").get(f"/champion/events/{event.public_id}/print/{paper}.pdf")
    assert reply.content.startswith(b"%PDF-")
    assert told
    assert person.nickname
    assert not any(person.nickname in line for line in told)


def test_a_paper_of_another_name_and_an_event_of_another_store_are_absent(world):
    here, far = published(shop(world)), published(shop(world, FAR))
    champion = client(world, "champion")
    assert champion.get(f"/champion/events/{here.public_id}/print/receipts.pdf").status_code == 404
    for address in ("poster.png", "poster.pdf", "print/sign-in.pdf"):
        assert champion.get(f"/champion/events/{far.public_id}/{address}").status_code == 404
        assert champion.get(f"/champion/events/{here.public_id}/{address}").status_code == 200


def test_a_draft_has_no_poster_yet_but_may_be_prepared_on_paper(world):
    event = drafted(shop(world))
    champion = client(world, "champion")
    reply = champion.get(f"/champion/events/{event.public_id}/poster.png")
    assert reply.status_code == 409
    assert "还没有开放报名" in reply.content.decode()
    assert champion.get(f"/champion/events/{event.public_id}/print/one-page.pdf").status_code == 200
    page = champion.get(f"/champion/events/{event.public_id}/").content.decode()
    assert "存海报" not in page
    assert "打印带去现场" in page


def test_the_buttons_stand_on_the_pages_of_champion_and_headquarters(world):
    event = published(shop(world))
    mine = client(world, "champion").get(f"/champion/events/{event.public_id}/").content.decode()
    for address in ("poster.png", "poster.pdf", *(f"print/{paper}.pdf" for paper in posters.PAPERS)):
        assert f"/champion/events/{event.public_id}/{address}" in mine
    theirs = client(world, "hq_editor").get(f"/hq/events/{event.public_id}/").content.decode()
    assert f"/hq/events/{event.public_id}/poster.png" in theirs


def test_the_letter_about_an_event_offers_its_poster_and_another_does_not(world):
    event, now = published(shop(world)), clock.now()
    champion = client(world, "champion")
    shown = []
    for path in (
        f"/m/events/{event.public_id}/",
        "/m/",
        f"/m/events/{published(shop(world, FAR)).public_id}/",
        "",
    ):
        plan = outreach.plan_message(
            viewer=JOB, message_class=MessageClass.COMMUNITY, channel="manual", audience="store", audience_key=str(shop(world).public_id),
            text="来", path=path, expires_at=now + timedelta(days=2), store=shop(world),
        )  # fmt: skip
        task = Task.objects.create(
            message=plan,
            store=plan.store,
            channel="manual",
            created_at=now,
            expires_at=now + timedelta(days=1),
        )
        page = champion.get(f"/champion/tasks/{task.public_id}/").content.decode()
        shown.append(re.findall(r'href="([^"]+poster\.png)"', page))
    assert shown == [[f"/champion/events/{event.public_id}/poster.png"], [], [], []]


def test_what_is_drawn_is_kept_by_its_content_and_drawn_again_when_that_changes(world, kept, monkeypatch):
    event, drawn = published(shop(world)), []
    plain = drawing.draw
    monkeypatch.setattr(
        drawing, "draw", lambda facts, size: (drawn.append(facts.title), plain(facts, size))[1]
    )
    champion, address = client(world, "champion"), f"/champion/events/{event.public_id}/poster.png"
    first = champion.get(address).content
    assert champion.get(address).content == first
    assert len(drawn) == 1
    event.title = "换了名字"
    event.save(update_fields=["title"])
    assert champion.get(address).content != first
    assert drawn[-1] == "换了名字"
    assert len(list(kept.iterdir())) == 2
    monkeypatch.setattr(keeping, "MOST", 1)
    event.title = "又换了名字"
    event.save(update_fields=["title"])
    champion.get(address)
    assert len(list(kept.iterdir())) == 1


def test_where_nothing_can_be_kept_the_poster_is_drawn_all_the_same(world, kept):
    kept.parent.joinpath("posters").write_text("a file where the folder should be", encoding="utf-8")
    event = published(shop(world))
    assert client(world, "champion").get(f"/champion/events/{event.public_id}/poster.png").status_code == 200
