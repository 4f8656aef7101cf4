"""What the social side brings: friends by Stars and by the shortlisted, service spared; asked for each night, once a day."""

from datetime import timedelta

import pytest

from people.factories import CustomerFactory
from tongxin.amplify.models import Referral, Shortlist, ShortlistPlace, Star
from tongxin.amplify.terms_referrals import ReferralState
from tongxin.foundation import clock
from tongxin.measure import actions, kinds
from tongxin.measure.actions.measurements import DAILY
from tongxin.measure.kinds import Brief
from tongxin.measure.models import Measurement
from tongxin.stores.queries import the_brand

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("noon")]
DAY = timedelta(days=1)


def bring(referrer, *, ago, state=ReferralState.CONFIRMED):
    invitee = CustomerFactory(home_store=referrer.home_store)
    return Referral.objects.create(
        referrer=referrer, invitee=invitee, state=state, terms={}, named_at=clock.now() - ago * DAY, store=referrer.home_store
    )  # fmt: skip


def figures():
    told = kinds.tell("social", None, Brief(clock.now(), the_brand().zone))
    return told, {one["code"]: (one["value"], one["of"]) for one in told.plain["figures"]}


def test_only_what_came_while_they_were_shown_or_after_they_were_listed_counts():
    star, listed, other = (CustomerFactory() for _ in range(3))
    Star.objects.create(person=star, state="shown", invited_by="x", invited_at=clock.now() - 30 * DAY, answered_at=clock.now() - 25 * DAY, shown_at=clock.now() - 20 * DAY, shown_by="y", shown_as="李")  # fmt: skip
    shortlist = Shortlist.objects.create(state="drawn", size=5, per_store=5, asked_by="x", asked_at=clock.now() - 40 * DAY, listed_at=clock.now() - 40 * DAY)  # fmt: skip
    ShortlistPlace.objects.create(shortlist=shortlist, person=listed, slot="score", rank=1)
    told, found = figures()
    assert (told.verdict, found["star_conversions"]) == ("cannot_be_said", (0, 0))
    bring(star, ago=10)
    bring(star, ago=5, state=ReferralState.PENDING)
    bring(star, ago=25)  # before she was shown
    bring(listed, ago=39)
    bring(other, ago=3)
    bring(star, ago=100)  # before the period
    told, found = figures()
    assert (found["star_conversions"], found["koc_conversions"]) == ((1, 2), (1, 1))
    assert told.verdict == "said"
    assert "社区之星带来的新客 1/2" in told.words["zh"]
    again, _ = figures()
    assert told.fingerprint == again.fingerprint
    bring(listed, ago=1)
    assert figures()[0].fingerprint != told.fingerprint


def test_each_night_once():
    CustomerFactory()
    assert actions.ask_daily() == len(DAILY) == 4
    assert actions.ask_daily() == 0
    assert set(Measurement.objects.values_list("kind", flat=True)) == set(DAILY)
    with clock.held(clock.now() + DAY):
        assert actions.ask_daily() == 4
    asked = Measurement.objects.filter(kind="social").first()
    done = actions.run_measurement(measurement_id=asked.pk)
    assert (done.state, done.answer["version"], len(done.fingerprint)) == ("done", "social-1", 64)
