"""`user`, `sandbox`, `openapi`: through the entry point, as an operator types them."""

import json
import stat

import pytest
from django.test import Client

from tongxin.faces.cli import sandbox
from tongxin.faces.cli.main import run
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions, queries
from tongxin.foundation.errors import Refused
from tongxin.people.models import Companion, Customer
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.models import Store

pytestmark = pytest.mark.django_db
JOB = system("test")


@pytest.fixture
def chain(noon):
    brand = stores.open_brand(viewer=JOB, code="b", name="brand")
    stores.upsert_stores(viewer=JOB, rows=[stores.StoreRow(store_code="s1", name="一店", region="north")])
    return brand


def told(capsys) -> dict:
    return json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("role", "place"),
    [
        ("admin", []),
        ("hq_analyst", []),
        ("champion", ["--store", "s1"]),
        ("region_manager", ["--region", "north"]),
    ],
)
def test_user_add_prints_a_password_that_opens(chain, capsys, role, place):
    assert run(["user", "add", "chen", "--role", role, *place, "--json"]) == 0
    document = told(capsys)
    opened = actions.sign_in_staff(handle="chen", password=document["password"], origin="x")
    viewer = places.viewer_for(opened.account, second_factor=True)
    assert viewer.roles == {role}
    assert str(opened.account.public_id) == document["id"]


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["chen", "--role", "champion"], 2),
        (["chen", "--role", "champion", "--store", "nowhere"], 2),
        (["chen", "--role", "region_manager", "--region", "nowhere"], 2),
        (["chen", "--role", "king", "--store", "s1"], 2),
        (["chen", "--role", "member", "--store", "s1"], 2),
        (["chen", "--role", "admin", "--store", "s1"], 2),
    ],
)
def test_user_add_refuses_and_leaves_no_account(chain, capsys, argv, code):
    assert run(["user", "add", *argv]) == code
    with pytest.raises(Refused):
        queries.account_by_handle(JOB, "chen")


def test_a_taken_name_is_told(chain, capsys):
    assert run(["user", "add", "chen", "--role", "admin"]) == 0
    assert run(["user", "add", "chen", "--role", "admin"]) == 1
    assert "accounts.handle_taken" in capsys.readouterr().err


def test_user_reset_gives_a_new_password_and_ends_sessions(chain, capsys):
    run(["user", "add", "chen", "--role", "admin", "--json"])
    old = told(capsys)["password"]
    opened = actions.sign_in_staff(handle="chen", password=old, origin="x")
    assert run(["user", "reset", "chen", "--json"]) == 0
    new = told(capsys)["password"]
    assert queries.entry_of_session(str(opened.public_id)) is None
    assert actions.sign_in_staff(handle="chen", password=new, origin="x")
    assert run(["user", "reset", "nobody"]) == 2


def test_user_token_prints_a_key_with_the_named_scopes(chain, capsys):
    run(["user", "add", "chen", "--role", "admin"])
    capsys.readouterr()
    assert run(["user", "token", "chen", "--scope", "stores:read", "--days", "7", "--json"]) == 0
    document = told(capsys)
    entry = queries.entry_of_secret(document["token"])
    assert entry.scopes == {"stores:read"}
    assert run(["user", "token", "chen", "--scope", "everything"]) == 2


def test_openapi_is_printed_or_written(capsys, tmp_path):
    assert run(["openapi"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["openapi"] == "3.1.0"
    assert document["paths"]["/api/v1/stores"]["get"]["x-scope"] == "stores:read"
    assert run(["openapi", "--out", str(tmp_path / "o.json")]) == 0
    assert json.loads((tmp_path / "o.json").read_text()) == document


# ---- the sandbox


@pytest.fixture
def small(monkeypatch):
    monkeypatch.setattr(sandbox, "MEMBERS", 3)
    monkeypatch.setattr(sandbox.build, "__kwdefaults__", {"members": 3})


@pytest.mark.usefixtures("small", "noon")
def test_the_sandbox_file_lets_every_actor_in(tmp_path, capsys):
    out = tmp_path / "world.json"
    assert run(["sandbox", "seed", "--out", str(out), "--json"]) == 0
    assert told(capsys)["members"] == 18
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    world = json.loads(out.read_text())
    assert world["api"].endswith("/api/v1")
    shops = [s for r in world["regions"] for s in r["stores"]]
    assert (len(world["regions"]), len(shops)) == (2, 6)
    assert all((len(s["champions"]), len(s["members"])) == (2, 3) for s in shops)
    assert sum(bool(m["companions"]) for s in shops for m in s["members"]) == 6
    assert Companion.objects.count() == 6

    def status(key, path):
        return Client().get(f"/api/v1{path}", HTTP_AUTHORIZATION=f"Bearer {key}").status_code

    for s in shops:
        staff = [s["manager"], s["door"], *s["champions"]]
        assert {status(a["token"], "/stores") for a in staff} == {200}
        assert status(s["device"]["key"], f"/stores/{s['id']}") == 200
        assert {status(m["token"], "/me") for m in s["members"]} == {200}
        assert {status(s["champions"][0]["token"], f"/members/{m['id']}") for m in s["members"]} == {200}
    assert {
        status(a["token"], "/stores")
        for a in [*world["hq"].values(), *(r["manager"] for r in world["regions"])]
    } == {200}


@pytest.mark.usefixtures("small", "noon")
def test_every_text_of_a_member_and_a_store_carries_its_mark(tmp_path):
    assert run(["sandbox", "seed", "--out", str(tmp_path / "w.json")]) == 0
    for customer in Customer.objects.select_related("home_store"):
        mark = f"MK-{customer.home_store.code[1]}-{customer.home_store.code[3]}-"
        assert customer.nickname.startswith(mark)
        assert customer.source_channel.startswith(mark)
    for store in Store.objects.all():
        mark = f"MK-{store.code[1]}-{store.code[3]}-"
        assert all(
            getattr(store, f).startswith(mark) for f in ("name", "city", "district", "address", "format")
        )


@pytest.mark.usefixtures("small")
def test_a_sandbox_does_not_move_in_where_a_chain_lives(chain, tmp_path, capsys):
    out = tmp_path / "w.json"
    assert run(["sandbox", "seed", "--out", str(out)]) == 1
    assert not out.exists()
    assert Store.objects.count() == 1
