"""Tokens, departments, colleagues, signing in, messages of the app to colleagues."""

from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, in_sight
from tongxin.connect.wecom.sandbox.state import World

Answer = dict[str, Any]
CODE_LIVES = 300


def gettoken(world: World, call: Call) -> Answer:
    """A fresh token; older ones go on living until their time."""
    if call.asked("corpid") != world.setting("corp"):
        raise No(40013, "invalid corpid")
    if call.asked("corpsecret") != world.setting("secret"):
        raise No(40001, "invalid credential")
    lives = int(world.setting("token_lives"))
    token = world.name("token-", 24)
    world.put("tokens", token, {"token": token, "until": world.now() + lives, "over": 0})
    return {"access_token": token, "expires_in": lives}


def departments(world: World, call: Call) -> Answer:  # noqa: ARG001 (the shape of all of them)
    """The tree, or what lies below one."""
    return {"department": world.all("departments")}


def _below(world: World, root: int) -> set[int]:
    found = {root}
    for _ in world.tables["departments"]:
        found |= {row["id"] for row in world.all("departments") if row["parentid"] in found}
    return found


def simplelist(world: World, call: Call) -> Answer:
    """Colleagues of a department and, with fetch_child, of those below."""
    root = int(call.asked("department_id"))
    wanted = _below(world, root) if call.query.get("fetch_child") == "1" else {root}
    return {
        "userlist": [
            {"userid": one["userid"], "name": one["name"], "department": one["department"]}
            for one in world.all("users")
            if wanted & set(one["department"]) and in_sight(world, one["userid"])
        ]
    }


def user_get(world: World, call: Call) -> Answer:
    """One colleague."""
    userid = call.asked("userid")
    found = world.get("users", userid)
    if found is None:
        raise No(60111, "userid not found")
    if not in_sight(world, userid):
        raise No(60011, "no privilege")
    return {"status": 1, **found}


def list_id(world: World, call: Call) -> Answer:  # noqa: ARG001 (the shape of all of them)
    """Every colleague's id with a department."""
    rows = [
        {"userid": one["userid"], "department": d} for one in world.all("users") for d in one["department"]
    ]
    return {"dept_user": rows, "next_cursor": ""}


def getuserinfo(world: World, call: Call) -> Answer:
    """Who stands behind a code: a colleague, or a customer. Each code once, for five minutes."""
    code = call.asked("code")
    found = world.get("codes", code)
    if found is None or found["until"] <= world.now():
        raise No(40029, "invalid code")
    world.drop("codes", code)
    if found["userid"]:
        return {"userid": found["userid"], "user_ticket": f"ticket-{code}"}
    return {"openid": f"open-{found['external_userid']}", "external_userid": found["external_userid"]}


def getuserdetail(world: World, call: Call) -> Answer:  # noqa: ARG001 (the shape of all of them)
    """What a colleague agreed to show."""
    if not str(call.need("user_ticket")).startswith("ticket-"):
        raise No(40029, "invalid ticket")
    return {"userid": "", "gender": "0", "avatar": "", "mobile": ""}


def message_send(world: World, call: Call) -> Answer:
    """A message of the app; the unknown and those out of sight are named as invalid."""
    if int(call.need("agentid")) != int(world.setting("agent")):
        raise No(40056, "invalid agentid")
    wanted = str(call.json.get("touser") or "").split("|")
    good = [one for one in wanted if in_sight(world, one)]
    if not good:
        raise No(81013, "user & party & tag all invalid")
    row = {
        "to": good,
        "type": call.need("msgtype"),
        "body": call.json.get(call.json["msgtype"]),
        "at": world.now(),
    }
    same = None
    if call.json.get("enable_duplicate_check"):
        since = world.now() - min(int(call.json.get("duplicate_check_interval") or 1800), 4 * 3600)
        same = next(
            (
                key
                for key, old in world.tables["notices"].items()
                if old["at"] > since
                and (old["to"], old["type"], old["body"]) == (good, row["type"], row["body"])
            ),
            None,
        )
    key = same or world.name("app", 8)
    if same is None:
        world.put("notices", key, row)
    return {"invaliduser": "|".join(sorted(set(wanted) - set(good))), "msgid": key}


PATHS = {
    "gettoken": gettoken,
    "department/list": departments,
    "user/simplelist": simplelist,
    "user/get": user_get,
    "user/list_id": list_id,
    "auth/getuserinfo": getuserinfo,
    "auth/getuserdetail": getuserdetail,
    "message/send": message_send,
}
