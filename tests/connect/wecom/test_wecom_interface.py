"""What the platform does with media, tags and hand-overs, through our client."""

from datetime import timedelta

import pytest

from connect.wecom import corp
from people.factories import CustomerFactory
from stores.factories import TESTS, BrandFactory, StoreFactory
from tongxin.connect.wecom.api import contacts, groups, messages, staff
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.scenario import PICTURE, TAG_GROUP
from tongxin.connect.wecom.tagging import mark_rings
from tongxin.foundation import clock
from tongxin.people.actions import add_identity
from tongxin.people.terms import IdentityKind
from tongxin.rings import actions as rings
from tongxin.rings.queries.lists import rings_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(noon):
    made = corp.fake()
    acts.hire(made, "chen", "陈晓", 3)
    corp.customers(made, 3)
    return made


def test_a_picture_is_gone_after_three_days(noon, platform):
    one = corp.caller(platform)
    picture = messages.picture(one, PICTURE)
    given = {"sender": "lin", "text": "见图", "customers": ["wm00000"], "attachments": [picture]}
    messages.hand_over(one, **given)
    with clock.held(noon + timedelta(days=3)), pytest.raises(WeComFault) as refusal:
        messages.hand_over(one, **given)
    assert refusal.value.fault is Fault.MEDIA


def test_characters_go_as_they_are(platform):
    made = messages.hand_over(corp.caller(platform), sender="lin", text="烘焙课🍞", customers=["wm00000"])
    assert platform.world.get("messages", made.msgid)["text"] == "烘焙课🍞"


def test_customers_go_over_after_a_day_unless_they_refuse(platform):
    one = corp.caller(platform)
    with pytest.raises(WeComFault) as fault:
        contacts.hand_over(one, "lin", "chen", ["wm00000"], left=True)
    assert fault.value.number == 40097  # has not left
    moved = contacts.hand_over(one, "lin", "chen", ["wm00000", "wm00001", "wm-nobody"], left=False)
    assert [row.errcode for row in moved] == [0, 0, 40096]
    assert contacts.hand_over(one, "lin", "chen", ["wm00000"], left=False)[0].errcode == 40129  # under way
    assert [row.status for row in contacts.handed_over(one, "lin", "chen", left=False)] == [2, 2]
    assert acts.refuse(platform, "wm00001")
    platform.world.set("ahead", 86_401.0)
    assert [row.status for row in contacts.handed_over(one, "lin", "chen", left=False)] == [1, 3]
    assert contacts.of_colleague(one, "chen") == ["wm00000"]


def test_groups_go_over_at_once_and_not_too_often(platform):
    one = corp.caller(platform)
    chat = acts.open_group(platform, "lin", "烘焙邻里")
    assert groups.hand_over(one, [chat], "chen", left=True) == {chat: 90500}  # has not left
    assert groups.hand_over(one, [chat, "wr-nothing"], "chen", left=False) == {"wr-nothing": 86003}
    assert groups.chat(one, chat).owner == "chen"
    assert groups.hand_over(one, [chat], "lin", left=False) == {}
    assert list(groups.hand_over(one, [chat], "chen", left=False)) == [chat]
    acts.resign(platform, "lin")
    assert groups.chat(one, chat).owner == "lin"  # a group whose owner has left is seen
    assert groups.hand_over(one, [chat], "chen", left=True) == {}


def test_pages_are_followed_to_the_end(platform):
    corp.customers(platform, 230, first=100)
    assert len(list(contacts.by_users(corp.caller(platform), ["lin", "chen"]))) == 233


def test_a_message_of_the_app_names_whom_it_could_not_reach(platform):
    staff.tell(corp.caller(platform), ["lin", "nobody"], "今天 3 件事")
    assert platform.world.all("notices")[0]["to"] == ["lin"]
    staff.tell_card(
        corp.caller(platform),
        ["chen"],
        title="体验检查",
        text="今天的五项",
        url="https://example.com/champion/",
    )
    assert platform.world.all("notices")[1]["type"] == "textcard"


def test_rings_are_tags_of_one_group_and_other_tags_stay(noon, platform):
    BrandFactory()
    store = StoreFactory()
    one = corp.caller(platform)
    other = contacts.ensure_tags(one, "自己的", ["爱喝茶"])["爱喝茶"]
    contacts.mark(one, "lin", "wm00000", add=[other])
    member = CustomerFactory(home_store=store)
    add_identity(viewer=TESTS, customer=member, kind=IdentityKind.WECOM, value="wm00000", source="c")
    rings.recompute(viewer=TESTS)
    ring = rings_of(TESTS, [member.pk])[member.pk]
    assert mark_rings(one, viewer=TESTS) == 1
    assert mark_rings(one, viewer=TESTS) == 0
    names = {
        tag.id: tag.name for group in contacts.tags(one) if group.group_name == TAG_GROUP for tag in group.tag
    }
    (found,) = contacts.one(one, "wm00000")
    assert [names.get(tag, tag) for tag in found.follow_info.tag_id] == [other, ring.zh]
    wrong = next(tag for tag, name in names.items() if name != ring.zh)
    contacts.mark(one, "lin", "wm00001", add=[wrong])  # by somebody's hand, on nobody of ours
    contacts.mark(one, "lin", "wm00000", add=[wrong])
    assert mark_rings(one, viewer=TESTS) == 2
    assert contacts.one(one, "wm00001")[0].follow_info.tag_id == ()
