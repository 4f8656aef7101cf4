"""What goes when its time is over (promise P28): children, allergies, answers; nothing a day before."""

from datetime import timedelta

import pytest

from events.factories import published
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.events import actions, queries
from tongxin.events.models import Lottery, Participant, Registration
from tongxin.events.rules.lottery import entrant
from tongxin.events.terms import DRAW_KEPT
from tongxin.foundation import clock
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.draw import queries as drawn
from tongxin.foundation.draw.rules import verify
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


def raffle(*, reserve):
    """A draw with one seat for three: one won, two did not; answers the event and those who did not, as they entered."""
    made = published(
        places=1, admission="lottery", closes_at=clock.now() + timedelta(days=1), starts_at=clock.now() + timedelta(days=3),
        details={"draw": {"contact": "021-5555 0101", "reserve": reserve}},
    )  # fmt: skip
    entered = [
        actions.register(viewer=member_viewer(CustomerFactory()), event_id=made.public_id) for _ in range(3)
    ]
    with clock.held(made.closes_at):
        actions.commit_draw(viewer=TESTS, event_id=made.public_id)
    with clock.held(made.closes_at + timedelta(hours=1)):
        document = actions.draw_seats(viewer=TESTS, event_id=made.public_id)
    lost = [row for row in entered if entrant(made.public_id, row.public_id, 1) not in document["winners"]]
    return made, lost, document


@pytest.mark.parametrize("reserve", [False, True])
def test_nobody_is_found_by_their_lot_two_years_after_the_draw(noon, reserve):
    made, lost, document = raffle(reserve=reserve)
    made.refresh_from_db()
    drawn_at = Lottery.objects.get().finished_at
    with clock.held(drawn_at + DRAW_KEPT):
        assert actions.tidy_draws(viewer=TESTS) == 0
    assert len(lost) == 2
    with clock.held(drawn_at + DRAW_KEPT + timedelta(minutes=1)):
        assert actions.tidy_draws(viewer=TESTS) == 2
        assert actions.tidy_draws(viewer=TESTS) == 0
    # Control: before, everybody's lot followed from their row; now only the winner's does.
    still = {
        entrant(made.public_id, key, 1) for key in Registration.objects.values_list("public_id", flat=True)
    }
    assert still & set(document["entrants"]) == set(document["winners"])
    assert Registration.objects.count() == (
        3 if reserve else 1
    )  # who waited afterwards stays, under another id
    assert verify(drawn.document(made.draw)).ok
    assert queries.counters_wrong() == []
    assert Entry.objects.get(act="events.draws_tidied").after == '{"count":2}'


def test_answers_go_thirty_days_after(noon):
    event = brought()
    with clock.held(event.ends_at + timedelta(days=30)):
        assert actions.tidy_answers(viewer=TESTS) == 0
    with clock.held(event.ends_at + timedelta(days=31, minutes=1)):
        assert actions.tidy_answers(viewer=TESTS) == 1
        assert actions.tidy_answers(viewer=TESTS) == 0
    assert Registration.objects.get().answers == ""
    assert Entry.objects.filter(act="events.answers_tidied").count() == 1
