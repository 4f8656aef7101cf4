"""Where stories are told: a headquarters, three stores with a champion each, families with a child, and the clock of the story.

Programs speak to the API in this process, so the held clock is theirs too. The browser is a browser: its clock is the wall's.
"""

import csv
import io
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.db import SessionStore
from PIL import Image

from access.actors import Actor, api
from tongxin.faces import entrance
from tongxin.faces.api.scopes import ALL
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer, system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts import queries
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.people import actions as people
from tongxin.people import queries as persons
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StoreRow
from tongxin.stores.terms import Role

JOB = system("story")
NOTICE = "2026-03"
SHOPS = (("S1", "古墩路店"), ("S2", "文三路店"), ("S3", "翠苑店"))
PURPOSES = ("run_event", "group_message", "measurement")


@dataclass
class Person:
    """Somebody with a token and, for the pages, a cookie."""

    name: str
    actor: Actor
    viewer: Viewer
    member: str = ""
    child: str = ""
    code: str = ""

    def ask(self, method: str, path: str, body: Any = None, *, status: int = 0, **headers: str) -> Any:
        """One request of a program that must succeed (or be refused just so); answers what came back."""
        reply = api(self.actor, method, f"/api/v1{path}", body, **headers)
        wanted = {status} if status else {200, 201}
        assert reply.status_code in wanted, (method, path, reply.status_code, reply.content[:600])
        return reply.json() if reply.content else None

    def cookie(self) -> str:
        """The cookie of a browser in which they have signed in."""
        account = queries.account_by_handle(JOB, self.actor.handle)
        session = SessionStore()
        session[entrance.KEY] = str(accounts.open_session(account=account, second_factor=True).public_id)
        session.save()
        return str(session.session_key)


@dataclass
class Shop:
    """A store and its champion."""

    id: str
    store: Any
    champion: Person


def headquarters_and_shops() -> tuple[Person, list[Shop]]:
    """Zhou Ning at headquarters, and three stores."""
    brand = stores.open_brand(viewer=JOB, code="TX", name="同心超市")
    stores.upsert_stores(viewer=JOB, rows=[StoreRow(code, name, region="杭州") for code, name in SHOPS])
    found = places.stores_by_code(places.the_brand())
    zhou = _staff("周宁", "zhou-ning", Role.ADMIN, brand=brand)
    shops = []
    for n, (code, _) in enumerate(SHOPS, start=1):
        store = found[code]
        champion = _staff(f"主理人 {n}", f"champion-{n}", Role.CHAMPION, store=store)
        shops.append(Shop(str(store.public_id), store, champion))
    return zhou, shops


def _staff(name: str, handle: str, role: Role, *, store: Any = None, brand: Any = None) -> Person:
    account = accounts.create_account(viewer=JOB, handle=handle, kind=AccountKind.STAFF)
    stores.grant(viewer=JOB, account=account, role=role, store=store, brand=brand)
    _, token = accounts.issue_token(viewer=JOB, account=account, scopes=ALL, name="story")
    return Person(
        name, Actor(handle, str(role), handle, token), places.viewer_for(account, second_factor=True)
    )


def family(shop: Shop, n: int) -> Person:
    """The champion makes them members; the parent then registers the child, as only a guardian may."""
    code, phone = f"F{n:03d}", f"+86139{n:08d}"
    made = shop.champion.ask(
        "POST",
        "/members",
        {
            "nickname": f"豆豆妈{n}",
            "home_store": shop.id,
            "phone": phone,
            "member_code": {"source": "till", "code": code},
            "consents": dict.fromkeys(PURPOSES, True),
            "notice_version": NOTICE,
        },
    )
    account = people.account_for_phone(viewer=JOB, phone=phone)
    _, token = accounts.issue_token(viewer=JOB, account=account, scopes=ALL, name="story")
    customer = persons.access_customer(JOB, made["id"])
    parent = Person(
        f"豆豆妈{n}",
        Actor("member", "member", account.handle, token),
        places.viewer_for(account, person=customer.pk),
        member=made["id"],
        code=code,
    )
    child = {"nickname": f"豆豆{n}", "age_years": 5, "agreed": True, "notice_version": NOTICE}
    parent.child = parent.ask("POST", "/me/companions", child)["id"]
    return parent


def till(families: list[Person], day: datetime, *, weeks: tuple[int, int]) -> str:
    """What the till says of them: one order a week from so many weeks before a day to so many after it, as CSV."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(["order_no", "ordered_at", "store_code", "member_code", "total_paid"])
    for n, one in enumerate(families):
        for week in range(-weeks[0], weeks[1]):
            at = day + timedelta(weeks=week, days=n % 7)
            rows.writerow(
                [f"{one.code}-{week + weeks[0]}", at.isoformat(), SHOPS[n % 3][0], one.code, 60 + n]
            )
    return out.getvalue()


def picture() -> bytes:
    """A photo as a phone gives it."""
    out = io.BytesIO()
    Image.new("RGB", (640, 480), (214, 150, 92)).save(out, "JPEG")
    return out.getvalue()


def line(registration: str, at: datetime) -> dict[str, Any]:
    """What a phone without a network writes down when it lets somebody in."""
    return {
        "nonce": str(uuid.uuid4()),
        "did": "admitted",
        "did_why": "ok",
        "scanned_at": clock.as_utc(at).isoformat(),
        "via": "search",
        "registration": registration,
    }
