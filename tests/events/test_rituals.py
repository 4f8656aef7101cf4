"""A member proposes and hosts a ritual; the champion answers; what took place is a deed of its host."""

from datetime import timedelta
from uuid import uuid4

import pytest

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory
from stores.factories import viewer as staff_viewer
from tongxin.events import actions
from tongxin.events.actions import ending, rituals
from tongxin.events.actions.rituals import ProposalIn
from tongxin.events.models import Attendance, Occurrence, RitualProposal
from tongxin.events.queries import rituals as reading
from tongxin.events.terms import Kind, State
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS
from tongxin.foundation.errors import Refused
from tongxin.outreach.models import Send
from tongxin.people.models import Deed
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def wish(**more):
    return ProposalIn(
        **(
            {
                "format": "tea",
                "title": "春茶会",
                "wished_at": clock.now() + 5 * DAY,
                "minutes": 90,
                "places": 8,
                "words": "带上自己的杯子",
            }
            | more
        )
    )


def proposed(member=None, store=None, **more):
    member = member or CustomerFactory()
    return rituals.propose_ritual(
        viewer=member_viewer(member), store=store or StoreFactory(), proposal=wish(**more)
    )


def test_yes_makes_a_draft_with_the_member_as_host(noon):
    member = CustomerFactory()
    made = proposed(member)

    event = rituals.approve_ritual(
        viewer=TESTS, proposal_id=made.public_id, place="二楼", answer="茶叶我们准备"
    )

    assert (event.state, event.kind, event.member_host_id, event.title, event.summary) == (
        State.DRAFT,
        Kind.RITUAL,
        member.pk,
        "春茶会",
        "带上自己的杯子",
    )
    assert (event.starts_at, event.ends_at - event.starts_at) == (noon + 5 * DAY, timedelta(minutes=90))
    assert rituals.approve_ritual(viewer=TESTS, proposal_id=made.public_id) == event
    assert Occurrence.objects.count() == 1
    told = Send.objects.get(person=member)
    assert told.kind == "events.ritual_approved"
    (own,) = reading.my_proposals(member_viewer(member))
    assert (own.approved, own.answer, own.occurrence) == (True, "茶叶我们准备", event)


def test_no_comes_with_words(noon):
    member = CustomerFactory()
    made = proposed(member)

    with pytest.raises(Refused) as refused:
        rituals.decline_ritual(viewer=TESTS, proposal_id=made.public_id, answer="  ")
    assert refused.value.code == "input.bad"
    rituals.decline_ritual(viewer=TESTS, proposal_id=made.public_id, answer="那天装修，四月再约")
    rituals.decline_ritual(viewer=TESTS, proposal_id=made.public_id, answer="again")

    made.refresh_from_db()
    assert (made.approved, made.answer) == (False, "那天装修，四月再约")
    assert Send.objects.get(person=member).kind == "events.ritual_declined"
    with pytest.raises(Refused) as refused:
        rituals.approve_ritual(viewer=TESTS, proposal_id=made.public_id)
    assert refused.value.code == "events.answered"
    assert not Occurrence.objects.exists()


def test_no_after_yes_is_refused(noon):
    made = proposed()
    rituals.approve_ritual(viewer=TESTS, proposal_id=made.public_id)

    with pytest.raises(Refused) as refused:
        rituals.decline_ritual(viewer=TESTS, proposal_id=made.public_id, answer="x")
    assert refused.value.code == "events.answered"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"format": "class"}, "events.format"),  # staff teach classes
        ({"format": "opera"}, "events.format"),
        ({"title": "  "}, "input.bad"),
        ({"minutes": 5}, "input.bad"),
        ({"places": 0}, "input.bad"),
        ({"places": 101}, "input.bad"),
        ({"words": "x" * 1001}, "input.bad"),
    ],
)
def test_what_cannot_be_is_refused(noon, more, code):
    with pytest.raises(Refused) as refused:
        proposed(**more)

    assert refused.value.code == code
    assert not RitualProposal.objects.exists()


def test_one_at_a_time_and_never_in_the_past(noon):
    member, store = CustomerFactory(), StoreFactory()
    proposed(member, store)

    with pytest.raises(Refused) as refused:
        proposed(member, store)
    assert refused.value.code == "events.waiting_for_answer"
    proposed(member)  # another store is another question
    with pytest.raises(Refused) as refused:
        proposed(wished_at=noon)
    assert refused.value.code == "events.past_start"


def test_only_who_organises_there_answers(noon):
    member, store = CustomerFactory(), StoreFactory()
    made = proposed(member, store)

    for viewer in (ANONYMOUS, member_viewer(CustomerFactory()), member_viewer(member)):
        with pytest.raises(Refused) as refused:
            rituals.approve_ritual(viewer=viewer, proposal_id=made.public_id)
        assert refused.value.code == "absent"
    with pytest.raises(Refused):
        reading.access_proposal(member_viewer(CustomerFactory()), made.public_id)
    assert reading.access_proposal(member_viewer(member), made.public_id) == made
    assert reading.proposals_to_answer(TESTS).items == (made,)
    assert reading.proposals_to_answer(ANONYMOUS).items == ()
    with pytest.raises(Refused):
        rituals.propose_ritual(viewer=ANONYMOUS, store=store, proposal=wish())


def hosted(noon, *, came=True, cancelled=False):
    """A ritual that is over, with or without anybody who came."""
    member = CustomerFactory()
    event = rituals.approve_ritual(viewer=TESTS, proposal_id=proposed(member).public_id)
    actions.publish(viewer=TESTS, event_id=event.public_id)
    seat = actions.register(viewer=member_viewer(CustomerFactory()), event_id=event.public_id)
    if cancelled:
        actions.cancel(viewer=TESTS, event_id=event.public_id, reason="雨")
    if came:
        Attendance.objects.create(
            registration=seat, occurrence=event, person_id=seat.person_id, counted=uuid4(), at=event.starts_at
        )
    return member, event


def test_hosting_is_a_deed_once_it_has_taken_place(noon):
    member, event = hosted(noon)
    assert rituals.book_hosted(viewer=TESTS) == 0
    with clock.held(noon + 7 * DAY):
        ending.end_due(viewer=TESTS)
        assert rituals.book_hosted(viewer=TESTS) == 1
        assert rituals.book_hosted(viewer=TESTS) == 0

    deed = Deed.objects.get(kind="hosted_ritual")
    event.refresh_from_db()
    assert (deed.person_id, deed.subject_id, deed.occurred_at, deed.source_id) == (
        member.pk, event.subject_id, event.ends_at, f"hosted:{event.public_id}",
    )  # fmt: skip


@pytest.mark.parametrize("how", [{"came": False}, {"cancelled": True}])
def test_what_did_not_take_place_is_no_deed(noon, how):
    hosted(noon, **how)
    with clock.held(noon + 7 * DAY):
        ending.end_due(viewer=TESTS)
        assert rituals.book_hosted(viewer=TESTS) == 0

    assert not Deed.objects.filter(kind="hosted_ritual").exists()


def test_the_champion_of_that_store_may_and_another_one_may_not(noon):
    store = StoreFactory()
    made = proposed(store=store)

    with pytest.raises(Refused) as refused:
        rituals.approve_ritual(viewer=staff_viewer(Role.CHAMPION), proposal_id=made.public_id)
    assert refused.value.code == "absent"
    assert (
        rituals.approve_ritual(
            viewer=staff_viewer(Role.CHAMPION, store=store), proposal_id=made.public_id
        ).store
        == store
    )
