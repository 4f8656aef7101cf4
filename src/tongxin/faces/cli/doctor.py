"""`doctor`: look at everything the system stands on, one line each, and say how to mend what is wrong.

Nothing here may fail by itself: each check answers with a line, whatever it meets, so that a half-broken installation
still gets the whole list. The checks stand in one visible list at the end.
"""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import metadata
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import typer

from tongxin.faces.cli import answers, installation
from tongxin.faces.cli.answers import NO, Stop, words

ENGINE = ("numpy", "scipy", "pyarrow", "duckdb", "ibis-framework", "sqlglot", "altair", "vl-convert-python", "typer", "rich",
          "charset-normalizer", "python-calamine", "xlsxwriter")  # fmt: skip
WEB = ("django", "django-ninja", "psycopg", "procrastinate", "granian", "whitenoise", "argon2-cffi", "cryptography", "phonenumbers",
       "httpx", "pillow", "segno")  # fmt: skip
PINNED = {
    "duckdb": (1, 5, 2),
    "ibis-framework": (12, 0, 13),
    "django": (5, 2, 6),
}  # from major.minor up to, but not, major
LITTLE_DISK, LEAST_DISK = 10 * 10**9, 2 * 10**9  # bytes: warn, refuse
OLDEST_SERVER = 15
SKEW = 2.0  # seconds between the clocks of database and program
STALE_BACKUP = 26  # hours
STALE_WORKER = 30  # seconds since the last heartbeat


@dataclass(frozen=True)
class Finding:
    """What was looked at, how it is (`ok`, `warn`, `bad`), what was found, and how to mend it."""

    what: str
    state: str
    found: str
    mend: str = ""


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
    """All findings, in the order of the list below."""
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
                    _short(fault),
                    words("见上面的数据库与依赖", "see database and dependencies above"),
                )
            )
    return found


def effective() -> dict[str, str]:
    """The settings that hold, secrets and passwords masked."""
    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    url = os.environ.get("DATABASE_URL", "")
    told = {
        "TONGXIN_HOME": str(home),
        "DATABASE_URL": masked(url)
        if url
        else words("内置 PostgreSQL", "embedded PostgreSQL") + f" ({home / 'pg'})",
        "TONGXIN_LAKE": str(Path(os.environ.get("TONGXIN_LAKE", home / "lake")).resolve()),
        "TONGXIN_MEDIA": str(Path(os.environ.get("TONGXIN_MEDIA", home / "media")).resolve()),
        "TONGXIN_ENGINE": os.environ.get("TONGXIN_ENGINE", "duckdb"),
        "TONGXIN_BASE_URL": os.environ.get("TONGXIN_BASE_URL", "http://127.0.0.1:8000"),
        "TONGXIN_HOSTS": os.environ.get("TONGXIN_HOSTS", "127.0.0.1,localhost,[::1]"),
        "TONGXIN_TIME_ZONE": os.environ.get("TONGXIN_TIME_ZONE", "Asia/Shanghai"),
        "TONGXIN_DEMO": os.environ.get("TONGXIN_DEMO", "0"),
    }
    for secret in ("TONGXIN_SECRET_KEY", "TONGXIN_PII_KEYS", "TONGXIN_AUDIT_KEY"):
        told[secret] = "••••" if os.environ.get(secret) else words("在", "in") + f" {home / 'secrets.json'}"
    others = sorted(k for k in os.environ if k.startswith("TONGXIN_") and k not in told)
    hints = ("KEY", "SECRET", "PASS", "TOKEN", "URL")
    return told | {k: "••••" if any(h in k for h in hints) else os.environ[k] for k in others}


def masked(url: str) -> str:
    """An address without its password."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.replace(f":{parts.password}@", ":••••@")))


def python() -> Iterator[Finding]:
    """The interpreter."""
    here = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding(
        "python",
        "ok" if good else "bad",
        here,
        "" if good else words("需要 Python 3.11 以上", "Python 3.11 or newer is needed"),
    )


def dependencies() -> Iterator[Finding]:
    """Every library of the engine, and of the platform if it is installed."""
    platform = find_spec("django") is not None
    for name in ENGINE + (WEB if platform else ()):
        extra = "[web]" if name in WEB else ""
        try:
            here = metadata.version(name)
        except metadata.PackageNotFoundError:
            yield Finding(name, "bad", words("没有安装", "not installed"), f"pip install 'tongxin{extra}'")
            continue
        if name in PINNED:
            major, minor, below = PINNED[name]
            numbers = [int(n) for n in here.split(".")[:2]]
            if not (numbers >= [major, minor] and numbers[0] < below):
                yield Finding(name, "bad", here, f"pip install '{name}>={major}.{minor},<{below}'")
                continue
        yield Finding(name, "ok", here)
    if not platform:
        yield Finding(
            "web",
            "warn",
            words("只有引擎与命令行", "engine and command line only"),
            "pip install 'tongxin[web]'",
        )


def folders() -> Iterator[Finding]:
    """Can we write where we must, and can nobody else read the secrets?"""
    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    wanted = {"home": home}
    wanted |= {
        n.lower(): Path(os.environ.get(f"TONGXIN_{n}", home / n.lower())).resolve() for n in ("LAKE", "MEDIA")
    }
    for name, folder in wanted.items():
        there = next(p for p in (folder, *folder.parents) if p.exists())
        if there.is_dir() and os.access(there, os.W_OK | os.X_OK):
            yield Finding(name, "ok", str(folder))
        else:
            yield Finding(
                name,
                "bad",
                words(f"{folder} 不可写", f"{folder} cannot be written"),
                f"chown -R $(id -un) {folder}",
            )
    file = home / "secrets.json"
    if file.exists() and file.stat().st_mode & 0o077:
        yield Finding("secrets.json", "bad", words("别人可读", "others can read it"), f"chmod 600 {file}")


def disk() -> Iterator[Finding]:
    """Room for data and for temporary files."""
    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    places = {
        "disk": next(p for p in (home, *home.parents) if p.exists()),
        "temp": Path(os.environ.get("TONGXIN_TEMP") or tempfile.gettempdir()),
    }
    for name, place in places.items():
        if not place.exists():
            continue
        free = shutil.disk_usage(place).free
        state = "ok" if free > LITTLE_DISK else "warn" if free > LEAST_DISK else "bad"
        told = words(f"剩余 {installation.size(free)}", f"{installation.size(free)} free") + f" ({place})"
        yield Finding(
            name, state, told, "" if state == "ok" else words("清理或扩容", "make room, or a larger disk")
        )


def fonts() -> Iterator[Finding]:
    """Chinese type for pictures; without it widths are wrong and signs are boxes."""
    mend = "apt-get install fonts-noto-cjk fontconfig"
    program = shutil.which("fc-list")
    if program is None:
        yield Finding("fonts", "warn", words("没有 fontconfig，无从查看", "no fontconfig to ask"), mend)
        return
    said = subprocess.run(  # noqa: S603 - fontconfig, found on PATH
        [program, ":lang=zh", "family"], capture_output=True, text=True, timeout=20, check=False
    ).stdout
    families = sorted({line.split(",")[0] for line in said.splitlines() if line})
    if families:
        yield Finding("fonts", "ok", ", ".join(families[:3]))
    else:
        yield Finding("fonts", "bad", words("没有中文字体", "no Chinese font"), mend)


def secrets() -> Iterator[Finding]:
    """Are the keys real ones?"""
    if find_spec("cryptography") is None:
        return
    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    if not (home / "secrets.json").exists() and not os.environ.get("TONGXIN_SECRET_KEY"):
        yield Finding("secrets", "warn", words("还没有", "not made yet"), "tongxin init")
        return
    answers.platform()
    # Django is not in the base install
    from django.conf import settings

    if settings.SECRETS.demo:
        state = "ok" if settings.DEMO else "bad"
        yield Finding(
            "secrets",
            state,
            words("示范密钥", "demo secrets"),
            ""
            if settings.DEMO
            else words("换一个 TONGXIN_HOME 后 tongxin init", "tongxin init in a fresh TONGXIN_HOME"),
        )
        return
    yield Finding(
        "secrets",
        "ok",
        words(
            f"{len(settings.TONGXIN_PII_KEYS)} 把个人信息密钥",
            f"{len(settings.TONGXIN_PII_KEYS)} keys for personal data",
        ),
    )


def database() -> Iterator[Finding]:
    """Does it answer, is it new enough, does its clock agree?"""
    if find_spec("django") is None:
        return
    answers.platform()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('server_version_num')::int / 10000, clock_timestamp(), current_setting('fsync')"
        )
        major, there, fsync = cursor.fetchone()
    yield Finding(
        "database",
        "ok" if major >= OLDEST_SERVER else "bad",
        f"PostgreSQL {major}",
        ""
        if major >= OLDEST_SERVER
        else words(f"需要 PostgreSQL {OLDEST_SERVER} 以上", f"PostgreSQL {OLDEST_SERVER} or newer"),
    )
    if fsync != "on":
        yield Finding(
            "fsync",
            "warn",
            fsync,
            words("只可用于测试：断电会丢数据", "for tests only: a power cut loses data"),
        )
    skew = abs((datetime.now(UTC) - there).total_seconds())
    mend = "" if skew <= SKEW else "timedatectl set-ntp true"
    yield Finding(
        "clock",
        "ok" if skew <= SKEW else "bad",
        words(f"与数据库相差 {skew:.1f} 秒", f"{skew:.1f} s from the database's"),
        mend,
    )


def zone() -> Iterator[Finding]:
    """The machine's idea of time zones, without which business days are wrong."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    name = os.environ.get("TONGXIN_TIME_ZONE", "Asia/Shanghai")
    try:
        # 4 July 1988, 12:00 UTC was 21:00 in Shanghai: daylight saving; a poor zone table says 20:00
        hour = datetime(1988, 7, 4, 12, tzinfo=UTC).astimezone(ZoneInfo(name)).hour
        right = name != "Asia/Shanghai" or hour == 21
    except (ZoneInfoNotFoundError, ValueError):
        yield Finding("zone", "bad", words(f"没有时区 {name}", f"no zone {name}"), "apt-get install tzdata")
        return
    yield Finding(
        "zone", "ok" if right else "bad", name, "" if right else "apt-get install --reinstall tzdata"
    )


def migrations() -> Iterator[Finding]:
    """Do the tables fit the program?"""
    if find_spec("django") is None:
        return
    answers.platform()
    from tongxin.faces.cli.serving import steps

    outstanding, empty = steps()
    if empty:
        yield Finding("migrations", "bad", words("空的数据库", "an empty database"), "tongxin init")
    elif outstanding:
        yield Finding(
            "migrations",
            "bad",
            words(f"{len(outstanding)} 步待做", f"{len(outstanding)} steps to do"),
            "tongxin upgrade",
        )
    else:
        yield Finding("migrations", "ok", words("与程序一致", "as the program wants them"))


def pg_dump() -> Iterator[Finding]:
    """Can backups be made?"""
    if find_spec("psycopg") is None:
        return
    answers.platform()
    from django.db import connection

    from tongxin.foundation import backup

    connection.ensure_connection()
    major = connection.connection.info.server_version // 10000
    try:
        yield Finding("pg_dump", "ok", str(backup.tools(major)))
    except backup.Broken as fault:
        yield Finding("pg_dump", "bad", str(fault), f"apt-get install postgresql-client-{major}")


def backups() -> Iterator[Finding]:
    """Is there a fresh one?"""
    if find_spec("cryptography") is None:
        return
    from tongxin.foundation import backup

    home = Path(os.environ.get("TONGXIN_HOME", "var")).resolve()
    newest = backup.newest(home / "backups")
    if newest is None:
        yield Finding(
            "backup", "warn", words("还没有", "none yet"), f"tongxin backup --to {home / 'backups'}"
        )
        return
    hours = (time.time() - newest.stat().st_mtime) / 3600
    late = hours > STALE_BACKUP
    yield Finding(
        "backup",
        "warn" if late else "ok",
        words(f"{hours:.0f} 小时前", f"{hours:.0f} hours ago"),
        f"tongxin backup --to {home / 'backups'}" if late else "",
    )


def jobs() -> Iterator[Finding]:
    """Is a job worker alive, and does the queue move?"""
    if find_spec("django") is None:
        return
    answers.platform()
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > now() - %s * interval '1 second'),"
            " (SELECT count(*) FROM procrastinate_jobs WHERE status = 'failed'),"
            " (SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, now()) < now() - interval '10 minutes')",
            [STALE_WORKER],
        )
        alive, failed, waiting = cursor.fetchone()
    mend = words("tongxin serve 或 tongxin worker", "tongxin serve, or tongxin worker")
    yield Finding(
        "jobs",
        "ok" if alive else "warn",
        words(f"{alive} 个后台进程", f"{alive} workers"),
        "" if alive else mend,
    )
    if failed or waiting:
        yield Finding(
            "queue",
            "warn",
            words(f"失败 {failed}，积压 {waiting}", f"{failed} failed, {waiting} late"),
            "" if alive else mend,
        )


def channels() -> Iterator[Finding]:
    """The ways out: which carriers are plugged in, and whether the SMS or mail gateway can be reached."""
    if find_spec("django") is None:
        return
    answers.platform()
    # Django is not in the base install
    from django.conf import settings

    from tongxin.foundation.plugs import wiring

    names = sorted(getattr(wiring(), "CARRIERS", {}))
    yield Finding("channels", "ok" if names else "bad", ", ".join(names) or words("没有", "none"))
    gateway = getattr(settings, "TONGXIN_SMS_GATEWAY", "")
    mend = words(
        "设置 TONGXIN_SMS_GATEWAY（短信或邮件网关），否则会员收不到验证码",
        "set TONGXIN_SMS_GATEWAY (text messages or mail), or members get no sign-in codes",
    )
    if not gateway:
        yield Finding("gateway", "ok" if settings.DEMO else "warn", words("没有网关", "no gateway"), mend)
        return
    if not getattr(settings, "TONGXIN_SMS_SECRET", ""):
        yield Finding(
            "gateway", "bad", words("网关没有密钥", "the gateway has no secret"), "TONGXIN_SMS_SECRET"
        )
    parts = urlsplit(gateway)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    try:
        socket.create_connection((parts.hostname or "", port), timeout=3).close()
    except OSError as fault:
        reason = fault.strerror or type(fault).__name__
        yield Finding(
            "gateway",
            "bad",
            f"{parts.hostname}:{port} {reason}",
            words("检查网关地址与网络", "check its address and the network"),
        )
    else:
        yield Finding("gateway", "ok", f"{parts.hostname}:{port}")


def messages() -> Iterator[Finding]:
    """The ways to members: what each channel says of itself (the mail server is asked to let us in)."""
    if find_spec("django") is None:
        return
    answers.platform()
    from tongxin.foundation.plugs import wiring  # Django is not in the base install

    for channel in wiring().CHANNELS:
        for check in channel.health():
            found = check.detail or words("可用", "ready")
            mend = "" if check.ok else words("检查设置与网络", "check the settings and the network")
            yield Finding(f"channel {channel.id}", "ok" if check.ok else "bad", found, mend)


def seats() -> Iterator[Finding]:
    """Do the counters of the events say what the registrations say?"""
    if find_spec("django") is None:
        return
    answers.platform()
    from django.db import Error  # Django is not in the base install

    from tongxin.events.queries.waiting import counters_wrong

    try:
        wrong = counters_wrong()
    except Error as fault:
        yield Finding("seats", "bad", _short(fault), "tongxin doctor")
        return
    for one in wrong[:5]:
        yield Finding(
            "seats",
            "bad",
            f"{one.occurrence} {one.audience} {one.counter}: {one.says} ≠ {one.counted}",
            words("请把这一行发给我们", "please report this line"),
        )
    if not wrong:
        yield Finding("seats", "ok", words("名额与报名一致", "counters and registrations agree"))


def public() -> Iterator[Finding]:
    """Is what is open to the world closed enough?"""
    base = os.environ.get("TONGXIN_BASE_URL", "http://127.0.0.1:8000")
    host = urlsplit(base).hostname or ""
    local = host in {"127.0.0.1", "localhost", "::1"}
    if not local and not base.startswith("https://"):
        yield Finding(
            "https",
            "bad",
            base,
            words(
                "对外必须用 https：前面放反向代理，并把 TONGXIN_BASE_URL 写成 https://",
                "put a proxy with https in front and set TONGXIN_BASE_URL to it",
            ),
        )
    elif not local and host not in os.environ.get("TONGXIN_HOSTS", ""):
        yield Finding(
            "hosts",
            "bad",
            words(f"{host} 不在 TONGXIN_HOSTS 里", f"{host} is not in TONGXIN_HOSTS"),
            f"TONGXIN_HOSTS={host}",
        )
    else:
        yield Finding("address", "ok", base)


def _short(fault: Exception) -> str:
    first = str(fault).strip().splitlines()
    return f"{type(fault).__name__}: {first[0][:160]}" if first else type(fault).__name__


Check = Callable[[], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("python", python),
    ("dependencies", dependencies),
    ("folders", folders),
    ("disk", disk),
    ("fonts", fonts),
    ("zone", zone),
    ("database", database),
    ("secrets", secrets),
    ("migrations", migrations),
    ("pg_dump", pg_dump),
    ("backup", backups),
    ("jobs", jobs),
    ("channels", channels),
    ("messages", messages),
    ("seats", seats),
    ("address", public),
)
