"""Mass messages: a call only makes a task; a colleague's tap sends it, within each customer's cap of one a day and colleague."""

from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, in_sight, needs_sight, page
from tongxin.connect.wecom.sandbox.state import Row, World

Answer = dict[str, Any]
MOST_BYTES = 4000
DAY = 86400.0
NOT_SENT, SENT, NO_FRIEND, CAPPED = 0, 1, 2, 3
WAITING, TAPPED = 0, 2


def add(world: World, call: Call) -> Answer:
    """A task for each sender. Customers go to the colleague named, else to who spoke to them last; groups need a sender."""
    text = str((call.json.get("text") or {}).get("content") or "")
    attachments = call.json.get("attachments") or []
    if not text and not attachments:
        raise No(40063, "empty")
    if len(text.encode()) > MOST_BYTES or len(attachments) > 9:
        raise No(45002, "too long")
    for one in attachments:
        media = (one.get(one.get("msgtype")) or {}).get("media_id") or (
            one.get(one.get("msgtype")) or {}
        ).get("pic_media_id")
        if media and not media_lives(world, media):
            raise No(40007, "media_id")
    kind, sender = str(call.json.get("chat_type") or "single"), str(call.json.get("sender") or "")
    targets, failed = _groups(world, call, sender) if kind == "group" else _customers(world, call, sender)
    if not targets:
        raise No(40058, "nobody")
    key = world.name("msg", 12)
    world.put(
        "messages",
        key,
        {
            "msgid": key,
            "kind": kind,
            "at": world.now(),
            "text": text,
            "attachments": attachments,
            "targets": targets,
            "cancelled": False,
            "reminds": [],
            "results": {},
            "tapped": {},
        },
    )
    return {"fail_list": failed, "msgid": key}


def media_lives(world: World, media: str) -> bool:
    """Is it younger than three days?"""
    row = world.get("media", media)
    return row is not None and world.now() - row["at"] < 3 * DAY


def _customers(world: World, call: Call, sender: str) -> tuple[list[list[str]], list[str]]:
    wanted = call.json.get("external_userid") or []
    if len(wanted) > 10_000:
        raise No(40058, "external_userid")
    if sender:
        needs_sight(world, sender)
    targets, failed = [], []
    for external in wanted:
        mine = (
            [
                row["userid"]
                for row in world.all("follows")
                if row["external_userid"] == external
                and in_sight(world, row["userid"])
                and sender in {"", row["userid"]}
            ]
            if not sender
            else ([sender] if world.get("follows", f"{sender}|{external}") else [])
        )
        if mine:
            targets.append([mine[-1], external])
        else:
            failed.append(external)
    return targets, failed


def _groups(world: World, call: Call, sender: str) -> tuple[list[list[str]], list[str]]:
    if not sender:
        raise No(40058, "sender")
    needs_sight(world, sender)
    wanted = call.json.get("chat_id_list") or [
        row["chat_id"] for row in world.all("groups") if row["owner"] == sender and not row["dismissed"]
    ]
    if len(wanted) > 2000:
        raise No(40058, "chat_id_list")
    targets, failed = [], []
    for key in wanted:
        row = world.get("groups", key)
        if row is None or row["dismissed"] or row["owner"] != sender:
            failed.append(key)
        else:
            targets.append([sender, key])
    return targets, failed


def had_key(kind: str, day: int, target: str) -> str:
    """That a customer or group had a mass message on a day."""
    return f"{kind}|{day}|{target}"


def tap(world: World, msgid: str, userid: str) -> bool:
    """The colleague confirms: now it goes, to whom the cap and the friendship allow. False: there is nothing to confirm."""
    row = world.get("messages", msgid)
    mine = [target for user, target in row["targets"] if user == userid] if row else []
    if row is None or row["cancelled"] or userid in row["tapped"] or not mine:
        return False
    day = world.day(world.now())
    results = dict(row["results"])
    for target in mine:
        friend = row["kind"] == "group" or world.get("follows", f"{userid}|{target}") is not None
        mark = had_key(row["kind"], day, target)
        status = NO_FRIEND if not friend else CAPPED if world.get("had", mark) else SENT
        if status == SENT:
            world.put("had", mark, {"msgid": msgid})
        results[target] = [status, world.now()]
    world.put("messages", msgid, row | {"results": results, "tapped": row["tapped"] | {userid: world.now()}})
    return True


def _found(world: World, call: Call) -> Row:
    row = world.get("messages", call.need("msgid"))
    if row is None:
        raise No(41049, "msgid")
    return row


def listed(world: World, call: Call) -> Answer:
    """What was made between two instants, newest first, without who it is for."""
    kind = str(call.need("chat_type"))
    start, end = int(call.need("start_time")), int(call.need("end_time"))
    found = []
    for row in reversed(world.tables["messages"].values()):  # they were made in the order of time
        if int(row["at"]) < start:
            break
        if row["kind"] == kind and int(row["at"]) <= end:
            found.append(row)
    some, following = page(found, call, 100)
    rows = [
        {
            "msgid": row["msgid"],
            "creator": "sandbox-app",
            "create_time": str(int(row["at"])),
            "create_type": 0,
            "text": {"content": row["text"]},
            "attachments": row["attachments"],
        }
        for row in some
    ]
    return {"group_msg_list": rows, "next_cursor": following}


def tasks(world: World, call: Call) -> Answer:
    """Who has confirmed."""
    row = _found(world, call)
    users = list(dict.fromkeys(user for user, _ in row["targets"]))
    rows = [
        {
            "userid": user,
            "status": TAPPED if user in row["tapped"] else WAITING,
            **({"send_time": int(row["tapped"][user])} if user in row["tapped"] else {}),
        }
        for user in users
    ]
    some, following = page(rows, call, 1000)
    return {"task_list": some, "next_cursor": following}


def results(world: World, call: Call) -> Answer:
    """What became of each of a colleague's customers or groups."""
    row, userid = _found(world, call), call.need("userid")
    name = "chat_id" if row["kind"] == "group" else "external_userid"
    rows = [
        {
            name: target,
            "userid": user,
            "status": row["results"].get(target, [NOT_SENT])[0],
            **({"send_time": int(row["results"][target][1])} if target in row["results"] else {}),
        }
        for user, target in row["targets"]
        if user == userid
    ]
    some, following = page(rows, call, 1000)
    return {"send_list": some, "next_cursor": following}


def remind(world: World, call: Call) -> Answer:
    """At most three times in twenty-four hours."""
    row = _found(world, call)
    lately = [at for at in row["reminds"] if world.now() - at < DAY]
    if len(lately) >= 3:
        raise No(45009, "reminded too often")
    world.put("messages", row["msgid"], row | {"reminds": [*lately, world.now()]})
    return {}


def cancel(world: World, call: Call) -> Answer:
    """Colleagues who have not confirmed cannot any more."""
    row = _found(world, call)
    world.put("messages", row["msgid"], row | {"cancelled": True})
    return {}


PATHS = {
    "externalcontact/add_msg_template": add,
    "externalcontact/get_groupmsg_list_v2": listed,
    "externalcontact/get_groupmsg_task": tasks,
    "externalcontact/get_groupmsg_send_result": results,
    "externalcontact/remind_groupmsg_send": remind,
    "externalcontact/cancel_groupmsg_send": cancel,
}
