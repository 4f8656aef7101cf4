"""Hand over what colleagues are to confirm, look up what was lost sight of, ask what became of it.

One task is claimed, begun and written down in three short transactions; the call stands between the second and the third. Whatever
happens there (no answer, a killed process), the task is looked up at the platform by time, text, sender and recipients, twice, before
it is handed over again. So nothing is lost, and nobody is asked to send a thing twice.
"""

import logging
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tongxin.connect.wecom.api import messages
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import AGAIN, SETUP, Fault, WeComFault
from tongxin.connect.wecom.looking import Finder
from tongxin.foundation import clock
from tongxin.foundation.media import queries as media
from tongxin.foundation.media.models import Picture
from tongxin.outreach.actions import carrying as gate
from tongxin.outreach.actions import posting as posts
from tongxin.outreach.actions import wecom_tasks as book
from tongxin.outreach.models import WecomTarget, WecomTask
from tongxin.outreach.terms import Reason, SendState
from tongxin.outreach.terms_wecom import MOST_CUSTOMERS, MOST_GROUPS, Target

CHANNEL = "wecom"
LOOK_AFTER = timedelta(
    seconds=30
)  # a call of ours ends after 15 s; what hung at the platform is done by then
LOOK_AGAIN = timedelta(seconds=60)
TOGETHER = (
    30  # seconds: what is to be looked up is looked up in bunches, for a list of a minute has forty pages
)
LOOKS = 2
STOP_EVERY = 5.0  # seconds between looks for what is to be taken back, also while much is handed over
MEND = timedelta(minutes=10)  # until somebody has mended the set-up
FIRST_WAIT, MOST_WAIT = 2.0, 60.0

STATUS: dict[int, tuple[SendState, Reason | str]] = {
    1: (SendState.SENT, ""),
    2: (SendState.FAILED, Reason.NOT_FRIEND),
    3: (SendState.FAILED, Reason.PLATFORM_CAP),
}

log = logging.getLogger(__name__)


@dataclass
class Carried:
    """What one round did."""

    handed: int = 0
    adopted: int = 0
    again: int = 0
    unknown: int = 0
    ended: int = 0
    put_off: int = 0


class Carrier:
    """A worker's hands. `look_up` off is the control arm of the tests: what happens without it."""

    def __init__(
        self, corp: Caller, *, look_up: bool = True, chance: Callable[[], float] = random.random
    ) -> None:
        self._corp, self._look_up, self._chance = corp, look_up, chance
        self._finder = Finder(corp)

    def round(self, *, batch: int = 20, most: int = 400) -> Carried:
        """See to tasks that are due until none is left or `most` were seen to."""
        done, seen = Carried(), 0
        book.recover()
        looked = float("-inf")
        while seen < most:
            if time.monotonic() - looked >= STOP_EVERY:
                book.stop_unwanted()
                looked = time.monotonic()
            tasks = book.claim(min(batch, most - seen))
            if not tasks:
                break
            self._finder.forget()
            for task in tasks:
                self._see_to(task, done)
            seen += len(tasks)
        return done

    def _see_to(self, task: WecomTask, done: Carried) -> None:
        try:
            if task.state == SendState.QUEUED:
                self._hand_over(task, done)
            elif task.state == SendState.UNKNOWN:
                self._look(task, done)
            elif task.target == Target.MOMENT:
                self._ask_moment(task, done)
            else:
                self._ask(task, done)
        except WeComFault as fault:
            done.put_off += 1
            book.later(task, self._wait(task, fault), reason=fault.fault)

    def _wait(self, task: WecomTask, fault: WeComFault) -> timedelta:
        """Until somebody mended it; as long as the platform says; else twice as long each time, anywhere in the upper half."""
        if fault.fault in SETUP:
            return MEND
        if (
            task.state == SendState.AWAITING_STAFF
        ):  # only asked about: what is still to be handed over goes first
            return timedelta(seconds=max(fault.wait, MOST_WAIT * (0.5 + self._chance())))
        longest = min(FIRST_WAIT * 2.0 ** min(task.attempts, 6), MOST_WAIT)
        return timedelta(seconds=max(fault.wait, longest * (0.5 + self._chance() / 2)))

    def _hand_over(self, task: WecomTask, done: Carried) -> None:
        if task.expires_at <= clock.now() or task.stop_at is not None:
            book.finish(task, state=SendState.EXPIRED, reason=Reason.NOT_DONE)
            done.ended += 1
            return
        targets, busy = self._admitted(task)
        if busy:
            book.later(task, timedelta(seconds=1))
            done.put_off += 1
            return
        if not targets and (
            task.target != Target.MOMENT or WecomTarget.objects.filter(task=task.pk).exists()
        ):
            book.finish(task, state=SendState.CANCELLED)
            done.ended += 1
            return
        attachments = self._attachments(task)
        externals = [one.external for one in targets]
        if not book.begin(task, externals):
            return
        try:
            self._call(task, externals, attachments, done)
        except WeComFault as fault:
            self._not_handed(task, fault, done)

    def _call(
        self, task: WecomTask, externals: list[str], attachments: list[dict[str, Any]], done: Carried
    ) -> None:
        if task.target == Target.MOMENT:
            job = messages.add_moment(
                self._corp, senders=[task.sender], text=task.text, attachments=attachments
            )
            book.handed(task, f"job:{job}", wait=timedelta(seconds=5))
        else:
            groups = task.target == Target.GROUPS
            made = messages.hand_over(
                self._corp,
                sender=task.sender,
                text=task.text,
                customers=() if groups else externals,
                chats=externals if groups else (),
                attachments=attachments,
            )
            book.handed(task, made.msgid, refused=made.fail_list, wait=_patience(timedelta(0)))
        done.handed += 1

    def _not_handed(self, task: WecomTask, fault: WeComFault, done: Carried) -> None:
        if fault.fault is Fault.UNKNOWN:
            if self._look_up:
                book.lost_sight(task, _together(LOOK_AFTER), reason=fault.fault)
            else:
                book.later(task, timedelta(seconds=1), reason=fault.fault)
            done.unknown += 1
        elif fault.fault in AGAIN or fault.fault in SETUP or fault.fault is Fault.MEDIA:
            book.later(task, self._wait(task, fault), reason=fault.fault)
            done.put_off += 1
        else:
            book.finish(task, state=SendState.FAILED, reason=Reason.CHANNEL_FAILED)
            done.ended += 1

    def _admitted(self, task: WecomTask) -> tuple[list[WecomTarget], bool]:
        """Whom the gate lets through in this moment; and whether somebody has to be asked again in a second."""
        most = MOST_GROUPS if task.target == Target.GROUPS else MOST_CUSTOMERS
        open_ = list(
            WecomTarget.objects.filter(task=task.pk, state=SendState.QUEUED)
            .select_related("send")
            .order_by("id")[:most]
        )
        through: list[WecomTarget] = []
        out: list[WecomTarget] = []
        for one in open_:
            if one.send is None:
                free = one.post_id is None or posts.admit(one.post_id)
                (through if free else out).append(one)
                continue
            stopped = gate.begin(send=one.send.public_id, key=one.delivery, channel=CHANNEL)
            if stopped == gate.BUSY:
                return [], True
            (through if stopped is None else out).append(one)
        book.left_out(task, out)
        return through, False

    def _attachments(self, task: WecomTask) -> list[dict[str, Any]]:
        """Uploaded in this moment: an id of media lives three days only."""
        found: list[dict[str, Any]] = []
        picture = Picture.objects.filter(public_id=task.poster, person=None).first() if task.poster else None
        if picture is not None:
            content = media.place(picture.name).read_bytes()
            moment = task.target == Target.MOMENT
            found.append(messages.picture(self._corp, content, picture.name, moment=moment))
        if task.link:
            found.append(messages.link(task.link, task.text.splitlines()[0] if task.text else task.link))
        return found

    def _look(self, task: WecomTask, done: Carried) -> None:
        """Has the platform got it? By time, text, sender and recipients; a hand-over that another task of ours is, is not it."""
        if (
            task.target == Target.MOMENT
        ):  # the platform lists no moments that nobody has published: somebody decides
            book.finish(task, state=SendState.FAILED, reason=Fault.UNKNOWN)
            done.ended += 1
            return
        if msgid := self._finder.find(task):
            book.handed(task, msgid, wait=_patience(timedelta(0)))
            done.adopted += 1
            return
        if book.not_found(task, looks=LOOKS, wait=_together(LOOK_AGAIN)):
            done.again += 1

    def _ask(self, task: WecomTask, done: Carried) -> None:
        """Has the colleague confirmed, and what became of each? What is to be taken back is taken back first."""
        ends = task.stop_at is not None or task.expires_at <= clock.now()
        if ends:
            messages.cancel(self._corp, task.msgid)
        confirmed = any(
            line.userid == task.sender and line.status != 0 for line in messages.tasks(self._corp, task.msgid)
        )
        if confirmed:
            lines = messages.results(self._corp, task.msgid, task.sender)
            book.results(task, {line.target: STATUS[line.status] for line in lines if line.status in STATUS})
            if not WecomTarget.objects.filter(task=task.pk, state=SendState.AWAITING_STAFF).exists():
                book.finish(task)
                done.ended += 1
                return
        if ends:
            book.taken_back(task)
            done.ended += 1
            return
        if task.remind_at is not None:
            self._remind(task)
        handed = task.handed_at or clock.now()
        book.again_later(task, min(_patience(clock.now() - handed), task.expires_at - clock.now()))

    def _remind(self, task: WecomTask) -> None:
        done = book.may_remind(task)
        if done:
            try:
                messages.remind(self._corp, task.msgid)
            except WeComFault as fault:
                if fault.fault is not Fault.LIMIT:
                    raise
                done = False
        book.reminded(task, done=done)

    def _ask_moment(self, task: WecomTask, done: Carried) -> None:
        moment = task.job
        if not moment:
            found = messages.moment_job(self._corp, task.msgid.removeprefix("job:"))
            if found.status != 3:
                book.again_later(task, timedelta(seconds=10))
                return
            moment = str(found.result.get("moment_id") or "")
            if not moment or int(found.result.get("errcode") or 0):
                book.finish(task, state=SendState.FAILED, reason=Reason.CHANNEL_FAILED)
                done.ended += 1
                return
            WecomTask.objects.filter(pk=task.pk, claim=task.claim).update(job=moment)
        ends = task.stop_at is not None or task.expires_at <= clock.now()
        if any(
            line.userid == task.sender and line.publish_status
            for line in messages.moment_tasks(self._corp, moment)
        ):
            book.finish(task, state=SendState.SENT)
            done.ended += 1
        elif ends:
            messages.cancel_moment(self._corp, moment)
            book.finish(task, state=SendState.EXPIRED, reason=Reason.NOT_DONE)
            done.ended += 1
        else:
            book.again_later(task, _patience(clock.now() - (task.handed_at or clock.now())))


def _together(wait: timedelta) -> timedelta:
    """At least so long, until the next half minute."""
    at = clock.now() + wait
    return wait + timedelta(seconds=-at.timestamp() % TOGETHER)


def _patience(waited: timedelta) -> timedelta:
    """How long until the next question, by how long the colleague has had it. Ten thousand open tasks stay below the pace."""
    steps: Sequence[tuple[timedelta, timedelta]] = (
        (timedelta(minutes=10), timedelta(minutes=2)),
        (timedelta(hours=2), timedelta(minutes=5)),
    )
    return next((wait for until, wait in steps if waited < until), timedelta(minutes=30))
