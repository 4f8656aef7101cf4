"""Signing in through WeCom: one link, the platform says whether it is a colleague or a customer, a code is good once."""

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client as Browser

from connect.wecom import corp
from connect.wecom.test_wecom_setup import standing
from people.factories import CustomerFactory
from stores.factories import TESTS, AccountFactory, StaffFactory
from tongxin.connect.wecom import visiting
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.sandbox import acts
from tongxin.connect.wecom.shapes import Visitor
from tongxin.foundation.accounts.models import SignIn
from tongxin.people.actions import add_identity, erase
from tongxin.people.terms import IdentityKind

pytestmark = pytest.mark.django_db


@pytest.fixture
def platform(noon):
    made = corp.fake()
    corp.customers(made, 2)
    return made


@pytest.fixture
def champion(platform):
    return StaffFactory(wecom_userid="lin", account=AccountFactory())


@pytest.fixture
def member(platform):
    made = CustomerFactory()
    add_identity(viewer=TESTS, customer=made, kind=IdentityKind.UNIONID, value="u-wm00000", source="wx")
    Mirror(corp.caller(platform)).compare()
    return made


def test_the_same_link_tells_a_colleague_from_a_customer(platform, champion, member):
    one = corp.caller(platform)
    for code in (acts.sign_in_code(platform, userid="lin"), acts.sign_in_code(platform, external="wm00000")):
        assert visiting.enter(one, code) is not None
        with pytest.raises(WeComFault) as refusal:  # good once
            visiting.enter(one, code)
        assert refusal.value.fault is Fault.USED
    member.refresh_from_db()
    assert set(SignIn.objects.values_list("account", flat=True)) == {champion.account_id, member.account_id}


def test_whom_we_do_not_know_gets_no_session(platform, champion, member):
    for visitor in (
        Visitor(userid="nobody"),
        Visitor(external_userid="wm00001"),
        Visitor(openid="o"),
        Visitor(),
    ):
        assert visiting.account_of(visitor) is None
    champion.active = False
    champion.save(update_fields=["active"])
    assert visiting.account_of(Visitor(userid="lin")) is None


def test_an_erased_member_does_not_come_back_through_wecom(platform, member):
    assert visiting.account_of(Visitor(external_userid="wm00000")) is not None
    erase(viewer=TESTS, customer=member, reason="asked")
    assert visiting.account_of(Visitor(external_userid="wm00000")) is None


def test_through_the_browser(settings):
    """By the clock on the wall: the fake answers in a thread of its own."""
    platform, champion = corp.fake(), StaffFactory(wecom_userid="lin", account=AccountFactory())
    with standing(platform) as url:
        config = replace(corp.CONFIG, base=url)
        settings.TONGXIN_WECOM_CORP, settings.TONGXIN_WECOM_SECRET = config.corp, config.secret
        settings.TONGXIN_WECOM_BASE, settings.TONGXIN_WECOM_AGENT = config.base, str(config.agent)
        browser = Browser()
        sent = urlsplit(browser.get("/wecom/enter/")["Location"])
        assert (sent.scheme, sent.netloc, sent.fragment) == ("https", "open.weixin.qq.com", "wechat_redirect")
        state = parse_qs(sent.query)["state"][0]
        code = acts.sign_in_code(platform, userid="lin")
        # A code that somebody else's browser asked for is worth nothing here.
        assert Browser().get("/wecom/enter/back/", {"code": code, "state": state}).status_code == 404
        assert browser.get("/wecom/enter/back/", {"code": code, "state": state})["Location"] == "/"
        assert SignIn.objects.get().account_id == champion.account_id
        again = Browser()
        state = parse_qs(urlsplit(again.get("/wecom/enter/")["Location"]).query)["state"][0]
        assert again.get("/wecom/enter/back/", {"code": code, "state": state})["Location"] == "/enter/code/"


def test_without_a_corp_there_is_no_way_in():
    assert Browser().get("/wecom/enter/").status_code == 404
