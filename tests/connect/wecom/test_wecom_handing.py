"""A colleague leaves: customers and groups go to another, each with a state; who refuses stays on the list."""

from datetime import timedelta

import pytest

from connect.wecom import corp
from connect.wecom.neighbours import tell
from stores.factories import TESTS, StaffFactory, StoreFactory
from tongxin.connect.wecom.handing import Hander
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.outreach.actions import wecom_handovers as book
from tongxin.outreach.models import WecomHandover, WecomHandoverLine
from tongxin.outreach.queries.wecom_handovers import handover_page, handovers_for, leavers_for
from tongxin.outreach.terms_handover import State

pytestmark = pytest.mark.django_db
DAY = 86400
LIN, CHEN = "lin", "chen"


class Town:
    """林 keeps 250 customers and two groups; 陈 is to take over."""

    def __init__(self, noon, n=250):
        self.time = corp.Time(noon)
        self.store = StoreFactory()
        self.lin = StaffFactory(store=self.store, wecom_userid=LIN, name="林小满")
        self.chen = StaffFactory(store=self.store, wecom_userid=CHEN, name="陈晓")
        with self.time.now():
            self.platform = corp.fake()
            acts.hire(self.platform, CHEN, "陈晓", 2)
            self.names = corp.customers(self.platform, n)
            self.chats = [acts.open_group(self.platform, LIN, f"烘焙邻里 {i} 群") for i in (1, 2)]
            self.platform.post.queue.clear()
            Mirror(corp.caller(self.platform)).compare()

    def start(self, *, left=False, **more):
        with self.time.now():
            return book.start(viewer=TESTS, old=self.lin, new=self.chen, left=left, **more)

    def round(self, seconds=0):
        self.time.go(seconds)
        with self.time.now():
            return Hander(corp.caller(self.platform)).round()

    def counts(self):
        with self.time.now():
            (card,) = handovers_for(TESTS)
            return dict(card.counts)

    def calls(self, path):
        return self.platform.seen.calls[f"externalcontact/{path}"]


@pytest.fixture
def town(noon):
    return Town(noon)


def test_customers_wait_a_day_groups_go_at_once_and_who_refuses_stays_listed(town):
    made = town.start()
    assert town.round() == 0
    assert town.counts() == {State.WAITING: 250, State.HANDED: 2}
    assert town.calls("transfer_customer") == 3  # a hundred a call
    with town.time.now():
        assert acts.refuse(town.platform, town.names[7])
        tell(town.platform), Mirror(corp.caller(town.platform)).round()  # looked at at once
    assert town.round() == 0
    assert town.counts() == {State.WAITING: 249, State.HANDED: 2, State.REFUSED: 1}
    assert town.round(DAY + 60) == 1
    assert town.counts() == {State.HANDED: 251, State.REFUSED: 1}
    with town.time.now():
        card, rows = handover_page(TESTS, made.public_id)
    assert (card.done_at is not None, card.total, card.stays) == (True, 252, 1)
    assert (rows[0].state, rows[0].why_zh) == (State.REFUSED, "客户选择不换人，请店里当面问问。")
    assert [row["owner"] for row in town.platform.world.all("groups")] == [CHEN, CHEN]
    with town.time.now():
        Mirror(corp.caller(town.platform)).compare()
    assert town.round(DAY) == 0  # nothing more to do


@pytest.mark.parametrize("kind", ["cut", "lost", "limit", "busy", "revoked"])
def test_an_answer_that_does_not_come_asks_nobody_twice(town, kind):
    town.start()
    town.platform.faults.set(Switch(kind, "transfer_customer", left=5 if kind == "busy" else 2))
    for _ in range(12):
        town.round(700)
    assert town.counts() == {State.WAITING: 250, State.HANDED: 2}
    rows = town.platform.world.all("transfers")
    assert (len(rows), {len(row["done"]) for row in rows}) == (250, {0})
    town.round(DAY)
    assert town.counts() == {State.HANDED: 252}


def test_who_has_left_the_corp_is_listed_until_somebody_takes_over(town):
    with town.time.now():
        acts.resign(town.platform, LIN)
        Mirror(corp.caller(town.platform)).compare()  # the corp shows them no more
        town.lin.active, town.lin.left_at = False, town.time.at - timedelta(hours=1)
        town.lin.save()
        (leaver,) = leavers_for(TESTS)
        assert (leaver.name, leaver.customers, leaver.groups) == ("林小满", 250, 2)
    town.start(left=True)
    town.round()
    assert town.counts() == {State.WAITING: 250, State.HANDED: 2}
    assert (town.calls("transfer_customer"), town.calls("resigned/transfer_customer")) == (0, 3)
    with town.time.now():
        assert leavers_for(TESTS) == []
    town.round(DAY + 60)
    assert town.counts() == {State.HANDED: 252}


def test_twice_in_ninety_days_is_the_most(town):
    for old, new in ((town.lin, town.chen), (town.chen, town.lin), (town.lin, town.chen)):
        with town.time.now():
            Mirror(corp.caller(town.platform)).compare()
            book.start(viewer=TESTS, old=old, new=new, left=False, chats=None)
        for seconds in (0, DAY + 60, 1800):
            town.round(seconds)
    last = WecomHandover.objects.order_by("-id").first()
    lines = WecomHandoverLine.objects.filter(handover=last)
    assert set(lines.values_list("kind", "state", "number")) == {
        ("customer", "failed", 40128),
        ("group", "failed", 90599),
    }
    with town.time.now():
        _, rows = handover_page(TESTS, last.public_id)
    assert {row.why_zh for row in rows} == {
        "90 天内已经换过两次，到期前不能再换。",
        "企业微信没有接受，编号 90599。",
    }


def refused(code, work):
    with pytest.raises(Refused) as refusal:
        work()
    assert refusal.value.code == code


def test_what_is_refused_writes_nothing(town):
    bare = StaffFactory(store=town.store, wecom_userid="", name="无号")
    nobody = Viewer(account=1, name="somebody")
    with town.time.now():
        refused("absent", lambda: book.start(viewer=nobody, old=town.lin, new=town.chen, left=False))
        refused(
            "wecom.same_colleague", lambda: book.start(viewer=TESTS, old=town.lin, new=town.lin, left=False)
        )
        refused("wecom.no_account", lambda: book.start(viewer=TESTS, old=town.lin, new=bare, left=False))
        refused(
            "wecom.nothing_to_hand", lambda: book.start(viewer=TESTS, old=town.chen, new=town.lin, left=False)
        )
        assert book.start_if_any(viewer=TESTS, old=town.chen, new=town.lin, left=False) is None
        refused("forbidden", lambda: handovers_for(nobody))
    assert not WecomHandover.objects.exists()
    town.start()
    with town.time.now():
        refused(
            "wecom.over_running", lambda: book.start(viewer=TESTS, old=town.lin, new=town.chen, left=False)
        )


def test_only_some_groups_can_go(town):
    town.start(chats=[town.chats[0]])
    assert town.round() == 1
    assert [row["owner"] for row in town.platform.world.all("groups")] == [CHEN, LIN]
