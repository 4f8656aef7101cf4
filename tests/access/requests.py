"""What each route is sent: its address and, for writes, a body that works. A new write without one fails the matrix."""

from typing import Any

from django.urls import get_resolver, reverse

from access.actors import FAR, HERE, Actor, World
from access.things import HQ, merged_target
from tongxin.foundation.access import Row

FIXED = {"purpose": "photo", "role": "hq", "token": "0" * 32}


def address(row: Row, thing: str | None, world: World) -> str:
    """The path of a row for one thing."""
    kwargs: dict[str, Any] = {}
    for name in parameters(row.route):
        kwargs[name] = FIXED.get(name) or thing
    if row.route == "api:member.unmerge":  # the thing of this route is the link in its body
        kwargs = {"member_id": merged_target(world, thing) if thing in _links(world) else thing}
    return reverse(row.route, kwargs=kwargs)


def _links(world: World) -> set[str]:
    return {m["id"] for m in world.made.get("merges", {}).values()}


def parameters(route: str) -> list[str]:
    """The names of a route's address parameters."""
    resolver, name = get_resolver(), route
    if ":" in route:
        space, name = route.split(":")
        resolver = resolver.namespace_dict[space][1]
    return list(resolver.reverse_dict.getlist(name)[0][0][0][1])


def _home(world: World, actor: Actor) -> dict[str, Any]:
    return world.store(actor.home or HERE)


def _new_member(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"nickname": "新朋友", "home_store": _home(world, actor)["id"], "phone": "13900000001"}


def _new_grant(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    home = _home(world, actor)
    return {"account": home["door"]["account"], "role": "door", "store": home["id"]}


def _merging(world: World, actor: Actor, thing: str | None) -> dict[str, Any]:
    return {"source": _home(world, actor)["members"][2]["id"], "reason": "member_asked"}


ANSWER = {"granted": True, "notice_version": "2026-01"}
BODIES: dict[tuple[str, str], Any] = {
    ("api:members", "POST"): _new_member,
    ("api:member.consent", "PUT"): ANSWER,
    ("api:member.merge", "POST"): _merging,
    ("api:member.unmerge", "POST"): lambda world, actor, thing: {"merge": thing},
    ("api:member.export", "POST"): None,
    ("api:member.erase", "POST"): {"reason": "asked by letter"},
    ("api:me.consent", "PUT"): ANSWER,
    ("api:me.personalisation", "PUT"): {"on": False},
    ("api:me.tag", "DELETE"): None,
    ("api:me.export", "POST"): None,
    ("api:me.erase", "POST"): {"reason": "moving away"},
    ("api:me.companions", "POST"): {
        "nickname": "豆豆",
        "age_years": 7,
        "agreed": True,
        "notice_version": "2026-01",
    },
    ("api:me.companion", "DELETE"): None,
    ("api:grants", "POST"): _new_grant,
    ("api:grant", "DELETE"): None,
    ("api:devices", "POST"): lambda world, actor, thing: {
        "store": _home(world, actor)["id"],
        "name": "签到机",
    },
    ("api:device", "DELETE"): None,
    ("api:devices.activate", "POST"): {"code": "AAAA-BBBB-CCCC-DDDD"},
    ("api:studies", "POST"): {"title": "活动带来了什么"},
    ("api:measurements", "POST"): {"kind": "concentration"},
    ("api:rings.policy", "PUT"): {"body": {}, "note": "again"},
    ("api:webhooks", "POST"): {"url": "https://93.184.215.14/hook", "acts": ["accounts.*"]},
    ("api:webhook", "DELETE"): None,
    ("api:webhook.rotate", "POST"): None,
}
HEADERS = {("api:rings.policy", "PUT"): {"If-Match": '"1"'}}


def body(row: Row, world: World, actor: Actor, thing: str | None) -> Any:
    """A body that works for the actor."""
    made = BODIES[row.route, row.method]
    return made(world, actor, thing) if callable(made) else made


__all__ = ["FAR", "HQ", "address", "body", "parameters"]
