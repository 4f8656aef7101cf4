"""What may be asked of a study before anything heavy is loaded: shapes, not statistics; and what publishing writes down."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from tongxin.foundation.errors import Refused
from tongxin.measure.terms import DESIGN_FIELDS, TREATED_KINDS

LONGEST_LIST = 24


def read_design(treated: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """The design as plain JSON values. Refuses `measure.design_bad` for unknown names and wrong shapes.

    Whether a design makes sense for the data is for the engine to say; it answers in the study itself.
    """
    _treated(treated)
    for name, value in given.items():
        kind = DESIGN_FIELDS.get(name)
        if kind is None:
            raise _bad(name, "没有这一项 · unknown")
        if not _fits(value, kind):
            raise _bad(name, f"应为 {kind.__name__} · must be {kind.__name__}")
    return dict(given) | {"treated": treated}


def _treated(treated: str) -> None:
    kind, _, code = treated.partition(":")
    if treated != "participation" and (kind not in TREATED_KINDS or not code or len(code) > 120):
        raise _bad("treated", f"participation, {', '.join(f'{k}:ID' for k in TREATED_KINDS)}")


def _fits(value: object, kind: type) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool)
    if kind is list:
        return (
            isinstance(value, list | tuple)
            and len(value) <= LONGEST_LIST
            and all(isinstance(item, int | str) and not isinstance(item, bool) for item in value)
        )
    return isinstance(value, kind)


def _bad(field: str, reason: str) -> Refused:
    return Refused("measure.design_bad", field=field[:40], reason=reason)


# ---- studies that are registered when something is published

DAY_90 = timedelta(days=90)
SEASON = timedelta(days=90)  # a series is asked about its dates of the first ninety days
SCHEMA = "tongxin.protocol/1"
# Weeks, so that the longest window and the days in which a purchase can come back are over on day 90: a week of entry ends on
# day 6 at the latest, eleven more on day 83, seven days of returns on day 90.
BY_DAY_90: Mapping[str, Any] = {
    "period": "week",
    "baseline": [-12, -3],
    "early": [-12, -8],
    "donut": 2,
    "windows": [4, 11],
    "min_tenure": 12,
    "min_cohort": 1,
    "draws": 499,
}
# What a kit's goals say in words that a till can answer; the others are counted where the event is run.
FIGURES: Mapping[str, str] = {"再来": "orders_per_month", "复购": "orders_per_month", "客单": "basket_value"}


@dataclass(frozen=True)
class Opening:
    """What is opened for registration, and what its kit wants of it. `thing` is (room, kind, key): an event or a series."""

    thing: tuple[str, str, str]
    title: str
    store: str
    kit: str
    version: int
    kit_hash: str
    instance: str
    goals: tuple[Mapping[str, Any], ...]
    starts_at: datetime
    ends_at: datetime
    drawn: bool


def protocol_of(opening: Opening) -> dict[str, Any]:
    """The question of an event or series, whole, as plain JSON: nothing of it depends on what will happen."""
    series = opening.thing[1] == "series"
    until = opening.starts_at + SEASON if series else opening.ends_at
    treated = treated_by(opening.kit, opening.instance)
    found = {"spend_per_month", "orders_per_month"} | {
        figure for goal in opening.goals for word, figure in FIGURES.items() if word in str(goal["title"])
    }
    design = dict(BY_DAY_90) | {
        "treated": treated,
        "kind": "lottery" if opening.drawn else "two_control",
        "kpis": sorted(found),
        "primary": "spend_per_month",
        "seed": int(sha256(treated.encode()).hexdigest()[:7], 16),
    }
    return {
        "schema": SCHEMA,
        "question": {
            "zh": f"来过「{opening.title}」的人，之后十一周在店里买得更多吗？",
            "en": f"Do those who came to “{opening.title}” buy more over the eleven weeks after?",
        },
        "thing": list(opening.thing),
        "store": opening.store,
        "kit": {"code": opening.kit, "version": opening.version, "hash": opening.kit_hash},
        "treated": treated,
        "controls": "lost_draw" if opening.drawn else "never_and_later_joiners",
        "goals": [
            {"title": goal["title"], "target": goal["target"], "unit": goal["unit"]} for goal in opening.goals
        ],
        "horizon_days": DAY_90.days,
        "counts_until": until.isoformat(),
        "due_at": due_of(opening).isoformat(),
        "design": design,
    }


def due_of(opening: Opening) -> datetime:
    """When it is answered: day 90 after the event, or after the last day of a series' season."""
    return (opening.starts_at + SEASON if opening.thing[1] == "series" else opening.ends_at) + DAY_90


def treated_by(kit: str, instance: str) -> str:
    """How a design calls who took part in one store's round of a kit."""
    return f"kit:{kit}@{instance}"


def digest(protocol: Mapping[str, Any]) -> str:
    """sha256 over the protocol in one spelling.

    >>> digest({"b": 1, "a": 2}) == digest({"a": 2, "b": 1})
    True
    """
    text = json.dumps(protocol, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return f"sha256:{sha256(text.encode()).hexdigest()}"


def intact(*, protocol: Mapping[str, Any], kept: str, told: str, design: Mapping[str, Any]) -> bool:
    """Is what is to be run what was written down: by its hash beside it, by the hash in the trail, and in the design itself?"""
    return digest(protocol) == kept == told and protocol.get("design") == design
