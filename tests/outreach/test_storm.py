"""1,500 attempts at once over all senders: no cap passed, nobody told after a no or at night, each with a decision (P26).

5,000 are played each night, the 100,000 of the promise by `bench/planner.py`, with the same storm and the same judge.
"""

import pytest

from outreach import storm
from outreach.town import tell
from tongxin.foundation import clock
from tongxin.outreach import actions, rules
from tongxin.outreach.models import Send
from tongxin.outreach.terms import MessageClass

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("people", "plans", "least"),
    [(190, 8, 1500), pytest.param(420, 11, 5000, marks=pytest.mark.nightly)],
    ids=["fifteen hundred", "five thousand"],
)
def test_all_at_once(people, plans, least):
    town = storm.town(people=people, plans=plans)
    assert town.candidates >= least
    storm.blow(town)
    judged = storm.judge()
    assert judged.clean, judged
    assert judged.candidates == town.candidates
    assert judged.told > least // 17
    assert storm.open_plans() == 0
    restarted(town)


def restarted(town):
    """A worker that starts again where it is night finds nobody to tell: what waits is held until the morning."""
    asleep = next(one for one in town.people[5:] if one.home_store_id == town.night.pk)
    send = tell(asleep, MessageClass.COMMUNITY)
    actions.drain()
    send.refresh_from_db()
    assert (send.told_at, send.next_at > clock.now()) == (None, True)
    Send.objects.filter(pk=send.pk).update(next_at=clock.now())
    assert actions.drain().held == 1


def test_control_without_the_lock_caps_are_passed(monkeypatch):
    town = storm.town(people=150, plans=6)
    storm.without_locks(monkeypatch)
    storm.blow(town, hands=False)  # opening a task asks once more and would mend some of it
    assert storm.judge().over_cap > 0


def test_control_without_the_gate_people_are_told_at_night(monkeypatch):
    town = storm.town(people=20, plans=1)
    monkeypatch.setattr(rules, "quiet_until", lambda *_: None)
    storm.blow(town, senders=1)
    assert storm.judge().at_night > 0
