"""The drain killed before each of its statements: nothing is lost, nothing is shown twice (P5)."""

from datetime import UTC, datetime, timedelta

import pytest

from outreach.dying import killed_at
from outreach.town import letter, say
from people.factories import CustomerFactory
from project import samples
from tongxin.foundation import clock
from tongxin.foundation.outbox.models import Letter
from tongxin.outreach import actions
from tongxin.outreach.models import DecisionRow, InboxItem, Send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sampled]
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def gateway(settings):
    """Letters leave by a gateway."""
    settings.TONGXIN_SMS_GATEWAY = "https://sms.example"
    settings.TONGXIN_SMS_SECRET = "whsec_x"


def drain_at(at):
    def work():
        with clock.held(at):
            actions.drain()

    return work


def whole(sends):
    """Every send has been decided once, stands in the inbox once and has one letter."""
    keys = [send.pk for send in sends]
    assert DecisionRow.objects.filter(send__in=keys).count() == len(keys)
    assert InboxItem.objects.filter(send__in=keys).count() == len(keys)
    assert Letter.objects.filter(key__in=[f"outreach:{send.public_id}:1" for send in sends]).count() == len(
        keys
    )


def test_killed_at_every_statement_of_a_drain():
    members = [CustomerFactory() for _ in range(2)]
    first, stride = samples.stride()
    step, died = first - stride, True
    while died and step < 60:
        step += stride
        at = NOON + timedelta(days=2 * step)
        with clock.held(at):
            sends = say(*[letter(member) for member in members])
        died = killed_at(step, drain_at(at))
        if died:
            assert not DecisionRow.objects.filter(send__in=sends).exists() or step > 20
        drain_at(at)()
        whole(sends)
    assert 15 < step < 60
    assert set(Send.objects.values_list("turn", flat=True)) == {1}
