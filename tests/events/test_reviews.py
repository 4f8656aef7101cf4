"""After the event: the review and its two editors, the reminder, the group that is offered, the letter of thanks."""

from datetime import timedelta

import pytest

from events.after_setup import After, staff
from events.factories import drafted, published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from tongxin.events import actions, queries
from tongxin.events.models import FollowUp, Review
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Message, Send
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db

SAID = {"went_well": "第一炉出炉", "to_change": "多备两条围裙", "said_by_guests": "孩子问下个月还有没有"}


def refusal(act, **given):
    with pytest.raises(Refused) as refused:
        act(**given)
    return refused.value.code


def test_three_answers_and_a_star(noon):
    after = After(2)
    with clock.held(after.over):
        row = actions.submit_review(
            viewer=after.champion,
            event_id=after.event.public_id,
            answers=SAID,
            star=after.seats[1].public_id,
            star_why="帮三个孩子擀面",
        )
        found = queries.review_of(after.champion, after.event.public_id)
    assert (row.version, row.star_id, row.questions) == (1, after.members[1].pk, 1)
    assert [(key, words) for key, _, words in found.answers] == list(SAID.items())
    assert (found.star, found.star_why, found.star_registration) == (
        "邻*",
        "帮三个孩子擀面",
        after.seats[1].public_id,
    )
    entry = Entry.objects.get(act="events.review_submitted")
    assert entry.after == '{"questions":1,"star":true,"version":1}'  # neither words nor name


def test_what_a_review_refuses_and_then_nothing_is_written(noon):
    after = After(1)
    draft = drafted(after.store)
    missing = actions.register(
        viewer=member_viewer(CustomerFactory()), event_id=after.event.public_id
    )  # has a place, did not come
    given = {"viewer": after.champion, "event_id": after.event.public_id, "answers": SAID}
    assert refusal(actions.submit_review, **given) == "events.not_over"
    with clock.held(after.over):
        for code, more in [
            ("events.review_empty", {"answers": SAID | {"to_change": "  "}}),
            ("input.bad", {"answers": SAID | {"else": "x"}}),
            ("input.bad", {"answers": SAID | {"to_change": "长" * 301}}),
            ("events.star_not_there", {"star": missing.public_id, "star_why": "好"}),
            ("events.star_why", {"star": after.seats[0].public_id, "star_why": " "}),
            ("events.state", {"event_id": draft.public_id}),
            ("absent", {"viewer": staff(StoreFactory())}),
            ("absent", {"viewer": after.viewers[0]}),
            ("edit.stale", {"version": 1}),
        ]:
            assert refusal(actions.submit_review, **(given | more)) == code, (code, more)
    assert not Review.objects.exists()
    assert not Entry.objects.filter(act="events.review_submitted").exists()


def test_of_two_editors_the_second_is_told(noon):
    after = After(1)
    given = {"viewer": after.champion, "event_id": after.event.public_id}
    with clock.held(after.over):
        actions.submit_review(**given, answers=SAID)
        assert refusal(actions.submit_review, **given, answers=SAID) == "edit.stale"  # both began with none
        actions.submit_review(**given, answers=SAID | {"to_change": "换烤盘"}, version=1)
        assert (
            refusal(actions.submit_review, **given, answers=SAID | {"to_change": "不改"}, version=1)
            == "edit.stale"
        )
    row = Review.objects.get()
    assert (row.version, row.answers["to_change"]) == (2, "换烤盘")


def test_the_desk_is_reminded_until_the_review_is_there_or_a_fortnight_has_gone(noon):
    after = After(1)
    drafted(after.store)
    off = published(after.store, starts_at=after.event.starts_at)
    actions.cancel(viewer=TESTS, event_id=off.public_id, reason="停电")

    def due(at):
        return [line.event for line in queries.reviews_due(after.champion, after.store, at)]

    ends = after.event.ends_at
    assert due(ends - timedelta(seconds=1)) == []
    assert due(ends) == [after.event.public_id]
    assert due(ends + timedelta(days=14) - timedelta(seconds=1)) == [after.event.public_id]
    assert due(ends + timedelta(days=14)) == []
    with clock.held(after.over):
        actions.submit_review(viewer=after.champion, event_id=after.event.public_id, answers=SAID)
    assert due(after.over) == []
    assert (
        refusal(queries.reviews_due, viewer=after.champion, store=StoreFactory(), now=after.over) == "absent"
    )


@pytest.mark.parametrize(
    ("url", "taken"),
    [
        ("https://work.weixin.qq.com/gm/abc123", True),
        ("https://example.com/群", False),
        ("http://example.com/g", False),
        ("javascript:alert(1)", False),
        ("https://user:word@example.com/", False),
        ("https://localhost/", False),
        ("https://example.com:8443/", False),
        ("https://example.com/ x", False),
        ("https://example.com/'\"", False),
        ("https://" + "a" * 300 + ".com", False),
        ("//example.com/g", False),
        ("https://[", False),
    ],
)
def test_only_a_whole_https_link_is_taken(noon, url, taken):
    event, viewer = published(), TESTS
    given = {"viewer": viewer, "event_id": event.public_id, "text": "小小烘焙师的家长群", "url": url}
    if taken:
        assert actions.offer_group(**given).url == url
    else:
        assert refusal(actions.offer_group, **given) == "events.link"
        assert not FollowUp.objects.exists()


def test_the_group_is_for_those_who_came_and_can_be_taken_back(noon):
    after, stranger = After(1), member_viewer(CustomerFactory())
    given = {"viewer": after.champion, "event_id": after.event.public_id}
    assert refusal(actions.offer_group, **given, text="进群", url="") == "events.group_half"
    actions.offer_group(**given, text="进群看照片", url="https://example.com/g")
    key = after.event.public_id
    assert queries.my_followup(after.viewers[0], key).url == "https://example.com/g"
    assert queries.my_followup(stranger, key) is None
    assert (
        refusal(actions.offer_group, **given, text="x", url="https://example.com/h", version=7)
        == "edit.stale"
    )
    actions.offer_group(**given, text="", url="", version=1)
    assert queries.my_followup(after.viewers[0], key) is None


def thanks():
    return list(Send.objects.filter(kind="events.thanks").order_by("id"))


def test_those_who_came_are_thanked_once_with_the_group(noon):
    after = After(2)
    actions.register(viewer=member_viewer(CustomerFactory()), event_id=after.event.public_id)  # does not come
    actions.offer_group(
        viewer=after.champion, event_id=after.event.public_id, text="家长群：", url="https://example.com/g"
    )
    with clock.held(after.event.ends_at + timedelta(days=1)):
        assert actions.end_due(viewer=TESTS) == 1
        actions.thank_guests(viewer=TESTS, event_id=after.event.public_id)
    sent = thanks()
    assert [row.person_id for row in sent] == [one.pk for one in after.members]
    assert {row.message_class for row in sent} == {"service"}
    assert "家长群： https://example.com/g" in sent[0].body


def test_a_kit_with_words_of_its_own_for_who_came_thanks_by_itself(noon):
    after = After(1)
    type(after.event).objects.filter(pk=after.event.pk).update(kit="baker")
    key = str(after.event.public_id)
    Message.objects.create(
        message_class="community", about_room="events", about_key=key, step="c1", store=after.store, state="approved",
        author="kit", approved_by="kit", approved_at=noon, title="谢谢", text="谢谢", channel="inbox", audience="event", audience_key=f"{key}:attended",
        due_at=after.over, expires_at=after.over + timedelta(days=1), created_at=after.over,
    )  # fmt: skip
    with clock.held(after.over):
        assert actions.thank_guests(viewer=TESTS, event_id=after.event.public_id) == 0
        actions.offer_group(
            viewer=after.champion, event_id=after.event.public_id, text="家长群", url="https://example.com/g"
        )
        assert (
            actions.thank_guests(viewer=TESTS, event_id=after.event.public_id) == 1
        )  # the group is worth a letter


def test_an_analyst_reads_reviews_and_a_list_costs_the_same_however_long(noon, django_assert_num_queries):
    first = After(1)
    more = [After(1, store=first.store) for _ in range(2)]
    with clock.held(first.over + timedelta(days=1)):
        actions.submit_review(
            viewer=first.champion,
            event_id=first.event.public_id,
            answers=SAID,
            star=first.seats[0].public_id,
            star_why="x",
        )
        with django_assert_num_queries(2):
            assert len(queries.reviews(first.champion).items) == 1
        for one in more:
            actions.submit_review(
                viewer=first.champion,
                event_id=one.event.public_id,
                answers=SAID,
                star=one.seats[0].public_id,
                star_why="x",
            )
        with django_assert_num_queries(2):
            assert len(queries.reviews(first.champion).items) == 3
    assert len(queries.reviews(staff(first.store, Role.HQ_ANALYST)).items) == 3
    assert queries.reviews(staff(StoreFactory())).items == ()
