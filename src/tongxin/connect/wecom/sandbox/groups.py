"""Customer groups: lists, members (which lag behind their own callbacks), statistics of yesterday and before, hand-over."""

from collections import Counter
from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, in_sight, needs_sight, page
from tongxin.connect.wecom.sandbox.state import Row, World

Answer = dict[str, Any]
KEPT_DAYS = 180
TRANSFERS_A_DAY = 300


def chats(world: World, call: Call) -> Answer:
    """Ids of groups; without owners and with more than a thousand colleagues in sight, 81017."""
    owners = (call.json.get("owner_filter") or {}).get("userid_list")
    if not owners and len(world.tables["users"]) > 1000:
        raise No(81017, "too many owners")
    rows = [
        {"chat_id": row["chat_id"], "status": row["status"]}
        for row in world.all("groups")
        if not row["dismissed"] and kept_in_sight(world, row) and (not owners or row["owner"] in owners)
    ]
    some, following = page(rows, call, 1000)
    return {"group_chat_list": some, "next_cursor": following}


def kept_in_sight(world: World, row: Row) -> bool:
    """Is its owner in sight, or has left the corp? Such a group waits for another owner and is seen."""
    return in_sight(world, row["owner"]) or world.get("users", row["owner"]) is None


def seen(world: World, row: Row) -> Row:
    """A group as its detail shows it: what changed within the lag is not in it yet."""
    if row.get("before") and world.now() - row["changed"] < float(world.setting("lag")):
        return {**row, **row["before"]}
    return row


def chat(world: World, call: Call) -> Answer:
    """One group with its members."""
    row = world.get("groups", call.need("chat_id"))
    if row is None or row["dismissed"] or not kept_in_sight(world, row):
        raise No(86003, "chat not found")
    shown = seen(world, row)
    named = int(call.json.get("need_name") or 0)
    members = [
        {
            "userid": one["userid"],
            "type": one["type"],
            "join_time": one["join_time"],
            "join_scene": one["join_scene"],
            **({"state": one["state"]} if one.get("state") else {}),
            **({"invitor": {"userid": one["invitor"]}} if one.get("invitor") else {}),
            **({"name": _name(world, one["userid"])} if named else {}),
        }
        for one in shown["members"].values()
    ]
    return {
        "group_chat": {
            "chat_id": row["chat_id"],
            "name": shown["name"],
            "owner": shown["owner"],
            "create_time": row["create_time"],
            "notice": row.get("notice", ""),
            "member_list": members,
            "admin_list": [],
            "member_version": f"v{shown['version']}",
        }
    }


def _name(world: World, key: str) -> str:
    row = world.get("externals", key) or world.get("users", key) or {"name": ""}
    return str(row["name"])


def statistic(world: World, call: Call) -> Answer:
    """Per owner, for one range of days: yesterday at the latest, 180 days back, 30 days a call."""
    begin = int(call.need("day_begin_time"))
    end = int(call.json.get("day_end_time") or begin)
    today, first, last = world.day(world.now()), world.day(begin), world.day(end)
    if last >= today or first < today - KEPT_DAYS or not 0 <= last - first < 30:
        raise No(40058, "day")
    owners = (call.json.get("owner_filter") or {}).get("userid_list") or []
    if not 1 <= len(owners) <= 100:
        raise No(40058, "owner_filter")
    rows = [{"owner": one, "data": _data(world, one, first, last)} for one in owners if in_sight(world, one)]
    start, limit = int(call.json.get("offset") or 0), int(call.json.get("limit") or 500)
    some = rows[start : start + limit]
    return {"total": len(rows), "next_offset": start + len(some), "items": some}


def _data(world: World, owner: str, first: int, last: int) -> Answer:
    mine = {row["chat_id"]: row for row in world.all("groups") if row["owner"] == owner}
    counts: Counter[str] = Counter()
    stock = 0
    for line in world.all("log"):
        if line["chat_id"] not in mine or world.day(line["at"]) > last:
            continue
        within = world.day(line["at"]) >= first
        stock += {"join": 1, "leave": -1}.get(line["kind"], 0)
        if within:
            counts[line["kind"]] += 1
    opened = [row for row in mine.values() if world.day(row["create_time"]) <= last]
    return {
        "new_chat_cnt": sum(world.day(row["create_time"]) >= first for row in opened),
        "chat_total": len(opened),
        "chat_has_msg": 0,
        "new_member_cnt": counts["join"],
        "member_total": stock,
        "member_has_msg": 0,
        "msg_total": 0,
    }


TOO_OFTEN = 90599  # the platform's own number for it stands in no public table that we know


def _transfer(world: World, call: Call, *, left: bool) -> Answer:
    new = call.need("new_owner")
    needs_sight(world, new)
    day = world.day(world.now())
    failed = []
    for key in call.need("chat_id_list"):
        row = world.get("groups", key)
        number = 0
        if row is None or row["dismissed"]:
            number = 86003
        elif left != (world.get("users", row["owner"]) is None):
            number = 90500 if left else 90502
        else:
            lately = [at for at in row.get("moved", []) if world.now() - at < 90 * 86400]
            today = world.get("had", f"owner|{day}|{row['owner']}") or {"n": 0}
            if (not left and len(lately) >= 2) or today["n"] >= TRANSFERS_A_DAY:
                number = TOO_OFTEN
            else:
                world.put("had", f"owner|{day}|{row['owner']}", {"n": today["n"] + 1})
                at = int(world.now())
                own = {"userid": new, "type": 1, "join_time": at, "join_scene": 1}
                members = row["members"] if new in row["members"] else row["members"] | {new: own}
                if new not in row["members"]:
                    world.put(
                        "log",
                        str(world.number("log")),
                        {"kind": "join", "chat_id": key, "who": new, "at": world.now()},
                    )
                moved = {"owner": new, "moved": [*lately, world.now()], "members": members, "before": None}
                world.put("groups", key, row | moved | {"version": row["version"] + 1})
        if number:
            failed.append({"chat_id": key, "errcode": number, "errmsg": "no"})
    return {"failed_chat_list": failed}


def transfer(world: World, call: Call) -> Answer:
    """Groups of an owner who is with us get another: twice in ninety days, three hundred a day."""
    return _transfer(world, call, left=False)


def transfer_left(world: World, call: Call) -> Answer:
    """The same for an owner who has left."""
    return _transfer(world, call, left=True)


PATHS = {
    "externalcontact/groupchat/list": chats,
    "externalcontact/groupchat/get": chat,
    "externalcontact/groupchat/statistic": statistic,
    "externalcontact/groupchat/transfer": transfer_left,
    "externalcontact/groupchat/onjob_transfer": transfer,
}
