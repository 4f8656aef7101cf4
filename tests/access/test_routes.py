"""The table and the addresses agree, line by line; a route without a row is refused (promise P12)."""

import logging

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, path
from ninja.operation import PathView

from access.actors import api
from tongxin.foundation.access import ANYONE, Row, Verb
from tongxin.people.rules import MAY
from tongxin.project import permissions, urls
from tongxin.project.permissions import API, PAGES, TABLE
from tongxin.stores.terms import Role

pytestmark = pytest.mark.django_db


def named_routes(resolver=None, space="") -> dict[str, URLPattern]:
    """Every address of the installation by the name the table uses."""
    found = {}
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{space}{pattern.namespace}:" if pattern.namespace else space
            found |= named_routes(pattern, inner)
        else:
            found[f"{space}{pattern.name or pattern.pattern}"] = pattern
    return found


def methods_of(pattern: URLPattern) -> set[str] | None:
    """What a view of the API answers; None where a page's view decides by itself."""
    cells = [c.cell_contents for c in getattr(pattern.callback, "__closure__", None) or ()]
    views = [c for c in cells if isinstance(c, PathView)]
    return {m for view in views for op in view.operations for m in op.methods} or None


def faults(routes: dict[str, URLPattern], table=TABLE) -> list[str]:
    rows = {row.route for row in table}
    told = [f"{name} has no row" for name in routes if name not in rows]
    told += [f"{route} is no route" for route in rows if route not in routes]
    for name, pattern in routes.items():
        answered = methods_of(pattern)
        listed = {row.method for row in table if row.route == name}
        if answered is not None and answered != listed:
            told.append(f"{name} answers {sorted(answered)}, the table has {sorted(listed)}")
    return told


def test_every_route_has_a_row_and_every_row_a_route():
    assert faults(named_routes()) == []


def test_control_arm_a_row_taken_away_or_added_is_told():
    routes = named_routes()
    without = [row for row in TABLE if row.route != "api:grants"]
    assert "api:grants has no row" in faults(routes, without)
    assert "nowhere is no route" in faults(routes, [*TABLE, Row("nowhere", "GET", Verb.READ, frozenset())])
    half = [row for row in TABLE if (row.route, row.method) != ("api:grants", "POST")]
    assert any("api:grants answers" in fault for fault in faults(routes, half))


def test_no_row_stands_twice():
    assert len({(row.route, row.method) for row in TABLE}) == len(TABLE)


def test_the_table_speaks_the_closed_list_of_roles_only():
    assert {role for row in TABLE for role in row.roles} <= {str(r) for r in Role} | {ANYONE}


def test_every_row_of_the_api_asks_for_a_scope_unless_it_is_open():
    assert [row.route for row in API if not row.scope and ANYONE not in row.roles] == []


def test_whoever_may_act_on_a_thing_may_read_it():
    """may_act(x) implies may_read(x), over the whole table (Discourse CVE-2026-21865, 32615)."""
    readers = {
        row.kind: set(row.roles)
        for row in TABLE
        if row.verb is Verb.READ and row.kind and row.route.count(".") == 0
    }
    for row in TABLE:
        if row.verb is not Verb.READ and row.kind in readers:
            assert row.roles <= readers[row.kind], row.route
    for verb, roles in MAY.items():
        assert roles <= MAY[Verb.READ], verb


def test_scopes_are_told_per_route_and_method():
    assert permissions.scopes()["api:grants", "POST"] == "grants:write"


# ---- a route that nobody entered in the table


def unlisted(request):
    return HttpResponse("secret")


class Unlisted:
    """The addresses plus one that nobody entered."""

    urlpatterns = [
        *urls.urlpatterns,
        path("unlisted", unlisted, name="unlisted"),
        path("api/v1/x", unlisted, name="x"),
    ]
    handler400, handler403, handler404, handler500 = (
        urls.handler400,
        urls.handler403,
        urls.handler404,
        urls.handler500,
    )


@pytest.fixture
def with_unlisted(settings):
    settings.ROOT_URLCONF = Unlisted


@pytest.mark.usefixtures("with_unlisted")
def test_a_route_without_a_row_is_refused_and_told(world, caplog):
    with caplog.at_level(logging.ERROR, "tongxin.doors"):
        page = Client().get("/unlisted")
        program = api(world.actors["admin"], "GET", "/api/v1/x")
    assert page.status_code == program.status_code == 403
    assert program.json()["code"] == "route.unlisted"
    assert b"secret" not in page.content + program.content
    assert "unlisted" in caplog.text


@pytest.mark.usefixtures("with_unlisted")
def test_control_arm_with_a_row_it_answers(world, monkeypatch):
    row = Row("unlisted", "GET", Verb.READ, frozenset({ANYONE}))
    monkeypatch.setattr("tongxin.project.doors.row_for", lambda route: {"GET": row})
    assert Client().get("/unlisted").content == b"secret"


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/api/v1/grants", "GET, POST"),
        ("POST", "/api/v1/stores", "GET"),
        ("DELETE", "/api/v1/me", "GET"),
    ],
)
def test_other_methods_answer_405_with_what_is_allowed(world, method, path, allowed):
    reply = api(world.actors["admin"], method, path)
    assert (reply.status_code, reply.json()["code"], reply["Allow"]) == (405, "route.method", allowed)


@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/members/not-an-id", "/api/v1/", "/api/v2"])
def test_unknown_addresses_of_the_api_answer_as_problems(world, path):
    reply = api(world.actors["admin"], "GET", path)
    assert (reply.status_code, reply["Content-Type"]) == (404, "application/problem+json")
    assert reply.json()["code"] == "absent"


def test_pages_and_api_are_told_apart():
    assert {row.route for row in PAGES}.isdisjoint(row.route for row in API)
