"""From the platform into our picture: callbacks applied by asking how things are now, and each night everything compared.

A callback says that something changed, late, twice, or in the wrong order; so it is only a reason to look. What it alone knows, when
somebody left, is taken from it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from tongxin.connect.wecom.api import contacts, groups, staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.connect.wecom.shapes import Chat, Contact
from tongxin.foundation import clock
from tongxin.outreach.actions import wecom_handovers, wecom_inbox, wecom_picture, wecom_touches
from tongxin.outreach.queries import wecom as kept
from tongxin.outreach.terms_wecom import TouchKind

WELCOME_WITHIN = timedelta(seconds=18)  # of the platform's twenty


@dataclass
class Mirrored:
    """What one round did."""

    events: int = 0
    groups: int = 0
    changed: int = 0
    put_off: int = 0


class Mirror:
    """A worker's eyes. `welcome` gives the first words to a new customer by what the scanned code carries; "" says nothing."""

    def __init__(self, corp: Caller, *, welcome: Callable[[str], str] = lambda _: "") -> None:
        self._corp, self._welcome = corp, welcome

    def round(self) -> Mirrored:
        """Apply the callbacks that wait, then look at the groups in which something changed."""
        done = Mirrored()
        for event, kind, change, said, at in wecom_inbox.due():
            try:
                self._apply(kind, change, said, at)
            except WeComFault:
                wecom_inbox.not_yet(event)
                done.put_off += 1
            else:
                wecom_inbox.applied(event)
                done.events += 1
        for chat_id in wecom_picture.dirty_groups():
            try:
                done.changed += self._group(chat_id)
                done.groups += 1
            except WeComFault:
                done.put_off += 1
                break
        return done

    def _apply(self, kind: str, change: str, said: Mapping[str, Any], at: datetime) -> None:
        if kind == "change_external_chat":
            self._chat(change, said, at)
        elif kind == "change_external_contact" and change == "transfer_fail":
            wecom_handovers.look_now(str(said.get("UserID") or ""), str(said.get("ExternalUserID") or ""))
        elif kind == "change_external_contact":
            self._contact(change, said, at)

    def _chat(self, change: str, said: Mapping[str, Any], at: datetime) -> None:
        chat_id = str(said.get("ChatId") or "")
        if change == "dismiss":
            wecom_picture.put_gone(chat_id, at=at)
            return
        if said.get("UpdateDetail") == "del_member" and (who := said.get("MemChangeList")):
            wecom_picture.left(chat_id, who if isinstance(who, list) else [who], at)
        wecom_picture.touch_group(chat_id, at=at, version=str(said.get("CurMemVer") or ""))

    def _contact(self, change: str, said: Mapping[str, Any], at: datetime) -> None:
        userid, external = str(said.get("UserID") or ""), str(said.get("ExternalUserID") or "")
        code = str(said.get("WelcomeCode") or "")
        state, greeted = str(said.get("State") or ""), False
        if change == "add_external_contact" and code and clock.now() - at < WELCOME_WITHIN:
            greeted = self._greet(code, self._welcome(state))
        if change in {"del_external_contact", "del_follow_user"}:
            wecom_picture.lost(userid, external, at)
        found = contacts.one(self._corp, external)
        wecom_picture.put_contacts([userid], known(found), externals=[external])
        if greeted:
            who = wecom_picture.persons({external: ""}).get(external)
            step = wecom_touches.Step(external, who, TouchKind.WELCOMED, state, userid, clock.now())
            wecom_touches.note([step])

    def _greet(self, code: str, words: str) -> bool:
        """Once, within the twenty seconds; a greeting that did not go is not worth a second try. Answers whether it went."""
        try:
            if words:
                contacts.welcome(self._corp, code, words)
        except WeComFault as fault:
            if fault.fault is Fault.UNREACHED:
                raise
            return False
        return bool(words)

    def _group(self, chat_id: str, *, corrects: bool = False) -> int:
        found = groups.chat(self._corp, chat_id)
        if found is None:
            wecom_picture.put_gone(chat_id, corrects=corrects)
            return 1
        return wecom_picture.put_group(
            chat_id,
            name=found.name,
            owner=found.owner,
            opened_at=wecom_picture.instant(found.create_time),
            version=found.member_version,
            stays=stays(found),
            corrects=corrects,
        )

    def compare(self) -> Mirrored:
        """Everything, as it is now; what we had otherwise is written down as a correction. Ends in the platform's truth."""
        done = Mirrored()
        users = sorted(staff.with_customers(self._corp))
        for some in _some(users, 100):
            done.changed += wecom_picture.put_contacts(
                some, known(contacts.by_users(self._corp, some)), corrects=True
            )
        gone = sorted(kept.colleagues() - set(users))
        if gone:
            done.changed += wecom_picture.put_contacts(gone, [], corrects=True)
        theirs = {line.chat_id for line in groups.chats(self._corp, users)}
        for chat_id in sorted(theirs | kept.open_groups()):
            done.changed += self._group(chat_id, corrects=True)
            done.groups += 1
        return done

    def keep_day(self, day: date) -> None:
        """Yesterday's figures, while the platform still has them."""
        wecom_picture.snapshot(day)
        owners = sorted(kept.owners())
        first = int(clock.day_start(day).timestamp())
        if owners:
            found = groups.days(self._corp, owners, first, first)
            wecom_picture.put_owner_days(day, {one.owner: one.data for one in found})


def known(found: Iterable[Contact]) -> list[wecom_picture.Known]:
    """The platform's answer in our words."""
    return [
        wecom_picture.Known(
            userid=one.follow_info.userid,
            external=one.external_contact.external_userid,
            unionid=one.external_contact.unionid,
            added_at=wecom_picture.instant(one.follow_info.createtime),
            state=one.follow_info.state,
            add_way=one.follow_info.add_way,
        )
        for one in found
    ]


def stays(found: Chat) -> list[wecom_picture.Stay]:
    """The platform's answer in our words."""
    return [
        wecom_picture.Stay(
            external=one.userid,
            unionid=one.unionid,
            staff=one.type == 1,
            joined_at=wecom_picture.instant(one.join_time),
            scene=one.join_scene,
            state=one.state,
        )
        for one in found.member_list
    ]


def _some(rows: list[str], n: int) -> Iterable[list[str]]:
    return (rows[start : start + n] for start in range(0, len(rows), n))
