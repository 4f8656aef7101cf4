"""The demo's outside community: watched with its host's knowledge, judged, priced by one and agreed by another, two weeks in. All simulated."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tongxin.amplify.actions import outside as actions
from tongxin.amplify.actions import outside_deals as deals
from tongxin.amplify.queries import outside as queries
from tongxin.amplify.rules.outside import Seen
from tongxin.amplify.terms_outside import DealKind, Inside, Platform
from tongxin.commerce import actions as commerce
from tongxin.faces.cli.demo_life import BUILDER, Neighbour
from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.people import queries as people
from tongxin.stores import queries as places

SECOND = system("demo.second")  # who sets a price does not agree to it
VALUE_FEN = 68_000
SEEN = Seen(
    active=232, posts=410, repeated=9, on_topic=268, unsafe=1, joined=14, burst=2, questions=64, answered=51, sampled=240,
    in_target=171, ours=38, first=176, second=169, both=118,
)  # fmt: skip


def outside(now: datetime, neighbours: Sequence[Neighbour]) -> None:
    """Mothers of the neighbourhood who keep a group of their own; the deal ran for two weeks, a neighbour agreed to teach."""
    colleague = places.staff_for(BUILDER, limit=1).items[0]
    with clock.held(now - timedelta(days=50)):
        mums = actions.list_outside(
            viewer=BUILDER,
            name="城西宝妈互助群",
            platform=Platform.WECHAT,
            about="0–3 岁：辅食、遛娃、二手",
            claimed=398,
            simulated=True,
        )
        actions.enter(
            viewer=BUILDER,
            community_id=mums.public_id,
            staff=places.access_staff(BUILDER, colleague.public_id),
            role=Inside.OBSERVER,
            told_on=clock.business_day(clock.now()),
            told_how="私信群主：我是超市员工，只看不说，不抄资料",
        )
    for week in range(5):
        with clock.held(now - timedelta(days=46 - 7 * week)):
            seen = replace(SEEN, active=SEEN.active + 3 * week, posts=SEEN.posts + 11 * week)
            actions.observe(
                viewer=BUILDER, community_id=mums.public_id, week=clock.business_day(clock.now()), seen=seen
            )
    with clock.held(now - timedelta(days=15)):
        deal = _deal(mums.public_id)
    with clock.held(now):
        for number in (1, 2):
            deals.note_week(
                viewer=BUILDER, deal_id=deal, number=number, reached=180 + 9 * number, complaints=0
            )
        deals.note_placement(
            viewer=BUILDER,
            deal_id=deal,
            what="群公告：周六“小小烘焙师”，群友优先",
            shown_on=clock.business_day(clock.now()) - timedelta(days=6),
            proof="群公告截图，3 月",
        )
        person = people.access_customer(BUILDER, neighbours[-1].public_id)
        actions.note_talent(
            viewer=BUILDER,
            community_id=mums.public_id,
            customer=person.public_id,
            what="会做分月龄辅食，愿意来讲一课",
            agreed=True,
        )


def _deal(community_id: UUID) -> UUID:
    """Four tenths of the ceiling for being there, the rest for joins that are kept."""
    today = clock.business_day(clock.now())
    row = queries.access_outside(BUILDER, community_id)
    most = queries.ceiling_of(row, value_fen=VALUE_FEN, run_fen=0)
    base = most.base_most_fen // 100 * 100
    purse = commerce.open_envelope(
        viewer=BUILDER,
        title="外部社群合作",
        amount_fen=500_000,
        opens_on=today,
        closes_on=today + timedelta(days=180),
        ring="outer",
    )
    offer = deals.Offer(
        kind=DealKind.NAMING,
        base_fen=base,
        per_join_fen=(most.most_fen - base) // 600 * 100,
        most_joins=6,
        value_fen=VALUE_FEN,
        value_from="会员价值（模拟）",
        run_fen=0,
        code="mums-west",
        weeks=8,
        starts_on=today,
        envelope=purse.public_id,
    )
    priced = deals.price_deal(viewer=BUILDER, community_id=row.public_id, offer=offer)
    return deals.agree_deal(viewer=SECOND, deal_id=priced.public_id).public_id
