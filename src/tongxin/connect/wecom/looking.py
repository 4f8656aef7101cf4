"""Looking up at the platform what was lost sight of: by time, text, sender and recipients; what never changes is asked once."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from tongxin.connect.wecom.api import messages
from tongxin.connect.wecom.calling import Caller
from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.models import WecomTask
from tongxin.outreach.terms_wecom import Target

SKEW = timedelta(seconds=90)  # their clock and ours
KEEP = timedelta(minutes=30)
MOST_KEPT = 200_000


@dataclass
class Listed:
    """What was handed to the platform within one minute, by its words, as of an instant."""

    at: datetime
    by_text: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


class Finder:
    """Finds a task of ours among what the platform was handed; a hand-over that another task of ours is, is not it."""

    def __init__(self, corp: Caller) -> None:
        self._corp = corp
        self._minutes: dict[tuple[bool, int], Listed] = {}
        self._known: set[str] = set()
        self._whose: dict[str, str] = {}

    def find(self, task: WecomTask) -> str:
        """The platform's id of it; "" when it has not got it. Raises WeComFault."""
        begun = task.begun_at or task.created_at
        for msgid in self._others(self._made(task, since=begun - SKEW, until=clock.now() + SKEW)):
            if self._targets(task, msgid) == task.target_hash:
                return msgid
        return ""

    def _others(self, same: list[str]) -> list[str]:
        """Of these hand-overs those that no task of ours is."""
        unsure = [msgid for msgid in same if msgid not in self._known]
        self._known.update(WecomTask.objects.filter(msgid__in=unsure).values_list("msgid", flat=True))
        return [msgid for msgid in unsure if msgid not in self._known]

    def _targets(self, task: WecomTask, msgid: str) -> str:
        """Whom a hand-over is for, as a hash: that never changes, so it is asked once."""
        if msgid not in self._whose:
            found = [line.target for line in messages.results(self._corp, msgid, task.sender)]
            if not found:
                return ""
            self._whose[msgid] = book.target_hash(found)
        return self._whose[msgid]

    def _made(self, task: WecomTask, *, since: datetime, until: datetime) -> list[str]:
        """What the platform was handed in these whole minutes with the task's words, newest minute last.

        A minute that was listed after the task was due to be looked up, or long after it was over, is not listed again.
        """
        groups, now = task.target == Target.GROUPS, clock.now()
        first, last = int(since.timestamp()) // 60, int(until.timestamp()) // 60
        old = [
            minute
            for minute in range(first, last + 1)
            if (kept := self._minutes.get((groups, minute))) is None
            or (kept.at < task.next_at and kept.at < _over(minute))
        ]
        if old:
            fresh = {minute: Listed(now) for minute in range(old[0], old[-1] + 1)}
            for line in messages.made_between(
                self._corp, groups=groups, first=old[0] * 60, last=old[-1] * 60 + 59
            ):
                if (minute := line.create_time // 60) in fresh:
                    fresh[minute].by_text[str(line.text.get("content", ""))].append(line.msgid)
            self._minutes.update({(groups, minute): found for minute, found in fresh.items()})
        return [
            msgid
            for minute in range(first, last + 1)
            for msgid in self._minutes[groups, minute].by_text.get(task.text, ())
        ]

    def forget(self) -> None:
        """Lists of long ago, so that a worker that runs for days does not grow."""
        edge = int((clock.now() - KEEP).timestamp()) // 60
        for key in [key for key in self._minutes if key[1] < edge]:
            del self._minutes[key]
        if len(self._known) + len(self._whose) > MOST_KEPT:
            self._known.clear()
            self._whose.clear()


def _over(minute: int) -> datetime:
    """From when on nothing more can have been made within that minute, by their clock or ours."""
    return datetime.fromtimestamp(minute * 60 + 60, UTC) + SKEW
