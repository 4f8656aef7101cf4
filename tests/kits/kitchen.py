"""A kit for tests, small and whole, and what makes it through the actions. Any room's tests may use it."""

import copy
from typing import Any

from stores.factories import TESTS, StoreFactory
from tongxin.kits import actions
from tongxin.kits.actions import Planned, Thing
from tongxin.kits.models import Instance, Kit, Use, Version

SMALL: dict[str, Any] = {
    "title": "小小烘焙师",
    "summary": "周末带孩子做一炉饼干。",
    "kind": "ritual",
    "format": "class",
    "start_time": "10:00",
    "minutes": 90,
    "places": 12,
    "party_most": 3,
    "age_from": 3,
    "age_to": 10,
    "fee_fen": 3900,
    "voucher_fen": 3900,
    "budget_fen": 42000,
    "allergens": "含麸质、奶、蛋",
    "outline": [
        {"key": "dough", "title": "和面", "minutes": 40, "note": ""},
        {"key": "story", "title": "讲故事", "minutes": 20, "note": "门店选"},
    ],
    "materials": [
        {
            "key": "flour",
            "name": "面粉",
            "unit": "g",
            "per_place": 180,
            "fixed": 0,
            "pack": 1000,
            "pack_fen": 900,
        },
        {
            "key": "icing",
            "name": "糖霜",
            "unit": "支",
            "per_place": 3,
            "fixed": 0,
            "pack": 1,
            "pack_fen": 220,
        },
    ],
    "poster": [{"key": "main", "template": "family", "title": "小小烘焙师", "line": "周末做饼干"}],
    "warmup": [
        {
            "key": "teaser",
            "title": "预告",
            "day": -7,
            "time": "18:30",
            "to": "store",
            "text": "{活动日期} {门店} 见，{名额} 席。",
        },
        {
            "key": "remind",
            "title": "提醒",
            "day": -1,
            "time": "12:00",
            "to": "registered",
            "text": "明天 {开始时间} 见。",
        },
        {
            "key": "works",
            "title": "晒作品",
            "day": 1,
            "time": "10:30",
            "to": "came",
            "text": "把作品发到群里吧。",
        },
    ],
    "roles": [{"key": "champion", "title": "主理人", "count": 1, "duty": "签到"}],
    "kpis": [{"key": "came", "title": "到场率", "target": 80, "unit": "%"}],
    "checklist": [{"key": "oven", "day": 0, "title": "预热烤箱"}],
    "safety": [{"key": "oven", "text": "孩子不进烤箱区。"}],
    "allow": {
        "places": {"rule": "range", "least": 8, "most": 16},
        "start_time": {"rule": "range", "least": "09:30", "most": "15:00"},
        "outline.story.note": {"rule": "free"},
        "materials.icing.per_place": {"rule": "range", "one_of": [2, 3, 4]},
        "warmup.teaser.text": {"rule": "range", "most": 60},
    },
}


def content(**more: Any) -> dict[str, Any]:
    """The small kit, with other values at the top."""
    return copy.deepcopy(SMALL) | more


def cooked(code: str = "little-baker", *, everywhere: bool = True, **more: Any) -> Kit:
    """A kit with a draft, offered to everybody unless said otherwise."""
    kit = actions.make_kit(viewer=TESTS, code=code, content=content(**more))
    if everywhere:
        actions.offer(viewer=TESTS, kit_id=kit.public_id, everywhere=True)
    return kit


def released(kit: Kit | None = None, *, revision: int = 1, **more: Any) -> Version:
    """A released version; with a kit that is there, its draft changed first."""
    if kit is None:
        kit = cooked(**more)
    elif more:
        revision = actions.change_draft(
            viewer=TESTS, kit_id=kit.public_id, revision=revision, content=content(**more)
        ).revision
    return actions.release(viewer=TESTS, kit_id=kit.public_id, revision=revision)


def taken(
    version: Version, store: Any = None, *, key: str = "e1", kind: str = "occurrence", **overrides: Any
) -> Instance:
    """A store has adopted it."""
    return actions.adopt(
        viewer=TESTS,
        version_id=version.public_id,
        store=store or StoreFactory(),
        thing=Thing("events", kind, key),
        overrides=overrides.pop("own", None) or overrides,
    )


def used(instance: Instance, starts_at: Any, ends_at: Any, *, key: str = "") -> Use:
    """One event of an instance."""
    return actions.plan_uses(instance=instance, events=[Planned(key or instance.key, starts_at, ends_at)])[0]
