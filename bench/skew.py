"""Two machines twenty minutes apart on one database (promise P36), as real processes under libfaketime.

One machine's clock is ten minutes ahead, the other's ten minutes behind; the database keeps the right time. Each walk goes
from one machine to the other. The control arm is the same two machines without the common clock: every walk must fail there.
Needs `faketime` (apt-get install faketime); the small version of the suite is tests/foundation/test_clock_skew.py.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
FAKETIME = shutil.which("faketime")
AHEAD, BEHIND = "+10m", "-10m"


class Machine:
    """A process with a wrong clock that does what it is told, step by step."""

    def __init__(self, home: Path, clock: str, *, follows: bool) -> None:
        env = os.environ | {
            "TONGXIN_HOME": str(home), "DATABASE_URL": "", "TONGXIN_DEMO": "0", "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "DJANGO_SETTINGS_MODULE": "tongxin.project.settings", "SKEW_FOLLOWS": str(int(follows)),
        }  # fmt: skip
        self.process = subprocess.Popen(
            [str(FAKETIME), "-f", clock, sys.executable, str(Path(__file__)), "--machine"],
            env=env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip

    def do(self, step: str, **given: Any) -> Any:
        """What the step answers."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"step": step, **given}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"the machine fell at {step}")
        return json.loads(line)

    def end(self) -> None:
        """Let it go."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(30)


@contextmanager
def installation() -> Iterator[Path]:
    """A fresh installation whose database is started under the right clock, gone afterwards."""
    (ROOT / "var").mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="tongxin-skew-", dir=ROOT / "var"))
    env = os.environ | {"TONGXIN_HOME": str(home), "DATABASE_URL": "", "TONGXIN_DEMO": "0"}
    try:
        subprocess.run(
            [ROOT / ".venv" / "bin" / "tongxin", "init", "--brand", "Skew", "--admin", "skew-admin"],
            env=env, cwd=ROOT, check=True, capture_output=True,
        )  # fmt: skip
        yield home
    finally:
        code = f"from pathlib import Path; from tongxin.foundation import embedded; embedded.stop(Path({str(home)!r}))"
        subprocess.run([sys.executable, "-c", code], check=False, capture_output=True)
        shutil.rmtree(home, ignore_errors=True)


def figures() -> list[dict[str, Any]]:
    """One row a walk."""
    if FAKETIME is None:
        sys.exit("faketime is not installed: apt-get install faketime")
    with installation() as home:
        common, own = (_walks(home, follows=follows) for follows in (True, False))
    return [
        {
            "what": what, "measured": "holds" if common[what] else "broken", "bar": "holds",
            "met": common[what] and not own[what],
            "note": f"control, each by its own clock: {'holds too' if own[what] else 'broken, as it must be'}",
        }
        for what in common
    ]  # fmt: skip


def _walks(home: Path, *, follows: bool) -> dict[str, bool]:
    ahead, behind = (Machine(home, clock, follows=follows) for clock in (AHEAD, BEHIND))
    mark = "a" if follows else "b"
    try:
        found = {"both machines show the same time": abs(ahead.do("now") - behind.do("now")) < 60}
        who = ahead.do("member", phone=f"1390000000{int(follows)}")
        ahead.do("consent", who=who, granted=True)
        behind.do("consent", who=who, granted=False)
        found["a no holds at once, whoever heard the yes"] = not ahead.do("consented", who=who)
        ahead.do("post", key=f"{mark}1")
        found["a letter posted ahead leaves at once"] = behind.do("drain", key=f"{mark}1") == "sent"
        behind.do("post", key=f"{mark}2", minutes=10)
        found["a letter does not run out on its way"] = ahead.do("drain", key=f"{mark}2") == "sent"
        behind.do("post", key=f"{mark}3")
        behind.do("claim")
        found["a relay at work is not taken for dead"] = ahead.do("drain", key=f"{mark}3") == "sending"
        code = behind.do("code", phone_hash=mark)
        found["a code by phone holds for its ten minutes"] = ahead.do("check", phone_hash=mark, code=code)
        deed = ahead.do("deed", who=who, key=mark)
        found["what one machine wrote the other knows"] = behind.do("known", deed=deed)
        return found
    finally:
        ahead.end()
        behind.end()


def machine() -> None:
    """The process under a wrong clock: one step a line of standard input, one answer a line."""
    import django  # noqa: PLC0415 - only this process needs it

    django.setup()
    from django.db.backends.signals import connection_created  # noqa: PLC0415 - after setup

    from tongxin.foundation import one_clock  # noqa: PLC0415 - after setup

    if os.environ["SKEW_FOLLOWS"] == "0":
        connection_created.disconnect(one_clock.look, dispatch_uid="tongxin.one_clock")
    for line in sys.stdin:
        told = json.loads(line)
        print(json.dumps(STEPS[told.pop("step")](**told)), flush=True)


def _now() -> float:
    from django.db import connection  # noqa: PLC0415 - after setup

    from tongxin.foundation import clock  # noqa: PLC0415 - after setup

    connection.ensure_connection()
    return clock.now().timestamp()


def _job() -> Any:
    from tongxin.foundation.access import system  # noqa: PLC0415 - after setup

    return system("skew")


def _member(phone: str) -> int:
    from tongxin.people import actions  # noqa: PLC0415 - after setup

    return actions.register_member(viewer=_job(), nickname="甲", phone=phone).pk


def _consent(who: int, granted: bool) -> None:  # noqa: FBT001 - comes by name
    from tongxin.foundation.access import Grant, Viewer  # noqa: PLC0415 - after setup
    from tongxin.people import actions  # noqa: PLC0415 - after setup
    from tongxin.people.models import Customer  # noqa: PLC0415 - after setup
    from tongxin.people.terms import Purpose  # noqa: PLC0415 - after setup

    me = Viewer(account=None, name="member", grants=(Grant("member"),), person=who)
    actions.set_consent(
        viewer=me, customer=Customer.objects.get(pk=who), purpose=Purpose.PHOTO, granted=granted, notice_version="1",
        channel="member_page",
    )  # fmt: skip


def _consented(who: int) -> bool:
    from tongxin.people import queries  # noqa: PLC0415 - after setup
    from tongxin.people.terms import Purpose  # noqa: PLC0415 - after setup

    return who in queries.consented(Purpose.PHOTO)


def _post(key: str, minutes: int = 0) -> None:
    from datetime import timedelta  # noqa: PLC0415 - of this step

    from django.db import transaction  # noqa: PLC0415 - after setup

    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.foundation.outbox.actions import post  # noqa: PLC0415 - after setup

    over = clock.now() + timedelta(minutes=minutes) if minutes else None
    with transaction.atomic():
        post(viewer=_job(), kind="note", to="13800000000", body={}, carrier="box", key=key, expires_at=over)


class _Box:
    dedupes = False

    def carry(self, letter: Any) -> Any:  # noqa: ARG002 - the port's
        from tongxin.foundation.outbox.ports import Outcome  # noqa: PLC0415 - after setup

        return Outcome("sent", "ok")


def _drain(key: str) -> str:
    from tongxin.foundation.outbox import relay  # noqa: PLC0415 - after setup
    from tongxin.foundation.outbox.models import Letter  # noqa: PLC0415 - after setup

    relay.drain(carriers={"box": _Box()})
    return str(Letter.objects.get(key=key).state)


def _claim() -> None:
    from tongxin.foundation.outbox import relay  # noqa: PLC0415 - after setup
    from tongxin.foundation.outbox.models import Letter  # noqa: PLC0415 - after setup

    claim, keys = relay._claim(20)  # noqa: SLF001 - a relay that is at work just now
    Letter.objects.filter(id__in=keys, claim=claim).update(
        begun_at=Letter.objects.filter(id__in=keys)[0].claimed_at
    )


def _code(phone_hash: str) -> str:
    from tongxin.foundation.accounts.actions import send_code  # noqa: PLC0415 - after setup
    from tongxin.foundation.outbox.models import Letter  # noqa: PLC0415 - after setup

    send_code(phone_hash=phone_hash, to="13800000000", known=True, carrier="box")
    return str(json.loads(Letter.objects.filter(kind="sign_in_code").latest("id").body)["code"])


def _check(phone_hash: str, code: str) -> bool:
    from tongxin.foundation.accounts.actions import check_code  # noqa: PLC0415 - after setup
    from tongxin.foundation.errors import Refused  # noqa: PLC0415 - after setup

    try:
        check_code(phone_hash=phone_hash, code=code, origin="203.0.113.7")
    except Refused:
        return False
    return True


def _deed(who: int, key: str) -> int:
    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.people import ledger  # noqa: PLC0415 - after setup

    return ledger.record(
        viewer=_job(), person=who, kind="read", occurred_at=clock.now(), source=("skew", key)
    ).pk


def _known(deed: int) -> bool:
    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from tongxin.people.models import Deed  # noqa: PLC0415 - after setup

    return Deed.objects.get(pk=deed).known_at <= clock.now()


STEPS: dict[str, Any] = {
    "now": _now, "member": _member, "consent": _consent, "consented": _consented, "post": _post, "drain": _drain,
    "claim": _claim, "code": _code, "check": _check, "deed": _deed, "known": _known,
}  # fmt: skip


def main() -> int:
    """Print the table and write var/bench/skew.json."""
    if "--machine" in sys.argv:
        machine()
        return 0
    rows = figures()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "skew.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1))
    for row in rows:
        print(f"{row['what']:<48} {row['measured']:<8} {'met' if row['met'] else 'MISSED'}  {row['note']}")
    return 0 if all(row["met"] for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
