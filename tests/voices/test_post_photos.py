"""Photos of posts: newly painted, as far out as everybody seen agrees now, a child only with the guardian's file."""

import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from PIL import Image

from people.factories import CustomerFactory, member_viewer
from tongxin.events.terms_after import PhotoState
from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.foundation.media.models import Picture
from tongxin.foundation.media.queries import place
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.terms import Purpose
from tongxin.voices import actions, queries
from tongxin.voices.actions import photos
from tongxin.voices.models import Post, PostPhoto, PostPhotoAnswer
from voices.factories import TESTS, old_community, says, settled

pytestmark = pytest.mark.django_db


def jpeg():
    """A photo as a phone gives it, with a place in its metadata."""
    out = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "GPS-SECRET"
    Image.new("RGB", (64, 48), (214, 150, 92)).save(out, "JPEG", exif=exif)
    return out.getvalue()


def refused(code, act, **given):
    before = (PostPhoto.objects.count(), Picture.objects.count(), PostPhotoAnswer.objects.count())
    with pytest.raises(Refused) as caught:
        act(**given)
    after = (PostPhoto.objects.count(), Picture.objects.count(), PostPhotoAnswer.objects.count())
    assert (caught.value.code, after) == (code, before)


def seen_by(viewer, photo):
    try:
        queries.picture_file(viewer, photo.public_id)
    except Refused as no:
        return no.code
    return "seen"


@pytest.fixture
def group(noon):
    return old_community()


@pytest.fixture
def lin(group):
    return settled(group)


def test_a_photo_is_painted_anew_and_shown_in_the_community(group, lin):
    post = says(lin, group)
    photo = actions.add_photo(viewer=lin, post_id=post.public_id, data=jpeg(), show=True)
    assert b"GPS-SECRET" not in place(photo.name).read_bytes()
    card = queries.feed(settled(group), group.public_id).items[0]
    assert [(one.id, one.state) for one in card.photos] == [(photo.public_id, PhotoState.GROUP)]
    outside = member_viewer(CustomerFactory())
    assert (seen_by(lin, photo), seen_by(settled(group), photo), seen_by(outside, photo)) == (
        "seen",
        "seen",
        "absent",
    )


def test_without_a_yes_it_is_for_its_authors_eyes(group, lin):
    photo = actions.add_photo(viewer=lin, post_id=says(lin, group).public_id, data=jpeg())
    he = settled(group)
    assert (photo.state, seen_by(lin, photo), seen_by(he, photo), seen_by(TESTS, photo)) == (
        PhotoState.PRIVATE, "seen", "absent", "absent",
    )  # fmt: skip
    assert queries.feed(he, group.public_id).items[0].photos == ()
    refused("absent", actions.show_photo, viewer=he, photo_id=photo.public_id, state=PhotoState.GROUP)


def test_public_needs_the_photo_and_the_post(group, lin):
    outside = member_viewer(CustomerFactory())
    post = says(lin, group)
    photo = actions.add_photo(viewer=lin, post_id=post.public_id, data=jpeg(), show=True)
    actions.show_photo(viewer=lin, photo_id=photo.public_id, state=PhotoState.PUBLIC)
    assert seen_by(outside, photo) == "absent"
    actions.set_public(viewer=lin, post_id=post.public_id, granted=True)
    assert seen_by(outside, photo) == "seen"
    assert len(queries.public_feed(outside, group.public_id).items[0].photos) == 1
    actions.show_photo(viewer=lin, photo_id=photo.public_id, state=PhotoState.GROUP)
    assert (seen_by(outside, photo), queries.public_feed(outside, group.public_id).items[0].photos) == (
        "absent",
        (),
    )


def test_a_no_to_photos_at_all_holds_at_once_and_a_later_yes_speaks_of_no_old_photo(group, lin):
    he = settled(group)
    photo = actions.add_photo(viewer=lin, post_id=says(lin, group).public_id, data=jpeg(), show=True)
    me = Customer.objects.get(pk=lin.person)
    given = {
        "viewer": lin,
        "customer": me,
        "purpose": Purpose.PHOTO,
        "notice_version": "1",
        "channel": "test",
    }
    people.set_consent(granted=False, **given)
    assert (photo.state, seen_by(he, photo), queries.feed(he, group.public_id).items[0].photos) == (
        PhotoState.GROUP, "absent", (),
    )  # fmt: skip
    people.set_consent(granted=True, **given)
    assert seen_by(he, photo) == "absent"
    assert photos.settle_photos(viewer=TESTS) == 1
    assert PostPhoto.objects.get().state == PhotoState.PRIVATE
    actions.show_photo(viewer=lin, photo_id=photo.public_id, state=PhotoState.GROUP)
    assert seen_by(he, photo) == "seen"


def test_a_child_only_with_the_guardians_file_and_for_thirty_days_without(group, lin):
    he = settled(group)
    child = people.add_companion(viewer=lin, nickname="豆豆", age_years=1, agreed=True, notice_version="1")
    post = says(lin, group)
    photo = actions.add_photo(
        viewer=lin, post_id=post.public_id, data=jpeg(), children=[child.public_id], show=True
    )
    kept = PostPhoto.objects.get()
    assert (kept.state, kept.child_visible, kept.guardian_file.companion) == ("group", True, child.public_id)
    assert seen_by(he, photo) == "seen"
    with pytest.raises(IntegrityError), transaction.atomic():  # PostgreSQL asks for the file too
        PostPhoto.objects.filter(pk=photo.pk).update(guardian_file=None)
    people.set_consent(
        viewer=lin,
        customer=Customer.objects.get(pk=lin.person),
        purpose=Purpose.PHOTO,
        granted=False,
        notice_version="1",
        channel="test",
        companion=child,
    )
    assert seen_by(he, photo) == "absent"
    theirs = people.add_companion(viewer=he, nickname="米粒", age_years=2, agreed=True, notice_version="1")
    refused(
        "absent",
        actions.add_photo,
        viewer=lin,
        post_id=post.public_id,
        data=jpeg(),
        children=[theirs.public_id],
    )
    with clock.held(clock.now() + timedelta(days=31)):
        assert photos.tidy_photos(viewer=TESTS) == 1
    assert (Picture.objects.count(), Post.objects.get(pk=post.pk).photos) == (0, 0)


def test_others_who_can_be_recognised_keep_it_private(group, lin):
    given = {"viewer": lin, "post_id": says(lin, group).public_id, "data": jpeg(), "strangers": True}
    refused("voices.photo_unseen", actions.add_photo, show=True, **given)
    photo = actions.add_photo(**given)
    refused(
        "voices.photo_unseen",
        actions.show_photo,
        viewer=lin,
        photo_id=photo.public_id,
        state=PhotoState.GROUP,
    )


def test_nine_and_no_more_and_none_under_what_is_gone(group, lin):
    post = says(lin, group)
    Post.objects.filter(pk=post.pk).update(photos=9)
    refused("voices.photos_many", actions.add_photo, viewer=lin, post_id=post.public_id, data=jpeg())
    refused("absent", actions.add_photo, viewer=settled(group), post_id=post.public_id, data=jpeg())
    actions.withdraw_post(viewer=lin, post_id=post.public_id)
    refused("absent", actions.add_photo, viewer=lin, post_id=post.public_id, data=jpeg())
    refused(
        "media.not_an_image",
        actions.add_photo,
        viewer=lin,
        post_id=says(lin, group).public_id,
        data=b"<svg/>",
    )


def test_its_author_removes_it_for_good(group, lin):
    photo = actions.add_photo(viewer=lin, post_id=says(lin, group).public_id, data=jpeg(), show=True)
    refused("absent", actions.remove_photo, viewer=settled(group), photo_id=photo.public_id)
    actions.remove_photo(viewer=lin, photo_id=photo.public_id)
    assert (PostPhoto.objects.get().picture, Picture.objects.count(), seen_by(lin, photo)) == (
        None,
        0,
        "absent",
    )
