"""Customers of colleagues, their tags, welcome messages, and the hand-over when a colleague leaves."""

from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, in_sight, needs_sight, page
from tongxin.connect.wecom.sandbox.state import Row, World

Answer = dict[str, Any]
WELCOME_LIVES = 20
MOST_TAGS = 3000


def follow_key(userid: str, external: str) -> str:
    """A colleague's relation with a customer."""
    return f"{userid}|{external}"


def follows_of(world: World, external: str) -> list[Row]:
    """The relations of one customer with colleagues in sight."""
    return [
        row
        for row in world.all("follows")
        if row["external_userid"] == external and in_sight(world, row["userid"])
    ]


def follow_users(world: World, call: Call) -> Answer:  # noqa: ARG001 (the shape of all of them)
    """Colleagues who may have customers."""
    return {"follow_user": [one["userid"] for one in world.all("users") if in_sight(world, one["userid"])]}


def contact_list(world: World, call: Call) -> Answer:
    """Customers of one colleague; 84061 when there are none."""
    userid = call.asked("userid")
    needs_sight(world, userid)
    mine = [row["external_userid"] for row in world.all("follows") if row["userid"] == userid]
    if not mine:
        raise No(84061, "no relation")
    return {"external_userid": mine}


def _info(row: Row) -> Answer:
    return {key: row[key] for key in ("userid", "remark", "createtime", "state", "add_way")}


def batch_get(world: World, call: Call) -> Answer:
    """Customers of up to a hundred colleagues, a page at a time."""
    users = call.need("userid_list")
    if len(users) > 100:
        raise No(40058, "userid_list")
    for one in users:
        needs_sight(world, one)
    mine = [row for row in world.all("follows") if row["userid"] in users]
    some, following = page(mine, call, 100)
    return {
        "external_contact_list": [
            {
                "external_contact": world.get("externals", row["external_userid"]),
                "follow_info": _info(row) | {"tag_id": row["tags"]},
            }
            for row in some
        ],
        "next_cursor": following,
    }


def contact_get(world: World, call: Call) -> Answer:
    """One customer and the colleagues who know him or her."""
    external = call.asked("external_userid")
    found, mine = world.get("externals", external), follows_of(world, external)
    if found is None or not mine:
        raise No(84061, "no relation")
    return {
        "external_contact": found,
        "follow_user": [_info(row) | {"tags": [_tag(world, tag) for tag in row["tags"]]} for row in mine],
        "next_cursor": "",
    }


def _tag(world: World, tag: str) -> Answer:
    row = world.get("tags", tag) or {"group_id": "", "name": ""}
    group = world.get("tag_groups", row["group_id"]) or {"name": ""}
    return {"group_name": group["name"], "tag_name": row["name"], "tag_id": tag, "type": 1}


def tag_list(world: World, call: Call) -> Answer:  # noqa: ARG001 (the shape of all of them)
    """All tags of the corp in their groups."""
    return {
        "tag_group": [
            {
                "group_id": group["id"],
                "group_name": group["name"],
                "create_time": group["at"],
                "order": 0,
                "tag": [
                    {"id": tag["id"], "name": tag["name"], "create_time": tag["at"], "order": 0}
                    for tag in world.all("tags")
                    if tag["group_id"] == group["id"]
                ],
            }
            for group in world.all("tag_groups")
        ]
    }


def tag_add(world: World, call: Call) -> Answer:
    """Tags in a group, which is made when there is none of the name. A name that is there stays as it is."""
    at, wanted = int(world.now()), call.need("tag")
    group = world.get("tag_groups", str(call.json.get("group_id") or "")) or next(
        (row for row in world.all("tag_groups") if row["name"] == call.json.get("group_name")), None
    )
    if group is None:
        if not call.json.get("group_name"):
            raise No(40068, "group")
        key = world.name("tg", 6)
        group = world.put("tag_groups", key, {"id": key, "name": call.json["group_name"], "at": at})
    here = {row["name"]: row for row in world.all("tags") if row["group_id"] == group["id"]}
    if len(world.tables["tags"]) + len(wanted) > MOST_TAGS:
        raise No(40068, "too many")
    for one in wanted:
        if one["name"] not in here:
            key = world.name("et", 8)
            here[one["name"]] = world.put(
                "tags", key, {"id": key, "name": one["name"], "group_id": group["id"], "at": at}
            )
    return {
        "tag_group": {
            "group_id": group["id"],
            "group_name": group["name"],
            "create_time": group["at"],
            "order": 0,
            "tag": [
                {"id": row["id"], "name": row["name"], "create_time": row["at"], "order": 0}
                for row in here.values()
            ],
        }
    }


def tag_edit(world: World, call: Call) -> Answer:
    """Another name for a tag or a group."""
    key = call.need("id")
    table = "tags" if world.get("tags", key) else "tag_groups"
    row = world.get(table, key)
    if row is None:
        raise No(40068, "tag")
    world.put(table, key, row | {"name": call.json.get("name") or row["name"]})
    return {}


def tag_del(world: World, call: Call) -> Answer:
    """Tags, or whole groups, are gone, also from customers."""
    gone = set(call.json.get("tag_id") or [])
    for group in call.json.get("group_id") or []:
        gone |= {row["id"] for row in world.all("tags") if row["group_id"] == group}
        world.drop("tag_groups", group)
    for key in gone:
        world.drop("tags", key)
    for row in world.all("follows"):
        if gone & set(row["tags"]):
            kept = [tag for tag in row["tags"] if tag not in gone]
            world.put("follows", follow_key(row["userid"], row["external_userid"]), row | {"tags": kept})
    return {}


def mark_tag(world: World, call: Call) -> Answer:
    """Tags of one colleague's customer: per colleague, not per customer."""
    key = follow_key(call.need("userid"), call.need("external_userid"))
    needs_sight(world, call.json["userid"])
    row = world.get("follows", key)
    if row is None:
        raise No(84061, "no relation")
    more, less = call.json.get("add_tag") or [], set(call.json.get("remove_tag") or [])
    if any(world.get("tags", tag) is None for tag in more):
        raise No(40068, "tag")
    kept = [tag for tag in row["tags"] if tag not in less]
    world.put("follows", key, row | {"tags": kept + [tag for tag in more if tag not in kept]})
    return {}


def welcome(world: World, call: Call) -> Answer:
    """A welcome, within twenty seconds and once."""
    code = call.need("welcome_code")
    row = world.get("welcomes", code)
    if row is None or row["used"] or row["until"] <= world.now():
        raise No(41051, "welcome used or over")
    world.put(
        "welcomes",
        code,
        row | {"used": True, "text": (call.json.get("text") or {}).get("content", ""), "at": world.now()},
    )
    return {}


TRANSFER_WAITS = 86400.0
DONE, WAITS, REFUSED = 1, 2, 3


def _transfer(world: World, call: Call, *, left: bool) -> Answer:
    settle(world)
    old, new = call.need("handover_userid"), call.need("takeover_userid")
    needs_sight(world, new)
    if len(call.need("external_userid")) > 100:
        raise No(40058, "external_userid")
    if left and world.get("users", old) is not None:
        raise No(40097, "has not left")
    results = []
    for external in call.json["external_userid"]:
        row = world.get("follows", follow_key(old, external))
        done = world.get("transfers", external) or {"done": []}
        lately = [at for at in done["done"] if world.now() - at < 90 * 86400]
        number = 0
        if row is None:
            number = 40096
        elif done.get("status") == WAITS:
            number = 40129
        elif not left and len(lately) >= 2:
            number = 40128
        else:
            began = {
                "external": external,
                "from": old,
                "to": new,
                "status": WAITS,
                "at": world.now(),
                "done": lately,
            }
            world.put("transfers", external, began)
        results.append({"external_userid": external, "errcode": number})
    return {"customer": results}


def transfer(world: World, call: Call) -> Answer:
    """Customers of a colleague who is with us go to another after a day: twice in ninety days at most."""
    return _transfer(world, call, left=False)


def transfer_left(world: World, call: Call) -> Answer:
    """The same for a colleague who has left."""
    return _transfer(world, call, left=True)


def settle(world: World) -> None:
    """What waited for a day is handed over, unless the customer refused."""
    for row in world.all("transfers"):
        if row.get("status") != WAITS or world.now() - row["at"] < TRANSFER_WAITS:
            continue
        follow = world.get("follows", follow_key(row["from"], row["external"]))
        if follow is not None:
            world.drop("follows", follow_key(row["from"], row["external"]))
            known = world.get("follows", follow_key(row["to"], row["external"]))
            if known is None:
                moved = follow | {"userid": row["to"], "createtime": int(world.now())}
                world.put("follows", follow_key(row["to"], row["external"]), moved)
        ended = row | {"status": DONE, "took": world.now(), "done": [*row["done"], world.now()]}
        world.put("transfers", row["external"], ended)


def transfer_result(world: World, call: Call) -> Answer:
    """How far each is: with the instant at which it was, or will be, taken over."""
    settle(world)
    old, new = call.need("handover_userid"), call.need("takeover_userid")
    rows = [
        {
            "external_userid": row["external"],
            "status": row["status"],
            "takeover_time": int(
                row.get("took") or (row["at"] + TRANSFER_WAITS if row["status"] == WAITS else 0)
            ),
        }
        for row in world.all("transfers")
        if (row["from"], row["to"]) == (old, new)
    ]
    some, following = page(rows, call, 1000)
    return {"customer": some, "next_cursor": following}


PATHS = {
    "externalcontact/get_follow_user_list": follow_users,
    "externalcontact/list": contact_list,
    "externalcontact/batch/get_by_user": batch_get,
    "externalcontact/get": contact_get,
    "externalcontact/get_corp_tag_list": tag_list,
    "externalcontact/add_corp_tag": tag_add,
    "externalcontact/edit_corp_tag": tag_edit,
    "externalcontact/del_corp_tag": tag_del,
    "externalcontact/mark_tag": mark_tag,
    "externalcontact/send_welcome_msg": welcome,
    "externalcontact/transfer_customer": transfer,
    "externalcontact/resigned/transfer_customer": transfer_left,
    "externalcontact/transfer_result": transfer_result,
    "externalcontact/resigned/transfer_result": transfer_result,
}
