"""The simulated chain's stores, regions and members. Everybody is marked as simulated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from tongxin.compass.simulate.lived import Lived
from tongxin.faces.cli.demo_life import BUILDER, NICKNAMES, NOTICE
from tongxin.foundation import clock
from tongxin.people import actions as people
from tongxin.people.terms import Purpose
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StoreRow

if TYPE_CHECKING:
    from tongxin.faces.cli.demo_chain import Size

CHAIN = "simulated-chain"  # the source of its till; a study on it carries the badge
CITIES = (("浙江", "杭州"), ("江苏", "苏州"), ("上海", "上海"), ("四川", "成都"), ("广东", "广州"))
ROADS = ("古墩路", "文三路", "翠苑", "滨江", "湖滨", "学院路", "曙光路", "莫干山路", "凤起路", "体育场路", "星湖街", "人民路")  # fmt: skip


@dataclass(frozen=True)
class Chain:
    """Stores and members in the order of their numbers."""

    stores: list[Any]
    members: list[Any]
    lived: Lived


def open_chain(size: Size, rng: np.random.Generator) -> Chain:
    """Brand, stores, and members who joined some time before, each with a code that the till prints."""
    stores.open_brand(viewer=BUILDER, code="SIM", name="同心模拟连锁")
    codes = [f"SIM-{n:03d}" for n in range(1, size.stores + 1)]
    stores.upsert_stores(viewer=BUILDER, rows=[_row(n, code) for n, code in enumerate(codes)])
    found = places.stores_by_code(places.the_brand(), codes)
    shops = [found[code] for code in codes]
    store = np.repeat(np.arange(size.stores), size.members)
    names = [f"M{n:06d}" for n in range(1, len(store) + 1)]
    opened = clock.now()
    members = []
    for n, home in enumerate(store):
        with clock.held(opened - timedelta(days=int(rng.integers(300, 1500)))):
            members.append(_member(n, names[n], shops[home]))
    lived = Lived(names, codes, store, rng.normal(size=len(store)), np.full(len(store), -1))
    return Chain(shops, members, lived)


def _row(n: int, code: str) -> StoreRow:
    region, city = CITIES[n % len(CITIES)]
    return StoreRow(
        store_code=code,
        name=f"模拟·{ROADS[n % len(ROADS)]}{n // len(ROADS) + 1}店",
        region=region,
        city=city,
        format="社区店",
    )


def _member(n: int, code: str, home: Any) -> Any:
    return people.register_member(
        viewer=BUILDER,
        nickname=NICKNAMES[n % len(NICKNAMES)],
        home_store=home,
        member_code=(CHAIN, code),
        source_channel="store_qr",
        consents={Purpose.GROUP_MESSAGE: n % 4 != 3, Purpose.MEASUREMENT: n % 40 != 39},
        notice_version=NOTICE,
        channel="store_qr",
        simulated=True,
    )
