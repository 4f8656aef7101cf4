"""One factory per kind of thing: which one an actor has, and which one is somebody else's.

`None` where an actor has none (a champion holds no webhook) or where nothing is foreign to them (headquarters).
"""

import uuid
from dataclasses import dataclass
from typing import Any

from access.actors import FAR, HERE, JOB, Actor, World
from tongxin.foundation.webhooks import actions as webhooks
from tongxin.measure import actions as measure
from tongxin.people import actions as people
from tongxin.people import queries as persons
from tongxin.people.terms import MergeReason
from tongxin.stores import queries as stores

HQ = {"admin", "hq_editor", "hq_analyst", "auditor"}
MEMBER = "member"


@dataclass(frozen=True)
class Things:
    """What a request is about: the actor's own, and a foreign one."""

    own: str | None
    foreign: str | None = None


def _homes(actor: Actor) -> tuple[tuple[int, int], tuple[int, int] | None]:
    if actor.role in HQ or actor.home is None:
        return HERE, None
    return actor.home, FAR if actor.home == HERE else HERE


def _by_store(world: World, actor: Actor, pick: Any) -> Things:
    own, foreign = _homes(actor)
    return Things(pick(world.store(own)), None if foreign is None else pick(world.store(foreign)))


def store(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: s["id"])


def member(world: World, actor: Actor) -> Things:
    # The last one: the first three are actors themselves.
    return _by_store(world, actor, lambda s: s["members"][-1]["id"])


def device(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: s["device"]["id"])


def grant(world: World, actor: Actor) -> Things:
    if (
        actor.role == "champion"
    ):  # sees and gives back their own; whom they let in at the door is the manager's to end
        own, foreign = _homes(actor)
        return Things(
            next(c["grant"] for c in world.store(own)["champions"] if c["handle"] == actor.handle),
            world.store(foreign)["door"]["grant"],
        )
    return _by_store(world, actor, lambda s: s["door"]["grant"])


def merge(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _merge(world, s)["id"])


def merged_target(world: World, merge_id: str) -> str:
    return next(m["target"] for m in world.made["merges"].values() if m["id"] == merge_id)


def _merge(world: World, s: dict[str, Any]) -> dict[str, str]:
    made = world.made.setdefault("merges", {})
    if s["id"] not in made:
        source, target = (persons.access_customer(JOB, s["members"][i]["id"]) for i in (3, 4))
        link = people.merge(viewer=JOB, source=source, target=target, reason=MergeReason.MEMBER_ASKED)
        made[s["id"]] = {"id": str(link.public_id), "target": str(target.public_id)}
    return made[s["id"]]


def webhook(world: World, actor: Actor) -> Things:
    if "webhook" not in world.made:
        made, _ = webhooks.subscribe(viewer=JOB, url="https://93.184.215.14/hook", acts=["accounts.*"])
        world.made["webhook"] = str(made.public_id)
    return Things(world.made["webhook"])


def study(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _study(world, s))


def _study(world: World, s: dict[str, Any]) -> str:
    made = world.made.setdefault("studies", {})
    if s["id"] not in made:
        planned = measure.plan_study(viewer=JOB, title=s["mark"], store=stores.access_store(JOB, s["id"]))
        made[s["id"]] = str(planned.public_id)
    return made[s["id"]]


def measurement(world: World, actor: Actor) -> Things:
    return _by_store(world, actor, lambda s: _measurement(world, s))


def _measurement(world: World, s: dict[str, Any]) -> str:
    made = world.made.setdefault("measurements", {})
    if s["id"] not in made:
        asked = measure.ask_measurement(
            viewer=JOB, kind="concentration", store=stores.access_store(JOB, s["id"])
        )
        made[s["id"]] = str(asked.public_id)
    return made[s["id"]]


def _of_member(world: World, actor: Actor, pick: Any) -> Things:
    others = world.store(FAR)["members"][0]
    mine = next((m for m in world.store(HERE)["members"] if m["handle"] == actor.handle), None)
    return Things(None if mine is None else pick(mine), pick(others))


def tag(world: World, actor: Actor) -> Things:
    return _of_member(world, actor, lambda m: m["tag"])


def companion(world: World, actor: Actor) -> Things:
    return _of_member(world, actor, lambda m: (m["companions"] or [None])[0])


FACTORIES = {
    "store": store,
    "member": member,
    "device": device,
    "grant": grant,
    "merge": merge,
    "webhook": webhook,
    "study": study,
    "measurement": measurement,
    "tag": tag,
    "companion": companion,
}


def absent() -> str:
    return str(uuid.uuid4())
