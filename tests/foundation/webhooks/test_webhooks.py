"""P23: Standard Webhooks out and in, fed from the sealed trail."""

import base64
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from django.db import transaction
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from foundation.listener import listening
from foundation.racing import in_threads
from tongxin.foundation import clock
from tongxin.foundation.access import ANONYMOUS, Grant, Viewer, system
from tongxin.foundation.audit.actions import seal, trail
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.http import LeftAlone
from tongxin.foundation.outbox.models import Letter
from tongxin.foundation.plugs import wiring
from tongxin.foundation.webhooks import actions, queries, rules, tasks, telling
from tongxin.foundation.webhooks.models import Attempt, Delivery, Received, Subscription
from tongxin.foundation.webhooks.terms import REFUSALS, STATES_ZH, State

ADMIN = Viewer(account=1, name="admin", grants=(Grant("admin", everywhere=True),))
CHAMPION = Viewer(account=2, name="champion", grants=(Grant("champion", places=frozenset({3})),))
SECRETS = ["whsec_" + base64.b64encode(letter * 32).decode() for letter in (b"a", b"b", b"c")]


@pytest.fixture
def receiver(settings):
    with listening() as listener:
        settings.TONGXIN_HTTP_LOCAL = [listener.address]
        yield listener


def happen(act="outbox.held", n=1):
    with transaction.atomic():
        for i in range(n):
            trail(
                viewer=CHAMPION,
                act=act,
                subject=("outbox", "letter", i),
                after={"state": "held"},
                reason="secret reason",
            )


def subscribe(receiver, acts=("outbox.*",), **more):
    return actions.subscribe(viewer=ADMIN, url=receiver.url, acts=list(acts), **more)


def round_(**more):
    seal()
    telling.feed()
    return telling.tell(actions.client(), **more)


@pytest.mark.django_db
def test_an_act_arrives_as_a_signed_cloud_event(receiver):
    made, secret = subscribe(receiver)
    happen()
    assert round_() == 1
    _, headers, body = receiver.requests[0]
    event = Webhook(secret).verify(body, headers)  # the reference library agrees
    entry = Entry.objects.get(act="outbox.held")
    assert event == {
        "specversion": "1.0", "id": str(entry.public_id), "source": "http://127.0.0.1:8000", "type": "tongxin.outbox.held.v1",
        "subject": "outbox/letter/0", "time": event["time"], "datacontenttype": "application/json",
        "data": {"before": None, "after": {"state": "held"}},
    }  # fmt: skip
    assert datetime.fromisoformat(event["time"]).replace(microsecond=0) == entry.at.replace(microsecond=0)
    assert headers["webhook-id"] == f"evt_{entry.public_id.hex}"
    assert b"champion" not in body
    assert b"secret reason" not in body
    (delivery,) = queries.deliveries(ADMIN, made.public_id).items
    assert (delivery.state, delivery.attempts) == (State.DELIVERED, 1)
    (attempt,) = queries.attempts(ADMIN, made.public_id, delivery.event)
    assert (attempt.status, attempt.detail) == (200, "")
    with pytest.raises(WebhookVerificationError):  # control
        Webhook(secret).verify(body + b" ", headers)


@pytest.mark.django_db
def test_only_sealed_entries_of_the_wanted_acts_since_the_subscription(receiver):
    happen()
    seal()
    subscribe(receiver, ["outbox.held"])
    happen("outbox.released")
    happen("outbox.held", 2)
    assert telling.feed() == 0  # not sealed yet
    seal()
    assert telling.feed() == 2
    assert telling.feed() == 0
    assert set(Delivery.objects.values_list("act", flat=True)) == {"outbox.held"}


@pytest.mark.parametrize(
    ("act", "patterns", "wanted"),
    [("people.merged", ["people.merged"], True), ("people.merged", ["people.*"], True), ("people.merged", ["*"], True),
     ("people.merged", ["peop.*"], False), ("people.merged", ["people.mergedx"], False), ("people.merged", [], False),
     ("people.merged", ["stores.*", "people.merged"], True)],
)  # fmt: skip
def test_patterns(act, patterns, wanted):
    assert rules.wanted(act, patterns) is wanted


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("url", "acts", "code"),
    [("http://example.com", ["*"], "webhooks.bad_url"), ("https://127.0.0.1:22", ["*"], "webhooks.bad_url"), ("x", ["*"], "webhooks.bad_url"),
     ("https://example.com", ["no.such"], "webhooks.unknown_act"), ("https://example.com", ["nope.*"], "webhooks.unknown_act"),
     ("https://example.com", [], "webhooks.unknown_act")],
)  # fmt: skip
def test_bad_subscriptions_are_refused(url, acts, code):
    with pytest.raises(Refused) as refused:
        actions.subscribe(viewer=ADMIN, url=url, acts=acts)
    assert refused.value.code == code
    assert not Subscription.objects.exists()
    assert not Entry.objects.exists()


@pytest.mark.django_db
def test_only_keepers_subscribe_read_and_change(receiver):
    made, _ = subscribe(receiver)
    for viewer in (CHAMPION, ANONYMOUS):
        for forbidden in (
            lambda v: actions.subscribe(viewer=v, url="https://example.com", acts=["*"]),
            queries.subscriptions,
        ):
            with pytest.raises(Refused) as refused:
                forbidden(viewer)
            assert refused.value.code == "forbidden"
        for absent in (
            lambda v: queries.deliveries(v, made.public_id),
            lambda v: queries.attempts(v, made.public_id, uuid.uuid4()),
            lambda v: actions.unsubscribe(viewer=v, public_id=made.public_id),
            lambda v: actions.rotate_secret(viewer=v, public_id=made.public_id),
            lambda v: actions.enable(viewer=v, public_id=made.public_id),
            lambda v: actions.redeliver(viewer=v, public_id=made.public_id, event=uuid.uuid4()),
        ):
            with pytest.raises(Refused) as refused:
                absent(viewer)
            assert refused.value.code == "absent"
    (listed,) = queries.subscriptions(ADMIN).items  # control
    assert {"secret", "old_secret"} <= listed.get_deferred_fields()
    actions.unsubscribe(viewer=ADMIN, public_id=made.public_id)
    assert not Subscription.objects.exists()


def test_the_schedule_reaches_over_three_days():
    assert len(rules.WAITS) + 1 == 10
    assert sum(rules.WAITS, timedelta()) >= timedelta(hours=72)
    now = datetime(2026, 3, 5, tzinfo=UTC)
    assert rules.next_try(1, now) == now + timedelta(seconds=5)
    assert rules.next_try(9, now) == now + timedelta(days=1)
    assert rules.next_try(10, now) is None


@pytest.mark.django_db
def test_failures_are_retried_to_the_end_then_the_subscription_is_disabled_and_somebody_told(receiver, noon):
    receiver.answers = [(500, {}, b"")]
    made, _ = subscribe(receiver, notify="it@example.com")
    happen("outbox.held", 1)
    at, tries = noon, 0
    while (delivery := Delivery.objects.first()) is None or delivery.state == State.WAITING:
        with clock.held(at):
            tries += round_()
            at = max(at + timedelta(seconds=1), Delivery.objects.get().due_at)
    assert tries == 10
    assert at - noon >= timedelta(hours=72)
    made.refresh_from_db()
    assert (made.active, made.disabled_because) == (False, "failed for three days")
    assert Letter.objects.get().kind == "webhook_disabled"
    assert Entry.objects.filter(act="webhooks.disabled").count() == 1
    assert Attempt.objects.filter(status=500).count() == 10
    happen()
    with clock.held(at + timedelta(days=1)):
        assert round_() == 0  # disabled: nothing more is told
    receiver.answers = [(200, {}, b"")]
    actions.enable(viewer=ADMIN, public_id=made.public_id)
    happen()
    with clock.held(at + timedelta(days=1)):
        assert round_() == 1
    actions.redeliver(viewer=ADMIN, public_id=made.public_id, event=delivery.event)
    with clock.held(at + timedelta(days=1)):
        assert round_() == 1
    delivery.refresh_from_db()
    assert delivery.state == State.DELIVERED
    with pytest.raises(Refused):
        actions.redeliver(viewer=ADMIN, public_id=made.public_id, event=uuid.uuid4())


@pytest.mark.django_db
def test_an_address_that_is_gone_is_disabled_at_once_and_its_queue_dropped(receiver):
    receiver.answers = [(410, {}, b"")]
    made, _ = subscribe(receiver)
    happen("outbox.held", 3)
    round_()
    made.refresh_from_db()
    assert (made.active, made.disabled_because) == (False, "gone")
    assert not Letter.objects.exists()  # nobody asked to be told
    assert set(Delivery.objects.values_list("state", flat=True)) <= {State.FAILED, State.DROPPED}


@pytest.mark.django_db
@pytest.mark.parametrize("success_after", [True, False])
def test_one_stubborn_event_does_not_disable_an_address_that_works(receiver, noon, success_after):
    made, _ = subscribe(receiver)
    happen()
    seal()
    telling.feed()
    receiver.answers = [(500, {}, b"")]
    Delivery.objects.update(attempts=9)
    Subscription.objects.update(last_success_at=noon + timedelta(hours=1 if success_after else -1))
    with clock.held(noon + timedelta(hours=2)):
        telling.tell(actions.client())
    made.refresh_from_db()
    assert made.active is success_after


@pytest.mark.django_db
def test_nobody_there_is_logged_and_retried(receiver, settings):
    with listening() as gone:
        settings.TONGXIN_HTTP_LOCAL = [gone.address]
        subscribe(gone)
    happen()
    round_()
    assert Attempt.objects.get().detail.startswith("NotSent")
    assert Delivery.objects.get().state == State.WAITING


@pytest.mark.django_db
def test_an_address_that_turned_private_is_not_asked(receiver, settings):
    subscribe(receiver)
    settings.TONGXIN_HTTP_LOCAL = []
    happen()
    round_()
    assert Attempt.objects.get().detail.startswith("Blocked")
    assert receiver.connections == 0


@pytest.mark.django_db
def test_a_host_left_alone_costs_no_try(receiver, noon):
    subscribe(receiver)
    happen()
    seal()
    telling.feed()

    class Busy:
        def post(self, *_, **__):
            raise LeftAlone(30.0)

    telling.tell(Busy(), patience=0.05)
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.due_at, Attempt.objects.count()) == (
        0,
        noon + timedelta(seconds=30),
        0,
    )


@pytest.mark.django_db
def test_a_claim_of_a_worker_that_died_runs_out(receiver, noon):
    subscribe(receiver)
    happen()
    seal()
    telling.feed()
    assert telling.tell(actions.client(), patience=0) == 0  # no time, nothing claimed
    assert len(telling._claim()) == 1  # and the worker dies
    assert telling.tell(actions.client()) == 0
    with clock.held(noon + timedelta(seconds=telling.LEASE)):
        assert telling.tell(actions.client()) == 1
    assert Delivery.objects.get().state == State.DELIVERED


@pytest.mark.django_db(transaction=True)
def test_many_workers_feed_and_tell_each_event_once(receiver):
    subscribe(receiver)
    happen("outbox.held", 12)
    seal()
    in_threads(lambda _: (telling.feed(), telling.tell(actions.client())), 3)
    telling.feed()
    telling.tell(actions.client())
    ids = [headers["webhook-id"] for _, headers, _ in receiver.requests]
    assert (len(ids), len(set(ids))) == (12, 12)


@pytest.mark.django_db
def test_rotation_signs_with_both_secrets_until_the_overlap_ends(receiver):
    made, old = subscribe(receiver)
    new = actions.rotate_secret(viewer=ADMIN, public_id=made.public_id)
    assert new != old
    happen()
    round_()
    _, headers, body = receiver.requests[0]
    assert len(headers["webhook-signature"].split(" ")) == 2
    for secret in (old, new):
        Webhook(secret).verify(body, headers)
    with clock.held(clock.now() + timedelta(hours=25)):
        happen()
        round_()
        _, headers, body = receiver.requests[1]
        assert rules.genuine(headers=headers, body=body, secrets=[new], now=clock.now())
        assert not rules.genuine(headers=headers, body=body, secrets=[old], now=clock.now())


# ---- in


NOW = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


def message(text='{"a":1}', *, name="msg_1", at=NOW, secrets=SECRETS[:1]):
    return {"headers": rules.signed(name=name, text=text, at=at, secrets=secrets), "body": text.encode()}


@pytest.mark.parametrize(
    ("shift", "taken"), [(0, True), (299, True), (-299, True), (301, False), (-301, False)]
)
def test_five_minutes_of_tolerance(shift, taken):
    given = message(at=NOW + timedelta(seconds=shift))
    assert (rules.genuine(**given, secrets=SECRETS[:1], now=NOW) == "msg_1") is taken


def test_any_of_several_secrets_and_any_of_several_signatures():
    given = message(secrets=SECRETS[:2])
    assert rules.genuine(**given, secrets=[SECRETS[2], SECRETS[1]], now=NOW) == "msg_1"
    assert rules.genuine(**given, secrets=[SECRETS[2]], now=NOW) is None
    given["headers"]["webhook-signature"] += " v1a,AAAA v1,not-base64!"
    assert rules.genuine(**given, secrets=SECRETS[:1], now=NOW) == "msg_1"


@pytest.mark.parametrize(
    "change",
    [{"webhook-id": "msg_2"}, {"webhook-id": ""}, {"webhook-id": None}, {"webhook-timestamp": None}, {"webhook-timestamp": "soon"},
     {"webhook-timestamp": "9" * 30}, {"webhook-signature": None}, {"webhook-signature": ""}, {"webhook-signature": "v1,"},
     {"webhook-signature": "v2,AAAA"}],
)  # fmt: skip
def test_forged_headers(change):
    given = message()
    headers = {k: v for k, v in (given["headers"] | change).items() if v is not None}
    assert rules.genuine(headers=headers, body=given["body"], secrets=SECRETS[:1], now=NOW) is None


def test_every_flipped_byte_of_the_body_is_noticed():
    given = message()
    for at in range(len(given["body"])):
        body = bytearray(given["body"])
        body[at] ^= 1
        assert rules.genuine(headers=given["headers"], body=bytes(body), secrets=SECRETS[:1], now=NOW) is None
    assert rules.genuine(headers=given["headers"], body=b"\xff", secrets=SECRETS[:1], now=NOW) is None


def test_what_the_reference_library_signs_is_taken():
    at = datetime.now(UTC)
    headers = {
        "Webhook-Id": "x", "Webhook-Timestamp": str(int(at.timestamp())),
        "Webhook-Signature": Webhook(SECRETS[0]).sign("x", at, "{}"),
    }  # fmt: skip
    assert rules.genuine(headers=headers, body=b"{}", secrets=SECRETS[:1], now=at) == "x"


def take(given, act, source="till"):
    return actions.accept(source=source, secrets=SECRETS[:1], **given, act=act)


@pytest.mark.django_db
def test_a_message_is_acted_on_once_per_source_and_id(noon):
    got = []
    assert take(message(), got.append) is True
    assert take(message(), got.append) is False
    assert take(message(), got.append, source="other") is True
    assert got == [{"a": 1}] * 2


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("given", "code"),
    [
        (message(secrets=SECRETS[1:2]), "webhooks.signature"),
        (message("[1]"), "webhooks.bad_body"),
        (message("{"), "webhooks.bad_body"),
    ],
)
def test_what_is_not_taken_leaves_nothing(noon, given, code):
    with pytest.raises(Refused) as refused:
        take(given, lambda _: pytest.fail("acted"))
    assert refused.value.code == code
    assert not Received.objects.exists()


@pytest.mark.django_db
def test_a_crash_while_acting_takes_the_id_back_so_a_retry_is_heard(noon):
    def crash(_):
        raise RuntimeError

    with pytest.raises(RuntimeError):
        take(message(), crash)
    assert take(message(), lambda _: None) is True


@pytest.mark.django_db(transaction=True)
def test_fifty_repeats_at_once_have_one_effect():
    got = []
    given = message(at=clock.now())
    answers = in_threads(lambda _: take(given, got.append), 10)
    assert (sorted(answers), len(got)) == ([False] * 9 + [True], 1)


@pytest.mark.django_db
def test_ids_are_kept_a_week_and_then_forgotten(noon, receiver):
    take(message(), lambda _: None)
    with clock.held(noon + timedelta(days=7, hours=23)):
        assert actions.forget() == 0
    with clock.held(noon + timedelta(days=8, seconds=1)):
        assert tasks.forget(timestamp=0) == 1
    subscribe(receiver)
    happen("outbox.held", 2)
    round_()
    Delivery.objects.filter(pk=Delivery.objects.first().pk).update(state=State.WAITING)
    with clock.held(noon + timedelta(days=31)):
        assert actions.forget() == 2  # a done delivery and its log line; the waiting one stays


class Context:
    def should_abort(self):
        return False


@pytest.mark.django_db(transaction=True)
def test_the_job_feeds_and_tells(receiver, monkeypatch):
    monkeypatch.setattr(tasks, "WINDOW", 0.0)
    subscribe(receiver)
    happen()
    seal()
    assert tasks.tend(Context(), timestamp=0) == 1
    assert len(receiver.requests) == 1


def test_words_and_catalogue():
    assert set(STATES_ZH) == set(State)
    assert {code.partition(".")[0] for code in REFUSALS} == {"webhooks"}
    assert queries.catalogue() is wiring().ACTS
    assert system("x").reaches(None, {"system"})
