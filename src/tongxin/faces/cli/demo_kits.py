"""The demo's kits: the five starters, and three stores that have taken one for a day ahead, each in its own way."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tongxin.events import actions as events
from tongxin.faces.cli.demo_life import BUILDER
from tongxin.foundation import clock
from tongxin.kits import actions, queries

# Which shop takes which kit: days ahead, the hour, and what it does differently.
TAKEN: tuple[tuple[int, str, int, int, dict[str, int | str]], ...] = (
    (0, "little-baker", 13, 10, {"places": 10, "outline.story.title": "进烤箱，等的时候读绘本"}),
    (1, "mums-morning-tea", 6, 9, {}),
    (2, "swap-corner", 20, 14, {"places": 30}),
    (0, "tasting", 1, 15, {}),  # tomorrow: its preparations are on today's desk
)
# What a store said does not work there, in one tap with a sentence: kit, step, sentence.
SAID = (
    ("swap-corner", "checklist.rack", "门口只放得下两排挂衣架"),
    ("tasting", "outline.cards", "我们店的试吃台只站得下六个人"),
)


def build(now: datetime, shops: Sequence[Any]) -> None:
    """Seed the kits, take three of them, let one store say what does not work there."""
    with clock.held(now):
        made = {kit.code: kit for kit in actions.seed(viewer=BUILDER)}
        for shop, code, days, hour, own in TAKEN:
            if code not in made or shop >= len(shops):
                continue
            version = queries.version_to_take(BUILDER, made[code].public_id, None)
            day = clock.business_day(now) + timedelta(days=days)
            event = events.draft_from_kit(
                viewer=BUILDER,
                store=shops[shop],
                version_id=version.public_id,
                starts_at=clock.day_start(day) + timedelta(hours=hour),
                overrides=own,
                simulated=True,
            )
            events.publish(viewer=BUILDER, event_id=event.occurrence.public_id)
            for kit, step, sentence in SAID:
                if kit == code:
                    actions.report_step(
                        viewer=BUILDER,
                        version_id=version.public_id,
                        store=shops[shop],
                        step=step,
                        sentence=sentence,
                    )
