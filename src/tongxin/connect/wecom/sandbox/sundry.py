"""Media, and the robot of a group of colleagues."""

import re
from typing import Any

from tongxin.connect.wecom.sandbox.room import Call, No
from tongxin.connect.wecom.sandbox.state import World

Answer = dict[str, Any]
LARGEST = {"image": 10 * 2**20, "voice": 2 * 2**20, "video": 10 * 2**20, "file": 20 * 2**20}
ROBOT_A_MINUTE = 20
NAMED = re.compile(rb'name="media"[^\r\n]*filename="')


def upload(world: World, call: Call) -> Answer:
    """A file as multipart, field `media`: good for three days."""
    kind = call.query.get("type") or call.query.get("media_type") or ""
    if kind not in LARGEST:
        raise No(40004, "media type")
    if not NAMED.search(call.body):
        raise No(41005, "media missing")
    if not 5 < len(call.body) <= LARGEST[kind] + 1024:
        raise No(45001, "size")
    key = world.name("media", 12)
    world.put("media", key, {"media_id": key, "type": kind, "at": world.now(), "bytes": len(call.body)})
    return {"type": kind, "media_id": key, "created_at": str(int(world.now()))}


def robot(world: World, call: Call) -> Answer:
    """A message into a group of colleagues: twenty a minute."""
    key = call.asked("key")
    lately = [at for at in (world.get("robots", key) or {"at": []})["at"] if world.now() - at < 60]
    if len(lately) >= ROBOT_A_MINUTE:
        raise No(45009, "robot")
    world.put("robots", key, {"at": [*lately, world.now()], "last": call.json})
    return {}


PATHS = {"media/upload": upload, "media/upload_attachment": upload, "webhook/send": robot}
