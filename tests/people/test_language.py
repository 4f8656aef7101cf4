"""The language of a member: asked from the browser once, then chosen; letters go out in it; it goes with the person."""

import json

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext

from outreach.town import inbox, tell
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, StoreFactory, viewer
from tongxin.faces.enter.views import PHONE
from tongxin.foundation.audit.models import Entry
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.queries import on_screen
from tongxin.outreach import actions as outreach
from tongxin.outreach.terms import MessageKind
from tongxin.people import actions, queries
from tongxin.people.models import Customer
from tongxin.people.terms import MergeReason
from tongxin.project import wiring

pytestmark = pytest.mark.django_db
KINDS = {"moved": MessageKind("{name}改了时间", "{name} has moved", ("name",))}
NUMBER = "13812345678"


@pytest.fixture(autouse=True)
def kinds(monkeypatch):
    monkeypatch.setattr(wiring, "MESSAGE_KINDS", KINDS)


def language_of(member):
    return Customer.objects.get(pk=member.pk).language


def test_a_member_chooses_and_the_same_again_changes_nothing():
    member = CustomerFactory()
    for _ in range(2):
        actions.choose_language(viewer=member_viewer(member), language="en")
    assert language_of(member) == "en"
    entry = Entry.objects.get(act="people.language_chosen")
    assert (json.loads(entry.before), json.loads(entry.after)) == ({"language": ""}, {"language": "en"})


@pytest.mark.parametrize("language", ["", "fr", "EN", "zh-hans"])
def test_other_words_are_refused(language):
    member = CustomerFactory()
    with pytest.raises(Refused, match=r"input\.bad"):
        actions.choose_language(viewer=member_viewer(member), language=language)
    assert language_of(member) == ""
    with pytest.raises(IntegrityError), transaction.atomic():
        Customer.objects.filter(pk=member.pk).update(language="fr")


def test_who_is_no_member_has_none():
    for who in (TESTS, viewer("champion", store=StoreFactory())):
        with pytest.raises(Refused, match="absent"):
            actions.choose_language(viewer=who, language="en")


def test_what_the_browser_asks_for_is_noted_once():
    member = CustomerFactory()
    actions.note_language(viewer=TESTS, person=member.pk, language="fr")
    assert language_of(member) == ""
    actions.note_language(viewer=TESTS, person=member.pk, language="en")
    actions.note_language(viewer=TESTS, person=member.pk, language="zh")
    assert language_of(member) == "en"
    assert queries.me(member_viewer(member)).language == "en"


def moved(member):
    return tell(member, kind="moved", text=None, body={"name": "早茶"})


def test_letters_go_out_in_it_even_those_written_before(noon):
    english, chinese, silent = CustomerFactory(), CustomerFactory(), CustomerFactory()
    actions.choose_language(viewer=member_viewer(chinese), language="zh")
    for member in (english, chinese, silent):
        moved(member)
    actions.choose_language(viewer=member_viewer(english), language="en")
    outreach.drain()
    assert [inbox(m) for m in (english, chinese, silent)] == [
        ["早茶 has moved"],
        ["早茶改了时间"],
        ["早茶改了时间"],
    ]


def test_a_merged_member_is_written_to_in_the_language_of_either(noon):
    old, new = CustomerFactory(), CustomerFactory()
    actions.choose_language(viewer=member_viewer(old), language="en")
    actions.merge(viewer=TESTS, source=old, target=new, reason=MergeReason.MEMBER_ASKED)
    moved(new)
    outreach.drain()
    assert inbox(new) == ["早茶 has moved"]
    actions.choose_language(viewer=member_viewer(new), language="zh")
    moved(new)
    outreach.drain()
    assert set(inbox(new)) == {"早茶 has moved", "早茶改了时间"}


def test_letters_in_two_languages_cost_no_statement_more(noon):
    def cost(count):
        for n in range(count):
            member = CustomerFactory()
            actions.choose_language(viewer=member_viewer(member), language=("en", "zh")[n % 2])
            moved(member)
        with CaptureQueriesContext(connection) as asked:
            assert outreach.drain().sent == count
        return len(asked)

    assert cost(1) == cost(5)


def test_it_is_in_the_export_and_goes_with_the_person():
    member = CustomerFactory()
    me = member_viewer(member)
    actions.choose_language(viewer=me, language="en")
    told = actions.export(viewer=me, customer=member)
    assert [row["language"] for row in told["tables"]["people.customer"]] == ["en"]
    actions.erase(viewer=me, customer=member, reason="asked")
    assert language_of(member) == ""


@pytest.mark.parametrize(("asks", "kept"), [("en-GB,en;q=0.9", "en"), ("zh-CN", "zh")])
def test_the_first_sign_in_asks_the_browser_and_the_switch_is_kept(settings, asks, kept):
    settings.DEMO = True  # the code is shown on the screen
    member = CustomerFactory(phone=NUMBER)
    browser = Client(HTTP_ACCEPT_LANGUAGE=asks)
    browser.post("/enter/code/", {"phone": NUMBER})
    assert browser.session[PHONE] == NUMBER
    letter = on_screen(kind="sign_in_code", to=f"+86{NUMBER}")
    assert letter is not None
    reply = browser.post("/enter/member/", {"code": letter["code"]})
    assert reply.status_code == 302
    assert language_of(member) == kept
    browser.post("/enter/language/", {"language": "zh-hans" if kept == "en" else "en"})
    assert language_of(member) == ("zh" if kept == "en" else "en")
