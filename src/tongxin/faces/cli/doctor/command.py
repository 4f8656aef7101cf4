"""The command itself, and the visible list of checks."""

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.faces.cli.doctor import (
    backups,
    channels,
    database,
    dependencies,
    disk,
    folders,
    fonts,
    jobs,
    messages,
    migrations,
    pg_dump,
    posters,
    public,
    python,
    seats,
    secrets,
    zone,
)
from tongxin.faces.cli.doctor.effective import effective
from tongxin.faces.cli.doctor.finding import Check, Finding, short

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", python.look),
    ("dependencies", dependencies.look),
    ("folders", folders.look),
    ("disk", disk.look),
    ("fonts", fonts.look),
    ("posters", posters.look),
    ("zone", zone.look),
    ("database", database.look),
    ("secrets", secrets.look),
    ("migrations", migrations.look),
    ("pg_dump", pg_dump.look),
    ("backup", backups.look),
    ("jobs", jobs.look),
    ("channels", channels.look),
    ("messages", messages.look),
    ("seats", seats.look),
    ("address", public.look),
)


def doctor() -> None:
    """逐项体检：依赖、数据库、目录、时钟、字体、磁盘、通道、密钥 / check all that the system stands on."""
    findings = examine()
    wrong = sum(f.state == "bad" for f in findings)
    document = {"ok": not wrong, "findings": findings, "settings": effective()}

    def show() -> None:
        labels = {"ok": words("好", "ok"), "warn": words("注意", "note"), "bad": words("有问题", "wrong")}
        columns = (
            words("项目", "what"),
            words("状态", "state"),
            words("情况", "found"),
            words("怎么修", "how to mend"),
        )
        answers.table(columns, [(f.what, labels[f.state], f.found, f.mend) for f in findings])
        answers.table((words("设置", "setting"), words("当前值", "value")), list(effective().items()))
        answers.say(
            f"{wrong} 项有问题" if wrong else "一切正常",
            f"{wrong} things are wrong" if wrong else "All is well",
        )

    answers.answer(document, show)
    if wrong:
        raise typer.Exit(NO)


def examine() -> list[Finding]:
    """All findings, in the order of the list above."""
    found: list[Finding] = []
    for name, check in CHECKS:
        try:
            found += check()
        except Stop as fault:
            found.append(Finding(name, "bad", str(fault)))
        except Exception as fault:  # noqa: BLE001 - whatever a check meets is what it has found
            found.append(
                Finding(
                    name,
                    "bad",
                    short(fault),
                    words("见上面的数据库与依赖", "see database and dependencies above"),
                )
            )
    return found
