"""What goes when its time is over (promise P28): children, allergies, answers; nothing a day before."""

from datetime import timedelta

import pytest

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.events import actions
from tongxin.events.models import Participant, Registration
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.people import actions as people

pytestmark = pytest.mark.django_db


def brought():
    event = published(party_most=2, questions=({"id": "q", "text": "想学什么？"},))
    me = member_viewer(CustomerFactory())
    child = people.add_companion(viewer=me, nickname="豆豆", age_years=6, agreed=True, notice_version="1")
    actions.register(
        viewer=me,
        event_id=event.public_id,
        companions=[actions.CompanionIn(child.public_id, "花生")],
        answers={"q": "做面包"},
    )
    return event


def test_children_and_allergies_go_thirty_days_after(noon):
    event = brought()
    day = clock.business_day(event.ends_at)
    assert Participant.objects.get().delete_on == day + timedelta(days=30)
    with clock.held(clock.day_end(day + timedelta(days=28))):
        assert actions.tidy_participants(viewer=TESTS) == 0
    with clock.held(clock.day_start(day + timedelta(days=30))):
        assert actions.tidy_participants(viewer=TESTS) == 1
        assert actions.tidy_participants(viewer=TESTS) == 0
    assert not Participant.objects.exists()
    assert Entry.objects.get(act="events.participants_tidied").after == '{"count":1}'


def test_answers_go_thirty_days_after(noon):
    event = brought()
    with clock.held(event.ends_at + timedelta(days=30)):
        assert actions.tidy_answers(viewer=TESTS) == 0
    with clock.held(event.ends_at + timedelta(days=31, minutes=1)):
        assert actions.tidy_answers(viewer=TESTS) == 1
        assert actions.tidy_answers(viewer=TESTS) == 0
    assert Registration.objects.get().answers == ""
    assert Entry.objects.filter(act="events.answers_tidied").count() == 1
