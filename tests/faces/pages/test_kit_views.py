"""The pages of kits through Django's client: writing, releasing, two people at once, adopting, upgrading, reporting, recalling."""

import pytest
from django.db import transaction
from django.urls import reverse

from access.actors import HERE, JOB, browser, standing_world
from kits.kitchen import cooked, released
from tongxin.events.models import Occurrence, Pool
from tongxin.kits import actions
from tongxin.kits.models import Draft, Instance, Kit, Offer, Recall, StepReport, Version

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


@pytest.fixture
def editor(world):
    return browser(world.actors["hq_editor"])


@pytest.fixture
def champion(world):
    return browser(
        next(actor for actor in world.actors.values() if actor.role == "champion" and actor.home == HERE)
    )


def rows(part, **more):
    """The rows of a part of the small kit as its form sends them."""
    sent = {"part": part}
    for row in Draft.objects.get().content[part]:
        sent |= {f"{row['key']}.{name}": str(value) for name, value in row.items() if name != "key"}
    return sent | more


def send(client, kit, more, revision=1):
    return client.post(reverse("hq.kit.change", args=[kit.public_id]), more | {"revision": str(revision)})


def test_a_kit_is_begun_with_a_name_and_a_code(editor):
    reply = editor.post(reverse("hq.kits"), {"title": "读书会", "code": "book-club"})
    kit = Kit.objects.get()
    assert (reply.status_code, reply["Location"]) == (302, reverse("hq.kit", args=[kit.public_id]))
    assert "读书会" in editor.get(reply["Location"]).content.decode()
    again = editor.post(reverse("hq.kits"), {"title": "读书会", "code": "book-club"})
    assert (again.status_code, "已有代号为“book-club”" in again.content.decode()) == (409, True)


def test_the_starter_kits_are_put_there_by_one_button(editor):
    editor.post(reverse("hq.kits"), {"do": "seed"})
    assert Kit.objects.count() == 5
    page = editor.get(
        reverse("hq.kit", args=[Kit.objects.get(code="little-baker").public_id])
    ).content.decode()
    assert "周末带娃去哪儿" in page
    assert "¥286.44" in page  # what the materials of twelve places come to


def test_a_row_is_added_changed_and_taken_out(editor):
    kit = cooked()
    reply = send(
        editor,
        kit,
        rows(
            "outline",
            **{"dough.title": "揉面", "story.gone": "yes", "new.title": "装盒", "new.minutes": "10"},
        ),
    )
    assert reply.status_code == 302
    outline = Draft.objects.get().content["outline"]
    assert [(row["key"], row["title"], row["minutes"]) for row in outline] == [
        ("dough", "揉面", 40),
        ("outline1", "装盒", 10),
    ]
    assert "outline.story.note" not in Draft.objects.get().content["allow"]


def test_money_is_typed_in_yuan_and_a_wrong_number_keeps_what_was_typed(editor):
    kit = cooked()
    assert send(editor, kit, rows("materials", **{"flour.pack_fen": "12.50"})).status_code == 302
    assert Draft.objects.get().content["materials"][0]["pack_fen"] == 1250
    reply = send(editor, kit, rows("materials", **{"flour.pack_fen": "一块"}), 2)
    assert (reply.status_code, 'value="一块"' in reply.content.decode()) == (422, True)


def test_what_stores_may_do_is_opened_and_closed(editor):
    kit = cooked()
    sent = {
        "part": "allow",
        "places.rule": "range",
        "places.least": "6",
        "places.most": "20",
        "new.path": "summary",
        "new.rule": "free",
    }
    send(editor, kit, sent)
    assert Draft.objects.get().content["allow"] == {
        "places": {"rule": "range", "least": 6, "most": 20},
        "summary": {"rule": "free"},
    }


def test_the_second_of_two_people_sees_both_texts(editor):
    kit = cooked()
    send(editor, kit, rows("outline", **{"dough.title": "揉面团"}))
    reply = send(editor, kit, rows("outline", **{"dough.title": "和一和"}), 1)
    page = reply.content.decode()
    assert reply.status_code == 412
    assert 'value="和一和"' in page
    assert "现在写的是：揉面团" in page
    assert Draft.objects.get().content["outline"][0]["title"] == "揉面团"


def test_a_release_is_refused_for_a_forbidden_word_until_it_is_recorded(editor):
    kit = cooked(summary="一堂国家级的亲子课。")
    reply = editor.post(reverse("hq.kit.release", args=[kit.public_id]), {"revision": "1"})
    assert (reply.status_code, "国家级" in reply.content.decode()) == (422, True)
    editor.post(reverse("hq.kit.allow_word", args=[kit.public_id]), {"word": "国家级", "why": "奖项原名"})
    reply = editor.post(
        reverse("hq.kit.release", args=[kit.public_id]), {"revision": "1", "everywhere": "yes"}
    )
    assert reply.status_code == 302
    assert (Version.objects.get().number, Kit.objects.get().everywhere) == (1, True)


def test_a_champion_takes_a_kit_changes_what_is_allowed_and_upgrades(world, champion):
    version = released()
    kit = version.kit
    page = champion.get(reverse("champion.kit", args=[kit.public_id])).content.decode()
    assert "范围：8～16" in page
    reply = champion.post(
        reverse("champion.kit", args=[kit.public_id]),
        {"key": "k1", "day": "2026-04-11", "time": "10:00", "places": "20"},
    )
    assert (reply.status_code, "8～16" in reply.content.decode()) == (422, True)
    assert not Instance.objects.exists()
    reply = champion.post(
        reverse("champion.kit", args=[kit.public_id]),
        {"key": "k1", "day": "2026-04-11", "time": "10:00", "places": "9"},
    )
    event = Occurrence.objects.get(kit=kit.code)
    assert reply["Location"] == reverse("champion.event", args=[event.public_id])
    assert Pool.objects.get(occurrence=event).size == 9
    instance = Instance.objects.get()
    address = reverse("champion.kit_instance", args=[instance.public_id])
    assert champion.get(reverse("champion.event.kit", args=[event.public_id]))["Location"] == address
    released(kit, places=14, title="烘焙师")
    page = champion.get(address).content.decode()
    assert "升级到 v2" in page
    assert "总部和本店都改了" in page
    sent = {"step": "upgrade", "version": "1"}
    assert champion.post(address, sent).status_code == 409
    assert champion.post(address, sent | {"choose.places": "mine"}).status_code == 302
    event.refresh_from_db()
    instance.refresh_from_db()
    assert (event.title, instance.version.number, instance.overrides["places"]) == ("烘焙师", 2, 9)


def test_one_tap_says_that_a_step_does_not_work_and_headquarters_answers(editor, champion):
    kit = released().kit
    tap = reverse("champion.kit.report", args=[kit.public_id])
    assert champion.post(tap, {"step": "outline.dough"}).status_code == 302
    assert champion.post(tap, {"step": "outline.dough"}).status_code == 302  # said once
    report = StepReport.objects.get()
    page = editor.get(reverse("hq.kit.reach", args=[kit.public_id])).content.decode()
    assert "1 条没答复" in page
    editor.post(reverse("hq.kit_report", args=[report.public_id]), {"answer": "改用折叠桌"})
    report.refresh_from_db()
    assert report.answer == "改用折叠桌"


def test_a_recall_is_read_by_the_champion(world, editor, champion):
    version = released()
    champion.post(
        reverse("champion.kit", args=[version.kit.public_id]),
        {"key": "k1", "day": "2026-04-11", "time": "10:00"},
    )
    editor.post(reverse("hq.kit_version.recall", args=[version.public_id]), {"reason": "糖霜批次有问题"})
    assert Recall.objects.get().reason == "糖霜批次有问题"
    assert "糖霜批次有问题" in champion.get(reverse("champion.today")).content.decode()
    page = champion.get(reverse("champion.kits"))
    warning = page.context["warnings"][0]
    champion.post(reverse("champion.kit_warning", args=[warning.public_id]))
    assert champion.get(reverse("champion.kits")).context["warnings"] == ()


def test_a_store_never_sees_a_draft_in_the_pages(world):
    manager = browser(next(actor for actor in world.actors.values() if actor.role == "store_manager"))
    kit = cooked()
    assert manager.get(reverse("hq.kit", args=[kit.public_id])).status_code == 404
    actions.release(viewer=JOB, kit_id=kit.public_id, revision=1)
    page = manager.get(reverse("hq.kit", args=[kit.public_id]))
    assert page.status_code == 200
    assert "改草稿" not in page.content.decode()


# ---- giving a kit to stores, what an event cost, the poster before there is an event


def test_a_kit_is_given_to_a_region_and_then_to_all(world, editor):
    kit = released(cooked(everywhere=False)).kit
    path = reverse("hq.kit.reach", args=[kit.public_id])
    before = editor.get(path)
    assert [(one.offered, one.adopted) for one in before.context["roll"].coverage] == []
    wanted = before.context["regions"][0]
    send = reverse("hq.kit.offer", args=[kit.public_id])
    assert editor.post(send, {"to": "region", "region": str(wanted.public_id)})["Location"] == path
    after = editor.get(path)
    assert "又发到 3 家店。" in after.content.decode()
    assert [(one.name, one.offered) for one in after.context["roll"].coverage] == [(wanted.name, 3)]
    assert {kind: n for kind, _, n in after.context["tile_words"]} == {"offered": 3, "none": 3}
    editor.post(send, {"to": "everywhere"})
    assert {kind: n for kind, _, n in editor.get(path).context["tile_words"]} == {"offered": 6}
    editor.post(send, {"to": "named"})
    kit.refresh_from_db()
    assert not kit.everywhere


def test_a_region_that_nobody_chose_is_refused_where_it_stands(editor):
    kit = released(cooked(everywhere=False)).kit
    reply = editor.post(reverse("hq.kit.offer", args=[kit.public_id]), {"to": "region", "region": "?"})
    assert reply.status_code == 422
    assert "请选一项" in reply.content.decode()
    assert not Offer.objects.exists()


def drafted_from_kit(champion):
    kit = released().kit
    champion.post(
        reverse("champion.kit", args=[kit.public_id]), {"key": "k1", "day": "2026-04-01", "time": "10:00"}
    )
    return Occurrence.objects.get(kit=kit.code)


@pytest.mark.parametrize("face", ["champion", "hq"])
def test_what_an_event_cost_is_written_down_beside_the_plan(world, editor, champion, face):
    event = drafted_from_kit(champion)
    who, path = (
        (champion if face == "champion" else editor),
        reverse(f"{face}.event.costs", args=[event.public_id]),
    )
    page = who.get(path).content.decode()
    assert all(one in page for one in ("¥98.64", "还没记", "面粉"))
    sent = {"flour.quantity": "2200", "flour.yuan": "21.5", "icing.quantity": "", "icing.yuan": ""}
    assert who.post(path, sent)["Location"] == path
    bill = who.get(path).context["bill"]
    assert [(line.key, line.used, line.actual_fen) for line in bill.lines] == [
        ("flour", 2200, 2150),
        ("icing", None, None),
    ]
    for typed in (
        {"flour.quantity": "many"},
        {"flour.yuan": "x", "flour.quantity": ""},
        {"gold.quantity": "1"},
        {},
    ):
        reply = who.post(path, typed)
        assert reply.status_code == 422, typed
    assert who.get(path).context["bill"].actual_fen == 2150


def test_the_poster_of_a_kit_in_every_template_before_there_is_an_event(editor, champion, settings, tmp_path):
    settings.HOME = tmp_path
    kit = released().kit
    page = editor.get(reverse("hq.kit", args=[kit.public_id]) + "?show=poster").content.decode()
    for key in ("family", "calm"):
        path = reverse("hq.kit.poster", args=[kit.public_id, key])
        assert path in page
        reply = editor.get(path)
        assert (reply.status_code, reply.content[:4]) == (200, b"\x89PNG")
    assert page.count("<figure>") == 4
    assert champion.get(reverse("champion.kit.poster", args=[kit.public_id, "market"])).status_code == 200
    assert editor.get(reverse("hq.kit.poster", args=[kit.public_id, "neon"])).status_code == 404


def test_the_editor_compares_with_the_last_version_and_names_the_words_of_the_law(editor):
    kit = released().kit
    send(editor, kit, rows("warmup", **{"teaser.text": "国家级的 {门店}"}))
    page = editor.get(reverse("hq.kit", args=[kit.public_id]))
    text = page.content.decode()
    assert [one.path for one in page.context["diff"]] == ["warmup.teaser.text"]
    assert "与 v1 对比" in text
    assert "《广告法》第九条" in text
    actions.record_exception(viewer=JOB, kit_id=kit.public_id, word="国家级", why="奖项原名")
    after = editor.get(reverse("hq.kit", args=[kit.public_id])).content.decode()
    assert "《广告法》第九条" not in after
    assert "奖项原名" in after
