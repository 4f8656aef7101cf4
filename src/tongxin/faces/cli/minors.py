"""`tongxin audit minors --year`: the yearly account of children's data (promise P28). Numbers only."""

from typing import Annotated

import typer

from tongxin.events.queries.minors import MinorsAccount
from tongxin.events.queries.minors import minors as account_of
from tongxin.events.terms_after import PHOTO_STATE_LABELS, PhotoState
from tongxin.faces.cli import answers
from tongxin.faces.cli.answers import NO, Stop, words
from tongxin.people.terms import PURPOSE_LABELS, Purpose


def minors(
    year: Annotated[int, typer.Option(min=2000, max=2200, help=words("哪一年", "which year"))],
    json_: Annotated[bool, typer.Option("--json", help="JSON")] = False,
) -> None:
    """孩子信息的年度清点 / What is kept about children, who looked, who agreed, what went and what is late."""
    found = account_of(year)
    whole = answers.plain(found) | {"late": found.late, "faults": found.faults, "ok": found.ok}
    answers.answer(whole, lambda: _show(found))
    if not found.ok:
        raise Stop(NO, *_wrong(found))


def _wrong(found: MinorsAccount) -> list[str]:
    said = [
        (found.companions.late, "随行孩子过期未删", "companions past their day"),
        (found.participants.late, "同行记录过期未删", "participants past their day"),
        (found.photos_late, "有孩子的照片过期未删", "photos with a child past their day"),
        (
            found.companions.unsealed + found.participants.unsealed,
            "没有封存的值",
            "values that are not sealed",
        ),
        (
            found.photos_out_without_file,
            "没有监护人授权却在外的照片",
            "photos out without the guardian's file",
        ),
    ]
    return [f"{words(zh, en)}: {n}" for n, zh, en in said if n]


def _show(found: MinorsAccount) -> None:
    answers.say(
        "{year} 年：登记 {added}，监护人删除 {out}，到期删除 {gone}，同行记录到期删除 {rows}",
        "{year}: {added} registered, {out} taken out by guardians, {gone} deleted in time, {rows} participants deleted in time",
        year=found.year,
        added=found.added,
        out=found.taken_out,
        gone=found.deleted_on_time,
        rows=found.participants_deleted,
    )
    head = words("现存,未封存,一周内到期,过期未删", "kept,not sealed,due within a week,late").split(",")
    answers.table(
        ["", *head],
        [
            [words(zh, en), one.now, one.unsealed, one.due, one.late]
            for zh, en, one in (
                ("随行孩子", "companions", found.companions),
                ("同行记录", "participants", found.participants),
            )
        ],
    )
    answers.table(
        words("监护人授权,有效,当年同意,当年撤回", "guardian's file,standing,granted,withdrawn").split(","),
        [
            [words(*PURPOSE_LABELS[Purpose(row.purpose)]), row.standing, row.granted, row.withdrawn]
            for row in found.files
        ],
    )
    answers.table(
        words("打开孩子名单的账号,次数,孩子人次", "who opened rosters,times,children in all").split(","),
        [[row.who, row.times, row.children] for row in found.looks],
    )
    answers.table(
        words("有孩子的照片,张数", "photos with a child,count").split(","),
        [[words(*PHOTO_STATE_LABELS[PhotoState(state)]), n] for state, n in found.photos.items()],
    )
    answers.say(
        "照片：当年到期删除 {gone}，一周内到期 {due}，过期未删 {late}，越过授权在外 {wrong}",
        "photos: {gone} deleted in time, {due} due within a week, {late} late, {wrong} out beyond the guardian's file",
        gone=found.photos_removed,
        due=found.photos_due,
        late=found.photos_late,
        wrong=found.photos_out_without_file,
    )
    if found.ok:
        answers.say("没有过期，没有越界。", "Nothing late, nothing beyond what was agreed.")
