"""What waits for somebody shows on the first page; the file of refused rows can be fetched; the way into the inner ring by pages."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.urls import reverse

from access.actors import JOB, browser, standing_world
from faces.pages.worlds import candidate
from tongxin.commerce.models import ImportRun
from tongxin.foundation import clock
from tongxin.measure.actions import plan_study
from tongxin.measure.models import Study
from tongxin.rings import queries as ring_queries
from tongxin.stores import actions as stores

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


def run_with(path="", refused=3):
    return ImportRun.objects.create(
        table="orders", source="pos", sha256=uuid.uuid4().hex * 2, file_name="orders.csv", state="done",
        rows=9, refused=refused, refused_file=path, by="tests", started_at=clock.now(),
    )  # fmt: skip


def test_refused_rows_failed_studies_and_unsorted_stores_wait_on_the_first_page(world):
    run_with()
    study = plan_study(viewer=JOB, title="坏了的研究")
    Study.objects.filter(pk=study.pk).update(state="failed", faults=["x"])
    stores.unsorted_store(viewer=JOB, code="NEW-1")
    page = browser(world.actors["admin"]).get("/hq/")
    titles = [todo.title for todo in page.context["todos"]]
    assert {"orders.csv", "坏了的研究", "1 家门店待归类"} <= set(titles)
    assert "NEW-1" in browser(world.actors["admin"]).get("/hq/stores/?unsorted=1").content.decode()
    assert "orders.csv" not in browser(world.actors["hq_analyst"]).get("/hq/").content.decode()


def test_the_file_of_refused_rows_is_for_editors_and_never_another_file(world, settings, tmp_path):
    settings.HOME = tmp_path
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports" / "refused.csv").write_text("why")
    (tmp_path / "secret").write_text("no")
    editor = browser(world.actors["hq_editor"])
    kept, outside, gone = run_with("refused.csv"), run_with("../secret"), run_with("gone.csv")
    reply = editor.get(reverse("hq.import.refused", args=[kept.public_id]))
    assert b"".join(reply.streaming_content) == b"why"
    assert "attachment" in reply["Content-Disposition"]
    for run in (outside, gone):
        assert editor.get(reverse("hq.import.refused", args=[run.public_id])).status_code == 404


def test_the_sentence_about_a_candidate_is_said_once(world):
    with clock.held(clock.now() + timedelta(days=21)):
        _, person = candidate(world)
        page = browser(world.actors["admin"]).get(reverse("hq.person", args=[person]))
        told = page.context["told"]
        assert told.candidate
        assert told.said_step in ("", told.said)
        assert page.content.decode().count(told.said) == 1


def test_from_candidate_to_the_inner_ring_by_pages(world):
    with clock.held(clock.now() + timedelta(days=21)):
        member, person = candidate(world)
        told = ring_queries.explain(JOB, person)
        assert told.candidate, [(line.gate, line.value, line.bar) for line in told.gates if not line.met]
        admin, champion = browser(world.actors["admin"]), browser(world.actors["champion"])
        taken = world.document["regions"][0]["stores"][0]["members"][2]["id"]  # the one seat of the store
        admin.post(reverse("hq.person.release", args=[taken]))
        assert any(todo.badge == "可邀请" for todo in admin.get("/hq/").context["todos"])
        assert "可邀请" in champion.get("/champion/").content.decode()
        assert (
            champion.post(
                reverse("hq.person.invite", args=[person]), {"reason": "每次都早来帮忙"}
            ).status_code
            == 302
        )
        assert "邀请中" in champion.get("/champion/").content.decode()
        mine = browser(member)
        assert "愿意" in mine.get("/member/").content.decode()
        assert mine.post("/member/invitation/", {"answer": "accept"})["Location"] == "/member/"
        # a named human's word and her yes are there, gates and a seat hold: nothing is left to confirm
        assert not any(todo.badge == "待确认" for todo in admin.get("/hq/").context["todos"])
        page = admin.get(f"/hq/people/{person}/")
        assert str(page.context["told"].placed.ring) == "inner"
        assert not page.context["inwards"]


def test_an_override_is_set_and_given_back(world):
    person = world.document["regions"][0]["stores"][0]["members"][0]["id"]
    admin = browser(world.actors["admin"])
    until = (clock.business_day(clock.now()) + timedelta(days=30)).isoformat()
    sent = {"ring": "middle", "reason": "care", "until": until}
    assert admin.post(reverse("hq.person.override", args=[person]), sent).status_code in {302, 409}
    assert admin.post(reverse("hq.person.release", args=[person])).status_code in {302, 409}
