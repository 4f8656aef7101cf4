"""Super teachers: asked or set up, found by what they teach, with their next classes; who came for them is credited."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from amplify.worlds import TESTS, buys, margin, member, one, refused, someone
from events.factories import drafted, published
from stores.factories import StaffFactory
from tongxin.amplify import actions, queries
from tongxin.amplify.models import Referral, RewardEntry, Teacher
from tongxin.amplify.terms_teachers import ASK_AGAIN, Specialty, TeacherState
from tongxin.events.models import Occurrence
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.models import Deed
from tongxin.stores.models import Staff

pytestmark = pytest.mark.django_db
BAKING = (Specialty.BAKING, Specialty.TEA)


@pytest.fixture
def lin(noon):
    margin()
    return someone()


def asked(viewer, specialties=BAKING):
    return actions.invite_teacher(
        viewer=TESTS, customer=one(viewer), specialties=specialties, why="烤得好，还会讲"
    )


def teaches(viewer, specialties=BAKING):
    asked(viewer, specialties)
    return actions.accept_teaching(viewer=viewer, shown_as="小林老师", words="从一炉饼干开始")


def baker(name="王师傅"):
    return actions.show_colleague(
        viewer=TESTS,
        staff=StaffFactory().public_id,
        specialties=[Specialty.BAKING],
        shown_as=name,
        words="门店烘焙坊",
    )


def test_asked_shown_found_and_gone_again(lin):
    row = asked(lin)
    he = someone()
    assert queries.teachers(he) == []
    assert queries.my_teaching(lin).why == "烤得好，还会讲"
    refused("absent", actions.accept_teaching, viewer=he, shown_as="我", words="是我")
    refused(
        "amplify.words_unfit", actions.accept_teaching, viewer=lin, shown_as="小林", words="加微信 abc12345"
    )
    actions.accept_teaching(viewer=lin, shown_as="小林老师", words="从一炉饼干开始")
    assert [(card.name, card.specialties) for card in queries.teachers(he)] == [("小林老师", BAKING)]
    assert queries.teachers(he, specialty=Specialty.WINE) == []
    actions.leave_teaching(viewer=lin)
    assert (queries.teachers(he), Teacher.objects.get(pk=row.pk).state) == ([], TeacherState.ENDED)
    refused("absent", actions.leave_teaching, viewer=lin)


def test_a_page_shows_the_next_classes_and_nothing_that_is_over_or_a_draft(lin):
    row = teaches(lin)
    soon, late = published(), published(starts_at=clock.now() + timedelta(days=9))
    Occurrence.objects.filter(pk__in=[soon.pk, late.pk, drafted().pk]).update(member_host=lin.person)
    published()  # somebody else's
    with clock.held(clock.now() + timedelta(days=5)):
        card = queries.teacher_card(someone(), row.public_id)
    assert [one.id for one in card.classes] == [late.public_id]
    card = queries.teacher_card(someone(), row.public_id)
    assert [one.id for one in card.classes] == [soon.public_id, late.public_id]


def test_who_came_for_a_teacher_is_a_friend_of_theirs_with_thanks(lin):
    row = teaches(lin)
    friend = someone()
    made = actions.name_teacher(viewer=friend, teacher_id=row.public_id)
    assert (made.referrer_id, queries.my_friends(friend).brought_by) == (lin.person, "小林老师")
    refused("amplify.brought_already", actions.name_teacher, viewer=friend, teacher_id=row.public_id)
    refused("amplify.own_code", actions.name_teacher, viewer=lin, teacher_id=row.public_id)
    buys(friend, 100_000)
    with clock.held(clock.now() + timedelta(days=15)):
        actions.settle_friends(viewer=TESTS)
    assert queries.teacher_card(friend, row.public_id).brought == 1
    assert RewardEntry.objects.get().person_id == lin.person


def test_a_colleague_is_credited_and_never_paid(lin):
    row = baker()
    friend = someone()
    actions.name_teacher(viewer=friend, teacher_id=row.public_id)
    buys(friend, 100_000)
    with clock.held(clock.now() + timedelta(days=15)):
        actions.settle_friends(viewer=TESTS)
    assert Referral.objects.get().state == "confirmed"
    assert queries.teacher_list(TESTS)[0].brought == 1
    assert queries.referrals(TESTS).items[0].referrer_name == "王师傅"
    assert (RewardEntry.objects.count(), Deed.objects.filter(source_system="amplify").count()) == (0, 0)
    Staff.objects.update(active=False)
    assert queries.teachers(friend) == []  # who has left is no longer shown


def test_a_no_is_respected_and_nobody_has_two_pages(lin):
    asked(lin)
    refused("amplify.teacher_already", asked, viewer=lin)
    actions.leave_teaching(viewer=lin)
    refused("amplify.asked_lately", asked, viewer=lin)
    with clock.held(clock.now() + ASK_AGAIN):
        teaches(lin)
    refused("amplify.teacher_who", asked, viewer=someone(), specialties=())
    row = baker()
    given = {"specialties": [Specialty.TEA], "shown_as": "王", "words": "茶"}
    refused(
        "amplify.teacher_already", actions.show_colleague, viewer=TESTS, staff=row.staff.public_id, **given
    )
    actions.end_teacher(viewer=TESTS, teacher_id=row.public_id)
    refused("amplify.teacher_state", actions.end_teacher, viewer=TESTS, teacher_id=row.public_id)
    refused("absent", actions.end_teacher, viewer=lin, teacher_id=row.public_id)
    with pytest.raises(IntegrityError), transaction.atomic():
        Teacher.objects.create(
            person=member(lin), staff=row.staff, state="ended", specialties=[], invited_at=clock.now()
        )


def test_an_erasure_leaves_a_page_without_words(lin):
    row = teaches(lin)
    people.erase(viewer=TESTS, customer=member(lin), reason="asked")
    row.refresh_from_db()
    assert (row.state, row.shown_as, row.words, row.why) == (TeacherState.ENDED, "", "", "")


def test_a_page_of_three_costs_what_a_page_of_one_does(lin):
    baker()
    he = someone()

    def cost():
        with CaptureQueriesContext(connection) as seen:
            queries.teachers(he)
        return len(seen)

    first = cost()
    baker("李师傅")
    teaches(lin)
    assert (cost(), len(queries.teachers(he))) == (first, 3)
