"""Hand-overs at the platform: what was asked without an answer is looked up first, then the rest is asked for, a hundred at a time."""

from dataclasses import replace
from datetime import timedelta

from tongxin.connect.wecom.api import contacts, groups, staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.outreach.actions import wecom_handovers as book
from tongxin.outreach.actions.wecom_picture import instant

WAIT = timedelta(minutes=1)
MEND = timedelta(minutes=10)


class Hander:
    """A worker's hands for hand-overs. Two at once ask the same twice, and the platform says that it is under way."""

    def __init__(self, corp: Caller) -> None:
        self._corp = corp

    def round(self) -> int:
        """See to what is due; answers how many came to an end."""
        done = 0
        for work in book.due():
            try:
                self._see_to(work)
            except WeComFault as fault:
                book.put_off(
                    work.pk, max(WAIT, timedelta(seconds=fault.wait)) if fault.fault in _SOON else MEND
                )
            else:
                done += book.settle(work.pk)
        return done

    def _gone(self, userid: str) -> bool:
        """Has the colleague left the corp? Customers of who left go another way, whatever our list says."""
        try:
            staff.colleague(self._corp, userid)
        except WeComFault as fault:
            if fault.fault not in {Fault.ABSENT, Fault.SCOPE, Fault.NO_RELATION}:
                raise
            return fault.fault is Fault.ABSENT
        return False

    def _see_to(self, work: book.Work) -> None:
        work = replace(work, left=self._gone(work.old))
        if work.asked:
            self._look(work)
        for start in range(0, len(work.fresh), contacts.AT_ONCE):
            some = work.fresh[start : start + contacts.AT_ONCE]
            book.asking(work.pk, some)
            moved = contacts.hand_over(self._corp, work.old, work.new, some, left=work.left)
            book.asked(work.pk, {one.external_userid: one.errcode for one in moved})
        if work.chats:
            self._groups(work)

    def _look(self, work: book.Work) -> None:
        lines = list(contacts.handed_over(self._corp, work.old, work.new, left=work.left))
        mine = {one.external_userid: one for one in lines if one.external_userid in set(work.asked)}
        book.found(
            work.pk,
            {
                key: (one.status, instant(one.takeover_time) if one.takeover_time else None)
                for key, one in mine.items()
            },
        )
        book.never_asked(work.pk, [key for key in work.asked if key not in mine])

    def _groups(self, work: book.Work) -> None:
        """A group that has the new owner already was moved by a call whose answer was lost."""
        there = {}
        for key in work.chats:
            found = groups.chat(self._corp, key)
            there[key] = found.owner if found is not None else ""
        done = [key for key, owner in there.items() if owner == work.new]
        book.groups_moved(work.pk, done, {})
        rest = [key for key in work.chats if key not in set(done)]
        if rest:
            failed = groups.hand_over(self._corp, rest, work.new, left=work.left)
            book.groups_moved(work.pk, rest, failed)


_SOON = frozenset({Fault.BUSY, Fault.LIMIT, Fault.UNREACHED, Fault.UNKNOWN, Fault.TOKEN})
