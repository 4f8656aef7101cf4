"""A plan on the WeCom channel: from the gate to the colleague's tap and back, and what stops it on the way."""

import json
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from connect.wecom import corp
from outreach.town import agree, itself, plan, send_out, state, willing
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts, messages, moments
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.outreach import actions
from tongxin.outreach.actions import wecom_tasks
from tongxin.outreach.models import DecisionRow, Message, Send, WecomTarget, WecomTask
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_wecom import Target
from tongxin.people.actions import add_identity
from tongxin.people.terms import IdentityKind, Purpose

pytestmark = pytest.mark.django_db
TAPPED = "externalcontact/get_groupmsg_task"


@pytest.fixture
def corp_settings(settings):
    settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = corp.CONFIG.corp, corp.CONFIG.secret
    settings.TONGXIN_WECOM_BASE = corp.CONFIG.base


class Shop:
    """A store whose colleague 林 has some members as customers."""

    def __init__(self, noon, n=3, first=0):
        self.time = corp.Time(noon)
        self.store = StoreFactory()
        StaffFactory(store=self.store, wecom_userid="lin")
        with self.time.now():
            self.platform = corp.fake()
            self.names = corp.customers(self.platform, n, first=first)
            self.members = [willing(home_store=self.store) for _ in range(n)]
            for member, name in zip(self.members, self.names, strict=True):
                add_identity(
                    viewer=TESTS,
                    customer=member,
                    kind=IdentityKind.WECOM,
                    value=name,
                    source=corp.CONFIG.corp,
                )
            Mirror(corp.caller(self.platform)).compare()

    def planned(self, **more):
        with self.time.now():
            message = plan(self.store, channel="wecom", **more)
            send_out(message)
            return message

    def carry(self, seconds=0):
        self.time.go(seconds)
        with self.time.now():
            return Carrier(corp.caller(self.platform)).round()

    def made(self):
        return self.platform.world.all("messages")

    def sends(self):
        return sorted(state(send) for send in Send.objects.all())


@pytest.fixture
def shop(noon, corp_settings):
    return Shop(noon)


def test_a_plan_becomes_one_task_and_is_sent_when_the_colleague_taps(shop):
    message = shop.planned()
    assert shop.carry(21).handed == 1
    (made,) = shop.made()
    assert (made["text"], sorted(one for _, one in made["targets"])) == (message.text, shop.names)
    assert shop.sends() == [("awaiting_staff", "")] * 3
    shop.carry(120)
    assert shop.sends() == [("awaiting_staff", "")] * 3
    with shop.time.now():
        assert messages.tap(shop.platform.world, made["msgid"], "lin")
    assert shop.carry(120).ended == 1
    assert shop.sends() == [("sent", "")] * 3
    assert WecomTask.objects.get().state == "sent"
    with shop.time.now():
        actions.settle_plans()
    assert Message.objects.get().state == "sent"


def test_what_the_platform_held_back_says_why(shop):
    with shop.time.now():
        acts.appear(shop.platform, "wm-x", "别人")
    shop.planned()
    shop.carry(21)
    with shop.time.now():
        acts.unfriend(shop.platform, "lin", shop.names[0])
        world = shop.platform.world
        world.put(
            "had",
            messages.had_key("single", world.day(world.now()), shop.names[1]),
            {"msgid": "of somebody else"},
        )
        messages.tap(shop.platform.world, shop.made()[0]["msgid"], "lin")
    shop.carry(120)
    assert shop.sends() == [("failed", "not_friend"), ("failed", "platform_cap"), ("sent", "")]
    assert WecomTask.objects.get().state == "partly_sent"


def test_the_gate_is_asked_again_in_the_moment_of_the_hand_over(shop):
    shop.planned()
    with shop.time.now():
        agree(shop.members[0], Purpose.GROUP_MESSAGE, granted=False)
    shop.carry(21)
    (made,) = shop.made()
    assert sorted(one for _, one in made["targets"]) == shop.names[1:]
    assert shop.sends() == [("awaiting_staff", ""), ("awaiting_staff", ""), ("cancelled", "withdrawn")]
    assert DecisionRow.objects.filter(why="withdrawn").count() == 1


def test_an_opt_out_takes_an_open_task_back_and_the_others_get_it_anew(shop):
    shop.planned()
    shop.carry(21)
    with shop.time.now():
        actions.opt_out(
            viewer=itself(shop.members[0]), customer=shop.members[0], message_class=MessageClass.COMMUNITY
        )
    shop.carry(20)
    first = shop.made()[0]
    assert first["cancelled"]
    assert not messages.tap(shop.platform.world, first["msgid"], "lin")
    with shop.time.now():
        actions.drain()
    shop.carry(21)
    assert [sorted(one for _, one in row["targets"]) for row in shop.made()] == [shop.names, shop.names[1:]]
    assert shop.sends() == [("awaiting_staff", ""), ("awaiting_staff", ""), ("cancelled", "opted_out")]


def test_a_cancelled_plan_is_taken_back_at_the_platform(shop):
    message = shop.planned()
    shop.carry(21)
    with shop.time.now():
        actions.cancel_message(viewer=TESTS, public_id=message.public_id, reason="改期")
    shop.carry(5)
    assert shop.made()[0]["cancelled"]
    assert {one for one, _ in shop.sends()} == {"cancelled"}
    assert WecomTask.objects.get().state == "cancelled"


def test_a_plan_cancelled_before_it_was_handed_over_never_reaches_the_platform(shop):
    message = shop.planned()
    with shop.time.now():
        actions.cancel_message(viewer=TESTS, public_id=message.public_id, reason="改期")
    shop.carry(21)
    assert (shop.made(), {one for one, _ in shop.sends()}) == ([], {"cancelled"})
    assert WecomTask.objects.get().state == "cancelled"


def test_what_nobody_taps_expires_and_is_taken_back(shop):
    shop.planned()
    shop.carry(21)
    shop.carry(3 * 86400)
    assert shop.made()[0]["cancelled"]
    assert shop.sends() == [("expired", "not_done")] * 3
    assert WecomTask.objects.get().state == "expired"


def test_nobody_is_reminded_more_than_three_times_a_day(shop):
    message = shop.planned()
    shop.carry(21)
    for _ in range(8):
        with shop.time.now():
            assert wecom_tasks.ask_to_remind(message=message.pk) == 1
        shop.carry(3600)
    assert len(shop.made()[0]["reminds"]) == 1
    shop.carry(5 * 3600)
    with shop.time.now():
        wecom_tasks.ask_to_remind(message=message.pk)
    shop.carry(1)
    assert len(shop.made()[0]["reminds"]) == 2


def test_a_wrong_set_up_waits_for_somebody_to_mend_it_and_loses_nothing(shop):
    shop.planned()
    shop.platform.world.set("trusted", ["10.9.9.9"])
    assert shop.carry(21).put_off == 1
    assert (WecomTask.objects.get().reason, shop.made()) == ("address", [])
    shop.platform.world.set("trusted", ["127.0.0.1"])
    assert shop.carry(601).handed == 1


def test_a_cut_line_is_looked_up_and_not_repeated(shop):
    shop.planned()
    shop.platform.faults.set(Switch("cut", "add_msg_template"))
    assert shop.carry(21).unknown == 1
    assert WecomTask.objects.get().state == "unknown"
    assert shop.carry(60).adopted == 1
    assert len(shop.made()) == 1
    assert shop.sends() == [("awaiting_staff", "")] * 3


def test_what_is_not_there_after_two_looks_is_handed_over_again(shop):
    shop.planned()
    shop.platform.faults.set(Switch("lost", "add_msg_template"))
    shop.carry(21)
    assert shop.carry(60).again == 0
    assert shop.carry(90).again == 1
    assert shop.carry(1).handed in {0, 1}
    assert len(shop.made()) == 1


def test_another_plan_of_the_same_words_is_not_taken_for_it(shop):
    """Sender, time and text agree; the recipients do not."""
    shop.planned()
    with shop.time.now():
        shop.platform.ask(
            "POST",
            "externalcontact/add_msg_template",
            {"access_token": _token(shop.platform)},
            _body(
                {
                    "sender": "lin",
                    "external_userid": shop.names[:1],
                    "text": {"content": Message.objects.get().text},
                }
            ),
        )
    shop.platform.faults.set(Switch("lost", "add_msg_template"))
    shop.carry(21), shop.carry(60), shop.carry(90), shop.carry(1)
    assert sorted(len(row["targets"]) for row in shop.made()) == [1, 3]


def _token(platform):
    found = platform.ask("GET", "gettoken", {"corpid": corp.CONFIG.corp, "corpsecret": corp.CONFIG.secret})
    return found["access_token"]


def _body(given):
    return json.dumps(given, ensure_ascii=False).encode()


def test_a_second_batch_of_a_plan_joins_the_open_task(noon, corp_settings):
    shop = Shop(noon, n=5)
    with shop.time.now():
        message = plan(shop.store, channel="wecom")
        actions.expand(viewer=TESTS, public_id=message.public_id)
        actions.drain(batch=2)
    assert (WecomTask.objects.count(), WecomTarget.objects.count()) == (1, 5)


def test_dispatching_costs_the_same_for_one_and_for_three(noon, corp_settings):
    counts = []
    for n in (1, 3):
        shop = Shop(noon, n=n, first=10 * n)
        with shop.time.now():
            message = plan(shop.store, channel="wecom")
            actions.expand(viewer=TESTS, public_id=message.public_id)
            with CaptureQueriesContext(connection) as seen:
                actions.drain()
        counts.append(len(seen))
        Send.objects.update(state="cancelled")
    assert counts[0] == counts[1]


def test_words_and_recipients_are_forgotten_after_thirty_days(shop):
    shop.planned()
    shop.carry(21)
    shop.carry(3 * 86400)
    shop.time.go(31 * 86400)
    with shop.time.now():
        wecom_tasks.forget()
    assert set(WecomTarget.objects.values_list("external", flat=True)) == {""}
    assert WecomTask.objects.get().text == ""


def test_moments_are_made_published_and_known(noon, corp_settings):
    shop = Shop(noon)
    with shop.time.now(), transaction.atomic():
        words = wecom_tasks.Words(sender="lin", text="周末见", target=Target.MOMENT)
        wecom_tasks.gather(
            {words: [wecom_tasks.Handed("m1", None, "lin")]},
            at=shop.time.at,
            expires={words: shop.time.at + timedelta(days=1)},
        )
    assert shop.carry().handed == 1
    shop.carry(6)
    (moment,) = shop.platform.world.all("moments")
    assert WecomTask.objects.get().job == moment["moment_id"]
    with shop.time.now():
        assert moments.tap(shop.platform.world, moment["moment_id"], "lin")
    shop.carry(121)
    assert WecomTask.objects.get().state == "sent"


def test_what_is_to_be_handed_over_goes_before_questions(noon, corp_settings):
    shop = Shop(noon)
    shop.planned()
    shop.carry(21)
    shop.time.go(600)
    with shop.time.now():
        words = wecom_tasks.Words(sender="lin", text="后来的")
        handed = wecom_tasks.Handed("late", None, shop.names[0])
        with transaction.atomic():
            wecom_tasks.gather(
                {words: [handed]}, at=shop.time.at, expires={words: shop.time.at + timedelta(days=1)}
            )
        assert [task.text for task in wecom_tasks.claim(1)] == ["后来的"]
