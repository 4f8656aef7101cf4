"""Schemathesis knocks at operations with what their document allows: no fault of ours, and replies as described.

A third of them in each run, another one with each random seed; `make nightly` knocks at all.
"""

import os

import pytest
import schemathesis
from django.core import signals
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from access.actors import ACTORS, undone
from access.requests import parameters
from access.test_harm import operation_of
from access.test_matrix import may, things_of
from project import samples
from tongxin.faces.api.app import api
from tongxin.project.permissions import API
from tongxin.project.wsgi import application

pytestmark = [pytest.mark.django_db, pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.sampled]
PARTS = 3
EXAMPLES = int(
    os.environ.get("TONGXIN_EXAMPLES", "3")
)  # more by hand: TONGXIN_EXAMPLES=50 pytest tests/faces/api/test_schema.py
CHECKS = [
    schemathesis.checks.not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


def knocker(world, row):
    """An actor of the row, and a thing of theirs if the address names one."""
    for actor in (world.actors[a] for a in ("admin", *ACTORS)):
        if may(row, actor):
            own = things_of(world, row, actor).own
            if own is not None or not row.kind:
                return actor, own
    raise AssertionError(row.route)


def knock(operation, actor, thing, ids, seen):
    """Send some requests that the document allows, half of them about a thing that is there."""

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(), ours=st.booleans())
    def once(case, ours):
        if actor.token:
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {actor.token}"}
        if ours and thing is not None:
            case.path_parameters = {**(case.path_parameters or {}), **dict.fromkeys(ids, thing)}
        with undone():
            reply = case.call()
            case.validate_response(reply, checks=CHECKS)
        seen.add(reply.status_code)

    once()


@pytest.fixture
def one_connection():
    """A real WSGI request drops the connection that holds the world's transaction; Django's own test client does the same."""
    signals.request_started.disconnect(close_old_connections)
    signals.request_finished.disconnect(close_old_connections)
    yield
    signals.request_started.connect(close_old_connections)
    signals.request_finished.connect(close_old_connections)


@pytest.mark.usefixtures("one_connection")
def test_no_operation_breaks(world):
    schema = schemathesis.openapi.from_dict(api.get_openapi_schema())
    schema.app = application
    rows = {operation_of(row): row for row in API if operation_of(row)}
    seen: dict[str, set[int]] = {}
    operations = [found.ok() for found in schema.get_all_operations()]
    assert {operation.definition.raw["operationId"] for operation in operations} == set(rows)
    for operation in samples.part(operations, of=PARTS):
        name = operation.definition.raw["operationId"]
        actor, thing = knocker(world, rows[name])
        ids = [p for p in parameters(rows[name].route) if p.endswith("_id")]
        knock(operation, actor, thing, ids, seen.setdefault(name, set()))
    reached = {name for name, statuses in seen.items() if any(s < 300 for s in statuses)}
    assert len(reached) > len(seen) // 2, f"too few replies are real ones: {sorted(set(seen) - reached)}"
