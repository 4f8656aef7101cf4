"""`init`: tables, brand, administrator, secrets. What is there already stays as it is."""

import os
import secrets
from typing import Annotated, Any

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, Stop, words
from tongxin.faces.cli.serving import steps

CODE = "main"  # a code for the brand when none is given: it never shows


def init(
    *,
    brand: Annotated[str, typer.Option(help=words("品牌名称", "name of the brand"))] = "",
    code: Annotated[str, typer.Option(help=words("品牌编码", "code of the brand"))] = CODE,
    currency: Annotated[str, typer.Option(help=words("货币", "currency"))] = "CNY",
    zone: Annotated[str, typer.Option(help=words("时区", "time zone"))] = "Asia/Shanghai",
    admin: Annotated[
        str, typer.Option(help=words("管理员登录名", "sign-in name of the administrator"))
    ] = "admin",
) -> None:
    """建表、品牌、管理员与密钥；可重复执行 / tables, brand, administrator and secrets; can be run again."""
    answers.platform()
    # Django is not in the base install
    from django.conf import settings
    from django.core.management import call_command

    outstanding, empty = steps()
    if outstanding and not empty:
        raise Stop(
            BAD,
            words(
                "数据库里已有数据且版本较旧：请用 tongxin upgrade（会先备份）。",
                "There are data of an older version: use tongxin upgrade, which backs up first.",
            ),
        )
    if empty:
        answers.say("正在建表……", "Making the tables …")
        call_command("migrate", interactive=False, verbosity=0)
    document: dict[str, Any] = {
        "home": str(settings.HOME),
        "tables": "made" if empty else "there",
        "secrets": str(settings.HOME / "secrets.json"),
        "brand": _brand(brand, code, currency, zone),
        "admin": _admin(admin),
    }
    answers.answer(document, lambda: _show(document))


def _brand(name: str, code: str, currency: str, zone: str) -> dict[str, str]:
    from tongxin.foundation.access import system
    from tongxin.foundation.errors import Refused
    from tongxin.stores import actions, queries

    try:
        found, state = queries.the_brand(), "there"
    except Refused:
        name = name or _ask(
            words("品牌名称", "Name of the brand"),
            words("请用 --brand 给出品牌名称。", "Give the name of the brand: --brand."),
        )
        found, state = (
            actions.open_brand(viewer=system("init"), code=code, name=name, currency=currency, zone=zone),
            "made",
        )
    return {"state": state, "name": found.name, "currency": found.currency, "zone": found.zone}


def _admin(handle: str) -> dict[str, str]:
    from django.db import transaction

    from tongxin.foundation.access import system
    from tongxin.foundation.accounts import actions, queries
    from tongxin.foundation.accounts.terms import AccountKind
    from tongxin.foundation.errors import Refused
    from tongxin.stores import actions as stores
    from tongxin.stores import queries as places
    from tongxin.stores.terms import Role

    operator = system("init")
    try:
        queries.account_by_handle(operator, handle)
    except Refused:
        password = os.environ.get("TONGXIN_ADMIN_PASSWORD") or secrets.token_urlsafe(15)
        with transaction.atomic():
            account = actions.create_account(
                viewer=operator, handle=handle, kind=AccountKind.STAFF, password=password
            )
            stores.grant(viewer=operator, account=account, role=Role.ADMIN, brand=places.the_brand())
        shown = "" if os.environ.get("TONGXIN_ADMIN_PASSWORD") else password
        return {"state": "made", "handle": handle, "password": shown}
    return {"state": "there", "handle": handle, "password": ""}


def _ask(label: str, otherwise: str) -> str:
    if not answers.on_terminal():
        raise Stop(BAD, otherwise)
    return str(typer.prompt(label))


def _show(document: dict[str, Any]) -> None:
    brand, admin = document["brand"], document["admin"]
    answers.say(
        f"品牌：{brand['name']}（{brand['currency']}，{brand['zone']}）",
        f"Brand: {brand['name']} ({brand['currency']}, {brand['zone']})",
    )
    if admin["password"]:
        answers.say(
            f"管理员：{admin['handle']}　密码（只显示这一次）：{admin['password']}",
            f"Administrator: {admin['handle']}  password (shown once): {admin['password']}",
        )
    else:
        answers.say(f"管理员：{admin['handle']}", f"Administrator: {admin['handle']}")
    answers.say(
        f"密钥：{document['secrets']}　请另存一份到别处，丢了就读不出手机号。",
        f"Keys: {document['secrets']}. Keep a copy elsewhere: without it phone numbers cannot be read.",
    )
    answers.say("下一步：tongxin doctor，然后 tongxin serve", "Next: tongxin doctor, then tongxin serve")
