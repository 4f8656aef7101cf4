"""A person is forgotten: places go to the next, children and words go, past places stay as figures; the export says all of it."""

from datetime import timedelta

import pytest
from django.apps import apps
from django.db.models import ForeignKey

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.events import actions, queries
from tongxin.events.erasing import EventsEraser
from tongxin.events.models import Occurrence, Participant, Registration, RitualProposal
from tongxin.events.terms import Seat
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.models import Customer
from tongxin.people.ports import Person
from tongxin.project import wiring

pytestmark = pytest.mark.django_db


def person_of(*customers):
    return Person(tuple(c.pk for c in customers), tuple(c.public_id for c in customers), ())


@pytest.fixture
def life(noon):
    """A member with a past place, one to come with a child, an offer, a proposal and a ritual of their own."""
    me = CustomerFactory()
    viewer = member_viewer(me)
    past = published(starts_at=noon + timedelta(hours=2))
    actions.register(viewer=viewer, event_id=past.public_id)
    child = people.add_companion(viewer=viewer, nickname="豆豆", age_years=6, agreed=True, notice_version="1")
    soon = published(starts_at=noon + timedelta(days=9), places=2, party_most=2, member_host=me.pk)
    coming = actions.register(
        viewer=viewer,
        event_id=soon.public_id,
        companions=[actions.CompanionIn(child.public_id, "花生")],
        answers={"why": "想认识邻居"},
    )
    next_one = actions.register(viewer=member_viewer(CustomerFactory()), event_id=soon.public_id)
    RitualProposal.objects.create(
        person=me, store=soon.store, format="tea", title="周末茶会", words="我来泡茶", wished_at=noon + timedelta(days=20),
        minutes=90, places=8, made_at=noon,
    )  # fmt: skip
    return me, past, soon, coming, next_one


def test_it_is_plugged_in():
    assert [room.room for room in wiring.ERASERS].count("events") == 1


def test_erasing_gives_places_back_and_forgets_what_was_said(life):
    me, past, soon, _, next_one = life
    eraser = EventsEraser()
    with clock.held(past.ends_at):
        assert eraser.erase(person_of(me)) > 0
        assert eraser.erase(person_of(me)) == 0

    next_one.refresh_from_db()
    assert next_one.state == Seat.OFFERED
    mine = {r.occurrence_id: r for r in Registration.objects.filter(person=me)}
    assert mine[past.pk].state == Seat.CONFIRMED  # a figure of an opaque number
    assert (mine[soon.pk].state, mine[soon.pk].answers, mine[soon.pk].reason) == (Seat.CANCELLED, "", "")
    assert not Participant.objects.exists()
    assert not RitualProposal.objects.exists()
    assert Occurrence.objects.get(pk=soon.pk).member_host is None
    assert queries.counters_wrong() == []


def test_the_whole_erasure_of_a_person_walks_through_this_room(life):
    me, past, *_ = life
    with clock.held(past.ends_at):
        people.erase(viewer=TESTS, customer=me, reason="asked")
    assert set(Registration.objects.filter(person=me).values_list("answers", flat=True)) == {""}
    assert not Participant.objects.exists()


def test_the_export_says_everything(life):
    me, past, _soon, coming, _ = life
    told = EventsEraser().export(person_of(me))
    assert [row["event"] for row in told["registrations"]] == [past.title, coming.occurrence.title]
    assert told["registrations"][1]["answers"] == {"why": "想认识邻居"}
    assert [row["allergy"] for row in told["participants"]] == ["花生"]
    assert [row["words"] for row in told["ritual_proposals"]] == ["我来泡茶"]
    assert len(told["hosted"]) == 1
    assert EventsEraser().export(person_of(CustomerFactory())) == {table: [] for table in told}


# Where events keep rows of a customer, and what an erasure does with them.
WALKED = {
    ("events.registration", "person"): "emptied, kept as a figure",
    ("events.ritualproposal", "person"): "deleted",
    ("events.occurrence", "member_host"): "emptied",
    ("events.pass", "person"): "kept as a figure",
    ("events.calendarfeed", "person"): "deleted",
    ("events.attendance", "person"): "kept as a figure",
    ("events.review", "star"): "emptied",
    ("events.surveyinvite", "person"): "emptied, kept as a figure",
    ("events.photoseen", "person"): "deleted, and the photo with it",
    ("events.photoanswer", "person"): "kept as proof",
}


def test_every_key_to_a_customer_is_thought_of():
    found = {
        (model._meta.label_lower, field.name)
        for model in apps.get_app_config("events").get_models()
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.related_model is Customer
    }
    assert found == WALKED.keys()
