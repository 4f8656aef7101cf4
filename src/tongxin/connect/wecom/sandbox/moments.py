"""Moments (朋友圈): asynchronous, and colleagues must tap too."""

from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No, in_sight
from tongxin.connect.wecom.sandbox.state import World

Answer = dict[str, Any]
READY_AFTER = 3.0  # seconds until the job is done


def add(world: World, call: Call) -> Answer:
    """A job; the moment exists a little later."""
    text = str((call.json.get("text") or {}).get("content") or "")
    if not text and not call.json.get("attachments"):
        raise No(40063, "empty")
    if len(text) > 2000 or len(call.json.get("attachments") or []) > 9:
        raise No(45002, "too long")
    wanted = ((call.json.get("visible_range") or {}).get("sender_list") or {}).get("user_list") or []
    key = world.name("job", 8)
    moment = world.name("mom", 8)
    good = [one for one in wanted if in_sight(world, one)]
    world.put(
        "moments",
        moment,
        {
            "moment_id": moment,
            "text": text,
            "at": world.now(),
            "senders": good,
            "tapped": {},
            "cancelled": False,
        },
    )
    bad = [one for one in wanted if one not in good]
    world.put("jobs", key, {"moment": moment, "at": world.now(), "bad": bad})
    return {"jobid": key}


def result(world: World, call: Call) -> Answer:
    """1 begun, 2 working, 3 done."""
    row = world.get("jobs", call.asked("jobid"))
    if row is None:
        raise No(40058, "jobid")
    if world.now() - row["at"] < READY_AFTER:
        return {"status": 2, "type": "add_moment_task"}
    return {
        "status": 3,
        "type": "add_moment_task",
        "result": {
            "errcode": 0,
            "errmsg": "ok",
            "moment_id": row["moment"],
            "invalid_sender_list": {"user_list": row["bad"]},
        },
    }


def task(world: World, call: Call) -> Answer:
    """Which colleagues have published it."""
    row = world.get("moments", call.need("moment_id"))
    if row is None:
        raise No(40058, "moment_id")
    return {
        "task_list": [{"userid": one, "publish_status": int(one in row["tapped"])} for one in row["senders"]],
        "next_cursor": "",
    }


def cancel(world: World, call: Call) -> Answer:
    """Nobody can publish it any more."""
    row = world.get("moments", call.need("moment_id"))
    if row is None:
        raise No(40058, "moment_id")
    world.put("moments", row["moment_id"], row | {"cancelled": True})
    return {}


def tap(world: World, moment: str, userid: str) -> bool:
    """A colleague publishes it. False: there is nothing to publish."""
    row = world.get("moments", moment)
    if row is None or row["cancelled"] or userid in row["tapped"] or userid not in row["senders"]:
        return False
    world.put("moments", moment, row | {"tapped": row["tapped"] | {userid: world.now()}})
    return True


PATHS = {
    "externalcontact/add_moment_task": add,
    "externalcontact/get_moment_task_result": result,
    "externalcontact/get_moment_task": task,
    "externalcontact/cancel_moment_task": cancel,
}
