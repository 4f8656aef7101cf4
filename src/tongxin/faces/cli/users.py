"""`tongxin user …`: accounts of staff and keys for programs."""

import secrets
from datetime import timedelta
from typing import Annotated, Any

import typer
from django.db import transaction

from tongxin.faces.api.scopes import Scope
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, Stop
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions, queries
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.terms import Role

app = typer.Typer(no_args_is_help=True)
OPERATOR = system("cli")

Handle = Annotated[str, typer.Argument(help=answers.words("登录名", "Sign-in name"))]


@app.callback()
def group() -> None:
    """账号：新增、重置、令牌 · Accounts: add, reset, token."""


@app.command()
def add(
    handle: Handle,
    role: Annotated[Role, typer.Option("--role", help=answers.words("角色", "Role"))],
    store: Annotated[str, typer.Option("--store", help=answers.words("门店编码", "Store code"))] = "",
    region: Annotated[str, typer.Option("--region", help=answers.words("区域编码", "Region code"))] = "",
) -> None:
    """新增员工账号，打印一次性密码 · Add a staff account; prints a one-time password."""
    password = secrets.token_urlsafe(15)
    with transaction.atomic():
        account = actions.create_account(
            viewer=OPERATOR, handle=handle, kind=AccountKind.STAFF, password=password
        )
        stores.grant(viewer=OPERATOR, account=account, role=role, **_place(store, region))
    answers.answer({"handle": handle, "role": str(role), "password": password, "id": str(account.public_id)})
    answers.say(
        "密码只显示这一次。总部角色登录时要设置两步验证。",
        "The password is shown this once. HQ roles set up a second factor when they sign in.",
    )


def _place(store: str, region: str) -> dict[str, Any]:
    """The one place of a grant: a store, a region, or else the whole brand."""
    if store:
        found: Any = places.store_by_code(places.the_brand(), store)
        return {"store": _there(found, store)}
    if region:
        found = next((r for r in places.regions_for(OPERATOR) if region in (r.code, r.name)), None)
        return {"region": _there(found, region)}
    return {"brand": places.the_brand()}


def _there(found: Any, code: str) -> Any:
    if found is None:
        raise Stop(
            BAD,
            answers.words(f"没有编码为 {code} 的门店或区域。", f"No store or region has the code {code}."),
        )
    return found


@app.command()
def reset(handle: Handle) -> None:
    """新的一次性密码，并撤下两步验证；所有登录与令牌失效 · A new password; takes the second factor away and ends all sessions."""
    password = secrets.token_urlsafe(15)
    account = queries.account_by_handle(OPERATOR, handle)
    with transaction.atomic():
        actions.set_password(viewer=OPERATOR, account=account, password=password)
        actions.drop_second_factor(viewer=OPERATOR, account=account)
    answers.answer({"handle": handle, "password": password})


@app.command()
def token(
    handle: Handle,
    scope: Annotated[
        list[Scope], typer.Option("--scope", help=answers.words("权限范围，可多次", "May be repeated"))
    ],
    days: Annotated[
        int, typer.Option("--days", min=1, max=365, help=answers.words("有效天数", "Days it lasts"))
    ] = 90,
    name: Annotated[str, typer.Option("--name", help=answers.words("用途", "What it is for"))] = "cli",
) -> None:
    """为程序签发令牌，只显示一次 · Issue a token for a program; shown once."""
    account = queries.account_by_handle(OPERATOR, handle)
    made, secret = actions.issue_token(
        viewer=OPERATOR,
        account=account,
        scopes=frozenset(str(s) for s in scope),
        name=name,
        expires_at=clock.now() + timedelta(days=days),
    )
    answers.answer(
        {"handle": handle, "token": secret, "id": str(made.public_id), "expires_at": made.expires_at}
    )
