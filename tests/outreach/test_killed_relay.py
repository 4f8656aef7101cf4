"""The relay killed before each of its statements: nothing is lost, nothing leaves twice (P5)."""

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from outreach.dying import killed_at
from outreach.town import letter, say
from people.factories import CustomerFactory
from project import samples
from tongxin.foundation import clock
from tongxin.foundation.outbox import relay
from tongxin.foundation.outbox import rules as letters
from tongxin.foundation.outbox.ports import Outcome
from tongxin.outreach import actions
from tongxin.outreach.channels.gated import Gated
from tongxin.outreach.terms import SendState

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.sampled]
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def gateway(settings):
    """Letters leave by a gateway."""
    settings.TONGXIN_SMS_GATEWAY = "https://sms.example"
    settings.TONGXIN_SMS_SECRET = "whsec_x"


class Sink:
    """A receiver behind a file: one line a letter, in one atomic write."""

    dedupes = False

    def __init__(self, path):
        self.path = path

    def carry(self, parcel):
        with open(self.path, "ab", buffering=0) as file:  # noqa: PTH123 (unbuffered append)
            file.write(f"{parcel.body['send']}\n".encode())
        return Outcome("sent")

    def came(self):
        return Counter(self.path.read_text().split() if self.path.exists() else [])


def relay_at(at, sink):
    def work():
        with clock.held(at):
            relay.drain(carriers={"webhook_out": Gated("webhook_out", sink)})

    return work


def test_killed_at_every_statement_of_the_relay(tmp_path):
    sink, members = Sink(tmp_path / "sink"), [CustomerFactory()]
    first, stride = samples.stride()
    step, died, unknown = first - stride, True, 0
    while died and step < 90:
        step += stride
        at = NOON + timedelta(days=2 * step)
        with clock.held(at):
            sends = say(*[letter(member) for member in members])
        with clock.held(at):
            actions.drain()
        died = killed_at(step, relay_at(at, sink))
        relay_at(at + letters.STALE + timedelta(seconds=1), sink)()
        with clock.held(at + timedelta(hours=1)):
            actions.settle()
        for send in sends:
            came = sink.came()[str(send.public_id)]
            send.refresh_from_db()
            assert came <= 1
            # What may have left is unknown and never sent again; nothing is called sent that did not come, nothing is lost.
            assert send.state in ({SendState.SENT, SendState.UNKNOWN} if came else {SendState.UNKNOWN})
            unknown += send.state == SendState.UNKNOWN
    assert 20 < step < 90 + stride
    assert unknown > 0
