"""One call: the token, what is tried again, what an answer means, and that no secret is written anywhere."""

import logging
from datetime import timedelta

import pytest

from connect.wecom import corp
from tongxin.connect.wecom.api import contacts, staff
from tongxin.connect.wecom.errors import CURES, NUMBERS, Fault, WeComFault
from tongxin.connect.wecom.pacing import HERE, INTERFACE, SharedPace, Size
from tongxin.connect.wecom.sandbox.faults import Switch
from tongxin.connect.wecom.tokens import EARLY, HOLD
from tongxin.foundation import clock
from tongxin.foundation.limits import Breaker
from tongxin.outreach.models import WecomLease

pytestmark = pytest.mark.django_db
TOKENS = "gettoken"


def calls(platform, path):
    return platform.seen.calls[path]


def test_a_token_serves_all_processes_until_shortly_before_its_end(noon):
    platform = corp.fake()
    staff.departments(corp.caller(platform))
    staff.departments(corp.caller(platform))
    assert calls(platform, TOKENS) == 1
    with clock.held(noon + timedelta(seconds=7200) - EARLY):
        staff.departments(corp.caller(platform))
    assert calls(platform, TOKENS) == 2


@pytest.mark.parametrize("kind", ["revoked", "expired"])
def test_a_revoked_token_is_replaced_once_and_the_call_repeated_once(noon, kind):
    platform = corp.fake()
    one = corp.caller(platform)
    staff.departments(one)
    platform.faults.set(Switch(kind, "department/list"))
    assert [row.id for row in staff.departments(one)] == [1, 2]
    assert (calls(platform, TOKENS), calls(platform, "department/list")) == (2, 3)
    platform.faults.set(Switch(kind, "department/list", left=None))
    with pytest.raises(WeComFault) as refusal:
        staff.departments(one)
    assert refusal.value.fault is Fault.TOKEN
    assert calls(platform, "department/list") == 5


def test_the_others_take_what_the_holder_fetched(noon):
    platform = corp.fake()
    first, second = corp.caller(platform), corp.caller(platform)
    staff.departments(first), staff.departments(second)
    for row in platform.world.all("tokens"):
        platform.world.put("tokens", row["token"], row | {"over": 40014})
    staff.departments(first), staff.departments(second)
    assert calls(platform, TOKENS) == 2


def test_a_holder_that_died_does_not_block_the_others_for_long(noon):
    platform = corp.fake()
    WecomLease.objects.create(
        name=f"{corp.CONFIG.corp}:{corp.CONFIG.agent}", holder="0" * 32, held_until=noon + HOLD
    )
    at = [noon]

    def pause(seconds):
        at[0] += timedelta(seconds=5)

    class Held(corp.Caller):
        pass

    with clock.held(noon + HOLD):
        staff.departments(Held(corp.CONFIG, door=corp.FakeDoor(platform), pace=corp.NoPace(), pause=pause))
    assert calls(platform, TOKENS) == 1


def test_a_token_lies_sealed_in_the_database(noon):
    platform = corp.fake()
    staff.departments(corp.caller(platform))
    token = platform.world.all("tokens")[0]["token"]
    assert WecomLease.objects.get().value == token
    assert not WecomLease.objects.extra(where=["value LIKE %s"], params=[f"%{token}%"]).exists()


def test_busy_is_repeated_three_times_and_no_more(noon):
    platform = corp.fake()
    one = corp.caller(platform)
    platform.faults.set(Switch("busy", "department/list", left=3))
    assert len(staff.departments(one)) == 2
    platform.faults.set(Switch("busy", "department/list", left=4))
    with pytest.raises(WeComFault) as refusal:
        staff.departments(one)
    assert refusal.value.fault is Fault.BUSY


@pytest.mark.parametrize(
    ("kind", "fault"),
    [
        ("limit", Fault.LIMIT),
        ("crowd", Fault.LIMIT),
        ("cut", Fault.UNKNOWN),
        ("lost", Fault.UNKNOWN),
        ("hang", Fault.UNKNOWN),
    ],
)
def test_what_went_wrong_is_one_of_a_closed_set(noon, kind, fault):
    platform = corp.fake()
    platform.faults.set(Switch(kind, "department/list"))
    with pytest.raises(WeComFault) as refusal:
        staff.departments(corp.caller(platform))
    assert refusal.value.fault is fault


def test_setup_faults_say_which(noon):
    platform = corp.fake(trusted=["10.0.0.1"])
    with pytest.raises(WeComFault) as refusal:
        staff.departments(corp.caller(platform))
    assert (refusal.value.fault, refusal.value.number) == (Fault.ADDRESS, 60020)
    wrong = corp.Config(corp=corp.CONFIG.corp, secret="other", base=corp.CONFIG.base)
    with pytest.raises(WeComFault) as refusal:
        staff.departments(corp.caller(platform, wrong))
    assert refusal.value.fault is Fault.CREDENTIALS
    assert set(CURES) == set(Fault)
    assert set(NUMBERS.values()) < set(Fault)


def test_out_of_sight_is_no_relation(noon):
    platform = corp.fake(visible=[])
    with pytest.raises(WeComFault) as refusal:
        list(contacts.by_users(corp.caller(platform), ["lin"]))
    assert refusal.value.fault is Fault.NO_RELATION


def test_after_five_failures_the_platform_is_left_alone(noon):
    platform = corp.fake()
    ticks = [0.0]
    one = corp.caller(platform, breaker=Breaker(ticking=lambda: ticks[0]))
    staff.departments(one)
    platform.faults.set(Switch("lost", left=5))
    for _ in range(5):
        with pytest.raises(WeComFault):
            staff.departments(one)
    before = calls(platform, "department/list")
    with pytest.raises(WeComFault) as refusal:
        staff.departments(one)
    assert (refusal.value.fault, calls(platform, "department/list")) == (Fault.UNREACHED, before)
    ticks[0] = 31.0
    assert len(staff.departments(one)) == 2


def test_nothing_secret_is_logged_at_any_level(noon, caplog, settings):
    platform = corp.fake()
    with caplog.at_level(logging.DEBUG):
        one = corp.caller(platform)
        staff.departments(one)
        platform.faults.set(Switch("cut", left=1))
        with pytest.raises(WeComFault) as refusal:
            staff.departments(one)
    token = platform.world.all("tokens")[0]["token"]
    said = caplog.text + str(refusal.value) + repr(refusal.value) + repr(corp.CONFIG)
    assert token not in said
    assert corp.CONFIG.secret not in said
    # The web library would write whole addresses at INFO, token and all.
    for name in ("httpx", "httpcore"):
        assert settings.LOGGING["loggers"][name]["level"] == "WARNING"


def test_the_buckets_stay_below_half_of_what_is_published():
    assert INTERFACE.within(60) <= 10_000 / 2
    assert INTERFACE.within(3600) <= 150_000 / 2
    assert HERE.within(60) <= 20_000 / 2
    assert HERE.within(3600) <= 600_000 / 2


def test_a_bucket_lets_its_burst_through_and_then_its_rate(noon):
    pace = SharedPace("c", interface=Size(5, 2.0), here=Size(100, 50.0))
    assert [pace.take("a") for _ in range(6)] == [0, 0, 0, 0, 0, 1.0]
    assert pace.take("b") == 0
    other_process = SharedPace("c", interface=Size(5, 2.0), here=Size(100, 50.0))
    assert other_process.take("a") == 1.0
    with clock.held(noon + timedelta(seconds=1)):
        assert [pace.take("a") for _ in range(3)] == [0, 0, 1.0]
    narrow = SharedPace("d", interface=Size(100, 2.0), here=Size(3, 1.0))
    assert [narrow.take(path) for path in "abcd"] == [0, 0, 0, 1.0]
