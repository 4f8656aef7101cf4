"""The pages after an event through Django's client: the second editor's 412 with both texts, photos and who may fetch them, one score."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from access.actors import HERE, JOB, browser, standing_world
from access.things import event_photo, my_photo, my_survey, over_event, shown_photo
from events.factories import published
from foundation.media import corpus
from tongxin.events.models import Photo, PhotoPlace, SurveyInvite
from tongxin.kits import actions as kits
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
def world(standing, settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path
    made = {name: dict(kept) for name, kept in standing.made.items() if isinstance(kept, dict)}
    with transaction.atomic():
        yield standing
        transaction.set_rollback(True)
    standing.made.clear()
    standing.made.update(made)


def shop_of(world):
    return stores.access_store(JOB, world.store(HERE)["id"])


SAID = {"went_well": "第一炉", "to_change": "多备围裙", "said_by_guests": "还来"}


def text_of(reply):
    return reply.content.decode()


def test_of_two_editors_the_second_gets_412_and_reads_both_texts(world):
    champion, path = (
        browser(world.actors["champion"]),
        f"/champion/events/{over_event(world, world.actors['champion']).own}",
    )
    assert "三个问题" in text_of(champion.get(f"{path}/after/"))
    assert champion.post(f"{path}/review/", SAID | {"version": "0"}).status_code == 302
    late = champion.post(f"{path}/review/", SAID | {"version": "0", "to_change": "换烤盘"})
    assert late.status_code == 412
    assert "多备围裙" in text_of(late)
    assert "换烤盘" in text_of(late)
    assert champion.post(f"{path}/review/", SAID | {"version": "1", "to_change": "换烤盘"}).status_code == 302
    assert "换烤盘" in text_of(browser(world.actors["hq_editor"]).get("/hq/feedback/"))


def test_the_group_is_read_by_those_who_came_only(world):
    event = over_event(world, world.actors["champion"]).own
    champion = browser(world.actors["champion"])
    bad = champion.post(
        f"/champion/events/{event}/follow-up/", {"text": "群", "url": "http://x.example", "version": "0"}
    )
    assert (bad.status_code, "https" in text_of(bad)) == (422, True)
    champion.post(
        f"/champion/events/{event}/follow-up/",
        {"text": "家长群", "url": "https://example.com/g", "version": "0"},
    )
    assert "https://example.com/g" in text_of(
        browser(world.actors["member_outer"]).get(f"/m/events/{event}/")
    )
    assert "https://example.com/g" not in text_of(Client().get(f"/m/events/{event}/"))


def test_a_photo_from_the_phone_to_the_member_and_back(world):
    event = over_event(world, world.actors["champion"]).own
    champion, member = browser(world.actors["champion"]), browser(world.actors["member_outer"])
    data = corpus.saved(corpus.gradient("RGB"), "JPEG", exif=corpus.exif(), comment=corpus.MARK)
    sent = SimpleUploadedFile("IMG_1.jpg", data, "image/jpeg")
    assert (
        champion.post(f"/champion/events/{event}/photos/", {"photo": sent, "moment": "after"}).status_code
        == 302
    )
    photo = Photo.objects.latest("id")
    path = f"/champion/photos/{photo.public_id}"
    assert member.get(f"/photos/{photo.public_id}/").status_code == 404
    page = text_of(champion.get(f"{path}/"))
    assert "还没说照片里有谁" in page
    refused = champion.post(f"{path}/state/", {"state": "public", "version": "1"})
    assert refused.status_code == 409
    guest = page.split('name="guest" value="')[1].split('"')[0]
    assert champion.post(f"{path}/seen/", {"guest": guest, "version": "1"}).status_code == 302
    assert champion.post(f"{path}/seen/", {"guest": guest, "version": "1"}).status_code == 412
    reply = champion.get(f"/photos/{photo.public_id}/")
    kept = b"".join(reply.streaming_content)
    assert corpus.MARK not in kept
    assert (reply["X-Content-Type-Options"], reply["Cache-Control"], reply["Content-Type"]) == (
        "nosniff",
        "private, no-store",
        "image/jpeg",
    )
    assert "我的照片" in text_of(member.get("/m/photos/"))


def test_what_is_public_may_be_kept_a_minute_by_a_cache_and_nothing_else(world):
    key = shown_photo(world, world.actors["champion"]).own
    reply = Client().get(f"/photos/{key}/")
    assert (reply.status_code, reply["Cache-Control"]) == (200, "public, max-age=60, must-revalidate")
    assert browser(world.actors["champion"]).get(f"/photos/{key}/")["Cache-Control"] == "private, no-store"
    Photo.objects.filter(public_id=key).update(state="private")
    assert (reply := Client().get(f"/photos/{key}/")).status_code == 404
    assert reply["Cache-Control"] == "private, no-store"


def test_a_member_agrees_use_by_use_and_takes_all_back_in_one_tap(world):
    actor = world.actors["member_outer"]
    key, member = my_photo(world, actor).own, browser(actor)
    assert member.post(f"/m/photos/{key}/", {"use": "public", "granted": "yes"}).status_code == 302
    page = text_of(member.get("/m/photos/"))
    assert page.count('value="no"') == 2  # the group and public; not yet adverts
    assert member.post("/m/photos/withdraw/").status_code == 302
    assert 'value="no"' not in text_of(member.get("/m/photos/"))
    assert member.post(f"/m/photos/{key}/", {"use": "everywhere", "granted": "yes"}).status_code == 404


def child_photo(world):
    """A photo in which a child is seen, agreed to by nobody: as far in as it goes."""
    key = event_photo(world, world.actors["champion"]).own
    Photo.objects.filter(public_id=key).update(state="private", child_visible=True)
    return key


def test_the_shelf_of_headquarters_moves_a_photo_and_a_child_without_a_file_stays(world):
    editor = browser(world.actors["hq_editor"])
    key = event_photo(world, world.actors["champion"]).own
    version = Photo.objects.get(public_id=key).version
    page = text_of(editor.get("/hq/photos/"))
    assert f"/photos/{key}/" in page
    moved = editor.post(f"/hq/photos/{key}/", {"state": "advert", "version": str(version)})
    assert (moved.status_code, Photo.objects.get(public_id=key).state) == (302, "advert")
    kit = kits.seed(viewer=JOB)[0]
    for step, n in (("show", 1), ("hide", 0)):
        editor.post(f"/hq/photos/{key}/", {"step": step, "place": f"kit:{kit.code}"})
        assert PhotoPlace.objects.filter(photo__public_id=key).count() == n
    # a child is seen: no state, no time, no kit's shelf, no other event, by any face
    kept = child_photo(world)
    for face in ("hq", "champion"):
        path = f"/hq/photos/{kept}/" if face == "hq" else f"/champion/photos/{kept}/state/"
        who = editor if face == "hq" else browser(world.actors["champion"])
        soon = {"day": "2026-04-11", "time": "10:00"}
        for state in ("group", "public", "advert"):
            for when in ({}, soon):
                assert who.post(path, {"state": state} | when).status_code == 409, (face, state)
        place = f"kit:{kit.code}" if face == "hq" else f"event:{published(shop_of(world)).public_id}"
        assert who.post(path, {"step": "show", "place": place}).status_code == 409, face
    stands = Photo.objects.get(public_id=kept)
    assert (stands.state, stands.later) == ("private", "")
    assert not PhotoPlace.objects.exists()


def test_a_champion_sets_a_time_and_shows_a_public_photo_at_another_event(world):
    champion, key = browser(world.actors["champion"]), event_photo(world, world.actors["champion"]).own
    path, other = f"/champion/photos/{key}/state/", published(shop_of(world), title="下一炉")
    assert champion.post(path, {"state": "public", "day": "2026-04-11", "time": "10:00"}).status_code == 302
    assert Photo.objects.get(public_id=key).later == "public"
    assert champion.post(path, {"state": "private"}).status_code == 302  # no time any more
    assert Photo.objects.get(public_id=key).later == ""
    champion.post(path, {"state": "public"})
    assert "下一炉" in text_of(champion.get(f"/champion/photos/{key}/"))
    assert champion.post(path, {"step": "show", "place": f"event:{other.public_id}"}).status_code == 302
    assert f"/photos/{key}/" in text_of(Client().get(f"/m/events/{other.public_id}/"))
    assert champion.post(path, {"step": "hide", "place": f"event:{other.public_id}"}).status_code == 302
    assert f"/photos/{key}/" not in text_of(Client().get(f"/m/events/{other.public_id}/"))
    for bad in ({"state": "everywhere"}, {"step": "show", "place": "event:x"}, {"step": "show", "place": ""}):
        assert champion.post(path, bad).status_code in {404, 422}


def test_the_shelf_asks_as_much_for_three_photos_as_for_one(world):
    editor, counted = browser(world.actors["hq_editor"]), []
    for _ in range(3):
        event_photo(world, world.actors["champion"])
        world.made.pop("photos", None)
        editor.get("/hq/photos/")
        with CaptureQueriesContext(connection) as asked:
            editor.get("/hq/photos/")
        counted.append(len(asked))
    assert counted[0] == counted[1] == counted[2]


def test_a_score_in_two_taps_and_only_once(world):
    actor = world.actors["member_outer"]
    key, member = my_survey(world, actor).own, browser(actor)
    page = text_of(member.get(f"/m/surveys/{key}/"))
    assert page.count('type="radio"') == 11
    assert page.count("<button") - page.count("disabled") >= 1
    assert member.post(f"/m/surveys/{key}/", {"score": "eleven"}).status_code == 422
    assert member.post(f"/m/surveys/{key}/", {"score": "10"}).status_code == 302
    assert member.post(f"/m/surveys/{key}/", {"score": "0"}).status_code == 409
    assert SurveyInvite.objects.get(public_id=key).score == 10
    assert "10" in text_of(member.get(f"/m/surveys/{key}/"))
    event = SurveyInvite.objects.get(public_id=key).survey.occurrence.public_id
    document = Client().get(f"/m/surveys/{event}/document.json").json()
    assert document["schema"] == "tongxin.draw/1"
    assert world.store(HERE)["members"][0]["id"] not in str(document)
