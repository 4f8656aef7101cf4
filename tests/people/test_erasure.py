"""Forgetting and handing over: markers in every personal field, a dump of all tables, and what would be found if we had forgotten one."""

import json
import sys
from datetime import timedelta
from types import ModuleType
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.models import ForeignKey

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, AccountFactory, BrandFactory, StaffFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.accounts.models import Account, SignIn
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.personal import Erase, Kind, Rule
from tongxin.people import actions, holdings, ledger, queries, subjects
from tongxin.people.holdings import HOLDINGS, NOT_OWN, Holding, rules_of
from tongxin.people.models import Companion, Consent, Customer, Deed, Erased, Identity, Tag
from tongxin.people.rules import MemberRow
from tongxin.people.subjects import SubjectIn
from tongxin.people.terms import IdentityKind, MergeReason, Purpose
from tongxin.stores.rules import Counts
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db
OURS = ("people", "stores", "accounts", "outbox", "audit")


def refused(code, act):
    before = state(), Entry.objects.count()
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert (state(), Entry.objects.count()) == before


def state():
    """What an erasure would change first: people, identities, tombstones."""
    return [list(model.objects.order_by("id").values()) for model in (Customer, Identity, Erased)]


def dump():
    """Every row of every table of ours as the database holds it, sealed values opened beside it."""
    text = []
    with connection.cursor() as cursor:
        for model in apps.get_models():
            if model._meta.app_label in OURS:
                cursor.execute(f'SELECT row_to_json(t)::text FROM "{model._meta.db_table}" t ORDER BY 1')
                text += [row[0] for row in cursor.fetchall()]
                text += [json.dumps(row, default=str, ensure_ascii=False) for row in model.objects.values()]
    return "\n".join(text)


@pytest.fixture
def marked(noon):
    """Somebody with a marker in every field a person can put something into, two merged entries, an account, a child."""
    BrandFactory()
    customer = CustomerFactory(
        nickname="MKnickname", phone="13812340001", gender="MKgender", birth_year=1971, member_code="MKcode1", source_channel="MKchannel"
    )  # fmt: skip
    old = CustomerFactory(nickname="MKold", phone="13812340002", member_code="MKcode2")
    actions.upsert_members(
        viewer=TESTS, rows=[MemberRow("MKcode1", tier="MKtier", is_paid=True)], source="pos"
    )
    for kind in (IdentityKind.UNIONID, IdentityKind.WECOM):
        actions.add_identity(viewer=TESTS, customer=customer, kind=kind, value=f"MK{kind}", source="MKissuer")
    actions.tag(viewer=TESTS, customer=customer, label="MKtag")
    actions.tag(viewer=TESTS, customer=old, label="MKtagtwo")
    actions.merge(viewer=TESTS, source=old, target=customer, reason=MergeReason.SAME_PHONE, note="MKnote")
    me = member_viewer(customer)
    child = actions.add_companion(viewer=me, nickname="MKchild", age_years=6, agreed=True, notice_version="1")
    actions.set_consent(
        viewer=me,
        customer=customer,
        purpose=Purpose.PHOTO,
        granted=True,
        notice_version="1",
        channel="member_page",
    )
    subject = subjects.note(SubjectIn("events", "e1", "event", title="小小烘焙师"))
    for one in (customer, old):
        ledger.record(
            viewer=TESTS, person=one, kind="checked_in", occurred_at=noon, subject=subject, device="MKdevice",
            source=("pos", f"MKsource-{one.pk}"),
        )  # fmt: skip
    other = CustomerFactory(nickname="邻居")
    ledger.record(
        viewer=TESTS,
        person=other,
        kind="reacted",
        occurred_at=noon,
        counterpart=customer,
        device="别人的",
        source=("t", "1"),
    )
    account = Account.objects.get(pk=me.account)
    SignIn.objects.create(
        account=account,
        epoch=0,
        opened_at=noon,
        seen_at=noon,
        idle_until=noon,
        expires_at=noon + timedelta(days=1),
    )
    return {"customer": customer, "old": old, "other": other, "account": account, "child": child, "me": me}


MARKERS = (
    "MKnickname", "mknickname", "MKgender", "MKcode1", "MKcode2", "MKchannel", "MKold", "mkold", "MKtier", "MKunionid", "MKwecom",
    "MKissuer", "MKtag", "MKtagtwo", "MKnote", "MKchild", "MKdevice", "MKsource", "13812340001", "13812340002", '"birth_year": 1971',
)  # fmt: skip


def test_after_erasure_no_marker_is_left_anywhere(marked):
    before = dump()
    assert [m for m in MARKERS if m not in before] == []  # the control: all were there
    touched = actions.erase(
        viewer=marked["me"], customer=marked["customer"], reason="member_asked", erasers=()
    )
    after = dump()
    assert [m for m in MARKERS if m in after] == []
    assert "别人的" in after  # what is somebody else's stays
    assert touched["people.identity"] == 6
    assert queries.survivor_of(marked["customer"].public_id) is None
    admin = viewer(Role.ADMIN)
    for one in ("customer", "old"):
        refused("absent", lambda: queries.access_customer(admin, marked[one].public_id))  # noqa: B023
    assert [line.id for line in queries.search_customers(TESTS).items] == [marked["other"].pk]
    assert queries.person_by_phone(TESTS, "13812340001") is None


def test_control_a_field_declared_as_kept_would_be_found(marked, monkeypatch):
    """The same erasure with one rule turned to KEEP leaves its marker, and the dump finds it."""
    kept = {**Customer.personal, "gender": Rule(Kind.PERSONAL, "x", "x", export=True, erase=Erase.KEEP)}
    monkeypatch.setattr(Customer, "personal", kept)
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="member_asked", erasers=())
    assert [m for m in MARKERS if m in dump()] == ["MKgender"]


def test_control_a_model_left_out_of_the_list_would_be_found(marked, monkeypatch):
    monkeypatch.setattr(
        "tongxin.people.actions.erasure.HOLDINGS", tuple(h for h in HOLDINGS if h.model is not Tag)
    )
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="member_asked", erasers=())
    assert [m for m in MARKERS if m in dump()] == ["MKtag", "MKtagtwo"]


def test_the_book_keeps_its_totals_under_an_opaque_number(marked):
    book = list(
        Deed.objects.order_by("id").values(
            "id", "person", "kind", "weight", "occurred_at", "subject", "counterpart"
        )
    )
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="member_asked", erasers=())
    assert (
        list(
            Deed.objects.order_by("id").values(
                "id", "person", "kind", "weight", "occurred_at", "subject", "counterpart"
            )
        )
        == book
    )
    assert {d.source_id for d in Deed.objects.filter(person=marked["old"])} == {
        f"~{d.pk}" for d in Deed.objects.filter(person=marked["old"])
    }
    now = clock.now()
    rows = queries.live_deeds(now, now - timedelta(days=1))
    assert {row.person for row in rows} == {marked["other"].pk}
    assert {row.counterpart for row in rows} == {None}
    assert Consent.objects.filter(customer=marked["customer"]).count() == 3  # the proof that we were allowed


def test_the_account_is_closed_and_its_sessions_gone(marked):
    actions.erase(viewer=marked["me"], customer=marked["customer"], reason="member_asked", erasers=())
    account = Account.objects.get(pk=marked["account"].pk)
    assert (account.is_active, account.epoch > marked["account"].epoch) == (False, True)
    assert not SignIn.objects.filter(account=account).exists()
    assert queries.person_of(account) is None
    assert Companion.objects.count() == 0


def test_staff_who_leave_as_members_still_sign_in_for_work(marked):
    StaffFactory(account=marked["account"])
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="member_asked", erasers=())
    assert Account.objects.get(pk=marked["account"].pk).is_active


def test_who_may_erase_and_export(marked):
    customer = marked["customer"]
    store = customer.home_store
    strangers = [
        viewer(Role.CHAMPION, store=store), viewer(Role.STORE_MANAGER, store=store), viewer(Role.HQ_EDITOR), viewer(Role.HQ_ANALYST),
        viewer(Role.AUDITOR), member_viewer(marked["other"]),
    ]  # fmt: skip
    for who in strangers:
        refused("absent", lambda: actions.erase(viewer=who, customer=customer, reason="x", erasers=()))  # noqa: B023
        refused("absent", lambda: actions.export(viewer=who, customer=customer, erasers=()))  # noqa: B023
    refused(
        "people.erase_needs_reason",
        lambda: actions.erase(viewer=TESTS, customer=customer, reason="  ", erasers=()),
    )
    admin = viewer(Role.ADMIN)
    actions.export(viewer=admin, customer=customer, erasers=())
    actions.erase(viewer=admin, customer=customer, reason="account_closed", erasers=())
    entry = Entry.objects.get(act="people.erased")
    assert (entry.actor, entry.subject_id, entry.reason) == (
        admin.name,
        str(customer.public_id),
        "account_closed",
    )
    refused("absent", lambda: actions.erase(viewer=admin, customer=customer, reason="again", erasers=()))


# ---- upper rooms


class Room:
    """An upper room of the test's own."""

    room = "upper"

    def __init__(self):
        self.forgot = []

    def erase(self, person):
        self.forgot.append(person)
        return 3

    def export(self, person):
        return {"lines": [{"person": person.ids[0]}]}


class Broken(Room):
    def erase(self, person):
        raise RuntimeError("disk full")


def test_upper_rooms_forget_in_the_same_transaction(marked):
    before = dump()
    with pytest.raises(RuntimeError, match="disk full"):
        actions.erase(viewer=TESTS, customer=marked["customer"], reason="x", erasers=[Room(), Broken()])
    assert dump() == before  # all or nothing
    room = Room()
    touched = actions.erase(viewer=TESTS, customer=marked["customer"], reason="x", erasers=[room])
    (person,) = room.forgot
    assert touched["upper"] == 3
    assert person.ids == (marked["customer"].pk, marked["old"].pk)
    assert set(person.member_codes) == {("pos", "MKcode1"), ("pos", "MKcode2")}


def test_the_wiring_is_asked_when_nothing_is_given(marked, settings, monkeypatch):
    room, wiring = Room(), ModuleType("wiring_of_the_test")
    wiring.ERASERS = [room]
    monkeypatch.setitem(sys.modules, "wiring_of_the_test", wiring)
    settings.TONGXIN_WIRING = "wiring_of_the_test"
    assert actions.export(viewer=TESTS, customer=marked["customer"])["rooms"] == {
        "upper": {"lines": [{"person": marked["customer"].pk}]}
    }
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="x")
    assert len(room.forgot) == 1


# ---- export


def test_an_export_holds_everything_that_is_declared_for_it(marked):
    found = actions.export(viewer=marked["me"], customer=marked["customer"], erasers=[Room()])
    text = json.dumps(found, ensure_ascii=False)
    exported = [
        m for m in MARKERS if m not in {"mknickname", "mkold", "MKdevice", "MKsource"}
    ]  # for our own use
    assert [m for m in exported if m not in text] == []
    assert "小小烘焙师" in text
    assert found["rooms"] == {"upper": {"lines": [{"person": marked["customer"].pk}]}}
    assert found["schema"] == "tongxin.export/1"
    assert set(found["public_ids"]) == {str(marked["customer"].public_id), str(marked["old"].public_id)}
    for holding in HOLDINGS:
        for row in found["tables"][holding.name]:
            assert set(row) == {n for n, rule in rules_of(holding.model).items() if rule.export}
    assert "邻居" not in text
    assert Entry.objects.filter(act="people.exported").count() == 1


# ---- tombstones


def test_tomorrows_file_does_not_bring_an_erased_person_back(marked):
    actions.erase(viewer=TESTS, customer=marked["customer"], reason="x", erasers=())
    rows = [MemberRow("MKcode1", name="x"), MemberRow("MKcode2", name="x"), MemberRow("new")]
    assert actions.upsert_members(viewer=TESTS, rows=rows, source="pos") == Counts(new=1, erased=2)
    # the same number of another issuer is another person, and one may join again by oneself
    assert actions.upsert_members(viewer=TESTS, rows=[MemberRow("MKcode1")], source="other").new == 1
    assert CustomerFactory(phone="13812340001").pk


def test_who_was_erased_stays_erased_after_a_restore(marked):
    """The backup is from before the erasure: its rows come back, the tombstones kept apart make it forget again."""
    before = Customer.objects.get(pk=marked["customer"].pk)
    with transaction.atomic():
        actions.erase(viewer=TESTS, customer=marked["customer"], reason="x", erasers=())
        stones = queries.tombstones()
        assert queries.tombstones(since=clock.now() + timedelta(seconds=1)) == []
        transaction.set_rollback(True)
    assert Customer.objects.get(pk=before.pk).nickname == "MKnickname"  # the control: it is back
    assert Erased.objects.count() == 0
    assert actions.reapply_tombstones(viewer=TESTS, stones=stones, erasers=()) == 1
    assert [m for m in MARKERS if m in dump()] == []
    assert queries.tombstones() == stones
    assert actions.reapply_tombstones(viewer=TESTS, stones=stones, erasers=()) == 0
    assert Customer.objects.get(pk=marked["other"].pk).nickname == "邻居"


# ---- the list itself


def own_models():
    return [m for m in apps.get_models() if m._meta.app_label in {"people", "stores"}]


def test_every_field_is_declared():
    for model in own_models():
        fields = {f.name for f in model._meta.concrete_fields}
        assert set(model.personal) == fields, model
        for name, rule in model.personal.items():
            assert (rule.kind is Kind.NONE) or (rule.purpose and rule.retention), (model, name)


def test_control_an_undeclared_field_fails(monkeypatch):
    monkeypatch.setattr(Tag, "personal", {n: r for n, r in Tag.personal.items() if n != "label"})
    with pytest.raises(AssertionError):
        test_every_field_is_declared()


def keys_to_a_customer():
    return {
        (model._meta.label_lower, field.name)
        for model in own_models()
        for field in model._meta.concrete_fields
        if isinstance(field, ForeignKey) and field.related_model is Customer
    }


def test_every_key_to_a_customer_is_walked_or_has_a_reason():
    walked = {(h.name, h.by) for h in HOLDINGS if h.of == "customer"} - {("people.customer", "id")}
    assert walked | NOT_OWN.keys() == keys_to_a_customer()
    assert not walked & NOT_OWN.keys()
    assert all(NOT_OWN.values())


def test_control_a_holding_left_out_fails(monkeypatch):
    monkeypatch.setitem(globals(), "HOLDINGS", HOLDINGS[1:])
    with pytest.raises(AssertionError):
        test_every_key_to_a_customer_is_walked_or_has_a_reason()


def test_every_personal_field_of_a_child_goes_with_its_row():
    for model in own_models():
        for rule in model.personal.values():
            assert rule.kind is not Kind.CHILD or rule.erase is Erase.DELETE_ROW


def test_a_field_without_an_empty_value_is_a_fault_of_ours_not_a_silent_rest(monkeypatch):
    rule = Customer.personal["gender"]
    monkeypatch.setattr(Customer, "personal", {**Customer.personal, "created_at": rule})
    with pytest.raises(TypeError, match="created_at"):
        holdings.forget(Holding(Customer, "id"), [0])


def test_nothing_personal_in_the_trail_of_a_whole_life(marked):
    actions.erase(viewer=marked["me"], customer=marked["customer"], reason="member_asked", erasers=())
    trail = "\n".join(f"{e.actor}{e.before}{e.after}{e.reason}{e.subject_id}" for e in Entry.objects.all())
    assert [m for m in MARKERS if m in trail] == []


def test_an_unknown_person_has_nothing():
    BrandFactory()
    assert queries.survivor_of(uuid4()) is None
    assert queries.person_of(AccountFactory()) is None
    assert Identity.objects.count() == 0
