"""`restore`: bring a backup back beside the living data, settle it there, and only then change places.

Erased people stay erased: their marks (keyed hashes) are gathered from the living database and from the copy that the job
worker keeps in `erased.json`, and are applied to the restored data before anybody can see them (promise P41).
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from tongxin.faces.cli import answers, installation
from tongxin.faces.cli.answers import BAD, NO, OURS, Stop, words
from tongxin.faces.cli.care import from_log
from tongxin.faces.cli.installation import Installation

SETTLE_WITHIN = 6 * 3600  # seconds
MARKS = "erased.json"

Marks = list[tuple[str, str, str]]  # what, keyed hash, when


def restore(
    folder: Annotated[
        Path,
        typer.Argument(
            help=words(
                "一份备份，或放备份的目录（取最新一份）",
                "a backup, or a folder of backups (the newest is taken)",
            )
        ),
    ],
    *,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            help=words("只演练：恢复到旁边，核对后丢掉", "rehearse: restore beside, compare, throw away"),
        ),
    ] = False,
    keys: Annotated[
        bool,
        typer.Option(
            "--keys",
            help=words("取出备份里的密钥（换机器时用）", "take the keys out of the backup, on a new machine"),
        ),
    ] = False,
    latest: Annotated[
        bool,
        typer.Option(
            "--latest",
            help=words(
                "恢复到最后一分钟：先用目录里的连续日志做出一份备份",
                "to the last minute: first make a backup out of the log followed in the folder",
            ),
        ),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help=words("不再询问", "do not ask"))] = False,
) -> None:
    """恢复一份备份；已抹去的人仍然抹去 / bring a backup back; erased people stay erased."""
    here = installation.here()
    # cryptography and psycopg are not in the base install
    from tongxin.foundation import backup as backups

    chosen = _made_of_log(folder) if latest else backups.newest(folder)
    if chosen is None:
        raise Stop(BAD, words(f"{folder} 里没有完整的备份", f"{folder} holds no complete backup"))
    try:
        manifest = backups.check(chosen)
        if verify:
            _same_keys(manifest.keys)
            document = _rehearse(here, chosen, manifest)
        else:
            document = _replace(here, chosen, manifest, keys=keys, yes=yes)
    except backups.Broken as fault:
        raise Stop(
            NO,
            words(
                "这份备份恢复不了，现有数据没有动：", "This backup cannot be restored; nothing was changed:"
            ),
            *fault.faults,
        ) from fault
    answers.answer(document, lambda: _show(document))
    if not document["audit"]["ok"]:
        raise typer.Exit(NO)


def _made_of_log(folder: Path) -> Path:
    from tongxin.foundation.backup import Broken

    try:
        return from_log(folder)
    except Broken as fault:
        raise Stop(
            NO,
            words("日志恢复不了，现有数据没有动：", "The log cannot be restored; nothing was changed:"),
            *fault.faults,
        ) from fault


def _rehearse(here: Installation, chosen: Path, manifest: Any) -> dict[str, Any]:
    from tongxin.foundation import restoring

    marks = _marks(here.home)
    installation.let_go()
    beside = restoring.bring_back(
        folder=chosen, manifest=manifest, url=here.url, mark=_mark("drill"), trees=here.trees
    )
    try:
        settled = _settle(beside, marks)
    finally:
        restoring.clear_away(here.url, beside)
    return _document(chosen, manifest, settled, kept=[])


def _replace(here: Installation, chosen: Path, manifest: Any, *, keys: bool, yes: bool) -> dict[str, Any]:
    from tongxin.foundation import restoring

    mark = _mark("new")
    with installation.alone(here.home):
        marks = _marks(here.home)
        installation.let_go()
        if others := restoring.other_clients(here.url):
            raise Stop(
                NO,
                words(
                    f"还有 {others} 个程序连着数据库，请先停下它们。",
                    f"{others} programs are connected to the database: stop them first.",
                ),
            )
        answers.confirm(
            "用备份替换现有数据？现有数据会改名保留。",
            "Replace the present data? They are kept under another name.",
            yes=yes,
        )
        if keys:
            _take_keys(chosen, here.home, mark)
        else:
            _same_keys(manifest.keys)
        beside = restoring.bring_back(
            folder=chosen, manifest=manifest, url=here.url, mark=mark, trees=here.trees
        )
        try:
            settled = _settle(beside, marks)
            _sound(settled)
            kept = restoring.exchange(url=here.url, beside=beside, trees=here.trees, mark=mark)
        except BaseException:
            restoring.clear_away(here.url, beside)
            raise
    return _document(chosen, manifest, settled, kept=kept)


def _sound(settled: dict[str, Any]) -> None:
    if not settled["audit"]["ok"]:
        raise Stop(
            NO,
            words(
                "审计链核对不过，现有数据没有动。", "The audit trail does not verify; nothing was changed."
            ),
        )


def _settle(beside: Any, marks: Marks) -> dict[str, Any]:
    """Migrate, erase and verify the restored data in a process of its own, whose settings point at them."""
    environment = os.environ | {
        "DATABASE_URL": beside.url,
        "TONGXIN_LAKE": str(beside.trees["lake"]),
        "TONGXIN_MEDIA": str(beside.trees["media"]),
        "DJANGO_SETTINGS_MODULE": "tongxin.project.settings",
    }
    done = subprocess.run(
        [sys.executable, "-m", "tongxin.faces.cli.settling"],
        env=environment, input=json.dumps(marks), capture_output=True, text=True, timeout=SETTLE_WITHIN, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise Stop(OURS, *(done.stderr.strip().splitlines()[-1:] or ["settling failed"]))
    return dict(json.loads(done.stdout))


def _marks(home: Path) -> Marks:
    """The marks of erased people that this installation knows, whether or not its database can still be read."""
    from django.db import Error

    from tongxin.people import queries as people

    known: set[tuple[str, str, str]] = set()
    try:
        known |= {(stone.what, stone.hash, stone.at.isoformat()) for stone in people.tombstones()}
    except Error:
        answers.say(
            "现有数据库读不出来，抹去记录取自 erased.json。",
            "The present database cannot be read; erasures come from erased.json.",
        )
    file = home / MARKS
    if file.exists():
        known |= {(what, digest, at) for what, digest, at in json.loads(file.read_text())}
    return sorted(known)


def _same_keys(theirs: Mapping[str, str]) -> None:
    from django.conf import settings

    from tongxin.foundation import backup as backups

    ours = backups.fingerprints(settings.TONGXIN_PII_KEYS)
    absent = sorted(name for name, print_ in theirs.items() if ours.get(name) != print_)
    if absent:
        raise Stop(
            BAD,
            words(
                f"这里没有备份所用的密钥（{', '.join(absent)}）：请放回原来的 secrets.json，或用 --keys 从备份取出。",
                f"The keys of the backup ({', '.join(absent)}) are not here: put its secrets.json back, or take them with --keys.",
            ),
        )


def _take_keys(chosen: Path, home: Path, mark: str) -> None:
    from tongxin.foundation import backup as backups

    if os.environ.get("TONGXIN_PII_KEYS"):
        raise Stop(
            BAD,
            words(
                "密钥由环境变量给出，请在那里改。", "The keys come from the environment: change them there."
            ),
        )
    sealed = chosen / "keys.sealed"
    if not sealed.is_file():
        raise Stop(BAD, words("这份备份里没有密钥。", "This backup holds no keys."))
    opened = backups.unseal(sealed.read_bytes(), installation.passphrase(twice=False))
    file = home / "secrets.json"
    if file.exists():
        file.rename(file.with_name(f"secrets.json.before_{mark}"))
    file.touch(mode=0o600)
    file.write_bytes(opened)


def _mark(word: str) -> str:
    from tongxin.foundation import clock

    return f"{word}_{clock.now():%Y%m%d%H%M%S}"


def _document(chosen: Path, manifest: Any, settled: dict[str, Any], *, kept: Sequence[str]) -> dict[str, Any]:
    return {
        "backup": str(chosen), "made_at": manifest.made_at, "tables": len(manifest.tables), "rows": manifest.rows,
        "files": len(manifest.files), "kept": list(kept), **settled,
    }  # fmt: skip


def _show(document: dict[str, Any]) -> None:
    d = document
    answers.say(
        f"{d['backup']}：{d['files']} 个文件校验一致，{d['tables']} 张表 {d['rows']} 行与清单一致",
        f"{d['backup']}: {d['files']} files unchanged, {d['rows']} rows in {d['tables']} tables as the manifest says",
    )
    answers.say(
        f"重新抹去 {d['erased_again']} 人；暂缓 {d['letters_held']} 封信；所有人需要重新登录",
        f"Erased again: {d['erased_again']} people; letters held back: {d['letters_held']}; everybody signs in again",
    )
    audit = d["audit"]
    answers.say(
        f"审计链：{'核对通过' if audit['ok'] else '核对不过'}（已封 {audit['sealed']} 条）",
        f"Audit trail: {'verified' if audit['ok'] else 'NOT verified'} ({audit['sealed']} sealed)",
    )
    if d["kept"]:
        answers.say("恢复完成。原有数据改名保留：", "Restored. What was here before is kept as:")
        for name in d["kept"]:
            answers.tell(f"  {name}")
    else:
        answers.say(
            "演练完成，临时数据已丢弃，现有数据没有动。",
            "Rehearsal done; the copy is gone, the present data untouched.",
        )
