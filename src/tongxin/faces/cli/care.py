"""`backup`, `upgrade` and `erase`: looking after what people have entrusted to us."""

import os
import shutil
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.faces.cli import answers, installation
from tongxin.faces.cli.answers import BAD, DONE, NO, Stop, words
from tongxin.faces.cli.installation import Installation
from tongxin.faces.cli.serving import steps

OLD_AFTER = timedelta(hours=26)  # a nightly backup may be two hours late
ROOM = 3  # free disk wanted before an upgrade, in sizes of the database
OLDEST_SERVER = 15

Keep = Annotated[
    int,
    typer.Option(
        min=0, help=words("只保留最新的几份（0 为全部保留）", "keep only the newest N; 0 keeps all")
    ),
]


@dataclass(frozen=True)
class Finding:
    """One thing looked at: `ok`, `todo` (something is to be done) or `blocked` (do not upgrade now)."""

    what: str
    state: str
    detail: str


def backup(
    to: Annotated[
        Path,
        typer.Option(
            help=words("放备份的目录（每次在里面新建一个）", "folder of backups; each gets a folder inside")
        ),
    ],
    *,
    with_keys: Annotated[
        bool, typer.Option(help=words("把密钥用口令加密后一起放入", "add the keys, sealed by a passphrase"))
    ] = False,
    keep: Keep = 0,
) -> None:
    """备份数据库、订单湖与图片，运行中也可以做 / back up database, lake and pictures, also while serving."""
    phrase = installation.passphrase(twice=True) if with_keys else None
    folder, manifest = back_up(to=to, passphrase=phrase, keep=keep)
    document = {
        "folder": str(folder), "files": len(manifest.files), "bytes": manifest.size,
        "tables": len(manifest.tables), "rows": manifest.rows, "with_keys": manifest.with_keys,
    }  # fmt: skip

    def show() -> None:
        size = installation.size(manifest.size)
        answers.say(
            f"备份完成：{folder}（{len(manifest.files)} 个文件，{size}；{len(manifest.tables)} 张表，{manifest.rows} 行）",
            f"Backed up: {folder} ({len(manifest.files)} files, {size}; {manifest.rows} rows in {len(manifest.tables)} tables)",
        )
        if not with_keys:
            home = installation.here().home
            answers.say(
                f"密钥不在备份里：请另外妥善保存 {home / 'secrets.json'}，没有它读不出手机号。",
                f"The keys are not inside: keep {home / 'secrets.json'} elsewhere; without it phone numbers cannot be read.",
            )

    answers.answer(document, show)


def back_up(*, to: Path, passphrase: str | None = None, keep: int = 0) -> tuple[Path, Any]:
    """Make one backup; answers its folder and manifest. Stops with sentences when it cannot; then nothing is left behind."""
    answers.platform()
    # Django and cryptography are not in the base install
    from django.conf import settings

    from tongxin.commerce.lake_commit import listing
    from tongxin.faces.cli.main import version
    from tongxin.foundation import backup as backups
    from tongxin.foundation import clock

    here = installation.here()
    holds = {"lake": listing}
    trees = {n: backups.Tree(t, holds[n]) if n in holds else backups.Tree(t) for n, t in here.trees.items()}
    sealed = None if passphrase is None else backups.seal(installation.keys(), passphrase)
    total = sum(installation.weight(tree) for tree in here.trees.values())
    try:
        with answers.progress(words("备份", "backup"), total) as advance:
            made = backups.write(
                url=here.url, to=to, trees=trees, version=version(), at=clock.now(), keys=settings.TONGXIN_PII_KEYS,
                sealed_keys=sealed, advance=advance,
            )  # fmt: skip
    except backups.Broken as fault:
        raise Stop(NO, _not_made(""), *fault.faults) from fault
    except OSError as fault:
        raise Stop(NO, _not_made(fault.strerror or type(fault).__name__)) from fault
    if keep:
        backups.prune(to, keep)
    return made


def follow_log(*, to: Path) -> Any:
    """Bring the followed log in the folder of backups up to this instant; None when the database is not the embedded one.

    Raises Broken when it cannot be done; what was there stays good.
    """
    answers.platform()
    # Django and cryptography are not in the base install
    from tongxin.commerce.lake_commit import listing
    from tongxin.foundation import backup as backups
    from tongxin.foundation import following

    if os.environ.get("DATABASE_URL"):  # its keepers archive its log themselves
        return None
    here = installation.here()
    trees = {n: backups.Tree(t, listing) if n == "lake" else backups.Tree(t) for n, t in here.trees.items()}
    return following.follow(url=here.url, to=to / following.FOLDER, trees=trees)


def rebase_log(*, to: Path) -> bool:
    """Copy a new base for the followed log if it is time; answers whether it did. Raises Broken as above."""
    answers.platform()
    # as above
    from django.conf import settings

    from tongxin.foundation import backup as backups
    from tongxin.foundation import clock, following

    folder, at = to / following.FOLDER, clock.now()
    if os.environ.get("DATABASE_URL") or not following.due(folder, at):
        return False
    keys = backups.fingerprints(settings.TONGXIN_PII_KEYS)
    following.rebase(url=installation.here().url, to=folder, at=at, keys=keys)
    return True


def from_log(place: Path) -> Path:
    """Make an ordinary backup out of the newest base and the log after it; answers its folder. Raises Broken."""
    # as above
    from django.conf import settings

    from tongxin.faces.cli.main import version
    from tongxin.foundation import backup as backups
    from tongxin.foundation import clock, embedded, following

    here = installation.here()
    folder, ours = place / following.FOLDER, backups.fingerprints(settings.TONGXIN_PII_KEYS)
    trees = {n: backups.Tree(folder / following.MIRRORED / n) for n in here.trees}
    with following.recovered(folder, beside=embedded.ensure(here.home).data) as (url, base):
        if dict(base.keys) != ours:
            raise backups.Broken("the log was written under other keys: put its secrets.json back first")
        made, _ = backups.write(
            url=url, to=place, trees=trees, version=version(), at=clock.now(), keys=settings.TONGXIN_PII_KEYS
        )
    return made


def _not_made(reason: str) -> str:
    reason = f" ({reason})" if reason else ""
    return words(
        f"备份没有做成{reason}，也没有留下半份。", f"No backup was made{reason}, and no half of one is left."
    )


def upgrade(
    *,
    check: Annotated[bool, typer.Option("--check", help=words("只检查，不改动", "only look"))] = False,
    backups: Annotated[
        Path | None,
        typer.Option(
            help=words("备份放在哪里（默认 var/backups）", "where backups are kept (default var/backups)")
        ),
    ] = None,
) -> None:
    """检查升级是否稳妥；不带 --check 时先备份再升级 / is an upgrade safe? Without --check: back up, then upgrade."""
    here = installation.here()
    place = backups or here.home / "backups"
    findings = readiness(here, place)
    blocked = any(f.state == "blocked" for f in findings)
    outstanding = any(f.what == "migrations" and f.state == "todo" for f in findings)
    if check or blocked:
        answers.answer(
            {"ready": not blocked, "outstanding": outstanding, "findings": findings}, lambda: _show(findings)
        )
        raise typer.Exit(DONE if all(f.state == "ok" for f in findings) else NO)
    if not outstanding:
        answers.answer(
            {"upgraded": False}, lambda: answers.say("已是最新，没有要做的。", "Up to date; nothing to do.")
        )
        return
    # Django, as above
    from django.core.management import call_command

    with installation.alone(here.home):
        folder, _ = back_up(to=place)
        call_command("migrate", interactive=False, verbosity=0)
    answers.answer(
        {"upgraded": True, "backup": str(folder)},
        lambda: answers.say(
            f"升级完成；升级前的备份：{folder}", f"Upgraded; the backup from before: {folder}"
        ),
    )


def readiness(here: Installation, place: Path) -> list[Finding]:
    """What stands between this installation and an upgrade."""
    # Django, as above
    from django.db import connection
    from django.db.migrations.loader import MigrationLoader

    from tongxin.foundation import backup as backups
    from tongxin.foundation import clock

    outstanding, empty = steps()
    known = MigrationLoader(connection)
    ahead = sorted(
        f"{a}.{n}"
        for a, n in known.applied_migrations
        if (a, n) not in known.disk_migrations and a in known.migrated_apps
    )
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_database_size(current_database()), current_setting('server_version_num')::int / 10000"
        )
        size, server = cursor.fetchone()
    free = shutil.disk_usage(here.home).free
    found = [
        Finding("migrations", "todo" if outstanding else "ok", words(f"{len(outstanding)} 步待做", f"{len(outstanding)} steps to do")),
        Finding("version", "blocked" if ahead else "ok", words(f"数据库比程序新：{', '.join(ahead[:3])}", f"the database is newer than the program: {', '.join(ahead[:3])}") if ahead else ""),
        Finding("server", "ok" if server >= OLDEST_SERVER else "blocked", f"PostgreSQL {server} (≥ {OLDEST_SERVER})"),
        Finding("disk", "ok" if free > ROOM * size else "blocked", words(f"剩余 {installation.size(free)}，数据库 {installation.size(size)}", f"{installation.size(free)} free, database {installation.size(size)}")),
    ]  # fmt: skip
    last = backups.newest(place)
    age = None
    if last is not None:
        with suppress(backups.Broken):
            age = clock.now() - datetime.fromisoformat(backups.read(last).made_at)
    late = not empty and (age is None or age > OLD_AFTER)
    told = (
        words("没有备份", "none")
        if age is None
        else words(f"{age.total_seconds() / 3600:.0f} 小时前", f"{age.total_seconds() / 3600:.0f} hours ago")
    )
    return [*found, Finding("backup", "todo" if late else "ok", told)]


def erase(
    member: Annotated[str, typer.Argument(help=words("会员编号或会员号", "public id or member code"))],
    *,
    reason: Annotated[str, typer.Option(help=words("原因，记入审计", "why; written into the audit trail"))],
    yes: Annotated[bool, typer.Option("--yes", help=words("不再询问", "do not ask"))] = False,
) -> None:
    """抹去一位会员的个人信息，不可撤回 / erase the personal data of a member, for good."""
    answers.platform()
    # Django, as above
    from tongxin.foundation.access import Verb, system
    from tongxin.foundation.errors import Refused
    from tongxin.people import actions, queries

    operator = system("erase")
    customer = queries.access_customer(operator, _public_id(member), Verb.ERASE)
    answers.confirm(
        f"抹去会员 {customer.public_id} 的全部个人信息？此事不可撤回。",
        f"Erase all personal data of member {customer.public_id}? This cannot be undone.",
        yes=yes,
    )
    touched = actions.erase(viewer=operator, customer=customer, reason=reason)
    try:  # the job worker does it too: here it is done at once, if no import holds the lake
        touched["lake"] = forget_in_lake()
    except Refused:
        answers.say("订单湖正忙，由后台任务完成。", "The lake is busy; the job worker will do it.")
    rows = sorted((name, count) for name, count in touched.items() if count)
    document = {"member": str(customer.public_id), "erased": dict(rows)}

    def show() -> None:
        answers.table((words("表或部分", "table or room"), words("抹去的行数", "rows erased")), rows)
        answers.say("已抹去。备份恢复时会再次抹去。", "Erased. A restored backup erases it again.")

    answers.answer(document, show)


def forget_in_lake() -> int:
    """Do at once what erasures have queued for the lake; answers the number of orders. The jobs stay: repeating is harmless."""
    # as above
    from procrastinate.contrib.django.models import ProcrastinateJob

    from tongxin.commerce import actions as commerce

    queued = ProcrastinateJob.objects.filter(task_name="commerce.forget_in_lake", status="todo")
    digests = sorted({digest for job in queued for digest in job.args["digests"]})
    return commerce.forget_in_lake(digests) if digests else 0


def _public_id(member: str) -> str:
    """The public id itself, or that of the one member with this code."""
    from uuid import UUID

    from tongxin.foundation.access import Grant, Viewer
    from tongxin.foundation.errors import Refused
    from tongxin.people import queries
    from tongxin.stores.terms import Role

    with suppress(ValueError):
        return str(UUID(member))
    # An analyst searches by member code alone: a nickname that happens to be the same finds nobody.
    by_code = Viewer(account=None, name="system:erase", grants=(Grant(Role.HQ_ANALYST, everywhere=True),))
    found = queries.search_customers(by_code, member, limit=5).items
    if not found:
        raise Refused("absent")
    if len(found) > 1:
        several = words(
            f"有几位会员用过会员号 {member}，请改用会员编号：",
            f"several members have the code {member}; use a public id:",
        )
        raise Stop(BAD, several, *(str(line.public_id) for line in found))
    return str(found[0].public_id)


def _show(findings: list[Finding]) -> None:
    labels = {
        "ok": words("好", "ok"),
        "todo": words("待办", "to do"),
        "blocked": words("不可升级", "blocked"),
    }
    columns = (words("项目", "what"), words("状态", "state"), words("说明", "detail"))
    answers.table(columns, [(f.what, labels[f.state], f.detail) for f in findings])
