"""`tongxin incident`: personal data may have leaked. Whom it concerns, the evidence, what is due until when, letters to send."""

import csv
import json as jsons
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated
from uuid import UUID
from zoneinfo import ZoneInfo

import typer

from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import BAD, NO, Stop, words
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.accounts.queries import account_by_handle
from tongxin.foundation.audit.queries import verify
from tongxin.foundation.errors import Refused
from tongxin.foundation.sheets import safe
from tongxin.people.actions.incidents import Incident, draw_up_incident
from tongxin.people.queries.incident import Scope
from tongxin.people.terms_incident import TOUCHED, Touched
from tongxin.stores.queries import the_brand

KINDS: dict[str, tuple[str, str]] = {
    "child": ("孩子的信息", "children's data"),
    "sensitive": ("敏感信息（号码、凭证）", "sensitive data (numbers, secrets)"),
    "personal": ("一般个人信息", "personal data"),
}


def command(
    members: Annotated[
        list[str] | None,
        typer.Argument(metavar="MEMBERS…", help=words("会员公开编号或会员号", "Public ids or member codes")),
    ] = None,
    *,
    account: Annotated[
        list[str] | None,
        typer.Option(help=words("哪个账号可能被盗用，可重复", "an account that may be misused; repeatable")),
    ] = None,
    since: Annotated[
        str, typer.Option(help=words("从什么时候（默认 30 天前）", "from when; 30 days ago"))
    ] = "",
    until: Annotated[str, typer.Option(help=words("到什么时候（默认现在）", "until when; now"))] = "",
    export: Annotated[
        list[str] | None,
        typer.Option(help=words("导出那条审计记录的编号，可重复", "the trail's id of an export; repeatable")),
    ] = None,
    known: Annotated[str, typer.Option(help=words("什么时候知道的（默认现在）", "when we knew; now"))] = "",
    out: Annotated[
        Path | None, typer.Option(help=words("把材料写到这个新目录", "write the papers into this new folder"))
    ] = None,
) -> None:
    """个人信息可能泄露：涉及谁、证据、时限、信 / Personal data may have leaked: whom, evidence, time limits, letters.

    Exit 1 when something is late or the trail does not verify.
    """
    now = clock.now()
    scope = Scope(
        accounts=_accounts(account or []),
        since=_moment(since, now - timedelta(days=30), "--since"),
        until=_moment(until, now + timedelta(seconds=1), "--until"),
        members=tuple(members or ()),
        entries=_ids(export or []),
    )
    if out is not None and out.exists():
        raise Stop(BAD, f"--out: {out} {words('已经存在', 'exists already')}")
    try:
        made = draw_up_incident(
            viewer=system("incident"), scope=scope, known_at=_moment(known, now, "--known")
        )
    except Refused as refused:
        if refused.code == "input.bad":
            raise Stop(
                BAD,
                words("说明涉及谁：会员、--account 或 --export", "Say whom: members, --account or --export"),
            ) from None
        raise
    chain = verify()
    document = _document(made, chain_ok=chain.ok, head=chain.head)
    if out is not None:
        _write(out, made, document)
    answers.answer(document, lambda: _show(made, out, chain_ok=chain.ok))
    if made.found.unknown:
        raise Stop(BAD, *(f"{words('没有这个会员', 'no such member')}: {one}" for one in made.found.unknown))
    late = [one for one in made.dues if one.late]
    if late or not chain.ok:
        raise Stop(
            NO,
            *(f"{words('已过时限', 'late')}: {words(one.duty.zh, one.duty.en)}" for one in late),
            *(
                []
                if chain.ok
                else [
                    words(
                        "审计链核对不通过，先查 tongxin audit verify",
                        "The trail does not verify: tongxin audit verify",
                    )
                ]
            ),
        )


def _accounts(handles: Sequence[str]) -> tuple[int, ...]:
    found = []
    for handle in handles:
        try:
            found.append(account_by_handle(system("incident"), handle).pk)
        except Refused:
            raise Stop(BAD, f"--account: {words('没有这个账号', 'no such account')}: {handle}") from None
    return tuple(found)


def _ids(typed: Sequence[str]) -> tuple[UUID, ...]:
    try:
        return tuple(UUID(one) for one in typed)
    except ValueError:
        raise Stop(BAD, f"--export: {words('要审计记录的编号', 'an id of the trail')}") from None


def _moment(typed: str, otherwise: datetime, option: str) -> datetime:
    if not typed:
        return otherwise
    try:
        found = datetime.fromisoformat(typed)
    except ValueError:
        raise Stop(BAD, f"{option}: {typed!r} ({words('例如', 'e.g.')} 2026-03-05T09:00)") from None
    return clock.as_utc(found if found.tzinfo else found.replace(tzinfo=ZoneInfo(clock.SHANGHAI)))


def _document(made: Incident, *, chain_ok: bool, head: str) -> dict[str, object]:
    found = made.found
    return {
        "known_at": made.known_at,
        "drawn_at": made.drawn_at,
        "since": made.scope.since,
        "until": made.scope.until,
        "people": len(found.people),
        "by": {str(how): made.count(how) for how in Touched},
        "children": found.children,
        "held": [answers.plain(one) for one in found.held],
        "due": [
            {"code": one.duty.code, "what": words(one.duty.zh, one.duty.en), "until": one.until, "late": one.late, "source": one.duty.source}
            for one in made.dues
        ],
        "evidence": {"entries": len(found.proofs), "chain_ok": chain_ok, "head": head},
    }  # fmt: skip


def _show(made: Incident, out: Path | None, *, chain_ok: bool) -> None:
    found = made.found
    answers.say(
        "涉及 {n} 人，其中孩子 {c} 名；证据 {e} 条，审计链{ok}",
        "{n} people concerned, {c} children; {e} entries of evidence, the trail {ok}",
        n=len(found.people),
        c=found.children,
        e=len(found.proofs),
        ok=words("核对通过" if chain_ok else "核对不通过", "verifies" if chain_ok else "does not verify"),
    )
    answers.table(
        words("怎么知道的,人数", "how we know,people").split(","),
        [[words(*TOUCHED[how]), made.count(how)] for how in Touched],
    )
    answers.table(
        words("哪张表,人数,最敏感的一类", "table,people,tenderest kind").split(","),
        [[one.table, one.people, words(*KINDS[one.kind])] for one in found.held],
    )
    zone = ZoneInfo(clock.SHANGHAI)
    answers.table(
        words("要做什么,最迟,依据", "what is due,until,by").split(","),
        [
            [words(one.duty.zh, one.duty.en), f"{one.until.astimezone(zone):%Y-%m-%d %H:%M}" + (" !" if one.late else ""), one.duty.source]
            for one in made.dues
        ],
    )  # fmt: skip
    if out is not None:
        answers.say("材料在 {where}", "The papers are in {where}", where=out)


# ---- the papers


def _write(out: Path, made: Incident, document: dict[str, object]) -> None:
    """A folder for its owner only: figures, people by public id, evidence, two letters, and the log that is kept from now on."""
    out.mkdir(parents=True, mode=0o700)
    brand = the_brand().name
    papers = {
        "incident.json": jsons.dumps(answers.plain(document), ensure_ascii=False, indent=2),
        "letter-people.zh.md": _to_people(made, brand),
        "letter-authority.zh.md": _to_authority(made, brand, document),
        "log.jsonl": jsons.dumps(
            {"at": made.drawn_at.isoformat(), "what": "drawn_up", "people": len(made.found.people)},
            ensure_ascii=False,
        )
        + "\n",
    }
    for name, text in papers.items():
        _private(out / name, text)
    people = [[str(one.public_id), str(one.how), " ".join(one.acts)] for one in made.found.people]
    _sheet(out / "people.csv", ["member", "how", "acts"], people)
    proofs = [
        [str(one.id), one.at.isoformat(), str(one.account or ""), one.actor, one.act, one.subject, str(one.position or ""), one.content]
        for one in made.found.proofs
    ]  # fmt: skip
    _sheet(
        out / "evidence.csv",
        ["entry", "at", "account", "actor", "act", "subject", "position", "content"],
        proofs,
    )


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text, encoding="utf-8")


def _sheet(path: Path, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    path.touch(mode=0o600, exist_ok=False)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(head)
        writer.writerows([safe(cell) for cell in row] for row in rows)


def _kinds(made: Incident) -> str:
    there = [kind for kind in KINDS if any(one.kind == kind for one in made.found.held)]
    return "、".join(KINDS[kind][0] for kind in there) or "（待查明）"


def _to_people(made: Incident, brand: str) -> str:
    """PIPL 57: kinds, cause, possible harm; what was done and what one can do; whom to ask. What only people know is left open."""
    zone = ZoneInfo(clock.SHANGHAI)
    child = (
        "\n您登记过的孩子的昵称和年龄也可能涉及，这封信同时告知您作为监护人。\n"
        if made.found.children
        else ""
    )
    return f"""# 关于您个人信息的通知

您好：

{brand}在 {made.known_at.astimezone(zone):%Y 年 %m 月 %d 日} 发现，您留在我们这里的部分个人信息可能被不该看到的人看到了。对不起。

- 可能涉及的种类：{_kinds(made)}
- 时间：{made.scope.since.astimezone(zone):%Y-%m-%d %H:%M} 至 {made.scope.until.astimezone(zone):%Y-%m-%d %H:%M}
- 原因：【由负责人填写】
- 可能的影响：陌生来电、冒充我们要验证码或要钱。【由负责人核对】
{child}
我们已经做的：停用相关账号、收回授权；【由负责人补充】。

您可以做的：不要把验证码告诉任何人；接到自称我们的电话请先挂断，再打门店电话核实；在“我”里可以查看、导出或删除您的信息。

有问题请联系：【个人信息保护负责人姓名、电话、邮箱】
"""


def _to_authority(made: Incident, brand: str, document: dict[str, object]) -> str:
    zone = ZoneInfo(clock.SHANGHAI)
    dues = "\n".join(
        f"- {one.duty.zh}：最迟 {one.until.astimezone(zone):%Y-%m-%d %H:%M}（{one.duty.source}）"
        for one in made.dues
    )
    by = "\n".join(f"- {TOUCHED[how][0]}：{made.count(how)} 人" for how in Touched)
    held = "\n".join(f"- {one.table}：{one.people} 人，{KINDS[one.kind][0]}" for one in made.found.held)
    evidence = document["evidence"]
    return f"""# 个人信息安全事件报告

- 单位：{brand}
- 知道的时间：{made.known_at.astimezone(zone):%Y-%m-%d %H:%M}
- 涉及：{len(made.found.people)} 人，其中登记的孩子 {made.found.children} 名
- 原因初步判断：【由负责人填写】
- 已采取的措施：【由负责人填写】
- 联系人：【姓名、电话】

## 怎么知道涉及他们
{by}

“够得着”按账号当时的授权范围计算，是上限；“看过或导出过”有审计记录为证。

## 涉及的信息
{held}

## 时限
{dues}

## 证据
审计记录 {len(made.found.proofs)} 条，见 evidence.csv；链核对：{jsons.dumps(answers.plain(evidence), ensure_ascii=False)}
"""
