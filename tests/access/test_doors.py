"""What every request passes: headers, refusals, sessions, the second factor, where tries are counted from."""

import errno
from datetime import timedelta

import pyotp
import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import path
from psycopg.errors import DiskFull
from psycopg_pool import PoolTimeout

from access.actors import CHINESE, HERE, JOB, browser, carry, undone
from tongxin.faces import entrance
from tongxin.foundation import clock
from tongxin.foundation.access import ANYONE, Row, Verb
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries as entries
from tongxin.foundation.accounts.models import PhoneCode
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox.models import Letter
from tongxin.project import doors, urls
from tongxin.stores import actions as stores
from tongxin.stores.queries import the_brand
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def raising(fault):
    def view(request):
        raise fault

    return view


def who(request):
    viewer = request.viewer
    reply = HttpResponse(
        ",".join(sorted(viewer.roles)) + f"|{viewer.person}|{viewer.language}|{request.origin}"
    )
    reply["Cache-Control"] = "public, max-age=60"
    return reply


def full() -> OperationalError:
    fault = OperationalError("could not extend file")
    fault.__cause__ = DiskFull("no space")
    return fault


FAULTS = {
    "refused": Refused("accounts.too_many", minutes=3),
    "absent": Refused("absent"),
    "busy": OperationalError("server closed the connection"),
    "pool": PoolTimeout("no connection"),
    "full": full(),
    "disk": OSError(errno.ENOSPC, "no space"),
    "denied": PermissionDenied(),
    "strange": SuspiciousOperation(),
    "broken": RuntimeError("a secret in the message"),
    "other": OSError(errno.EACCES, "denied"),
}


def enter(request):
    """What the sign-in page does, without its form."""
    did = request.POST["step"]
    if did == "staff":
        return HttpResponse(
            entrance.staff(request, handle=request.POST["handle"], password=request.POST["password"])
        )
    if did == "begin":
        return HttpResponse(entrance.begin_factor(request)[0])
    if did == "factor":
        return HttpResponse(",".join(entrance.factor(request, code=request.POST["code"])))
    if did == "ask":
        return HttpResponse(str(entrance.ask_code(request, phone=request.POST["phone"])))
    if did == "code":
        return HttpResponse(entrance.by_code(request, phone=request.POST["phone"], code=request.POST["code"]))
    if did == "demo":
        return HttpResponse(entrance.as_demo(request, handle=request.POST["handle"]))
    if did == "sessions":
        return HttpResponse(",".join(str(d.public_id) for d in entrance.sessions(request)))
    if did == "end":
        return HttpResponse(str(entrance.end(request, entrance.sessions(request)[-1].public_id)))
    leave = entrance.leave_everywhere if did == "everywhere" else entrance.leave
    return HttpResponse(str(leave(request)))


class Addresses:
    """A few pages of our own beside the real ones, so that the doors can be tested without any page's doing."""

    urlpatterns = [
        path("t/open", who, name="t.open"),
        path("t/staff", who, name="t.staff"),
        path("t/hq", who, name="t.hq"),
        path("t/member", who, name="t.member"),
        path("t/enter", enter, name="t.enter"),
        *(path(f"t/fault/{name}", raising(fault), name="t.fault") for name, fault in FAULTS.items()),
        *(path(f"api/v1/t/{name}", raising(fault), name="t.fault") for name, fault in FAULTS.items()),
        *urls.urlpatterns,
    ]
    handler400, handler403, handler404, handler500 = (
        urls.handler400,
        urls.handler403,
        urls.handler404,
        urls.handler500,
    )


OPEN = frozenset({ANYONE})
ROWS = {
    "t.open": OPEN,
    "t.fault": OPEN,
    "t.enter": OPEN,
    "t.staff": frozenset({"champion", "store_manager"}),
    "t.hq": frozenset({"admin", "hq_editor"}),
    "t.member": frozenset({"member"}),
}


@pytest.fixture(autouse=True)
def _addresses(settings, monkeypatch):
    settings.ROOT_URLCONF = Addresses
    monkeypatch.setattr(
        doors,
        "row_for",
        lambda route: (
            {m: Row(route, m, Verb.READ, ROWS[route]) for m in ("GET", "POST")} if route in ROWS else {}
        ),
    )


@pytest.fixture(autouse=True)
def _undone(world):
    with undone():
        yield


def client(**more) -> Client:
    return Client(raise_request_exception=False, **(CHINESE | more))


def roles(c: Client) -> str:
    return c.get("/t/open").content.decode().split("|")[0]


# ---- faults become answers


@pytest.mark.parametrize(
    ("name", "status", "code", "retry"),
    [
        ("refused", 429, "accounts.too_many", "180"),
        ("absent", 404, "absent", None),
        ("busy", 503, "busy", "5"),
        ("pool", 503, "busy", "5"),
        ("full", 507, "no_space", "5"),
        ("disk", 507, "no_space", "5"),
        ("denied", 403, "forbidden", None),
        ("strange", 400, "request.bad", None),
        ("broken", 500, "fault", None),
        ("other", 500, "fault", None),
    ],
)
def test_faults_speak_as_page_and_as_problem(name, status, code, retry):
    page, program = client().get(f"/t/fault/{name}"), client().get(f"/api/v1/t/{name}")
    assert page.status_code == program.status_code == status
    assert page["Content-Type"].startswith("text/html")
    assert program["Content-Type"] == "application/problem+json"
    told = program.json()
    assert (told["code"], told["status"], told["type"]) == (code, status, f"urn:tongxin:{code}")
    for reply in (page, program):
        assert reply.headers.get("Retry-After") == retry
        assert reply["Cache-Control"] == "private, no-store"
        assert b"secret" not in reply.content


def test_problems_speak_english_when_asked():
    reply = Client().get("/api/v1/t/absent", HTTP_ACCEPT_LANGUAGE="en")
    assert reply.json()["title"] == "Not found."


def test_a_page_that_cannot_be_drawn_still_says_the_sentence(monkeypatch):
    def broken(*args, **kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(doors, "render_to_string", broken)
    reply = client().get("/t/fault/busy")
    assert reply.status_code == 503
    assert "请过几秒" in reply.content.decode()


def test_a_fault_at_the_door_itself_answers_busy(monkeypatch):
    def away(*args, **kwargs):
        raise OperationalError("away")

    monkeypatch.setattr(doors, "entry_of_secret", away)
    reply = client().get("/api/v1/t/absent", HTTP_AUTHORIZATION="Bearer txt_x")
    assert reply.status_code == 503

    def broken(*args, **kwargs):
        raise RuntimeError("broken")

    monkeypatch.setattr(doors, "entry_of_secret", broken)
    assert client().get("/api/v1/t/absent", HTTP_AUTHORIZATION="Bearer txt_x").status_code == 500


def test_a_wrong_host_and_a_missing_form_token():
    assert client().get("/t/open", HTTP_HOST="evil.example").status_code == 400
    reply = doors.forged(_bare("/t/enter"))
    assert reply.status_code == 403


def _bare(path: str):
    request = RequestFactory().get(path)
    request.viewer, request.entry = doors.ANONYMOUS, None
    return request


def test_csrf_is_asked_of_forms():
    c = Client(enforce_csrf_checks=True, raise_request_exception=False)
    assert c.post("/t/enter", {"step": "leave"}).status_code == 403


# ---- headers


def test_headers_of_an_open_page():
    reply = client().get("/t/open")
    assert reply["Cache-Control"] == "public, max-age=60"
    assert reply["Content-Security-Policy"].startswith(
        "default-src 'self'; script-src 'self'; style-src 'self'"
    )
    assert "unsafe" not in reply["Content-Security-Policy"]
    assert reply["X-Frame-Options"] == "DENY"
    assert reply["Referrer-Policy"] == "same-origin"


def test_a_signed_in_reply_is_private_whatever_the_view_says(world):
    assert browser(world.actors["champion"]).get("/t/open")["Cache-Control"] == "private, no-store"


def test_control_arm_without_the_header_door_the_reply_would_be_public(world, settings):
    settings.MIDDLEWARE = [m for m in settings.MIDDLEWARE if not m.endswith("ReplyHeaders")]
    assert browser(world.actors["champion"]).get("/t/open")["Cache-Control"] == "public, max-age=60"


# ---- who may pass


def test_pages_send_the_anonymous_to_the_door_and_back():
    reply = client().get("/t/staff?x=1")
    assert (reply.status_code, reply["Location"]) == (302, "/enter/?next=%2Ft%2Fstaff%3Fx%3D1")


def test_a_role_too_few_is_told_so_and_the_right_one_passes(world):
    assert browser(world.actors["champion"]).get("/t/staff").status_code == 200
    reply = browser(world.actors["champion"]).get("/t/hq")
    assert (reply.status_code, "你的角色" in reply.content.decode()) == (403, True)


def test_head_asks_as_get_does(world):
    assert browser(world.actors["champion"]).head("/t/staff").status_code == 200


def test_other_methods_are_405():
    reply = client().put("/t/open")
    assert (reply.status_code, reply["Allow"]) == (405, "GET, POST")


def test_language_and_person_reach_the_view(world):
    c = browser(world.actors["member_outer"])
    told = c.get("/t/member", HTTP_ACCEPT_LANGUAGE="en").content.decode().split("|")
    assert told[0] == "member"
    assert told[1] != "None"
    assert told[2] == "en"


@pytest.mark.parametrize(
    ("proxies", "remote", "forwarded", "origin"),
    [
        ((), "10.0.0.1", "", "10.0.0.1"),
        ((), "10.0.0.1", "6.6.6.6", "10.0.0.1"),
        (("10.0.0.1",), "10.0.0.1", "6.6.6.6", "6.6.6.6"),
        (("10.0.0.1",), "10.0.0.1", "6.6.6.6, 7.7.7.7", "7.7.7.7"),
        (("10.0.0.1", "7.7.7.7"), "10.0.0.1", "5.5.5.5, 6.6.6.6, 7.7.7.7", "6.6.6.6"),
        (("10.0.0.1",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.1",), "9.9.9.9", "6.6.6.6", "9.9.9.9"),
    ],
)
def test_a_forwarded_address_counts_only_from_our_own_proxy(settings, proxies, remote, forwarded, origin):
    settings.TONGXIN_PROXIES = proxies
    more = {"HTTP_X_FORWARDED_FOR": forwarded} if forwarded else {}
    assert client().get("/t/open", REMOTE_ADDR=remote, **more).content.decode().split("|")[3] == origin


# ---- signing in, step by step


def step(c: Client, name: str, **more):
    return c.post("/t/enter", {"step": name} | more)


def password_of(world, kind) -> tuple[str, str]:
    actor = world.document["hq"]["admin"] if kind == "admin" else world.store(HERE)["champions"][0]
    return actor["handle"], actor["password"]


def sign_in(world, kind) -> Client:
    handle, password = password_of(world, kind)
    c = client()
    reply = step(c, "staff", handle=handle, password=password)
    assert reply.content == (b"enrol" if kind == "admin" else b"done")
    return c


def test_a_champion_signs_in_and_the_cookie_is_new(world):
    c = client()
    c.get("/t/open")
    session = c.session
    session["planted"] = "by somebody else"
    session.save()
    planted = c.cookies["sessionid"].value if "sessionid" in c.cookies else ""
    handle, password = password_of(world, "champion")
    step(c, "staff", handle=handle, password=password)
    assert c.cookies["sessionid"].value != planted
    assert "planted" not in c.session
    assert c.cookies["sessionid"]["httponly"]
    assert c.cookies["sessionid"]["samesite"] == "Lax"
    assert roles(c) == "champion"


def test_headquarters_reach_nothing_before_the_second_factor(world):
    c = sign_in(world, "admin")
    assert roles(c) == ""
    assert c.get("/t/hq")["Location"] == "/enter/factor/"
    secret = step(c, "begin").content.decode()
    before = c.cookies["sessionid"].value
    paper = step(c, "factor", code=pyotp.TOTP(secret).at(clock.now())).content.decode().split(",")
    assert len(paper) == 10
    assert c.cookies["sessionid"].value != before
    assert roles(c) == "admin"
    again = client()
    handle, password = password_of(world, "admin")
    assert step(again, "staff", handle=handle, password=password).content == b"factor"
    assert again.get("/t/hq")["Location"] == "/enter/factor/"
    assert step(again, "factor", code=paper[0]).content == b""
    assert again.get("/t/hq").status_code == 200


def test_control_arm_the_factor_alone_makes_the_difference(world, monkeypatch):
    monkeypatch.setattr(doors, "HQ_ROLES", frozenset())
    assert roles(sign_in(world, "admin")) == "admin"


def test_a_token_without_a_second_factor_carries_no_hq_role(world):
    account = entries.account_by_handle(JOB, world.actors["admin"].handle)
    viewer = doors.Viewer(account=account.pk, name="x")
    _, secret = accounts.issue_token(viewer=viewer, account=account, scopes=frozenset({"stores:read"}))
    reply = client().get("/api/v1/t/absent", HTTP_AUTHORIZATION=f"Bearer {secret}")
    assert reply.status_code == 404  # an open route
    monkey = {"HTTP_AUTHORIZATION": f"Bearer {secret}"}
    ROWS["api:stores"] = frozenset({"admin"})
    try:
        told = client().get("/api/v1/stores", **monkey).json()
    finally:
        del ROWS["api:stores"]
    assert told["code"] == "second_factor_needed"


def test_an_owed_factor_takes_the_person_away_too(world):
    account = entries.account_by_handle(JOB, world.actors["member_outer"].handle)
    opened = accounts.open_session(account=account)
    secret, _ = accounts.begin_second_factor(account=account)
    accounts.confirm_second_factor(sign_in=opened, code=pyotp.TOTP(secret).at(clock.now()), origin="x")
    c = client()
    carry(c, str(accounts.open_session(account=account).public_id))
    assert c.get("/t/open").content.decode().startswith("|None")


def test_a_new_role_brings_a_new_cookie(world):
    c = sign_in(world, "champion")
    c.get("/t/open")
    first = c.cookies["sessionid"].value
    c.get("/t/open")
    assert c.cookies["sessionid"].value == first
    account = entries.account_by_handle(JOB, password_of(world, "champion")[0])
    stores.grant(viewer=JOB, account=account, role=Role.HQ_EDITOR, brand=the_brand())
    grants = stores.queries.grants_for(JOB, limit=200).items
    c.get("/t/open")
    assert c.cookies["sessionid"].value == first  # an HQ role without a factor is no role yet
    champion = next(g for g in grants if g.account_id == account.pk and g.role == "champion")
    stores.revoke(viewer=JOB, grant_id=champion.public_id)
    c.get("/t/open")
    assert c.cookies["sessionid"].value != first


def test_wrong_passwords_answer_the_same_page_for_known_and_unknown(world):
    handle, _ = password_of(world, "champion")
    known = step(client(), "staff", handle=handle, password="wrong-password")
    unknown = step(client(), "staff", handle="nobody", password="wrong-password")
    assert known.status_code == unknown.status_code == 401
    assert known.content == unknown.content


def test_a_member_signs_in_with_the_code_of_the_letter(world, settings):
    settings.DEMO = True
    phone = world.store(HERE)["members"][0]["phone"]
    c = client()
    known = step(c, "ask", phone=phone)
    unknown = step(c, "ask", phone="13000000000")
    assert (known.status_code, known.content) == (unknown.status_code, unknown.content) == (200, b"None")
    letter = Letter.objects.order_by("-id").first()
    assert (letter.carrier, PhoneCode.objects.count()) == ("screen", 2)
    code = letter.body.split('"code": "')[1][:6]
    assert step(c, "code", phone="13000000000", code=code).status_code == 401
    assert step(c, "code", phone=phone, code=code).content == b"done"
    assert roles(c) == "member"


def test_outside_the_demo_the_letter_goes_to_the_gateway(world, settings):
    settings.DEMO = False
    step(client(), "ask", phone=world.store(HERE)["members"][0]["phone"])
    assert Letter.objects.order_by("-id").first().carrier == "webhook-out"


@pytest.mark.parametrize("phone", ["", "123", "not a phone", "1" * 40])
def test_what_is_no_phone_is_refused(phone):
    assert step(client(), "ask", phone=phone).status_code == 422


def test_one_click_only_in_the_demo(world, settings):
    handle, _ = password_of(world, "admin")
    settings.DEMO = False
    assert step(client(), "demo", handle=handle).status_code == 403
    settings.DEMO = True
    c = client()
    assert step(c, "demo", handle=handle).content == b"done"
    assert roles(c) == "admin"


@pytest.mark.parametrize("way", ["leave", "everywhere"])
def test_signing_out_ends_it_on_the_server_too(world, way):
    c = sign_in(world, "champion")
    kept = c.cookies["sessionid"].value
    name = c.session[entrance.KEY]
    step(c, way)
    assert roles(c) == ""
    c.cookies["sessionid"] = kept
    assert roles(c) == ""
    carry(c, name)
    assert roles(c) == ""


def test_one_session_can_end_another(world):
    first, second = sign_in(world, "champion"), sign_in(world, "champion")
    assert len(step(second, "sessions").content.decode().split(",")) == 2
    step(second, "end")
    assert {roles(first), roles(second)} == {"", "champion"}


def test_leaving_without_having_come(world):
    assert step(client(), "leave").status_code == 401


def test_an_idle_session_is_nobody(world):
    c = sign_in(world, "champion")
    with clock.held(clock.now() + timedelta(hours=3, seconds=1)):
        assert roles(c) == ""
