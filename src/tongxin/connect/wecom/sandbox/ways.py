"""Ways in: codes that lead into groups and codes that lead to colleagues."""

from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, needs_sight
from tongxin.connect.wecom.sandbox.state import World

Answer = dict[str, Any]


def _checked(call: Call) -> None:
    if len(str(call.json.get("state") or "")) > 30 or len(str(call.json.get("remark") or "")) > 30:
        raise No(40058, "state or remark")


def _stored(world: World, call: Call, kind: str) -> Answer:
    key = world.name("cfg", 10)
    code = f"https://sandbox.invalid/{kind}/{key}"
    row = dict(call.json) | {"config_id": key, "way": kind, "qr_code": code}
    world.put("ways", key, row)
    return {"config_id": key, **({"qr_code": code} if kind == "contact" else {})}


def join_add(world: World, call: Call) -> Answer:
    """A code into up to five groups."""
    call.need("scene")
    _checked(call)
    chats = call.need("chat_id_list")
    if len(chats) > 5:
        raise No(40058, "chat_id_list")
    for key in chats:
        row = world.get("groups", key)
        if row is None or row["dismissed"]:
            raise No(86003, "chat")
    return _stored(world, call, "group")


def contact_add(world: World, call: Call) -> Answer:
    """A code to colleagues."""
    call.need("type")
    call.need("scene")
    _checked(call)
    users = call.json.get("user") or []
    if (not users and not call.json.get("party")) or len(users) > 100:
        raise No(40058, "user")
    for one in users:
        needs_sight(world, one)
    return _stored(world, call, "contact")


def _find(world: World, call: Call, kind: str) -> dict[str, Any]:
    row = world.get("ways", str(call.need("config_id")))
    if row is None or row["way"] != kind:
        raise No(40058, "config_id")
    return row


def join_get(world: World, call: Call) -> Answer:
    """One code into groups."""
    return {"join_way": _find(world, call, "group")}


def contact_get(world: World, call: Call) -> Answer:
    """One code to colleagues."""
    return {"contact_way": _find(world, call, "contact")}


def join_update(world: World, call: Call) -> Answer:
    """Another content behind the same code."""
    _checked(call)
    row = _find(world, call, "group")
    world.put("ways", row["config_id"], row | call.json)
    return {}


def contact_update(world: World, call: Call) -> Answer:
    """Another content behind the same code."""
    _checked(call)
    row = _find(world, call, "contact")
    world.put("ways", row["config_id"], row | call.json)
    return {}


def join_del(world: World, call: Call) -> Answer:
    """The code leads nowhere."""
    world.drop("ways", _find(world, call, "group")["config_id"])
    return {}


def contact_del(world: World, call: Call) -> Answer:
    """The code leads nowhere."""
    world.drop("ways", _find(world, call, "contact")["config_id"])
    return {}


PATHS = {
    "externalcontact/groupchat/add_join_way": join_add,
    "externalcontact/groupchat/get_join_way": join_get,
    "externalcontact/groupchat/update_join_way": join_update,
    "externalcontact/groupchat/del_join_way": join_del,
    "externalcontact/add_contact_way": contact_add,
    "externalcontact/get_contact_way": contact_get,
    "externalcontact/update_contact_way": contact_update,
    "externalcontact/del_contact_way": contact_del,
}
