"""`tongxin sandbox seed`: a small world for integrators' tests and for ours (contract.md §6).

Two regions of three stores, two champions and forty members each, six guardians with companions, HQ, per store a device and one
published event. Built through the same actions as everything else; every free-text field carries `MK-<region>-<store>-<n>`, so a
reply that holds a string of another store has leaked.
"""

import json
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from django.conf import settings
from django.db import transaction

from tongxin.connect.wecom.sandbox import server
from tongxin.events import actions as events
from tongxin.events.actions import EventIn
from tongxin.faces import devices
from tongxin.faces.api.scopes import ALL
from tongxin.faces.cli import answers
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.people import actions as people
from tongxin.people.terms import Purpose
from tongxin.rings import actions as rings
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StaffRow, StoreRow
from tongxin.stores.terms import Role

REGIONS, STORES, CHAMPIONS, MEMBERS = 2, 3, 2, 40
EVENT_PLACES = 12
SEEDER = system("sandbox")
NOTICE = "2026-01"

app = typer.Typer(no_args_is_help=True)

Document = dict[str, Any]


@app.callback()
def group() -> None:
    """给对接方的小世界 · A small world for integrators."""


@app.command()
def seed(
    out: Annotated[
        Path, typer.Option("--out", help=answers.words("写到哪个 JSON 文件", "Where to write the JSON"))
    ],
) -> None:
    """建好小世界，写出所有角色的令牌与编号 · Build it; writes ids and tokens of all actors."""
    with transaction.atomic():
        world = build()
    out.touch(mode=0o600)  # it holds keys
    out.write_text(json.dumps(world, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    answers.answer(
        {
            "file": str(out),
            "stores": REGIONS * STORES,
            "members": REGIONS * STORES * MEMBERS,
            "api": world["api"],
        }
    )


@app.command()
def wecom(
    port: Annotated[
        int, typer.Option("--port", help=answers.words("端口，只监听本机", "Port; this machine only"))
    ] = 8411,
    callback: Annotated[
        str,
        typer.Option(
            "--callback", help=answers.words("回调发到哪里（本机地址）", "Where callbacks go (this machine)")
        ),
    ] = "",
    fresh: Annotated[bool, typer.Option("--fresh", help=answers.words("从头开始", "Start anew"))] = False,
) -> None:
    """企业微信沙盒：两部手机的网页，不需要企业微信账号 · A fake WeCom with two phones as a page; needs no account."""
    journal = Path(settings.HOME) / "sandbox" / "wecom.jsonl"
    if fresh:
        journal.unlink(missing_ok=True)
    answers.say("打开 http://127.0.0.1:{port}/", "Open http://127.0.0.1:{port}/", port=port)
    for name, value in server.environment(port).items():
        answers.tell(f"export {name}={value}")
    server.serve(port, journal, callback=callback)


def build(*, members: int = MEMBERS) -> Document:
    """The world as a document. Refuses `stores.brand_exists` where a chain lives already. Call it inside a transaction."""
    stores.open_brand(viewer=SEEDER, code="MK", name="MK-0-0-0")
    rows = [_store_row(r, s) for r in range(1, REGIONS + 1) for s in range(1, STORES + 1)]
    stores.upsert_stores(viewer=SEEDER, rows=rows)
    world = {
        "schema": "tongxin.sandbox/1",
        "base_url": settings.TONGXIN_BASE_URL,
        "api": f"{settings.TONGXIN_BASE_URL}/api/v1",
        "hq": {
            str(role): _staff(str(role).replace("_", "-"), role, "MK-0-0-1")
            for role in (Role.ADMIN, Role.HQ_EDITOR, Role.HQ_ANALYST, Role.AUDITOR)
        },
        "webhook": _service("mk-webhook", Role.WEBHOOK),
        "regions": [_region(r, members) for r in range(1, REGIONS + 1)],
    }
    rings.recompute(viewer=SEEDER)
    return world


def mark(region: int, store: int, n: int) -> str:
    """The marked string of one thing."""
    return f"MK-{region}-{store}-{n}"


def _store_row(r: int, s: int) -> StoreRow:
    text = mark(r, s, 0)
    return StoreRow(
        store_code=f"R{r}S{s}", name=text, region=f"R{r}", city=text, district=text, address=text, format=text
    )


def _region(r: int, members: int) -> Document:
    region = next(x for x in places.regions_for(SEEDER) if x.code == f"R{r}")
    return {
        "id": str(region.public_id),
        "code": region.code,
        "manager": _staff(f"region-{r}", Role.REGION_MANAGER, mark(r, 0, 1), region=region),
        "stores": [_store(r, s, members) for s in range(1, STORES + 1)],
    }


def _store(r: int, s: int, members: int) -> Document:
    store = places.stores_by_code(places.the_brand(), [f"R{r}S{s}"])[f"R{r}S{s}"]
    device, code = devices.enrol(viewer=SEEDER, store=store.public_id, name=mark(r, s, 1))
    _, key = accounts.activate_device(code=code, origin="sandbox")
    return {
        "id": str(store.public_id),
        "code": store.code,
        "mark": f"MK-{r}-{s}-",
        "device": {"id": str(device.public_id), "key": key},
        "manager": _staff(f"manager-{r}-{s}", Role.STORE_MANAGER, mark(r, s, 2), store=store),
        "door": _staff(f"door-{r}-{s}", Role.DOOR, mark(r, s, 3), store=store),
        "champions": [
            _staff(f"champion-{r}-{s}-{n}", Role.CHAMPION, mark(r, s, 3 + n), store=store)
            for n in range(1, CHAMPIONS + 1)
        ],
        "members": [_member(r, s, n, store) for n in range(1, members + 1)],
        "event": _event(r, s, store),
    }


def _event(r: int, s: int, store: Any) -> Document:
    """One published event, a week from now, that members of any store can register for."""
    text = mark(r, s, 6)
    starts = clock.day_start(clock.business_day(clock.now()) + timedelta(days=7)) + timedelta(hours=10)
    drafted = events.draft(
        viewer=SEEDER,
        store=store,
        event=EventIn(
            title=text,
            format="tasting",
            theme=text,
            summary=text,
            place=text,
            starts_at=starts,
            ends_at=starts + timedelta(hours=2),
            places=EVENT_PLACES,
            party_most=3,
            simulated=True,
        ),
    )
    made = events.publish(viewer=SEEDER, event_id=drafted.public_id)
    return {"id": str(made.public_id), "title": text, "places": EVENT_PLACES, "starts_at": starts.isoformat()}


def _staff(handle: str, role: Role, text: str, *, store: Any = None, region: Any = None) -> Document:
    password = secrets.token_urlsafe(15)
    account = accounts.create_account(
        viewer=SEEDER, handle=f"mk-{handle}", kind=AccountKind.STAFF, password=password
    )
    brand = None if store or region else places.the_brand()
    grant = stores.grant(viewer=SEEDER, account=account, role=role, store=store, region=region, brand=brand)
    row = StaffRow(staff_code=account.handle, name=text, store_code=store.code if store else None, role=text)
    stores.upsert_staff(viewer=SEEDER, rows=[row])
    return _actor(account) | {"grant": str(grant.public_id), "role": str(role), "password": password}


def _service(handle: str, role: Role) -> Document:
    account = accounts.create_account(viewer=SEEDER, handle=handle, kind=AccountKind.SERVICE)
    stores.grant(viewer=SEEDER, account=account, role=role, brand=places.the_brand())
    return _actor(account) | {"role": str(role)}


def _actor(account: Any) -> Document:
    _, token = accounts.issue_token(viewer=SEEDER, account=account, scopes=ALL, name="sandbox")
    return {"handle": account.handle, "account": str(account.public_id), "token": token}


def _member(r: int, s: int, n: int, store: Any) -> Document:
    """Member `n` of a store; the first is a guardian. Phones are made up."""
    text = mark(r, s, 10 + n)
    phone = f"1990{r}{s}{n:05d}"
    customer = people.register_member(
        viewer=SEEDER,
        phone=phone,
        nickname=text,
        home_store=store,
        member_code=("sandbox", f"M{r}{s}{n:03d}"),
        source_channel=text,
        consents=dict.fromkeys((Purpose.RUN_EVENT, Purpose.MEASUREMENT), True),
        notice_version=NOTICE,
        channel="sandbox",
        phone_verified=True,
        simulated=True,
    )
    account = people.account_for_phone(viewer=SEEDER, phone=phone)
    tag = people.tag(viewer=SEEDER, customer=customer, label=text)
    document = _actor(account) | {"id": str(customer.public_id), "phone": phone, "tag": str(tag.public_id)}
    return document | {"companions": [_companion(account, customer, text)] if n == 1 else []}


def _companion(account: Any, customer: Any, text: str) -> str:
    guardian = places.viewer_for(account, person=customer.pk)
    made = people.add_companion(
        viewer=guardian, nickname=text, age_years=6, agreed=True, notice_version=NOTICE, channel="sandbox"
    )
    return str(made.public_id)
