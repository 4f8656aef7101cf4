"""Photos of an event: who may add and see them, what each step refuses, what a no does at once, what is served and what goes."""

import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from events.after_setup import After, staff
from events.factories import drafted
from foundation.media import corpus
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, queries
from tongxin.events.models import Photo, PhotoAnswer, PhotoSeen
from tongxin.events.queries import photos as reading
from tongxin.events.terms_after import LADDER, PhotoState
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture
from tongxin.people import actions as people
from tongxin.people.models import Consent
from tongxin.people.terms import Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
PRIVATE, GROUP, PUBLIC, ADVERT = LADDER


@pytest.fixture(autouse=True)
def _folder(settings, tmp_path):
    settings.TONGXIN_MEDIA = tmp_path


def refusal(act, *args, **given):
    with pytest.raises(Refused) as refused:
        act(*args, **given)
    return refused.value.code


def state(photo):
    return Photo.objects.get(pk=photo.pk).state


def move(after, photo, to, **more):
    return actions.set_photo_state(
        viewer=more.pop("viewer", after.champion), photo_id=photo.public_id, state=to, **more
    )


def out(after, to=PUBLIC, child=True):
    """A photo of guest 0 and (unless said otherwise) their child, as far out as said."""
    photo = after.photo()
    after.seen(photo, people=[0], children=[0] if child else [])
    after.yes(photo, 0, to)
    if child:
        after.yes(photo, 0, to, child=True)
    move(after, photo, to)
    return photo


# ---- coming in, being served


def test_a_childs_photo_with_a_place_in_it_is_served_without_and_the_original_is_nowhere(noon, tmp_path):
    after = After(1, families=1)
    data = corpus.saved(corpus.gradient("RGB"), "JPEG", exif=corpus.exif(), comment=corpus.MARK)
    assert corpus.MARK in data
    photo = actions.add_photo(
        viewer=after.champion, event_id=after.event.public_id, data=data, caption="第一炉"
    )
    assert (photo.state, photo.child_visible, photo.seen_at) == ("private", True, None)
    after.seen(photo, people=[0], children=[0])
    for to in (PRIVATE, ADVERT):
        if to is ADVERT:
            after.yes(photo, 0, ADVERT)
            after.yes(photo, 0, ADVERT, child=True)
            move(after, photo, ADVERT)
        served = queries.photo_file(after.champion, photo.public_id)
        kept = served.path.read_bytes()
        assert corpus.MARK not in kept
        assert b"Exif" not in kept
        picture = Image.open(io.BytesIO(kept))
        assert (dict(picture.getexif()), "comment" in picture.info) == ({}, False)
        assert served.public == (to is ADVERT)
    assert [f.read_bytes() for f in tmp_path.rglob("*") if f.is_file()] == [kept]
    actions.remove_photo(viewer=after.champion, photo_id=photo.public_id, reason="糊了")
    assert [f for f in tmp_path.rglob("*") if f.is_file()] == [kept] or not Picture.objects.exists()
    assert refusal(queries.photo_file, after.champion, photo.public_id) == "absent"
    assert not PhotoSeen.objects.exists()


def test_what_adding_refuses_and_then_no_picture_is_kept(noon):
    after = After(1)
    given = {"viewer": after.champion, "event_id": after.event.public_id, "data": b"<svg/>"}
    draft = drafted(after.store)
    for code, more in [
        ("media.not_an_image", {}),
        ("input.bad", {"caption": "长" * 81}),
        ("events.state", {"event_id": draft.public_id}),
        ("absent", {"viewer": staff(StoreFactory())}),
        ("absent", {"viewer": staff(after.store, Role.DOOR)}),
        ("absent", {"viewer": after.viewers[0]}),
    ]:
        assert refusal(actions.add_photo, **(given | more)) == code
    Photo.objects.bulk_create(
        [Photo(occurrence=after.event, added_at=noon, added_by="t", name=f"{n}") for n in range(60)]
    )
    assert refusal(actions.add_photo, **given) == "events.photos_many"
    assert not Picture.objects.exists()


@pytest.mark.parametrize("to", LADDER)
def test_who_sees_a_photo_in_each_state(noon, monkeypatch, to):
    after = After(2)
    photo = out(after, to, child=False) if to is not PRIVATE else after.photo()
    if to is PRIVATE:
        after.seen(photo, people=[0])
    monkeypatch.setattr(
        reading.media, "picture", lambda name: type("S", (), {"path": "p", "content_type": "c"})
    )
    registered = member_viewer(CustomerFactory())
    actions.register(viewer=registered, event_id=after.event.public_id)  # had a place and did not come
    sees = {
        "champion": after.champion,
        "seen": after.viewers[0],
        "guest": after.viewers[1],
        "no show": registered,
        "member": member_viewer(CustomerFactory()),
        "door": staff(after.store, Role.DOOR),
        "other champion": staff(StoreFactory()),
        "nobody": ANONYMOUS,
    }
    found = {
        name
        for name, viewer in sees.items()
        if not _absent(lambda viewer=viewer: queries.photo_file(viewer, photo.public_id))
    }
    inner = {PRIVATE: {"champion", "seen"}, GROUP: {"champion", "seen", "guest"}}
    assert found == inner.get(to, set(sees))


def _absent(act):
    try:
        act()
    except Refused as refused:
        return refused.code == "absent"
    return False


# ---- saying who is seen


def test_only_who_was_there_can_be_named(noon):
    after, other = After(1, families=1), After(1, families=1)
    photo = after.photo()
    given = {"viewer": after.champion, "photo_id": photo.public_id, "child_visible": False}
    stranger = actions.register(viewer=member_viewer(CustomerFactory()), event_id=other.event.public_id)
    seat, elsewhere = after.seats[0].public_id, other.seats[0].public_id
    for more in (
        {"registrations": [elsewhere]},
        {"registrations": [stranger.public_id]},
        {"children": [(seat, other.children[0])]},
        {"children": [(elsewhere, after.children[0])]},
    ):
        assert refusal(actions.say_seen, **given, **more) == "events.photo_not_seen_there"
    assert refusal(actions.say_seen, **(given | {"viewer": other.champion})) == "absent"
    assert refusal(actions.say_seen, **given, version=9) == "edit.stale"
    assert not PhotoSeen.objects.exists()


def test_naming_a_child_later_pulls_a_public_photo_back_at_once(noon):
    after = After(1, families=1)
    photo = out(after, ADVERT, child=False)
    after.seen(photo, people=[0], children=[0])
    assert state(photo) == "private"
    after.yes(photo, 0, PUBLIC, child=True)
    assert state(photo) == "private"  # nothing goes out by itself
    move(after, photo, PUBLIC)
    assert state(photo) == "public"


def test_control_a_child_who_is_visible_cannot_be_put_out_by_anybody_not_even_in_sql(noon):
    after = After(1, families=1)
    photo = after.photo()
    after.seen(photo, people=[0], children=[0])
    after.yes(photo, 0, ADVERT)
    file = Consent.objects.filter(purpose="photo", companion=None).last()
    for said in (
        {},
        {"guardian_file": file},
        {"guardian_file": file, "seen_at": noon},
        {"child_visible": False},
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            Photo.objects.filter(pk=photo.pk).update(state="public", **said)
    after.yes(photo, 0, PUBLIC, child=True)
    file = Consent.objects.filter(companion=after.children[0], purpose="photo").last()
    Photo.objects.filter(pk=photo.pk).update(
        state="public", guardian_file=file
    )  # with the file the database has no objection
    with pytest.raises(IntegrityError), transaction.atomic():
        PhotoSeen.objects.filter(photo=photo).delete()


# ---- consent


def test_the_guardians_file_is_a_consent_that_only_the_guardian_can_give(noon):
    after = After(2, families=1)
    photo = after.photo()
    after.seen(photo, people=[1], children=[0])
    given = {"photo_id": photo.public_id, "use": PUBLIC, "granted": True, "companion": after.children[0]}
    for viewer in (after.champion, after.viewers[1], ANONYMOUS, TESTS):
        assert refusal(actions.answer_photo, viewer=viewer, **given) == "absent"
    after.yes(photo, 1, PUBLIC)
    refused = None
    try:
        move(after, photo, PUBLIC)
    except Refused as found:
        refused = found
    assert (refused.code, refused.data["reason"], refused.data["missing"]) == (
        "events.photo_consent",
        "no_file",
        1,
    )
    actions.answer_photo(viewer=after.viewers[0], **given)
    file = Consent.objects.get(companion=after.children[0], purpose="photo")
    assert (file.granted, file.customer_id, file.notice_version) == (True, after.members[0].pk, "photo/1")
    move(after, photo, PUBLIC)
    assert Photo.objects.get(pk=photo.pk).guardian_file_id == file.pk
    assert refusal(move, after, photo, ADVERT) == "events.photo_consent"
    answers = PhotoAnswer.objects.filter(companion=after.children[0])
    assert sorted(answers.values_list("use", flat=True)) == ["group", "public"]


def test_a_no_to_one_use_pulls_the_photo_back_in_the_same_breath(noon):
    after = After(1, families=1)
    photo = out(after, ADVERT)
    after.yes(photo, 0, ADVERT, child=True, granted=False)
    assert state(photo) == "public"
    after.yes(photo, 0, GROUP, granted=False)
    assert state(photo) == "private"
    reasons = [
        (row.reason, row.after)
        for row in Entry.objects.filter(act="events.photo_state_changed").order_by("id")
    ]
    assert [reason for reason, _ in reasons] == ["", "consent_withdrawn", "consent_withdrawn"]


def at_all(after, n, companion=None):
    people.set_consent(
        viewer=after.viewers[n],
        customer=after.members[n],
        purpose=Purpose.PHOTO,
        granted=False,
        notice_version="privacy/1",
        channel="member_page",
        companion=companion,
    )


def test_a_no_on_the_privacy_page_holds_before_any_job_has_run_and_is_not_undone_by_a_later_yes_elsewhere(
    noon,
):
    after = After(2)
    one, two = out(after, PUBLIC, child=False), out(after, PUBLIC, child=False)
    actions.show_photo(
        viewer=after.champion, photo_id=one.public_id, event_id=After(1, store=after.store).event.public_id
    )
    at_all(after, 0)
    assert state(one) == "public"  # as kept; but nothing shows it:
    assert reading.visible(list(Photo.objects.all()), GROUP) == []
    assert refusal(queries.photo_file, ANONYMOUS, one.public_id) == "absent"
    assert queries.wall(after.viewers[1], after.event.public_id) == []
    assert {line.state for line in queries.photos_of(after.champion, after.event.public_id)} == {PRIVATE}
    after.yes(two, 0, PUBLIC)  # says yes again, to this one
    assert refusal(queries.photo_file, ANONYMOUS, one.public_id) == "absent"
    assert actions.settle_photos(viewer=TESTS) == 1
    assert (state(one), state(two)) == ("private", "public")
    assert actions.settle_photos(viewer=TESTS, everything=True) == 0


def test_control_going_by_the_kept_state_alone_would_show_it(noon, monkeypatch):
    after = After(1)
    photo = out(after, PUBLIC, child=False)
    at_all(after, 0)
    monkeypatch.setattr(reading, "allowed", lambda sight, use: True)
    assert [one.public_id for one in queries.wall(ANONYMOUS, after.event.public_id)] == [photo.public_id]


def test_one_tap_takes_all_photos_back(noon):
    after = After(1, families=1)
    photos = [out(after, PUBLIC), out(after, ADVERT, child=False)]
    assert actions.withdraw_photos(viewer=after.viewers[0]) == 2
    assert [state(one) for one in photos] == ["private", "private"]
    assert [one.uses for one in queries.my_photos(after.viewers[0])] == [(), (), ()]


def test_my_photos_are_mine_and_my_childs(noon):
    after = After(2, families=1)
    photo = out(after, PUBLIC)
    mine = queries.my_photos(after.viewers[0])
    assert sorted((one.child, one.uses, one.state) for one in mine) == [
        ("", (GROUP, PUBLIC), PUBLIC),
        ("小豆", (GROUP, PUBLIC), PUBLIC),
    ]
    assert queries.my_photos(after.viewers[1]) == []
    assert refusal(queries.my_photos, after.champion) == "absent"
    assert photo.public_id == mine[0].public_id


# ---- moving, scheduling, other places


def test_moving_asks_for_version_and_reach(noon):
    after = After(1)
    photo = out(after, PUBLIC, child=False)
    assert refusal(move, after, photo, GROUP, version=1) == "edit.stale"
    assert refusal(move, after, photo, GROUP, viewer=staff(StoreFactory())) == "absent"
    assert refusal(move, after, photo, GROUP, viewer=after.viewers[0]) == "absent"
    move(after, photo, GROUP, version=Photo.objects.get(pk=photo.pk).version)
    assert state(photo) == "group"


def test_a_scheduled_photo_is_asked_about_again_when_its_time_has_come(noon):
    after = After(1)
    photo = out(after, GROUP, child=False)
    after.yes(photo, 0, ADVERT)
    assert refusal(move, after, photo, ADVERT, at=noon) == "events.photo_past"
    move(after, photo, ADVERT, at=noon + timedelta(hours=1))
    after.yes(photo, 0, ADVERT, granted=False)
    assert actions.move_photos_due(viewer=TESTS) == 0
    with clock.held(noon + timedelta(hours=1)):
        assert actions.move_photos_due(viewer=TESTS) == 1
    found = Photo.objects.get(pk=photo.pk)
    assert (found.state, found.later) == ("public", "")


def test_another_place_only_points_and_falls_with_the_photo(noon):
    after = After(1)
    photo, other = out(after, GROUP, child=False), After(1, store=after.store)
    key = other.event.public_id
    given = {"viewer": after.champion, "photo_id": photo.public_id}
    assert refusal(actions.show_photo, **given, event_id=key) == "events.photo_inwards"
    after.yes(photo, 0, ADVERT)
    move(after, photo, ADVERT)
    actions.show_photo(**given, event_id=key)
    actions.show_photo(**given, event_id=key)
    assert refusal(actions.show_photo, **given, kit="baker") == "absent"  # a kit's shelf is headquarters'
    assert refusal(actions.show_photo, **given) == "events.photo_place"
    assert refusal(actions.show_photo, **given, event_id=After(1).event.public_id) == "absent"
    assert [one.public_id for one in queries.wall(ANONYMOUS, key)] == [photo.public_id]
    after.yes(photo, 0, PUBLIC, granted=False)
    assert queries.wall(ANONYMOUS, key) == []
    actions.hide_photo(**given, event_id=key)


# ---- going


def test_thirty_days_after_a_childs_photo_goes_unless_the_file_lasts(noon):
    after = After(1, families=1)
    with_file, without, unsaid, biscuits = out(after, GROUP), after.photo(), after.photo(), after.photo()
    after.seen(without, people=[0], children=[0])
    after.seen(biscuits)
    over = after.event.ends_at + timedelta(days=31)
    with clock.held(over):
        assert actions.tidy_photos(viewer=TESTS) == 0
    with clock.held(over + timedelta(hours=1)):
        assert actions.tidy_photos(viewer=TESTS) == 2
    gone = Photo.objects.filter(gone_at__isnull=False)
    assert {one.pk for one in gone} == {without.pk, unsaid.pk}
    after.yes(with_file, 0, GROUP, child=True, granted=False)
    with clock.held(over + timedelta(days=1)):
        assert actions.tidy_photos(viewer=TESTS) == 1
    assert Photo.objects.filter(gone_at=None).get() == biscuits


def test_photos_of_somebody_erased_go(noon):
    after = After(2)
    mine, others = out(after, PUBLIC, child=False), after.photo()
    after.seen(others, people=[1])
    people.erase(viewer=TESTS, customer=after.members[0], reason="asked")
    assert Photo.objects.get(pk=mine.pk).gone_at is not None
    assert Photo.objects.get(pk=others.pk).gone_at is None
    assert not PhotoSeen.objects.filter(person=after.members[0]).exists()


def test_a_list_costs_the_same_however_long(noon, django_assert_num_queries):
    after = After(2, families=1)
    out(after, GROUP)
    with django_assert_num_queries(7):
        assert len(queries.photos_of(after.champion, after.event.public_id)) == 1
    out(after, PUBLIC)
    out(after, ADVERT)
    with django_assert_num_queries(7):
        assert len(queries.photos_of(after.champion, after.event.public_id)) == 3


def test_control_states_are_the_four_of_the_page():
    assert tuple(PhotoState) == LADDER
