"""What people do on their phones: befriend, scan, join, leave, open and dismiss groups. Each act is told by a callback."""

from typing import Any

from tongxin.connect.wecom.sandbox.contacts import REFUSED, WAITS, WELCOME_LIVES, follow_key
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.connect.wecom.sandbox.state import Row

STAFF, CUSTOMER = 1, 2
INVITED, LINK, CODE = 1, 2, 3


def hire(fake: Fake, userid: str, name: str, department: int = 1) -> Row:
    """A colleague."""
    if fake.world.get("departments", "1") is None:
        fake.world.put("departments", "1", {"id": 1, "name": "同心", "parentid": 0, "order": 1})
    if fake.world.get("departments", str(department)) is None:
        row = {"id": department, "name": f"门店 {department}", "parentid": 1, "order": department}
        fake.world.put("departments", str(department), row)
    return fake.world.put("users", userid, {"userid": userid, "name": name, "department": [department]})


def appear(fake: Fake, external: str, name: str) -> Row:
    """Somebody with WeChat on the phone."""
    row = {
        "external_userid": external, "name": name, "avatar": "", "type": 1, "gender": 0, "unionid": f"u-{external}",
    }  # fmt: skip
    return fake.world.put("externals", external, row)


def befriend(fake: Fake, userid: str, external: str, state: str = "", way: int = 1) -> str:
    """A customer adds a colleague; answers the welcome code."""
    world = fake.world
    key = follow_key(userid, external)
    if world.get("follows", key) is not None:
        return ""
    world.put(
        "follows",
        key,
        {
            "userid": userid,
            "external_userid": external,
            "remark": "",
            "createtime": int(world.now()),
            "state": state,
            "add_way": way,
            "tags": [],
        },
    )
    code = world.name("welcome", 10)
    world.put(
        "welcomes",
        code,
        {"until": world.now() + WELCOME_LIVES, "used": False, "external": external, "text": ""},
    )
    more = {"State": state} if state else {}
    fake.post.note(
        "change_external_contact",
        "add_external_contact",
        UserID=userid,
        ExternalUserID=external,
        WelcomeCode=code,
        **more,
    )
    return code


def unfriend(fake: Fake, userid: str, external: str) -> None:
    """The customer deletes the colleague."""
    fake.world.drop("follows", follow_key(userid, external))
    fake.post.note("change_external_contact", "del_follow_user", UserID=userid, ExternalUserID=external)


def open_group(fake: Fake, owner: str, name: str) -> str:
    """A colleague opens a group of customers; answers its id."""
    world = fake.world
    key, at = world.name("wr", 10), world.now()
    member = {"userid": owner, "type": STAFF, "join_time": int(at), "join_scene": INVITED}
    world.put(
        "groups",
        key,
        {
            "chat_id": key, "name": name, "owner": owner, "create_time": int(at), "status": 0, "dismissed": False,
            "members": {owner: member}, "version": 1, "changed": at, "before": None,
        },
    )  # fmt: skip
    world.put("log", str(world.number("log")), {"kind": "join", "chat_id": key, "who": owner, "at": at})
    fake.post.note("change_external_chat", "create", ChatId=key)
    return key


def _changed(fake: Fake, row: Row, members: dict[str, Any], kind: str, who: str) -> None:
    world = fake.world
    version = row["version"] + 1
    before = {
        "members": row["members"],
        "version": row["version"],
        "name": row["name"],
        "owner": row["owner"],
        "before": None,
    }
    world.put(
        "groups",
        row["chat_id"],
        row | {"members": members, "version": version, "changed": world.now(), "before": before},
    )
    world.put(
        "log",
        str(world.number("log")),
        {"kind": kind, "chat_id": row["chat_id"], "who": who, "at": world.now()},
    )
    more: dict[str, Any] = {"JoinScene": CODE} if kind == "join" else {"QuitScene": 0}
    fake.post.note(
        "change_external_chat",
        "update",
        ChatId=row["chat_id"],
        UpdateDetail="add_member" if kind == "join" else "del_member",
        MemChangeCnt=1,
        MemChangeList=[who],
        LastMemVer=f"v{row['version']}",
        CurMemVer=f"v{version}",
        **more,
    )


def join(
    fake: Fake, chat: str, external: str, *, scene: int = CODE, state: str = "", invitor: str = ""
) -> bool:
    """A customer joins a group. False when it is full, gone, or they are in it."""
    row = fake.world.get("groups", chat)
    if row is None or row["dismissed"] or external in row["members"]:
        return False
    if len(row["members"]) >= int(fake.world.setting("group_size")):
        return False
    member = {
        "userid": external, "type": CUSTOMER, "join_time": int(fake.world.now()), "join_scene": scene, "state": state,
        "invitor": invitor,
    }  # fmt: skip
    _changed(fake, row, row["members"] | {external: member}, "join", external)
    return True


def leave(fake: Fake, chat: str, external: str) -> bool:
    """A customer leaves. False when not in it."""
    row = fake.world.get("groups", chat)
    if row is None or external not in row["members"]:
        return False
    _changed(
        fake, row, {key: one for key, one in row["members"].items() if key != external}, "leave", external
    )
    return True


def rename(fake: Fake, chat: str, name: str) -> None:
    """The group gets another name."""
    row = fake.world.tables["groups"][chat]
    fake.world.put("groups", chat, row | {"name": name})
    fake.post.note("change_external_chat", "update", ChatId=chat, UpdateDetail="change_name")


def dismiss(fake: Fake, chat: str) -> None:
    """The group is no more."""
    world = fake.world
    row = world.tables["groups"][chat]
    for who in row["members"]:
        world.put(
            "log", str(world.number("log")), {"kind": "leave", "chat_id": chat, "who": who, "at": world.now()}
        )
    world.put("groups", chat, row | {"dismissed": True, "members": {}})
    fake.post.note("change_external_chat", "dismiss", ChatId=chat)


def scan(fake: Fake, config: str, external: str) -> str:
    """A customer scans a code: into the first group with room (a new one, if the code may open one), or to a colleague.

    Answers the group or the colleague; "" when the code leads nowhere any more.
    """
    way = fake.world.get("ways", config)
    if way is None:
        return ""
    state = str(way.get("state") or "")
    if way["way"] == "contact":
        users = way.get("user") or []
        known = [one for one in users if fake.world.get("follows", follow_key(one, external))]
        userid = str((known or users)[0])
        befriend(fake, userid, external, state, way=1)
        return userid
    for chat in way["chat_id_list"]:
        row = fake.world.get("groups", chat)
        if row is not None and (external in row["members"] or join(fake, chat, external, state=state)):
            return str(chat)
    if not int(way.get("auto_create_room", 1)):
        return ""
    last = next(
        (row for row in map(fake.world.tables["groups"].get, reversed(way["chat_id_list"])) if row), None
    )
    owner = last["owner"] if last else fake.world.all("users")[0]["userid"]
    base, first = str(way.get("room_base_name") or "群"), int(way.get("room_base_id") or 1)
    chat = open_group(fake, owner, f"{base}{first}")
    chats = [*way["chat_id_list"], chat][-5:]
    fake.world.put("ways", config, way | {"chat_id_list": chats, "room_base_id": first + 1})
    join(fake, chat, external, state=state)
    return chat


def sign_in_code(fake: Fake, *, userid: str = "", external: str = "") -> str:
    """What the authorisation page hands to our page: good once, for five minutes."""
    code = fake.world.name("code", 12)
    row = {"userid": userid, "external_userid": external, "until": fake.world.now() + 300}
    fake.world.put("codes", code, row)
    return code


def resign(fake: Fake, userid: str) -> None:
    """A colleague leaves the corp; customers and groups wait for somebody else."""
    fake.world.drop("users", userid)


def refuse(fake: Fake, external: str) -> bool:
    """A customer would rather not be handed over. False: nobody waits for an answer."""
    row = fake.world.get("transfers", external)
    if row is None or row["status"] != WAITS:
        return False
    fake.world.put("transfers", external, row | {"status": REFUSED})
    fake.post.note(
        "change_external_contact",
        "transfer_fail",
        FailReason="customer_refused",
        UserID=row["to"],
        ExternalUserID=external,
    )
    return True
