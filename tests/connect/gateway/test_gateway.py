"""The carriers, against a small gateway on loopback."""

import base64
import json
import uuid

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from foundation.listener import listening
from tongxin.connect.gateway.screen import Screen
from tongxin.connect.gateway.webhook_out import WebhookOut, judge
from tongxin.foundation.outbox.ports import Outcome, Parcel

SECRET = "whsec_" + base64.b64encode(b"0123456789abcdef01234567").decode()
LETTER = Parcel(uuid.uuid4(), "sign_in_code", "13812341234", {"code": "123456"}, 1)


@pytest.fixture
def gateway(settings):
    with listening() as listener:
        settings.TONGXIN_SMS_GATEWAY = listener.url
        settings.TONGXIN_SMS_SECRET = SECRET
        settings.TONGXIN_HTTP_LOCAL = [listener.address]
        yield listener


def test_a_letter_arrives_signed_and_with_its_id(gateway):
    assert WebhookOut().carry(LETTER) == Outcome("sent", "200")
    _, headers, body = gateway.requests[0]
    Webhook(SECRET).verify(body, headers)
    assert json.loads(body) == {
        "id": str(LETTER.id), "kind": "sign_in_code", "to": "13812341234", "body": {"code": "123456"},
    }  # fmt: skip
    assert "13812341234" not in gateway.requests[0][0]
    with pytest.raises(WebhookVerificationError):  # control: one changed byte
        Webhook(SECRET).verify(body.replace(b"123456", b"123457"), headers)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(200, "sent"), (202, "sent"), (429, "failed"), (503, "failed"), (400, "failed!"), (404, "failed!"), (302, "failed!"),
     (500, "unknown"), (502, "unknown"), (504, "unknown")],
)  # fmt: skip
def test_what_a_status_says(status, outcome):
    assert judge(status) == Outcome(outcome.rstrip("!"), str(status), final=outcome.endswith("!"))


def test_a_cut_answer_is_unknown_and_nobody_there_is_not_sent(gateway, settings):
    gateway.cut = True
    assert WebhookOut().carry(LETTER).state == "unknown"
    with listening() as gone:
        pass
    settings.TONGXIN_SMS_GATEWAY, settings.TONGXIN_HTTP_LOCAL = gone.url, [gone.address]
    outcome = WebhookOut().carry(LETTER)
    assert (outcome.state, outcome.final) == ("failed", False)


def test_a_gateway_in_a_private_network_must_be_named_by_the_operator(gateway, settings):
    settings.TONGXIN_HTTP_LOCAL = []
    outcome = WebhookOut().carry(LETTER)
    assert (outcome.state, outcome.final, gateway.connections) == ("failed", True, 0)


@pytest.mark.parametrize("missing", ["TONGXIN_SMS_GATEWAY", "TONGXIN_SMS_SECRET"])
def test_without_a_gateway_a_letter_fails_at_once(gateway, settings, missing):
    setattr(settings, missing, "")
    assert WebhookOut().carry(LETTER) == Outcome("failed", "no gateway configured", final=True)


def test_the_operator_says_whether_repeats_are_dropped(settings):
    assert WebhookOut().dedupes is False
    settings.TONGXIN_SMS_DEDUPES = True
    assert WebhookOut().dedupes is True


def test_the_screen_is_for_the_demo_only(settings):
    settings.DEMO = True
    assert Screen().carry(LETTER).state == "sent"
    settings.DEMO = False
    assert Screen().carry(LETTER).final
