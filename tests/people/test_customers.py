"""Who is who, who sees whom, and one person at a time, on a real database."""

import hashlib
import uuid

import pytest
from django.db import connection

from people.factories import CustomerFactory, account_of, member_viewer
from stores.factories import (
    TESTS,
    AccountFactory,
    BrandFactory,
    RegionFactory,
    StaffFactory,
    StoreFactory,
    viewer,
)
from tongxin.foundation.access import ANONYMOUS, Verb, system
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions, queries
from tongxin.people.models import Consent, Customer, Deed, Identity, Tag
from tongxin.people.rules import MemberRow, Sight
from tongxin.people.terms import ACTS, REFUSALS, CustomerKind, IdentityKind, Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
MODELS = (Customer, Identity, Consent, Deed, Tag, Entry)


def written():
    return [model.objects.count() for model in MODELS]


def refused(code, act):
    """The act is refused, nothing was written."""
    before = written()
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert code == "absent" or code in REFUSALS
    if code == "absent":
        assert no.value.data == {}
    assert written() == before
    return no.value


# ---- access


@pytest.mark.parametrize(
    ("role", "sees"),
    [
        (Role.ADMIN, "own foreign homeless"), (Role.HQ_EDITOR, "own foreign homeless"), (Role.HQ_ANALYST, "own foreign homeless"),
        (Role.REGION_MANAGER, "own"), (Role.STORE_MANAGER, "own"), (Role.CHAMPION, "own"),
        (Role.DOOR, ""), (Role.AUDITOR, ""), (Role.DEVICE, ""), (Role.MODERATOR, ""), (Role.WEBHOOK, ""),
    ],
)  # fmt: skip
def test_a_role_sees_its_members_and_the_others_are_as_absent(role, sees):
    region = RegionFactory()
    store = StoreFactory(region=region)
    world = {
        "own": CustomerFactory(home_store=store),
        "foreign": CustomerFactory(home_store=StoreFactory(region=RegionFactory())),
        "homeless": CustomerFactory(home_store=None),
    }
    who = viewer(role, region=region) if role is Role.REGION_MANAGER else viewer(role, store=store)
    listed = {line.id for line in queries.search_customers(who).items}
    assert listed == {world[name].pk for name in sees.split()}
    for name, customer in world.items():
        if name in sees.split():
            assert queries.access_customer(who, str(customer.public_id)) == customer
        else:
            refused("absent", lambda: queries.access_customer(who, customer.public_id))  # noqa: B023
            refused("absent", lambda: queries.person_card(who, customer.public_id))  # noqa: B023
            refused("absent", lambda: queries.timeline(who, customer.public_id))  # noqa: B023
            refused("absent", lambda: queries.consents_of(who, customer.public_id))  # noqa: B023
    refused("absent", lambda: queries.access_customer(who, uuid.uuid4()))
    refused("absent", lambda: queries.access_customer(who, "?"))


def test_verbs_are_for_fewer_people_than_reading():
    store = StoreFactory()
    customer = CustomerFactory(home_store=store)
    champion = viewer(Role.CHAMPION, store=store)
    manager = viewer(Role.STORE_MANAGER, store=store)
    for verb in (Verb.READ, Verb.CHANGE):
        queries.access_customer(champion, customer.public_id, verb)
    for verb in (Verb.DECIDE, Verb.ERASE, Verb.EXPORT):
        refused("absent", lambda: queries.access_customer(champion, customer.public_id, verb))  # noqa: B023
    queries.access_customer(manager, customer.public_id, Verb.DECIDE)
    refused("absent", lambda: queries.access_customer(manager, customer.public_id, Verb.ERASE))
    for verb in Verb:
        queries.access_customer(viewer(Role.ADMIN), customer.public_id, verb)
    analyst = viewer(Role.HQ_ANALYST)
    refused("absent", lambda: queries.access_customer(analyst, customer.public_id, Verb.CHANGE))


def test_members_reach_themselves_and_nobody_else():
    one, other = CustomerFactory(), CustomerFactory()
    me = member_viewer(one)
    for verb in (Verb.READ, Verb.CHANGE, Verb.EXPORT, Verb.ERASE):
        assert queries.access_customer(me, one.public_id, verb) == one
        refused("absent", lambda: queries.access_customer(me, other.public_id, verb))  # noqa: B023
    refused("absent", lambda: queries.access_customer(me, one.public_id, Verb.DECIDE))
    assert queries.search_customers(me).items == ()
    assert queries.me(me).public_id == one.public_id
    refused("absent", lambda: queries.me(ANONYMOUS))
    admin = viewer(Role.ADMIN)
    refused("absent", lambda: queries.me(admin))


def test_an_analyst_sees_a_pseudonym():
    customer = CustomerFactory(nickname="小桃红", member_code="m1", birth_year=1988)
    actions.tag(viewer=TESTS, customer=customer, label="爱烘焙")
    analyst = viewer(Role.HQ_ANALYST)
    card = queries.person_card(analyst, customer.public_id)
    assert card.sight is Sight.PSEUDONYM
    assert (card.birth_year, card.identities, card.tags, card.companions) == (None, (), (), ())
    (line,) = queries.search_customers(analyst).items
    assert "小桃红" not in f"{card}{line}"
    assert (line.phone_hint, line.member_code) == ("", "")
    assert card.name == line.name == f"会员 {str(customer.public_id)[:6]}"
    # a name or a phone would tell who it is; the till's code is what an analyst has
    for text in ("小桃红", "xth", "xiaotaohong", "0000"):
        assert queries.search_customers(analyst, text).items == ()
    assert len(queries.search_customers(analyst, "m1").items) == 1
    full = queries.person_card(viewer(Role.ADMIN), customer.public_id)
    assert (full.name, full.birth_year, [t.label for t in full.tags]) == ("小桃红", 1988, ["爱烘焙"])


# ---- searching


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("小桃红", True), ("桃", True), ("xiaotao", True), ("xth", True), ("XTH", True), ("xiao tao hong", True),
        ("5678", True), ("13812345678", True), ("138 1234 5678", True), ("m-77", True), ("", True), ("  ", True),
        ("小李", False), ("5679", False), ("1381234567", False), ("13812345679", False), ("m-7", False), ("45678", False),
        ("%", False), ("_", False),
    ],
)  # fmt: skip
def test_a_champion_finds_a_member_at_the_counter(text, found):
    store = StoreFactory()
    customer = CustomerFactory(nickname="小桃红", phone="13812345678", member_code="m-77", home_store=store)
    CustomerFactory(
        nickname="小桃红", phone="13912345678", member_code="m-78"
    )  # of another store: never found
    champion = viewer(Role.CHAMPION, store=store)
    assert [line.id for line in queries.search_customers(champion, text).items] == [customer.pk] * found


def test_a_search_stays_inside_a_store_and_a_kind():
    a, b = StoreFactory(), StoreFactory()
    one, two = CustomerFactory(home_store=a), CustomerFactory(home_store=b)
    prospect = actions.note_prospect(viewer=TESTS, store=a, known_by=IdentityKind.VISIT, key="v1")
    ids = lambda **kw: [line.id for line in queries.search_customers(TESTS, **kw).items]  # noqa: E731
    assert ids(store=b) == [two.pk]
    assert ids(store=a, kind=CustomerKind.MEMBER) == [one.pk]
    assert ids(kind=CustomerKind.PROSPECT) == [prospect.pk]


def test_pages_go_on_where_they_stopped_while_people_arrive():
    people = [CustomerFactory() for _ in range(5)]
    first = queries.search_customers(TESTS, limit=2)
    CustomerFactory()
    second = queries.search_customers(TESTS, limit=2, cursor=first.cursor)
    third = queries.search_customers(TESTS, limit=2, cursor=second.cursor)
    seen = [line.id for page in (first, second, third) for line in page.items]
    assert seen == [one.pk for one in reversed(people)]
    assert third.cursor is None


def test_a_list_costs_the_same_with_one_row_and_with_three(django_assert_num_queries):
    for more in (1, 2):
        for _ in range(more):
            CustomerFactory(member_code=uuid.uuid4().hex)
        tail = Identity.objects.filter(kind="phone").latest("id").value[-4:]
        with django_assert_num_queries(2):
            queries.search_customers(TESTS)
        with django_assert_num_queries(2):
            queries.search_customers(TESTS, "linju")
        with django_assert_num_queries(3):  # one more: the stores whose keys are tried
            assert queries.search_customers(TESTS, tail).items


def test_a_card_costs_the_same_however_much_there_is(django_assert_num_queries):
    customer = CustomerFactory()
    admin = viewer(Role.ADMIN)
    for n in (1, 2):
        for i in range(n):
            actions.tag(viewer=TESTS, customer=customer, label=f"t{n}{i}")
            actions.add_identity(viewer=TESTS, customer=customer, kind=IdentityKind.UNIONID, value=f"u{n}{i}")
            actions.set_consent(
                viewer=TESTS,
                customer=customer,
                purpose=Purpose.PHOTO,
                granted=False,
                notice_version="1",
                channel="paper",
            )
        with django_assert_num_queries(9):
            queries.person_card(admin, customer.public_id)


# ---- registering


def test_registering_writes_a_person_with_identities_consents_a_deed_and_a_trail():
    store = StoreFactory()
    customer = CustomerFactory(
        nickname="小桃红", phone="138 1234 1234", home_store=store, member_code="m1", birth_year=1988, gender="f",
        consents={Purpose.GROUP_MESSAGE: True, Purpose.MEASUREMENT: False}, notice_version="2026-03", source_channel="店内海报",
    )  # fmt: skip
    card = queries.person_card(viewer(Role.CHAMPION, store=store), customer.public_id)
    assert [(i.kind, i.shown) for i in card.identities] == [
        (IdentityKind.MEMBER_CODE, "m1"), (IdentityKind.PHONE, "138****1234")
    ]  # fmt: skip
    assert {c.purpose: c.state.granted for c in card.consents if c.state.at} == {
        Purpose.GROUP_MESSAGE: True, Purpose.MEASUREMENT: False
    }  # fmt: skip
    assert [d.kind for d in Deed.objects.filter(person=customer)] == ["became_member"]
    assert {e.act for e in Entry.objects.filter(subject_id=str(customer.public_id))} == {
        "people.registered", "people.consent_granted", "people.consent_withdrawn"
    }  # fmt: skip
    assert set(Entry.objects.filter(act__startswith="people.").values_list("act", flat=True)) <= ACTS.keys()
    trail = "".join(e.before + e.after + e.reason for e in Entry.objects.all())
    for secret in ("小桃红", "13812341234", "1234"):
        assert secret not in trail


def test_a_phone_belongs_to_one_person_in_whatever_way_it_is_typed():
    CustomerFactory(phone="13812341234")
    store = StoreFactory()
    no = refused(
        "people.identity_taken", lambda: CustomerFactory(phone="+86 138-1234-1234", home_store=store)
    )
    assert no.data == {"kind": "手机号"}
    refused("people.phone_bad", lambda: CustomerFactory(phone="12", home_store=store))
    refused(
        "absent",
        lambda: actions.register_member(viewer=ANONYMOUS, phone="13912341234", home_store=store),
    )


def test_a_phone_is_sealed_in_the_table_and_found_by_its_hash():
    customer = CustomerFactory(phone="13812341234")
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(row_to_json(i)::text, ' ') FROM people_identity i")
        dump = cursor.fetchone()[0]
    assert "13812341234" not in dump
    assert "1234" not in [word for word in dump.split('"') if word.isdigit()]
    assert Identity.objects.get(kind="phone").value == "+8613812341234"  # the control: it is there, and opens
    assert queries.person_by_phone(system("t"), "+86 138 1234 1234") == customer
    assert queries.person_by_phone(system("t"), "13812341235") is None
    assert queries.person_by_phone(system("t"), "?") is None
    assert queries.person_by_phone(viewer(Role.CHAMPION), "13812341234") is None


def test_staff_who_are_members_are_known_as_staff():
    StaffFactory(phone="13812341234")
    assert CustomerFactory(phone="13812341234").is_staff
    assert not CustomerFactory(phone="13912341234").is_staff
    later = CustomerFactory(phone="13712341234")
    StaffFactory(phone="13712341234")
    assert actions.refresh_staff_flags(viewer=TESTS) == 1
    assert actions.refresh_staff_flags(viewer=TESTS) == 0
    later.refresh_from_db()
    assert later.is_staff
    actions.flag_staff(viewer=TESTS, customer=later, is_staff=False)
    later.refresh_from_db()
    assert not later.is_staff
    champion = viewer(Role.CHAMPION, store=later.home_store)
    refused("absent", lambda: actions.flag_staff(viewer=champion, customer=later, is_staff=True))


def test_a_prospect_is_known_by_a_visit_and_noted_once():
    store = StoreFactory()
    who = viewer(Role.CHAMPION, store=store)
    one = actions.note_prospect(viewer=who, store=store, known_by=IdentityKind.VISIT, key="counter-7")
    assert actions.note_prospect(viewer=who, store=store, known_by=IdentityKind.VISIT, key="counter-7") == one
    assert (one.kind, one.nickname) == (CustomerKind.PROSPECT, "")
    assert queries.person_card(who, one.public_id).name == f"会员 {str(one.public_id)[:6]}"
    assert Identity.objects.get(customer=one).lookup != "counter-7"
    with pytest.raises(ValueError, match="visit or a place"):
        actions.note_prospect(viewer=who, store=store, known_by=IdentityKind.PHONE, key="1")


def test_the_same_visitor_key_in_two_stores_is_two_people():
    a, b = StoreFactory(), StoreFactory()
    one = actions.note_prospect(viewer=TESTS, store=a, known_by=IdentityKind.PLACE, key="k")
    assert actions.note_prospect(viewer=TESTS, store=b, known_by=IdentityKind.PLACE, key="k") != one
    champion = viewer(Role.CHAMPION, store=a)
    refused(
        "absent",
        lambda: actions.note_prospect(viewer=champion, store=b, known_by=IdentityKind.PLACE, key="z"),
    )


# ---- the account


def test_the_first_sign_in_opens_an_account_that_says_nothing():
    customer = CustomerFactory(phone="13812341234", nickname="小桃红")
    account = actions.account_for_phone(viewer=system("sign-in"), phone="138 1234 1234")
    assert actions.account_for_phone(viewer=system("sign-in"), phone="13812341234") == account
    assert account.handle.removeprefix("m-") == uuid.UUID(account.handle.removeprefix("m-")).hex
    assert queries.person_of(account) == customer.pk
    assert Identity.objects.get(customer=customer, kind="phone").verified
    refused("absent", lambda: actions.account_for_phone(viewer=system("sign-in"), phone="13912341234"))
    assert queries.person_of(AccountFactory()) is None


@pytest.mark.parametrize("way", ["13812341234", "8613812341234", "+8613812341234"])
def test_a_till_that_sends_hashed_phones_lets_its_members_sign_in(way):
    BrandFactory()
    digest = hashlib.sha256(way.encode()).hexdigest()
    actions.upsert_members(viewer=TESTS, rows=[MemberRow("m1", phone_sha256=digest.upper())], source="pos")
    customer = Customer.objects.get()
    assert (
        Identity.objects.get(kind="phone_sha256").lookup != digest
    )  # a bare digest of eleven digits is guessed
    account = actions.account_for_phone(viewer=system("sign-in"), phone="13812341234")
    assert queries.person_of(account) == customer.pk
    assert Identity.objects.get(kind="phone").verified  # proved once, known plainly from then on


# ---- profile and tags


def test_a_profile_is_corrected_and_the_trail_names_fields_only():
    store = StoreFactory()
    customer = CustomerFactory(nickname="旧名", phone="13812345678")
    found = actions.change_profile(
        viewer=TESTS, customer=customer, nickname="小桃红", gender="f", birth_year=2020, home_store=store
    )
    assert (found.nickname_initials, found.gender, found.birth_year, found.home_store) == (
        "xth",
        "f",
        None,
        store,
    )
    champion = viewer(Role.CHAMPION, store=store)
    assert len(queries.search_customers(champion, "5678").items) == 1  # keyed for the new store
    entry = Entry.objects.get(act="people.profile_changed")
    assert (
        entry.after
        == '{"fields":["birth_year","gender","home_store","nickname","nickname_initials","nickname_pinyin"]}'
    )
    stranger = viewer(Role.CHAMPION)
    refused("absent", lambda: actions.change_profile(viewer=stranger, customer=customer, nickname="x"))
    assert actions.change_profile(viewer=TESTS, customer=customer).nickname == "小桃红"


def test_an_identity_is_added_once():
    one, other = CustomerFactory(), CustomerFactory()
    actions.add_identity(viewer=TESTS, customer=one, kind=IdentityKind.WECOM, value="wm1", source="corp-1")
    refused(
        "people.identity_taken",
        lambda: actions.add_identity(
            viewer=TESTS, customer=other, kind=IdentityKind.WECOM, value="wm1", source="corp-1"
        ),
    )
    # another issuer may use the same value
    actions.add_identity(viewer=TESTS, customer=other, kind=IdentityKind.WECOM, value="wm1", source="corp-2")
    refused(
        "people.phone_bad",
        lambda: actions.add_identity(viewer=TESTS, customer=one, kind=IdentityKind.PHONE, value="abc"),
    )


def test_members_see_and_delete_what_is_kept_about_them():
    customer = CustomerFactory()
    actions.tag(viewer=TESTS, customer=customer, label="爱烘焙")
    refused("people.tag_taken", lambda: actions.tag(viewer=TESTS, customer=customer, label="爱烘焙"))
    (tag,) = queries.me(member_viewer(customer)).tags
    stranger = member_viewer(CustomerFactory())
    refused("absent", lambda: actions.untag(viewer=stranger, customer=customer, tag_id=tag.public_id))
    me = member_viewer(customer)
    actions.untag(viewer=me, customer=customer, tag_id=tag.public_id)
    assert queries.me(me).tags == ()
    refused("absent", lambda: actions.untag(viewer=me, customer=customer, tag_id=tag.public_id))


def test_an_account_is_opened_once():
    customer = CustomerFactory()
    assert account_of(customer) == account_of(customer)
