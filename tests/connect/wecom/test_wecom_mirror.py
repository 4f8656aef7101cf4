"""Our picture of groups and customers: callbacks in any order, twice, or lost; each night the platform's truth."""

import random
from datetime import timedelta

import pytest

from connect.wecom import corp
from connect.wecom.neighbours import act, days_add_up, friends, our_friends, ours, tell, town, truth, week
from tongxin.connect.wecom import callbacks
from tongxin.connect.wecom.crypto import BadEnvelope
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_inbox, wecom_picture
from tongxin.outreach.models import (
    WecomEvent,
    WecomGroupDay,
    WecomGroupMember,
    WecomOwnerDay,
)

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("seed", [1, 2])
def test_callbacks_twice_and_in_any_order_end_in_the_platforms_truth(noon, seed):
    """Lagging details too: looked at again until they show what the callback spoke of."""
    time, chance = corp.Time(noon), random.Random(seed)
    with time.now():
        platform, names = town(twice=400, shuffle=1, lag=25)
        Mirror(corp.caller(platform)).compare()
    for _ in range(40):
        with time.now():
            act(platform, chance, names)
            if chance.randrange(3) == 0:
                tell(platform)
                Mirror(corp.caller(platform)).round()
        time.go(chance.randrange(60))
    for _ in range(30):
        with time.now():
            tell(platform)
            Mirror(corp.caller(platform)).round()
        time.go(31)
    with time.now():
        assert ours() == truth(platform)
        assert our_friends() == friends(platform)


def test_a_week_of_lost_callbacks_ends_in_the_platforms_truth_and_shows_what_was_corrected(noon):
    platform, corrections, _ = week(noon, compares=True)
    assert ours() == truth(platform)
    assert our_friends() == friends(platform)
    assert corrections > 10
    assert WecomGroupDay.objects.count() >= 7 * 3
    days_add_up()


def test_without_the_comparison_it_does_not(noon):
    """The control arm."""
    platform, corrections, _ = week(noon, compares=False)
    assert (ours() == truth(platform), corrections) == (False, 0)
    days_add_up()


def test_a_days_figures_agree_with_the_platforms_own(noon):
    time = corp.Time(noon)
    with time.now():
        platform, names = town()
        chat = platform.world.all("groups")[0]["chat_id"]
        for name in names[:5]:
            acts.join(platform, chat, name)
        tell(platform), Mirror(corp.caller(platform)).round()
        acts.leave(platform, chat, names[0])
        tell(platform), Mirror(corp.caller(platform)).round()
    time.go(86400)
    with time.now():
        day = clock.business_day(noon)
        Mirror(corp.caller(platform)).keep_day(day)
        Mirror(corp.caller(platform)).keep_day(day)  # once more changes nothing
        total = WecomOwnerDay.objects.get(owner="lin", day=day).counts
        rows = WecomGroupDay.objects.filter(day=day)
        assert sum(row.stock for row in rows) == total["member_total"] == 3 + 4
        row = rows.get(group__chat_id=chat)
        assert (row.stock, row.joins, row.leaves, row.corrected) == (5, 6, 1, 0)


def test_who_left_when_is_taken_from_the_callback(noon):
    time = corp.Time(noon)
    with time.now():
        platform, names = town()
        chat = platform.world.all("groups")[0]["chat_id"]
        acts.join(platform, chat, names[0])
        tell(platform), Mirror(corp.caller(platform)).round()
    time.go(600)
    with time.now() as left_at:
        acts.leave(platform, chat, names[0])
    time.go(3600)
    with time.now():
        tell(platform), Mirror(corp.caller(platform)).round()
        assert WecomGroupMember.objects.get(external=names[0]).left_at == left_at.replace(microsecond=0)


def test_a_welcome_goes_within_twenty_seconds_and_once(noon):
    time = corp.Time(noon)
    with time.now():
        platform, _ = town()
        acts.appear(platform, "wm-new", "新邻居"), acts.appear(platform, "wm-late", "迟到的")
        acts.befriend(platform, "lin", "wm-new")
        tell(platform)
        platform.world.set("twice", 1000)
        eyes = Mirror(corp.caller(platform), welcome=lambda _: "你好")
        eyes.round(), eyes.round()
        acts.befriend(platform, "lin", "wm-late")
    time.go(25)
    with time.now():
        tell(platform), eyes.round()
    said = {
        row["external"]: row["text"]
        for row in platform.world.all("welcomes")
        if row["external"].startswith("wm-")
    }
    assert (said["wm-new"], said["wm-late"]) == ("你好", "")


def test_while_the_platform_is_away_callbacks_wait(noon):
    time = corp.Time(noon)
    with time.now():
        platform, _ = town()
        acts.appear(platform, "wm-new", "新邻居")
        acts.befriend(platform, "lin", "wm-new")
        tell(platform)
        platform.faults.set(Switch("limit", "externalcontact/get", left=None))
        assert Mirror(corp.caller(platform)).round().put_off >= 1
        platform.faults.set()
    time.go(31)
    with time.now():
        Mirror(corp.caller(platform)).round()
        assert ("lin", "wm-new") in our_friends()
        assert not WecomEvent.objects.filter(applied_at=None).exists()


def sealed(text, **changes):
    stamp = str(int(clock.now().timestamp()))
    encrypted = corp.CONFIG.crypt().seal(text)
    given = {
        "timestamp": stamp,
        "nonce": "n",
        "msg_signature": corp.CONFIG.crypt().sign(stamp, "n", encrypted),
    } | changes
    return given, f"<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt></xml>".encode()


EVENT = "<xml><Event>change_external_chat</Event><ChangeType>update</ChangeType><ChatId>wr1</ChatId><CreateTime>1772683200</CreateTime></xml>"


def test_a_callback_is_kept_once(noon):
    query, body = sealed(EVENT)
    assert [callbacks.hear(corp.CONFIG, query, body) for _ in range(2)] == [True, False]
    row = WecomEvent.objects.get()
    assert (row.kind, row.change, row.happened_at) == ("change_external_chat", "update", noon)


def bad_bodies():
    return {
        "a document type": b'<!DOCTYPE x [<!ENTITY a "b">]><xml><Encrypt>&a;</Encrypt></xml>',
        "no XML": b"{}",
        "nothing": b"",
        "too deep": b"<a>" * 9 + b"</a>" * 9,
        "too large": b"<xml>" + b" " * callbacks.LARGEST + b"</xml>",
        "not sealed": EVENT.encode(),
    }


@pytest.mark.parametrize("name", sorted(bad_bodies()))
def test_what_is_no_callback_is_refused_and_not_written(noon, name):
    query, _ = sealed(EVENT)
    with pytest.raises(BadEnvelope):
        callbacks.hear(corp.CONFIG, query, bad_bodies()[name])
    assert not WecomEvent.objects.exists()


def test_an_old_callback_played_again_is_refused(noon):
    query, body = sealed(EVENT)
    with clock.held(noon + timedelta(minutes=11)), pytest.raises(BadEnvelope) as refusal:
        callbacks.hear(corp.CONFIG, query, body)
    assert refusal.value.why == "stale"
    stamp = str(int((noon + timedelta(minutes=11)).timestamp()))
    with clock.held(noon + timedelta(minutes=11)), pytest.raises(BadEnvelope) as refusal:
        callbacks.hear(corp.CONFIG, query | {"timestamp": stamp}, body)
    assert refusal.value.why == "signature"
    assert not WecomEvent.objects.exists()


def test_a_callback_of_another_corp_is_refused(noon):
    query, body = sealed(EVENT)
    other = corp.Config(
        corp="ww-other", secret="s", callback_token=corp.CONFIG.callback_token, callback_key=corp.KEY
    )
    with pytest.raises(BadEnvelope) as refusal:
        callbacks.hear(other, query, body)
    assert refusal.value.code == -40005


def test_old_callbacks_are_forgotten(noon):
    query, body = sealed(EVENT)
    callbacks.hear(corp.CONFIG, query, body)
    with clock.held(noon + timedelta(days=8)):
        assert wecom_inbox.forget() == 1
    assert wecom_picture.dirty_groups() == []
