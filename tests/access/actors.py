"""The sandbox world as actors who knock at doors, and the things they knock about."""

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.dispatch import receiver
from django.http import HttpResponse
from django.test import Client
from django.test.client import ClientHandler
from django.test.signals import setting_changed

from project import kept_rows
from tongxin.faces import entrance
from tongxin.faces.cli import sandbox
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions, queries
from tongxin.rings import actions as rings
from tongxin.rings.terms import OverrideReason, Ring
from tongxin.stores import queries as stores

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)
LATER = timedelta(hours=1)  # nothing is asked at the instant at which everything was made
JOB = system("test")
CHINESE = {"HTTP_ACCEPT_LANGUAGE": "zh-CN"}


@dataclass(frozen=True)
class Actor:
    """Somebody with a role; `home` is (region, store) as indexes, None for the whole brand or nobody."""

    name: str
    role: str
    handle: str = ""
    token: str = ""
    home: tuple[int, int] | None = None
    scoped: bool = True


@dataclass
class World:
    """The document of the sandbox, with the actors and things of the matrix."""

    document: dict[str, Any]
    actors: dict[str, Actor]
    made: dict[str, Any]

    def store(self, home: tuple[int, int]) -> dict[str, Any]:
        return self.document["regions"][home[0]]["stores"][home[1]]


HERE, NEAR, FAR = (0, 0), (0, 1), (1, 0)  # near: another store of the same region; far: another region
STAFF_ACTORS = (
    "champion",
    "champion_elsewhere",
    "store_manager",
    "region_manager",
    "hq_editor",
    "hq_analyst",
    "admin",
    "auditor",
    "door",
)
MEMBER_ACTORS = ("member_outer", "member_middle", "member_inner")
ACTORS = ("anonymous", *MEMBER_ACTORS, *STAFF_ACTORS, "device", "webhook", "unscoped")


@contextmanager
def standing_world(blocker: Any, members: int = 6) -> Iterator[World]:
    """The world inside one transaction, taken back at the end. Begin it once a module."""
    with blocker.unblock(), clock.held(NOON), transaction.atomic():
        document, actors = kept_rows.begin(f"standing world of {members}", lambda: _made(members))
        with clock.held(NOON + LATER):
            yield World(document, actors, {})
        transaction.set_rollback(True)


def _made(members: int) -> tuple[dict[str, Any], dict[str, Actor]]:
    document = sandbox.build(members=members)
    _step_inwards(document)
    with clock.held(NOON + LATER):
        return document, _actors(document)


def _actors(document: dict[str, Any]) -> dict[str, Actor]:
    regions = document["regions"]
    here, far = regions[0]["stores"][0], regions[1]["stores"][0]
    found = [
        Actor("anonymous", ""),
        *(
            Actor(name, "member", m["handle"], m["token"], HERE)
            for name, m in zip(MEMBER_ACTORS, here["members"], strict=False)
        ),
        _staff("champion", here["champions"][0], HERE),
        _staff("champion_elsewhere", far["champions"][0], FAR),
        _staff("store_manager", here["manager"], HERE),
        _staff("region_manager", regions[0]["manager"], HERE),
        _staff("door", here["door"], HERE),
        *(_staff(role, actor, None) for role, actor in document["hq"].items()),
        Actor("device", "device", token=here["device"]["key"], home=HERE),
        Actor("webhook", "webhook", token=document["webhook"]["token"]),
        _unscoped(here["champions"][1]),
    ]
    return {actor.name: actor for actor in found}


def _step_inwards(document: dict[str, Any]) -> None:
    """The second member stands in the middle ring, the third in the inner one: by an admin's hand, with an expiry."""
    admin = queries.account_by_handle(JOB, document["hq"]["admin"]["handle"])
    viewer = stores.viewer_for(admin, second_factor=True)
    members = document["regions"][0]["stores"][0]["members"]
    with clock.held(NOON + timedelta(minutes=1)):
        for member, ring in zip(members[1:3], (Ring.MIDDLE, Ring.INNER), strict=True):
            rings.override(
                viewer=viewer,
                customer=member["id"],
                ring=ring,
                reason=next(iter(OverrideReason)),
                until=NOON + timedelta(days=30),
                note="test",
            )


def _staff(name: str, actor: dict[str, Any], home: tuple[int, int] | None) -> Actor:
    return Actor(name, actor["role"], actor["handle"], actor["token"], home)


def _unscoped(actor: dict[str, Any]) -> Actor:
    account = queries.account_by_handle(JOB, actor["handle"])
    _, token = actions.issue_token(viewer=JOB, account=account, scopes=frozenset(), name="nothing")
    return Actor("unscoped", actor["role"], actor["handle"], token, HERE, scoped=False)


# ---- knocking


class Knocking(Client):
    """A client whose way through the middleware is built once and not for each request; changed settings build it anew."""

    _built = ClientHandler(enforce_csrf_checks=False)

    def __init__(self, **defaults: Any) -> None:
        super().__init__(**defaults)
        self.handler = self._built


@receiver(setting_changed)
def _build_anew(**_: Any) -> None:
    Knocking._built._middleware_chain = None


def api(
    actor: Actor | None, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
) -> Any:
    """One request of a program."""
    more = dict(CHINESE)
    if actor is not None and actor.token:
        more["HTTP_AUTHORIZATION"] = f"Bearer {actor.token}"
    if method != "GET":
        more["HTTP_IDEMPOTENCY_KEY"] = key or uuid.uuid4().hex
    more |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    data = b"" if body is None else json.dumps(body).encode()
    reply = Knocking().generic(method, path, data, "application/json", **more)
    return _whole(reply) if reply.streaming else reply


def _whole(reply: Any) -> HttpResponse:
    """A streamed reply, read to its end."""
    return HttpResponse(reply.getvalue(), status=reply.status_code, headers=dict(reply.items()))


def browser(actor: Actor) -> Client:
    """A browser in which the actor has signed in, second factor and all."""
    client = Client(**CHINESE)
    if actor.handle:
        account = queries.account_by_handle(JOB, actor.handle)
        opened = actions.open_session(account=account, second_factor=True)
        carry(client, str(opened.public_id))
    return client


def carry(client: Client, public_id: str) -> None:
    """Put a session cookie into a browser."""
    session = SessionStore()
    session[entrance.KEY] = public_id
    session.save()
    client.cookies["sessionid"] = session.session_key


@contextmanager
def undone() -> Iterator[None]:
    """What happens inside never happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def rows_touched() -> int:
    """How many rows this transaction has written so far, as the database counts them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT coalesce(sum(n_tup_ins + n_tup_upd + n_tup_del), 0) FROM pg_stat_xact_user_tables"
        )
        return int(cursor.fetchone()[0])
