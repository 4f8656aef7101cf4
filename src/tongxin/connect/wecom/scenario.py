"""The scenario that the fake and a true corp must both pass: every interface we use, once, with what we expect of the answer.

What it makes it takes away again: a code, a mass message that is cancelled before anybody can confirm it. Steps that need something
which a corp may not have (a customer, a group) are left out there and say so.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from tongxin.connect.wecom.api import contacts, groups, messages, staff, ways
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.errors import Fault, WeComFault
from tongxin.foundation import clock

TAG_GROUP = "同心圈层"
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000"
    "1f15c4890000000d49444154789c6360f8cf500f0003860180341be6b50000000049454e44ae426082"
)


@dataclass(frozen=True)
class Line:
    """One step and how it went: None is left out."""

    name: str
    ok: bool | None
    said: str = ""


@dataclass
class Seen:
    """What the steps found for one another."""

    to: str = ""
    users: list[str] = field(default_factory=list)
    friends: list[tuple[str, str]] = field(default_factory=list)
    chats: list[str] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)
    msgid: str = ""


class Skip(Exception):
    """This corp has none of it."""


def run(corp: Caller, *, to: str = "") -> list[Line]:
    """All steps in order; one that fails does not stop the others."""
    seen, lines = Seen(to=to), []
    for name, step in STEPS:
        try:
            step(corp, seen)
        except Skip as skip:
            lines.append(Line(name, None, str(skip)))
        except WeComFault as fault:
            lines.append(Line(name, ok=False, said=f"{fault.fault} {fault.number}"))
        except (AssertionError, LookupError, ValueError) as fault:
            lines.append(Line(name, ok=False, said=type(fault).__name__))
        else:
            lines.append(Line(name, ok=True))
    return lines


def _people(corp: Caller, seen: Seen) -> None:
    _expect(bool(staff.departments(corp)))
    seen.users = staff.with_customers(corp)
    _expect({one.userid for one in staff.colleagues(corp)} <= set(staff.ids(corp)) | set(seen.users))
    if seen.users:
        _expect(staff.colleague(corp, seen.users[0]).userid == seen.users[0])


def _contacts(corp: Caller, seen: Seen) -> None:
    if not seen.users:
        raise Skip("nobody has customers")
    found = list(contacts.by_users(corp, seen.users[:100]))
    seen.friends = [(one.follow_info.userid, one.external_contact.external_userid) for one in found]
    if not found:
        raise Skip("no customers")
    user, external = seen.friends[0]
    _expect(external in contacts.of_colleague(corp, user))
    _expect(user in {one.follow_info.userid for one in contacts.one(corp, external)})
    _expect(contacts.one(corp, "wm-nobody") == [])


def _tags(corp: Caller, seen: Seen) -> None:
    seen.tags = contacts.ensure_tags(corp, TAG_GROUP, ["核心圈", "亲近圈"])
    _expect(contacts.ensure_tags(corp, TAG_GROUP, ["核心圈", "亲近圈"]) == seen.tags)
    if not seen.friends:
        raise Skip("no customers to mark")
    user, external = seen.friends[0]
    tag = seen.tags["亲近圈"]
    had = tag in _tags_of(corp, user, external)
    contacts.mark(corp, user, external, add=[tag])
    _expect(tag in _tags_of(corp, user, external))
    if not had:
        contacts.mark(corp, user, external, remove=[tag])
        _expect(tag not in _tags_of(corp, user, external))


def _tags_of(corp: Caller, user: str, external: str) -> tuple[str, ...]:
    return next(
        one.follow_info.tag_id for one in contacts.one(corp, external) if one.follow_info.userid == user
    )


def _groups(corp: Caller, seen: Seen) -> None:
    seen.chats = [line.chat_id for line in groups.chats(corp, seen.users)]
    if not seen.chats:
        raise Skip("no groups")
    found = groups.chat(corp, seen.chats[0])
    _expect(found is not None and found.owner in {one.userid for one in found.member_list})
    _expect(groups.chat(corp, "wr-nothing") is None)


def _days(corp: Caller, seen: Seen) -> None:
    if not seen.chats:
        raise Skip("no groups")
    today = clock.business_day(clock.now())
    midnight = int(clock.day_start(today).timestamp())
    found = groups.days(corp, seen.users[:1], midnight - 86400, midnight - 86400)
    _expect(all(one.data["member_total"] >= 0 for one in found))
    _refused(Fault.INPUT, lambda: groups.days(corp, seen.users[:1], midnight, midnight))


def _codes(corp: Caller, seen: Seen) -> None:
    if seen.chats:
        config = ways.into_groups(
            corp, chats=seen.chats[:1], state="tongxin-check", remark="同心自检", room=""
        )
        try:
            _expect(ways.group_way(corp, config).state == "tongxin-check")
            ways.change_groups(
                corp, config, chats=seen.chats[:1], state="tongxin-again", remark="同心自检", room=""
            )
            _expect(ways.group_way(corp, config).state == "tongxin-again")
        finally:
            ways.close_groups(corp, config)
        _refused(Fault.INPUT, lambda: ways.group_way(corp, config))
    if not seen.users:
        raise Skip("nobody for a code")
    way = ways.to_colleagues(corp, users=seen.users[:1], state="tongxin-check", remark="同心自检")
    try:
        _expect(way.qr_code.startswith("http"))
        ways.change_colleagues(
            corp, way.config_id, users=seen.users[:1], state="tongxin-again", remark="同心自检"
        )
    finally:
        ways.close_colleagues(corp, way.config_id)


def _message(corp: Caller, seen: Seen) -> None:
    if not seen.friends:
        raise Skip("no customers")
    user, external = seen.friends[0]
    picture = messages.picture(corp, PICTURE)
    begun = int(clock.now().timestamp())
    text = f"同心自检，请不要发送（{begun}）"
    made = messages.hand_over(corp, sender=user, text=text, customers=[external], attachments=[picture])
    try:
        _expect([one.status for one in messages.tasks(corp, made.msgid) if one.userid == user] == [0])
        _expect(
            [(one.target, one.status) for one in messages.results(corp, made.msgid, user)] == [(external, 0)]
        )
        lines = messages.made_between(corp, groups=False, first=begun - 60, last=begun + 120)
        _expect([one.msgid for one in lines if str(one.text.get("content")) == text] == [made.msgid])
    finally:
        messages.cancel(corp, made.msgid)


def _app_message(corp: Caller, seen: Seen) -> None:
    if not seen.to:
        raise Skip("nobody named")
    staff.tell(corp, [seen.to], "同心自检：应用消息可以送达。")


def _refusals(corp: Caller, seen: Seen) -> None:  # noqa: ARG001 (the shape of all steps)
    _refused(Fault.ABSENT, lambda: staff.colleague(corp, "nobody-of-this-name"))
    _refused(Fault.USED, lambda: contacts.welcome(corp, "no-such-code", "你好"))
    _refused(Fault.USED, lambda: staff.visitor(corp, "no-such-code"))


def _expect(what: bool) -> None:  # noqa: FBT001 (reads as a sentence)
    if not what:
        raise AssertionError("not as the platform's documents say")


def _refused(fault: Fault, work: Callable[[], object]) -> None:
    try:
        work()
    except WeComFault as said:
        _expect(said.fault is fault)
    else:
        _expect(what=False)


STEPS: tuple[tuple[str, Callable[[Caller, Seen], None]], ...] = (
    ("departments and colleagues", _people),
    ("customers", _contacts),
    ("tags", _tags),
    ("groups", _groups),
    ("figures of a day", _days),
    ("live codes", _codes),
    ("a mass message, cancelled", _message),
    ("a message of the app", _app_message),
    ("what is refused", _refusals),
)
