"""What restored data go through before anybody sees them: `python -m tongxin.faces.cli.settling < marks.json`.

Runs in a process of its own, because its settings point at the restored database and lake. Answers one line of JSON.
"""

import json
import sys
from datetime import datetime
from typing import Any

from tongxin.faces.cli import answers
from tongxin.faces.cli.care import forget_in_lake
from tongxin.faces.cli.serving import steps

REASON = "restored from a backup"


def settle(marks: list[tuple[str, str, str]]) -> dict[str, Any]:
    """Bring the tables up to this version, erase again who has been erased since, hold letters back, end sessions, verify.

    A letter that waited when the backup was made may have left since: sending it again is for a person to decide.
    """
    answers.platform()
    # Django is up only now
    from django.contrib.sessions.models import Session
    from django.core.management import call_command

    from tongxin.foundation import access
    from tongxin.foundation.audit import actions as audit
    from tongxin.foundation.audit import queries as trail
    from tongxin.people import actions as people
    from tongxin.people import queries as persons

    if steps()[0]:
        call_command("migrate", interactive=False, verbosity=0)
    operator = access.system("restore")
    stones = [persons.Tombstone(what, digest, datetime.fromisoformat(at)) for what, digest, at in marks]
    again = people.reapply_tombstones(viewer=operator, stones=stones)
    orders = forget_in_lake()
    held = _hold(operator)
    sessions = Session.objects.all().delete()[0]
    while audit.seal():
        pass
    verdict = trail.verify()
    return {
        "erased_again": again,
        "orders_forgotten": orders,
        "letters_held": held,
        "sessions_ended": sessions,
        "audit": {"ok": verdict.ok, "sealed": verdict.sealed, "unsealed": len(verdict.unsealed), "faults": len(verdict.faults)},
    }  # fmt: skip


def _hold(operator: Any) -> int:
    from tongxin.foundation.outbox import actions, queries
    from tongxin.foundation.outbox.terms import State

    held = 0
    for state in (State.WAITING, State.FAILED):
        cursor = None
        while True:
            page = queries.letters(operator, state=state, limit=200, cursor=cursor)
            held += actions.hold(viewer=operator, keys=[letter.key for letter in page.items], reason=REASON)
            cursor = page.cursor
            if cursor is None:
                break
    return held


if __name__ == "__main__":
    answers.speak(json=True)
    answers.answer(settle([tuple(mark) for mark in json.load(sys.stdin)]))
