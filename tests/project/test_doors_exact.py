"""The doors piece by piece, without a database: every header, every code, every question asked on the way in."""

import errno
import json
import logging
from dataclasses import FrozenInstanceError, replace
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import RequestFactory
from psycopg.errors import DiskFull
from psycopg_pool import PoolTimeout

from tongxin.faces import entrance
from tongxin.foundation import access
from tongxin.foundation.access import ANONYMOUS, ANYONE, Grant, Row, Verb, Viewer, system
from tongxin.foundation.accounts.queries import Entry
from tongxin.foundation.errors import Refused
from tongxin.project import doors, permissions

MEI = Viewer(account=1, name="mei", grants=(Grant("champion", places=frozenset({3})),))
ACCOUNT = SimpleNamespace(pk=1, kind="member")


def ask(
    path="/t",
    method="GET",
    *,
    viewer=ANONYMOUS,
    entry=None,
    language="zh-hans",
    session=None,
    view=None,
    **headers,
):
    request = RequestFactory().generic(method, path, headers=headers)
    request.viewer, request.entry, request.session = viewer, entry, session or {}
    request.LANGUAGE_CODE = language
    request.resolver_match = SimpleNamespace(view_name=view or "t")
    return request


def code_of(act):
    with pytest.raises(Refused) as no:
        act()
    return no.value.code


@pytest.fixture
def drawn(monkeypatch):
    """What a refusal's page is given; the page itself is one word."""
    seen = []

    def draw(template, context, request=None):
        seen.append((template, context, request))
        return "page"

    monkeypatch.setattr(doors, "render_to_string", draw)
    return seen


# ---- headers


def through(request, reply):
    return doors.ReplyHeaders(lambda _: reply)(request)


def test_every_header_of_a_reply():
    reply = through(ask(), HttpResponse())
    told = dict(reply.items())
    policy = told.pop("Content-Security-Policy").split("; ")
    assert policy == [
        "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self' data:", "font-src 'self'",
        "connect-src 'self'", "object-src 'none'", "base-uri 'none'", "form-action 'self'", "frame-ancestors 'none'",
    ]  # fmt: skip
    assert told.pop("Permissions-Policy").split(", ") == [
        "geolocation=()", "microphone=()", "payment=()", "usb=()", "camera=(self)", "interest-cohort=()",
    ]  # fmt: skip
    assert told == {
        "Content-Type": "text/html; charset=utf-8", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin", "Cache-Control": "private, no-store",
    }  # fmt: skip


def test_what_a_view_says_itself_stays_but_for_the_cache():
    own = {"Content-Security-Policy": "a", "Permissions-Policy": "b", "X-Content-Type-Options": "c", "X-Frame-Options": "d", "Referrer-Policy": "e"}  # fmt: skip
    reply = through(ask(viewer=MEI), HttpResponse(headers=own | {"Cache-Control": "public"}))
    assert {name: reply[name] for name in own} == own
    assert reply["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("who", "entry", "status", "cookie", "kept"),
    [
        (ANONYMOUS, None, 200, False, "public"),
        (ANONYMOUS, None, 399, False, "public"),
        (ANONYMOUS, None, 400, False, "private, no-store"),
        (ANONYMOUS, None, 404, False, "private, no-store"),
        (ANONYMOUS, None, 200, True, "private, no-store"),
        (ANONYMOUS, "owes a factor", 200, False, "private, no-store"),
        (MEI, None, 200, False, "private, no-store"),
    ],
)
def test_only_what_is_nobodys_may_be_kept_by_caches(who, entry, status, cookie, kept):
    reply = HttpResponse(status=status, headers={"Cache-Control": "public"})
    if cookie:
        reply.set_cookie("a", "b")
    assert through(ask(viewer=who, entry=entry), reply)["Cache-Control"] == kept


def test_a_request_that_never_reached_the_table_is_nobodys():
    request = RequestFactory().get("/x")
    assert through(request, HttpResponse(headers={"Cache-Control": "public"}))["Cache-Control"] == "public"


# ---- which fault is a refusal


def caused(cause):
    fault = OperationalError("x")
    fault.__cause__ = cause
    return fault


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (OperationalError("x"), "busy"), (caused(DiskFull("x")), "no_space"), (caused(OSError("x")), "busy"),
        (PoolTimeout("x"), "busy"), (OSError(errno.ENOSPC, "x"), "no_space"), (OSError(errno.EDQUOT, "x"), "no_space"),
        (OSError(errno.EACCES, "x"), None), (OSError("x"), None), (RuntimeError("x"), None), (ValueError("x"), None),
    ],
)  # fmt: skip
def test_which_fault_is_which_refusal(fault, code):
    found = doors.as_refusal(fault)
    assert (found and found.code) == code
    assert found is None or found.data == {}


def test_a_refusal_is_itself_and_a_busy_database_is_told_in_one_line(caplog):
    refused = Refused("x.y", n=1)
    assert doors.as_refusal(refused) is refused
    with caplog.at_level(logging.WARNING, logger="tongxin.doors"):
        doors.as_refusal(OperationalError("  first line\nDETAIL: a value of a row\n"))
    assert "first line" in caplog.text
    assert "value of a row" not in caplog.text


def test_refusals_become_replies_and_other_faults_go_on(drawn):
    door = doors.Refusals(lambda request: ("answered", request))
    request = ask()
    assert door(request) == ("answered", request)
    assert door.process_exception(request, Refused("absent")).status_code == 404
    assert door.process_exception(request, RuntimeError("x")) is None


# ---- how a refusal is told


def test_a_refusal_as_a_page(drawn):
    reply = doors.reply_to(ask(), Refused("accounts.too_many", minutes=3))
    assert (reply.status_code, reply.content, reply["Retry-After"]) == (429, b"page", "180")
    ((template, context, request),) = drawn
    assert (template, request.path) == ("refused.html", "/t")
    assert context == {
        "sentence": "试得太多次了，请 3 分钟后再试。", "code": "accounts.too_many", "status": 429, "data": {"minutes": 3}
    }  # fmt: skip
    assert "WWW-Authenticate" not in doors.reply_to(ask(), Refused("sign_in_needed"))
    doors.reply_to(ask(language="en-gb"), Refused("absent"))
    assert drawn[-1][1]["sentence"] == "Not found."


def test_a_refusal_as_a_problem(drawn):
    reply = doors.reply_to(ask("/api/v1/x"), Refused("accounts.too_many", minutes=3))
    assert json.loads(reply.content) == {
        "type": "urn:tongxin:accounts.too_many", "title": "试得太多次了，请 3 分钟后再试。", "status": 429,
        "code": "accounts.too_many", "data": {"minutes": 3},
    }  # fmt: skip
    assert (reply.status_code, reply["Content-Type"], reply["Retry-After"]) == (
        429,
        "application/problem+json",
        "180",
    )
    assert "试得太多次了" in reply.content.decode()
    assert drawn == []
    told = doors.reply_to(ask("/api/v1/x"), Refused("sign_in_needed"))
    assert (told.status_code, told["WWW-Authenticate"]) == (401, "Bearer")
    assert "WWW-Authenticate" not in doors.reply_to(ask("/api/v1/x"), Refused("absent"))


@pytest.mark.parametrize(
    ("code", "data", "retry"),
    [
        ("busy", {}, "5"), ("no_space", {}, "5"), ("accounts.too_many", {"minutes": 0}, "5"),
        ("accounts.too_many", {"minutes": 1}, "60"), ("absent", {}, None), ("fault", {}, None), ("forbidden", {}, None),
    ],
)  # fmt: skip
def test_when_to_come_back(drawn, code, data, retry):
    assert doors.reply_to(ask(), Refused(code, **data)).headers.get("Retry-After") == retry


def test_a_page_that_cannot_be_drawn_says_the_sentence_and_no_more(monkeypatch, caplog):
    def broken(*_, **__):
        raise RuntimeError("x")

    monkeypatch.setattr(doors, "render_to_string", broken)
    reply = doors.refusal_page(ask(), sentence="<忙>", code="busy", status=503, data={})
    assert (reply.status_code, reply.content.decode()) == (
        503,
        "<!doctype html><title>&lt;忙&gt;</title><p>&lt;忙&gt;</p>",
    )


def test_a_wrong_method_is_told_the_right_ones(drawn):
    reply = doors.not_allowed(ask(), {"POST": None, "GET": None, "DELETE": None})
    assert (reply.status_code, reply["Allow"], drawn[0][1]["code"]) == (
        405,
        "DELETE, GET, POST",
        "route.method",
    )


@pytest.mark.parametrize(
    ("handler", "code", "status"),
    [
        (doors.bad_request, "request.bad", 400), (doors.forbidden, "forbidden", 403), (doors.not_found, "absent", 404),
    ],
)  # fmt: skip
def test_djangos_last_words(drawn, handler, code, status):
    reply = handler(ask(), RuntimeError("x"))
    assert (reply.status_code, drawn[0][1]["code"]) == (status, code)


def test_a_form_without_its_token_and_a_fault(drawn):
    assert doors.forged(ask()).status_code == 403
    assert doors.forged(ask(), reason="x").status_code == 403
    assert {context["code"] for _, context, _ in drawn} == {"form.stale"}
    assert (doors.fault(ask()).status_code, drawn[-1][1]["code"]) == (500, "fault")
    try:
        raise PoolTimeout("x")  # noqa: TRY301 - it must be on its way while the handler looks
    except PoolTimeout:
        assert (doors.fault(ask()).status_code, drawn[-1][1]["code"]) == (503, "busy")


# ---- who asks


@pytest.mark.parametrize(
    ("code", "language"), [("en", "en"), ("en-gb", "en"), ("zh-hans", "zh"), ("fr", "zh"), ("xen", "zh")]
)
def test_two_languages(code, language):
    assert doors.language_of(ask(language=code)) == language


def test_without_a_language_it_is_chinese():
    assert doors.language_of(RequestFactory().get("/")) == "zh"


@pytest.mark.parametrize(("path", "program"), [("/api/", True), ("/api/v1/x", True), ("/api", False), ("/x/api/", False), ("/", False)])  # fmt: skip
def test_who_is_a_program(path, program):
    assert doors.for_api(RequestFactory().get(path)) is program


@pytest.mark.parametrize(
    ("proxies", "forwarded", "origin"),
    [
        (("127.0.0.1",), "6.6.6.6, ,7.7.7.7", "7.7.7.7"), (("127.0.0.1", "7.7.7.7"), "6.6.6.6, , 7.7.7.7", "7.7.7.7"),
        (("127.0.0.1", "7.7.7.7"), " 6.6.6.6 ,7.7.7.7", "6.6.6.6"), (None, "6.6.6.6", "127.0.0.1"),
        (("127.0.0.1",), None, "127.0.0.1"),
    ],
)  # fmt: skip
def test_where_from(settings, proxies, forwarded, origin):
    if proxies is None:
        del settings.TONGXIN_PROXIES
    else:
        settings.TONGXIN_PROXIES = proxies
    request = RequestFactory().get("/", headers={"X-Forwarded-For": forwarded} if forwarded else {})
    assert doors.origin_of(request) == origin


def test_from_nowhere():
    request = RequestFactory().get("/")
    del request.META["REMOTE_ADDR"]
    assert doors.origin_of(request) == ""


@pytest.fixture
def secrets(monkeypatch):
    known = {"txt_good": Entry(ACCOUNT, second_factor=False, scopes=frozenset({"me"}))}
    monkeypatch.setattr(doors, "entry_of_secret", known.get)
    return known["txt_good"]


@pytest.mark.parametrize("shown", ["Bearer txt_good", "bearer txt_good", "BEARER  txt_good "])
def test_a_bearer_is_known_however_it_is_spelled(secrets, shown):
    assert doors._bearer(ask("/api/x", authorization=shown)) is secrets


@pytest.mark.parametrize("shown", ["Bearer txt_bad", "Basic txt_good", "txt_good", "Bearer", "Bearertxt_good", "Bearer x txt_good"])  # fmt: skip
def test_a_wrong_secret_is_refused_not_ignored(secrets, shown):
    assert code_of(lambda: doors._bearer(ask("/api/x", authorization=shown))) == "token.unknown"


def test_no_secret_is_nobody(secrets):
    assert doors._bearer(ask("/api/x")) is None
    assert doors._bearer(ask("/api/x", authorization="")) is None


@pytest.fixture
def told(monkeypatch):
    """What identifying asks of the rooms below."""
    seen = []
    monkeypatch.setattr(doors.accounts, "note_seen", lambda *, sign_in: seen.append(("seen", sign_in)))
    monkeypatch.setattr(
        doors.entrance, "renew_on_new_roles", lambda request, viewer: seen.append(("roles", viewer))
    )
    monkeypatch.setattr(doors, "entry_of_session", lambda name: seen.append(("session", name)) or {"s1": Entry(ACCOUNT, second_factor=True, sign_in="row")}.get(name))  # fmt: skip
    monkeypatch.setattr(doors, "viewer_of", lambda entry, language: replace(MEI, language=language))
    return seen


def test_a_browser_is_known_by_its_cookie_and_seen(told, secrets):
    request = ask(session={entrance.KEY: "s1"}, language="en", authorization="Bearer txt_bad")
    doors.identify(request)
    assert (request.viewer.name, request.viewer.language, request.entry.sign_in) == ("mei", "en", "row")
    assert told == [("session", "s1"), ("seen", "row"), ("roles", request.viewer)]


@pytest.mark.parametrize("session", [{}, {entrance.KEY: ""}, {entrance.KEY: "gone"}])
def test_a_browser_without_a_session_is_nobody(told, session):
    request = ask(session=session)
    doors.identify(request)
    assert (request.viewer, request.entry) == (ANONYMOUS, None)
    assert [what for what, _ in told] == (["session"] if session.get(entrance.KEY) else [])


def test_a_program_is_known_by_its_secret_and_never_by_a_cookie(told, secrets):
    request = ask("/api/x", session={entrance.KEY: "s1"})
    doors.identify(request)
    assert (request.entry, told) == (None, [])
    request = ask("/api/x", session={entrance.KEY: "s1"}, authorization="Bearer txt_good")
    doors.identify(request)
    assert (request.entry, told) == (secrets, [])  # a token leaves no trace in a session


def test_everything_of_an_entry_reaches_the_viewer(monkeypatch):
    asked = {}
    person = Viewer(account=1, name="m", person=9, grants=(Grant("member"), Grant("admin", everywhere=True)))
    monkeypatch.setattr(doors.people, "member_of", lambda account: (("member of", account), 3))
    monkeypatch.setattr(
        doors.stores, "viewer_for", lambda account, **more: asked.update(account=account, **more) or person
    )
    entry = Entry(ACCOUNT, second_factor=True, scopes=frozenset({"me"}), device=4)
    assert doors.viewer_of(entry, "en") == person
    assert asked == {
        "account": ACCOUNT, "person": ("member of", ACCOUNT), "brand": 3, "scopes": frozenset({"me"}), "second_factor": True,
        "device": 4, "language": "en",
    }  # fmt: skip
    owing = doors.viewer_of(replace(entry, second_factor=False, complete=False), "zh")
    assert (owing.grants, owing.person) == ((), None)
    doors.viewer_of(Entry(SimpleNamespace(pk=1, kind="staff"), second_factor=True), "zh")
    assert (asked["person"], asked["brand"]) == (None, None)  # behind a staff account nobody is looked for
    plain = doors.viewer_of(replace(entry, second_factor=False), "zh")
    assert ([g.role for g in plain.grants], plain.person) == (["member"], 9)


# ---- through the table


def row(roles, method="GET", **more):
    return Row("t", method, Verb.READ, frozenset(roles), **more)


@pytest.fixture
def table(monkeypatch):
    rows = {"t": {"GET": row({"champion"}), "POST": row({ANYONE}, "POST")}}
    monkeypatch.setattr(doors, "row_for", lambda name: rows.get(name, {}))
    monkeypatch.setattr(doors, "identify", lambda request: None)
    return rows


def pass_through(request):
    return doors.Permissions(lambda _: None).process_view(request, None, (), {})


def test_before_anybody_is_known_a_request_is_nobodys():
    request = RequestFactory().get("/x", REMOTE_ADDR="9.9.9.9")
    seen = doors.Permissions(lambda r: (r.viewer, r.entry, r.origin))(request)
    assert seen == (ANONYMOUS, None, "9.9.9.9")


def test_the_right_role_passes_by_get_and_by_head(table, drawn):
    for method in ("GET", "HEAD"):
        assert pass_through(ask(method=method, viewer=MEI)) is None
    assert pass_through(ask(method="POST")) is None
    reply = pass_through(ask(method="PUT", viewer=MEI))
    assert (reply.status_code, reply["Allow"]) == (405, "GET, POST")


def test_a_route_without_a_row_is_refused_and_noted(table, drawn, caplog):
    with caplog.at_level(logging.ERROR, logger="tongxin.doors"):
        reply = pass_through(ask(view="nowhere", viewer=MEI))
    assert (reply.status_code, drawn[0][1]["code"]) == (403, "route.unlisted")
    assert "nowhere" in caplog.text


def test_an_address_that_leads_nowhere_is_absent(table, drawn):
    request = ask()
    request.resolver_match = None
    assert (pass_through(request).status_code, drawn[0][1]["code"]) == (404, "absent")


def test_a_fault_at_the_door(table, drawn, monkeypatch):
    def away(_):
        raise OperationalError("x")

    monkeypatch.setattr(doors, "identify", away)
    assert pass_through(ask()).status_code == 503
    monkeypatch.setattr(doors, "identify", lambda _: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        pass_through(ask())


def owes(monkeypatch, *, factor):
    monkeypatch.setattr(doors.entrance, "owes_factor", lambda entry: factor)


def test_the_anonymous_are_sent_to_the_door_and_back(table, drawn, monkeypatch):
    owes(monkeypatch, factor=True)  # nobody owes nothing: an entry is needed for that
    reply = pass_through(ask("/t?x=1&y=2"))
    assert (reply.status_code, reply["Location"]) == (302, "/enter/?next=%2Ft%3Fx%3D1%26y%3D2")
    program = pass_through(ask("/api/t"))
    assert (program.status_code, json.loads(program.content)["code"]) == (401, "sign_in_needed")


def test_who_owes_a_factor_is_sent_to_it(table, drawn, monkeypatch):
    owes(monkeypatch, factor=True)
    entry = Entry(ACCOUNT, second_factor=False)
    reply = pass_through(ask(entry=entry))
    assert (reply.status_code, reply["Location"]) == (302, "/enter/factor/")
    program = pass_through(ask("/api/t", entry=entry))
    assert (program.status_code, json.loads(program.content)["code"]) == (403, "second_factor_needed")


def test_who_owes_nothing_and_may_not_is_told_so(table, drawn, monkeypatch):
    owes(monkeypatch, factor=False)
    entry = Entry(ACCOUNT, second_factor=True)
    other = Viewer(account=2, name="x", grants=(Grant("door"),))
    assert (pass_through(ask(entry=entry, viewer=other)).status_code, drawn[-1][1]["code"]) == (
        403,
        "forbidden",
    )
    program = pass_through(ask("/api/t", entry=entry, viewer=other))
    assert (program.status_code, json.loads(program.content)["code"]) == (403, "forbidden")


def test_who_may_passes_even_while_something_is_owed(table, monkeypatch):
    owes(monkeypatch, factor=True)
    assert pass_through(ask(viewer=MEI, entry=Entry(ACCOUNT, second_factor=False))) is None


# ---- the words of access, and the table's own look-up


def test_what_a_viewer_is_before_anything_is_said():
    plain = Viewer(account=None, name="x")
    assert (plain.grants, plain.person, plain.scopes, plain.second_factor, plain.device, plain.brand, plain.language) == (
        (), None, None, False, None, None, "zh"
    )  # fmt: skip
    grant = Grant("champion")
    assert (grant.everywhere, grant.places, grant.until) == (False, frozenset(), None)
    bare = Row("r", "GET", Verb.READ, frozenset())
    assert (bare.kind, bare.scope, bare.note) == ("", "", "")
    for frozen, name in ((plain, "account"), (grant, "role"), (bare, "roles")):
        with pytest.raises(FrozenInstanceError):
            setattr(frozen, name, None)


def test_a_row_is_the_same_whatever_is_noted_about_it():
    assert Row("r", "GET", Verb.READ, frozenset(), note="a") == Row(
        "r", "GET", Verb.READ, frozenset(), note="b"
    )
    assert Row("r", "GET", Verb.READ, frozenset(), scope="a") != Row(
        "r", "GET", Verb.READ, frozenset(), scope="b"
    )


def test_the_words_of_verbs_and_of_nobody():
    assert [str(verb) for verb in Verb] == ["read", "create", "change", "decide", "erase", "export"]
    assert (ANONYMOUS.account, ANONYMOUS.name, ANONYMOUS.grants, access.ANYONE) == (
        None,
        "anonymous",
        (),
        "anyone",
    )
    job = system("rings")
    assert (job.account, job.name, job.grants) == (None, "system:rings", (Grant("system", everywhere=True),))


def test_an_account_without_a_grant_and_a_job_without_an_account_are_somebody():
    assert not Viewer(account=1, name="x").anonymous
    assert not Viewer(account=None, name="x", grants=(Grant("system"),)).anonymous
    assert Viewer(account=None, name="x").anonymous


def test_a_grant_everywhere_wins_over_places():
    both = Viewer(
        account=1, name="x", grants=(Grant("a", places=frozenset({1})), Grant("b", everywhere=True))
    )
    assert (both.places(), both.places(["a"]), both.places(["b"])) == (None, {1}, None)
    assert both.reaches(None)
    assert not both.reaches(None, ["a"])


def test_a_token_passes_only_with_the_rows_own_scope():
    token = replace(MEI, scopes=frozenset({"members:read"}))
    access.check(row({"champion"}, scope="members:read"), token)
    for scope in ("members:write", ""):
        assert code_of(lambda s=scope: access.check(row({"champion"}, scope=s), token)) == "forbidden"


def test_looking_up_a_route():
    found = permissions.row_for("api:members")
    assert (sorted(found), found["GET"].method) == (["GET", "POST"], "GET")
    assert dict(permissions.row_for("nowhere")) == {}
    asked = permissions.scopes()
    assert asked[("api:members", "GET")] == "members:read"
    assert set(asked) == {(line.route, line.method) for line in permissions.API}


def test_a_grant_that_is_over_is_none_and_one_that_ends_later_is(monkeypatch):
    from tongxin.stores.rules import Wish, may_grant
    from tongxin.stores.terms import Role

    now = datetime(2026, 3, 5, tzinfo=UTC)
    wish = Wish(Role.DOOR, "store", frozenset({1}), None)
    ended = Grant("champion", places=frozenset({1}), until=now)
    assert may_grant([ended], wish, now) == "role"
    # what is wrong with the grant that came nearest is said, whatever stands before or after it
    near, far = Grant("champion", places=frozenset({2})), Grant("door", places=frozenset({1}))
    assert may_grant([near, far], wish, now) == may_grant([far, near], wish, now) == "place"
    whole = Wish(Role.DOOR, "store", None, None)
    assert may_grant([Grant("champion", places=frozenset({1}))], whole, now) == "place"
    assert may_grant([Grant("champion", everywhere=True)], whole, now) is None
    # a job of ours that is dated or placed may do no more than that either
    assert may_grant([Grant("system", places=frozenset({2}))], wish, now) == "place"
    assert may_grant([Grant("system", everywhere=True, until=now)], wish, now) == "until"
