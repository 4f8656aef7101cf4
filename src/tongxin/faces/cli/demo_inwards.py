"""The way inwards in the demo: the sheet behind segments with two kept ones, thanks with a holdout whose weeks are over, public praise."""

from datetime import datetime, timedelta

from tongxin.faces.cli.demo_life import BUILDER, Neighbour, own_viewer
from tongxin.foundation import clock
from tongxin.measure import actions as measure
from tongxin.rings import actions as rings
from tongxin.rings.terms import Ring, ThanksKind

SEGMENTS = (
    ("常来的街坊", "天数(91) >= 4 且 到场(91) >= 1"),
    ("好一阵没见", "没来 > 60 且 到场(365) >= 1"),
)
AGO = timedelta(days=40)


def build(now: datetime, neighbours: list[Neighbour]) -> None:
    """Called after the rings are placed."""
    with clock.held(now):
        measure.prepare_sheet(viewer=BUILDER)
        for name, rule in SEGMENTS:
            measure.save_segment(viewer=BUILDER, name=name, rule=rule)
    with clock.held(now - AGO):
        made = rings.open_programme(
            viewer=BUILDER,
            title="内部试吃会邀请",
            kind=ThanksKind.INSIDE,
            ring=Ring.MIDDLE,
            words="谢谢你常来，新品想先请你尝",
            share_permille=300,
        )
        rings.run_programme(viewer=BUILDER, programme=made.public_id)
    with clock.held(now):
        eager = next(one for one in neighbours if one.habit.name == "热心")
        praise = rings.thank(
            viewer=BUILDER, customer=eager.public_id, kind=ThanksKind.PRAISE, words="下雨天还来帮忙搬桌子"
        )
        rings.answer_thanks(viewer=own_viewer(eager), thanks=praise.public_id, yes=True)
