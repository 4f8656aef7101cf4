"""The whole phone of a member: who may look, why, how often, and that no number comes without its trail."""

from datetime import timedelta

import pytest

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, RegionFactory, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Verb
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions, queries
from tongxin.people.actions import reveals
from tongxin.people.models import Identity
from tongxin.people.rules import MAY, REVEALERS, spells_number
from tongxin.people.terms import ACTS, REFUSALS, REVEALS_A_DAY, IdentityKind
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
PHONE, WHY = "13812345678", "活动改期，打电话通知"


def looks():
    return Entry.objects.filter(act="people.phone_revealed")


@pytest.fixture
def store():
    return StoreFactory(region=RegionFactory())


@pytest.fixture
def member(store):
    return CustomerFactory(phone=PHONE, home_store=store)


def look(who, customer, reason=WHY):
    return actions.reveal_phone(viewer=who, customer=customer, reason=reason)


def refused(code, act):
    """Refused, and nothing stands in the trail."""
    before = looks().count()
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert not code.startswith("people.") or code in REFUSALS
    assert PHONE not in f"{no.value!r}"
    assert looks().count() == before


def placed(role, store):
    return viewer(role, region=store.region) if role is Role.REGION_MANAGER else viewer(role, store=store)


def test_those_who_may_look_may_read():
    assert MAY[Verb.READ] > REVEALERS
    assert SYSTEM not in REVEALERS


@pytest.mark.parametrize(
    ("role", "code"),
    [
        (Role.ADMIN, ""), (Role.HQ_EDITOR, ""), (Role.REGION_MANAGER, ""), (Role.STORE_MANAGER, ""), (Role.CHAMPION, ""),
        (Role.HQ_ANALYST, "forbidden"), (Role.AUDITOR, "absent"), (Role.DOOR, "absent"), (Role.DEVICE, "absent"),
        (Role.MODERATOR, "absent"), (Role.WEBHOOK, "absent"),
    ],
)  # fmt: skip
def test_who_may_look(role, code, store, member):
    who = placed(role, store)
    if code:
        refused(code, lambda: look(who, member))
        return
    assert look(who, member) == PHONE
    (entry,) = looks()
    assert (entry.account, entry.actor, entry.reason) == (who.account, who.name, WHY)
    assert (entry.subject_kind, entry.subject_id) == ("customer", str(member.public_id))
    kept = "".join(str(value) for value in Entry.objects.filter(pk=entry.pk).values().get().values())
    assert PHONE not in kept
    assert PHONE[-4:] not in entry.before + entry.after + entry.reason
    assert entry.act in ACTS


@pytest.mark.parametrize("role", [Role.REGION_MANAGER, Role.STORE_MANAGER, Role.CHAMPION])
def test_a_foreign_member_is_as_absent(role, store):
    foreign = CustomerFactory(home_store=StoreFactory(region=RegionFactory()))
    who = placed(role, store)
    refused("absent", lambda: look(who, foreign))
    homeless = CustomerFactory(home_store=None)
    refused("absent", lambda: look(who, homeless))


def test_no_member_and_no_job_looks(member, store):
    refused("forbidden", lambda: look(member_viewer(member), member))
    refused("forbidden", lambda: look(TESTS, member))


def test_another_role_elsewhere_does_not_help(member, store):
    """An analyst of the chain who is champion of another store reads here, but as an analyst."""
    analyst = viewer(Role.HQ_ANALYST)
    both = type(analyst)(
        account=analyst.account,
        name=analyst.name,
        grants=analyst.grants + viewer(Role.CHAMPION, store=StoreFactory()).grants,
    )
    refused("forbidden", lambda: look(both, member))


@pytest.mark.parametrize(
    ("reason", "code"),
    [
        ("", "people.reveal_reason"), (" 改 期 "[:3], "people.reveal_reason"), ("x" * 121, "people.reveal_reason"),
        ("      ", "people.reveal_reason"),
        (f"打给{PHONE}", "people.reveal_digits"), ("打给 138 1234 5678", "people.reveal_digits"),
        ("打给138-1234", "people.reveal_digits"), ("尾号 １２３４５", "people.reveal_digits"),
        ("打给一三八一二三四", "people.reveal_digits"), ("call 1\u200b3812", "people.reveal_digits"),
    ],
)  # fmt: skip
def test_a_reason_is_needed_and_holds_no_number(reason, code, store, member):
    refused(code, lambda: look(viewer(Role.CHAMPION, store=store), member, reason))


@pytest.mark.parametrize("reason", ["改期了", "x" * 120, "11月3日 18:30 的活动改期", "订单 1234 有问题"])
def test_plain_reasons_pass(reason, store, member):
    assert not spells_number(reason)
    assert look(viewer(Role.CHAMPION, store=store), member, reason) == PHONE
    assert looks().get().reason == reason


def test_without_the_trail_no_number_is_even_unsealed(store, member, monkeypatch):
    who, opened = viewer(Role.CHAMPION, store=store), []
    unsealed = Identity._meta.get_field("value")
    real = unsealed.from_db_value
    monkeypatch.setattr(unsealed, "from_db_value", lambda value, *a: opened.append(1) or real(value, *a))

    class Away(Exception):
        pass

    def broken(**_):
        raise Away

    with monkeypatch.context() as without:
        without.setattr(reveals, "trail", broken)
        with pytest.raises(Away):
            look(who, member)
    assert (opened, looks().count()) == ([], 0)
    # control arm: with it, the one number is unsealed, after its row of the trail was there
    counts = []
    monkeypatch.setattr(
        unsealed, "from_db_value", lambda value, *a: counts.append(looks().count()) or real(value, *a)
    )
    assert look(who, member) == PHONE
    assert counts == [1]


def test_control_arm_a_silent_trail_would_be_seen(store, member, monkeypatch):
    """The tests above count rows: an action that wrote none would fail them."""
    monkeypatch.setattr(reveals, "trail", lambda **_: None)
    assert look(viewer(Role.CHAMPION, store=store), member) == PHONE
    assert looks().count() == 0


def test_so_many_a_day_and_account(store, member, monkeypatch):
    one, other = viewer(Role.CHAMPION, store=store), viewer(Role.STORE_MANAGER, store=store)
    for _ in range(REVEALS_A_DAY):
        look(one, member)
    refused("people.too_many_reveals", lambda: look(one, member))
    assert look(other, member) == PHONE
    # control arm: it is the limit that refuses
    with monkeypatch.context() as without:
        without.setattr(reveals, "REVEALS_A_DAY", REVEALS_A_DAY + 1)
        assert look(one, member) == PHONE
    refused("people.too_many_reveals", lambda: look(one, member))
    with clock.held(clock.now() + timedelta(days=1)):
        assert look(one, member) == PHONE


def test_a_hash_from_the_till_is_no_number(store):
    hashed = CustomerFactory(phone=None, home_store=store)
    actions.add_identity(
        viewer=TESTS, customer=hashed, kind=IdentityKind.PHONE_SHA256, value="a" * 64, source="pos"
    )
    refused("people.no_phone", lambda: look(viewer(Role.CHAMPION, store=store), hashed))


def test_of_several_numbers_the_one_that_the_card_shows_first(store, member):
    with clock.held(clock.now() + timedelta(minutes=1)):
        actions.add_identity(viewer=TESTS, customer=member, kind=IdentityKind.PHONE, value="13700001111")
    who = viewer(Role.CHAMPION, store=store)
    card = queries.person_card(who, member.public_id)
    first = next(line.shown for line in card.identities if line.kind is IdentityKind.PHONE)
    number = look(who, member)
    assert (number, first) == ("13700001111", "137****1111")
