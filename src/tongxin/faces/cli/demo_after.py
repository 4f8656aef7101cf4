"""What came after one event of the demo: its review, a group for those who came, photos in all four states, a survey that was drawn.

Built through the actions only. The photos are drawn by us: nobody real is seen in them.
"""

import io
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from PIL import Image, ImageDraw

from tongxin.events import actions
from tongxin.events.queries import member, my_surveys, star_choices
from tongxin.events.terms_after import PhotoMoment, PhotoState
from tongxin.faces.cli.demo_life import BUILDER, Neighbour, own_viewer
from tongxin.foundation import clock

SEED = 20260309
SIDE = (960, 720)
SCORES = (10, 9, 9, 10, 8, 7, 9, 6, 10)
WORDS = ("围裙小了一点", "想多待半小时", "", "", "孩子一路抱着饼干", "", "", "停车不太好找", "")
# When, what it says underneath, two colours, and how far out it is to stand.
SHOTS: tuple[tuple[PhotoMoment, str, str, str, PhotoState], ...] = (
    (PhotoMoment.BEFORE, "烤箱预热，围裙摆好", "#f3e3cf", "#be3d0a", PhotoState.ADVERT),
    (PhotoMoment.DURING, "南瓜泥上手", "#efd9b4", "#8a5a12", PhotoState.GROUP),
    (PhotoMoment.DURING, "一人一只小馒头", "#e8e3f1", "#5a4b8a", PhotoState.PRIVATE),
    (PhotoMoment.AFTER, "出锅啦", "#dfeee6", "#1f6b4a", PhotoState.PUBLIC),
)


def build(event: Any, guests: Sequence[tuple[Neighbour, Any]], own: Neighbour) -> None:
    """Everything, on the days on which it happens."""
    with clock.held(event.ends_at + timedelta(hours=2)):
        _photos(event, guests, own)
        actions.offer_group(
            viewer=BUILDER,
            event_id=event.public_id,
            text="小小烘焙师的家长群：",
            url="https://example.com/g/baker",
        )
        nominee = star_choices(BUILDER, event.public_id)[0]
        actions.submit_review(
            viewer=BUILDER,
            event_id=event.public_id,
            answers={
                "went_well": "第一锅出来，孩子们先分给了旁边的人",
                "to_change": "蒸锅只有两口，下次借一口",
                "said_by_guests": "问得最多的是：下个月几号",
            },
            star=nominee.registration,
            star_why="一直在帮别的孩子揉面",
        )
    with clock.held(event.ends_at + timedelta(hours=26)):
        actions.draw_survey(viewer=BUILDER, event_id=event.public_id)
    with clock.held(event.ends_at + timedelta(hours=28)):
        actions.reveal_survey(viewer=BUILDER, event_id=event.public_id)
    _answers(event, guests)


def _photos(event: Any, guests: Sequence[tuple[Neighbour, Any]], own: Neighbour) -> None:
    mine = next((place for one, place in guests if one.id == own.id), None)
    viewer = own_viewer(own)
    for moment, caption, ground, ink, towards in SHOTS:
        made = actions.add_photo(
            viewer=BUILDER,
            event_id=event.public_id,
            data=drawn(ground, ink),
            moment=moment,
            caption=caption,
        )
        if towards is PhotoState.PRIVATE:
            continue
        seen = [] if towards is PhotoState.ADVERT or mine is None else [mine.public_id]
        kids = [kid.public_id for kid in member.my_children(viewer)] if towards is PhotoState.PUBLIC else []
        here = [(mine.public_id, kid) for kid in kids if mine is not None and kid in _came_along(own, mine)]
        actions.say_seen(
            viewer=BUILDER,
            photo_id=made.public_id,
            registrations=seen,
            children=here,
            child_visible=bool(here),
        )
        for companion in [None] * len(seen) + [kid for _, kid in here]:
            actions.answer_photo(
                viewer=viewer, photo_id=made.public_id, use=towards, granted=True, companion=companion
            )
        actions.set_photo_state(viewer=BUILDER, photo_id=made.public_id, state=towards)


def _came_along(own: Neighbour, place: Any) -> set[Any]:
    return set(member.my_registration(own_viewer(own), place.public_id).companions)


def drawn(ground: str, ink: str) -> bytes:
    """A calm still life: a table, and round things on it."""
    picture = Image.new("RGB", SIDE, ground)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 470, 960, 720), fill="#ffffff")
    for n, (x, y, r) in enumerate(
        ((250, 470, 96), (470, 500, 118), (700, 470, 96), (380, 330, 60), (590, 320, 60))
    ):
        pen.ellipse((x - r, y - r, x + r, y + r), fill=ink if n % 2 == 0 else "#ffffff", outline=ink, width=8)
    out = io.BytesIO()
    picture.save(out, "PNG")
    return out.getvalue()


def _answers(event: Any, guests: Sequence[tuple[Neighbour, Any]]) -> None:
    """Most of those who were drawn answer, one after the other over two days."""
    asked = [
        (mine.invite, one)
        for one, _ in guests
        for mine in my_surveys(own_viewer(one))
        if mine.event == event.public_id
    ]
    random.Random(SEED).shuffle(asked)  # noqa: S311 - a reproducible demo, not a secret
    for n, (invite, one) in enumerate(asked[: len(SCORES)]):
        with clock.held(event.ends_at + timedelta(hours=30 + 4 * n)):
            actions.answer_survey(viewer=own_viewer(one), invite_id=invite, score=SCORES[n], words=WORDS[n])
