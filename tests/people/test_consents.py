"""Yes and no per purpose; children of a guardian; all on a real database."""

from datetime import timedelta

import pytest
from django.db import connection

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.people import actions, queries
from tongxin.people.models import Companion, Consent, Customer
from tongxin.people.terms import REFUSALS, Purpose
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def refused(code, act):
    before = [m.objects.count() for m in (Consent, Companion, Entry)], list(Companion.objects.values())
    with pytest.raises(Refused) as no:
        act()
    assert no.value.code == code
    assert code == "absent" or code in REFUSALS
    assert (
        [m.objects.count() for m in (Consent, Companion, Entry)],
        list(Companion.objects.values()),
    ) == before
    return no.value


def say(who, customer, granted, purpose=Purpose.GROUP_MESSAGE, **more):
    return actions.set_consent(
        viewer=who, customer=customer, purpose=purpose, granted=granted, notice_version="2026-03", channel="member_page", **more
    )  # fmt: skip


def test_nobody_agrees_by_silence_and_a_no_holds_at_once(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    assert queries.consented(Purpose.GROUP_MESSAGE) == frozenset()
    say(me, customer, granted=True)
    assert queries.consented(Purpose.GROUP_MESSAGE) == {customer.pk}
    assert queries.consented(Purpose.PHOTO) == frozenset()  # each purpose by itself
    say(me, customer, granted=False)
    assert queries.consented(Purpose.GROUP_MESSAGE) == frozenset()
    assert queries.consented(Purpose.GROUP_MESSAGE, persons=[customer.pk]) == frozenset()
    assert [row.granted for row in queries.consent_history(me, customer.public_id)] == [True, False]


def test_consent_can_be_asked_as_of_an_instant(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    say(me, customer, granted=True)
    with clock.held(noon + timedelta(days=1)):
        say(me, customer, granted=False)
    at = lambda d: queries.consented(Purpose.GROUP_MESSAGE, as_of=noon + timedelta(days=d))  # noqa: E731
    assert (at(-1), at(0), at(1)) == (frozenset(), {customer.pk}, frozenset())


def test_staff_do_not_ask_again_for_ninety_days(noon):
    store = StoreFactory()
    customer = CustomerFactory(home_store=store)
    champion = viewer(Role.CHAMPION, store=store)
    assert queries.asking(champion, customer.public_id, Purpose.GROUP_MESSAGE).allowed
    say(member_viewer(customer), customer, granted=False)
    with clock.held(noon + timedelta(days=89, hours=23)):
        assert not queries.asking(champion, customer.public_id, Purpose.GROUP_MESSAGE).allowed
        no = refused("people.asked_lately", lambda: say(champion, customer, granted=True))
        assert no.data == {"said_no_on": "2026-03-05", "again_on": "2026-06-03"}
        say(champion, customer, granted=True, purpose=Purpose.PHOTO)  # another purpose is another question
        say(champion, customer, granted=False)  # a no may always be written down
    with clock.held(noon + timedelta(days=180)):
        say(champion, customer, granted=True)
    with clock.held(noon + timedelta(days=181)):
        say(member_viewer(customer), customer, granted=False)
        say(member_viewer(customer), customer, granted=True)  # oneself may change one's mind at any time


def test_foreign_people_cannot_be_spoken_for():
    customer = CustomerFactory()
    strangers = [viewer(Role.CHAMPION), viewer(Role.HQ_ANALYST), member_viewer(CustomerFactory())]
    for who in strangers:
        refused("absent", lambda: say(who, customer, granted=True))  # noqa: B023


def test_the_switch_and_the_consent_are_one(noon):
    customer = CustomerFactory()
    me = member_viewer(customer)
    assert queries.personalised([customer.pk]) == {customer.pk}
    actions.switch_personalisation(viewer=me, customer=customer, on=False)
    assert queries.personalised([customer.pk]) == frozenset()
    assert queries.consents_of(me, customer.public_id)[Purpose.PERSONALISATION].granted is False
    say(me, customer, granted=True, purpose=Purpose.PERSONALISATION)
    assert queries.personalised([customer.pk]) == {customer.pk}


# ---- children


def bring(who, nickname="豆豆", age=6, **more):
    return actions.add_companion(
        viewer=who, nickname=nickname, age_years=age, **({"agreed": True, "notice_version": "child/1"} | more)
    )


def test_a_guardian_brings_a_child_with_their_consent(noon):
    guardian = CustomerFactory()
    me = member_viewer(guardian)
    child = bring(me, needed_until=clock.business_day(noon) + timedelta(days=7))
    (card,) = queries.me(me).companions
    assert (card.nickname, card.age_years, str(card.age_given_on), str(card.delete_on)) == (
        "豆豆", 6, "2026-03-05", "2026-04-11"
    )  # fmt: skip
    row = Consent.objects.get(companion=child.public_id)
    assert (row.purpose, row.granted, row.notice_version) == ("run_event", True, "child/1")
    assert queries.consented(Purpose.RUN_EVENT) == frozenset()  # the child's, not the guardian's
    assert "豆豆" not in repr(queries.me(me))


def test_without_consent_or_guardian_no_child_is_written_down():
    guardian = CustomerFactory()
    me = member_viewer(guardian)
    refused("people.guardian_consent_needed", lambda: bring(me, agreed=False))
    for age in (-1, 18):
        refused("people.age", lambda: bring(me, age=age))  # noqa: B023
    champion = viewer(Role.CHAMPION, store=guardian.home_store)
    refused("people.guardian_only", lambda: bring(champion))
    child = bring(me)
    refused(
        "people.age",
        lambda: actions.change_companion(viewer=me, companion_id=child.public_id, nickname="x", age_years=40),
    )
    stranger = member_viewer(CustomerFactory())
    refused(
        "absent",
        lambda: actions.change_companion(
            viewer=stranger, companion_id=child.public_id, nickname="x", age_years=4
        ),
    )
    refused("absent", lambda: actions.forget_companion(viewer=stranger, companion_id=child.public_id))
    refused(
        "people.guardian_only",
        lambda: actions.forget_companion(viewer=champion, companion_id=child.public_id),
    )


def test_a_childs_data_serve_the_event_and_photos_only():
    guardian = CustomerFactory()
    me = member_viewer(guardian)
    child = bring(me)
    say(me, guardian, granted=True, purpose=Purpose.PHOTO, companion=child)
    for purpose in (Purpose.MEASUREMENT, Purpose.PERSONALISATION, Purpose.PARTNER, Purpose.GROUP_MESSAGE):
        refused(
            "people.not_for_children",
            lambda: say(me, guardian, granted=True, purpose=purpose, companion=child),  # noqa: B023
        )
    champion = viewer(Role.CHAMPION, store=guardian.home_store)
    refused(
        "people.guardian_only",
        lambda: say(champion, guardian, granted=True, purpose=Purpose.PHOTO, companion=child),
    )
    other = CustomerFactory()
    refused(
        "absent", lambda: say(_signed_in(other), other, granted=True, purpose=Purpose.PHOTO, companion=child)
    )


def _signed_in(customer):
    """A member's viewer without an account, where rows are counted."""
    return Viewer(account=None, name="member", grants=(Grant("member"),), person=customer.pk)


def test_a_child_is_sealed_and_has_neither_account_nor_birth_date(noon):
    accounts = Account.objects.count()
    guardian = CustomerFactory()
    bring(_signed_in(guardian))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM people_companion c")
        dump = cursor.fetchone()[0]
    assert "豆豆" not in dump
    assert '"age_years":"6"' not in dump
    assert Companion.objects.get().nickname == "豆豆"  # the control: it is there
    assert Account.objects.count() == accounts
    names = {field.name for field in Companion._meta.fields}
    assert not {"birth_date", "birth_year", "account", "id_number"} & names
    assert Customer.objects.count() == 1


def test_a_guardian_corrects_and_forgets(noon):
    guardian = CustomerFactory()
    me = member_viewer(guardian)
    child = bring(me)
    with clock.held(noon + timedelta(days=3)):
        actions.change_companion(viewer=me, companion_id=child.public_id, nickname="小豆", age_years=7)
    (card,) = queries.me(me).companions
    assert (card.nickname, card.age_years, str(card.age_given_on)) == ("小豆", 7, "2026-03-08")
    actions.forget_companion(viewer=me, companion_id=child.public_id)
    assert queries.me(me).companions == ()
    assert Consent.objects.filter(companion=child.public_id).exists()  # the proof stays, an opaque number


def test_a_childs_data_go_on_day_thirty(noon):
    guardian = CustomerFactory()
    me = member_viewer(guardian)
    bring(me)
    kept = bring(me, nickname="小米")
    today = clock.business_day(noon)
    assert (
        actions.keep_companions(
            viewer=TESTS, companion_ids=[kept.public_id], needed_until=today + timedelta(days=5)
        )
        == 1
    )
    assert actions.keep_companions(viewer=TESTS, companion_ids=[kept.public_id], needed_until=today) == 0
    with clock.held(noon + timedelta(days=29)):
        assert actions.tidy_companions(viewer=TESTS) == 0
    with clock.held(noon + timedelta(days=30)):
        assert [c.nickname for c in queries.me(me).companions] == [
            "小米"
        ]  # hidden even before the job has run
        assert actions.tidy_companions(viewer=TESTS) == 1
    assert [c.nickname for c in Companion.objects.all()] == ["小米"]


def test_a_roster_opens_for_the_stores_own_people_in_time_and_every_look_is_written_down(noon):
    store = StoreFactory()
    guardian = CustomerFactory(home_store=store)
    child = bring(member_viewer(guardian))
    starts, ends = noon + timedelta(hours=49), noon + timedelta(hours=51)
    door, champion = viewer(Role.DOOR, store=store), viewer(Role.CHAMPION, store=store)
    others = [
        viewer(Role.CHAMPION),
        viewer(Role.HQ_EDITOR),
        viewer(Role.ADMIN),
        viewer(Role.HQ_ANALYST),
        member_viewer(guardian),
    ]

    def look(who):
        return actions.open_roster(
            viewer=who,
            store=store,
            subject=("events", "e1"),
            starts_at=starts,
            ends_at=ends,
            guardians=[guardian.pk],
        )

    refused("people.roster_closed", lambda: look(champion))
    with clock.held(noon + timedelta(hours=1)):
        for who in others:
            refused("absent", lambda: look(who))  # noqa: B023
        (line,) = look(door)
        assert (line.guardian, line.nickname, line.age_years) == (guardian.pk, "豆豆", 6)
    with clock.held(ends + timedelta(hours=24, seconds=1)):
        refused("people.roster_closed", lambda: look(champion))
    (entry,) = Entry.objects.filter(act="people.roster_opened")
    assert (entry.actor, str(child.public_id) in entry.after, "豆豆" in entry.after) == (
        door.name,
        True,
        False,
    )


def test_no_list_or_card_of_staff_shows_a_child():
    guardian = CustomerFactory()
    bring(member_viewer(guardian), nickname="标记豆豆")
    for role in (Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST):
        who = viewer(role)
        assert queries.person_card(who, guardian.public_id).companions == ()
        assert "标记豆豆" not in str(queries.search_customers(who).items)
