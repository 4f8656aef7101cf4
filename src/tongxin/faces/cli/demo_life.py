"""A small community life for the demo, built only through actions, and marked as simulated wherever it shows.

Two stores, forty-eight members, twenty-six weeks. The clock is held at each moment while its deeds are written down, so the
book, the weekly ring runs and the audit trail look as they would had it been lived.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer, system
from tongxin.foundation.errors import Refused
from tongxin.people import actions as people
from tongxin.people import ledger, subjects
from tongxin.people.rules import DeedIn
from tongxin.people.terms import Purpose
from tongxin.rings import actions as rings
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StoreRow

WEEKS = 26
BUILDER = system("demo")
NOTICE = "2026-01"
SOURCE = "demo"
SEED = 20260307

SHOPS = (("SIM-01", "同心示范店·翠苑"), ("SIM-02", "同心示范店·滨江"))

NICKNAMES = [
    "豆豆妈", "小米", "阿杰", "安安爸", "林间", "栗子", "南瓜汤", "可可", "周周", "木子", "小鱼", "桃桃", "西西", "糖糖妈", "阿宁", "半夏", "米粒", "小北", "橙子", "芒果", "朵朵妈", "元宝爸", "晴天", "丸子", "土豆", "知秋", "阿布", "山竹", "云朵", "拾光", "青团", "团子妈", "麦子", "一诺妈", "乐乐爸", "石头妈", "可乐", "布丁", "百合", "小葵", "初夏", "海盐", "抹茶", "柚子", "小熊爸", "月月", "阿禾", "慢慢",
]  # fmt: skip


@dataclass(frozen=True)
class Habit:
    """How often somebody does what, a week: the odds of each kind of deed, and until which week they take part."""

    name: str
    share: int
    odds: dict[str, float]
    until: int = WEEKS


HABITS = (
    Habit("热心", 5, {"checked_in": 0.8, "posted": 0.9, "replied": 1.6, "answered": 0.8, "answer_accepted": 0.3,
                      "featured": 0.12, "co_hosted": 0.1, "reacted": 1.5, "punched_in": 1.2}),
    Habit("常来", 13, {"checked_in": 0.42, "posted": 0.25, "replied": 0.5, "reacted": 1.0, "punched_in": 0.5, "answered": 0.1}),
    Habit("偶尔", 14, {"checked_in": 0.1, "reacted": 0.4, "read": 0.6, "replied": 0.1}),
    Habit("走远", 6, {"checked_in": 0.5, "posted": 0.2, "replied": 0.4, "reacted": 0.8}, until=14),
    Habit("潜水", 10, {"read": 0.3}),
)  # fmt: skip

TOWARDS = {"replied", "reacted", "answer_accepted"}  # deeds that have somebody on the other side

GATHERINGS = (
    ("ritual", "妈妈早茶会", 4, 9, 1),  # weekday (Monday 0), hour, every n weeks
    ("ritual", "小小烘焙师", 5, 10, 4),
    ("ritual", "旧物交换角", 6, 14, 4),
    ("event", "新品试吃", 5, 15, 3),
)


@dataclass
class Neighbour:
    """A simulated member while the life is being built."""

    id: int
    public_id: Any
    store: int
    habit: Habit


def live(now: datetime) -> list[Neighbour]:
    """Build it up to `now`; answers who lived it.

    Nothing happens in the future: the last week stops at `now`.
    """
    dice = random.Random(SEED)  # noqa: S311 - a reproducible demo, not a secret
    monday = clock.day_start(clock.week_start(clock.business_day(now)) - timedelta(weeks=WEEKS - 1))
    with clock.held(monday - timedelta(days=30)):
        shops = _shops()
        neighbours = list(_neighbours(dice, shops))
    for week in range(WEEKS):
        begin = monday + timedelta(weeks=week)
        close = min(begin + timedelta(days=6, hours=14), now)
        _week(dice, neighbours, week, begin, close)
        with clock.held(close):
            rings.recompute(viewer=BUILDER)
    return neighbours


def _shops() -> list[Any]:
    rows = [
        StoreRow(
            store_code=code,
            name=name,
            region="示范区",
            city="杭州",
            district="西湖" if code == "SIM-01" else "滨江",
            format="社区店",
        )
        for code, name in SHOPS
    ]
    stores.upsert_stores(viewer=BUILDER, rows=rows)
    brand = places.the_brand()
    return [places.stores_by_code(brand, [code])[code] for code, _ in SHOPS]


def _neighbours(dice: random.Random, shops: list[Any]) -> Iterator[Neighbour]:
    habits = [habit for habit in HABITS for _ in range(habit.share)]
    dice.shuffle(habits)
    for n, (name, habit) in enumerate(zip(NICKNAMES, habits, strict=True)):
        shop = shops[0] if n % 3 else shops[1]
        member = people.register_member(
            viewer=BUILDER,
            phone=f"1390000{n + 1000:04d}",
            nickname=name,
            home_store=shop,
            gender="female" if "妈" in name else "male" if "爸" in name else "",
            source_channel="store_qr",
            consents={
                Purpose.PERSONALISATION: n % 12 != 11,
                Purpose.GROUP_MESSAGE: n % 5 != 4,
                Purpose.MEASUREMENT: n % 16 != 15,
            },
            notice_version=NOTICE,
            channel="store_qr",
            phone_verified=True,
            simulated=True,
        )
        yield Neighbour(member.pk, member.public_id, shop.pk, habit)


def _week(
    dice: random.Random, neighbours: list[Neighbour], week: int, begin: datetime, close: datetime
) -> None:
    gatherings = {shop: _gatherings(shop, week, begin, close) for shop in {n.store for n in neighbours}}
    rows: list[DeedIn] = []
    for one in neighbours:
        if week >= one.habit.until:
            continue
        others = [n.id for n in neighbours if n.id != one.id and n.store == one.store]
        for kind, rate in one.habit.odds.items():
            for n in range(_times(dice, rate)):
                rows += _deeds(
                    dice,
                    one,
                    kind,
                    f"{week}-{one.id}-{kind}-{n}",
                    begin,
                    close,
                    others,
                    gatherings[one.store],
                )
    rows.sort(key=lambda row: row.occurred_at)
    ledger.record_many([replace(row, known_at=row.occurred_at + timedelta(minutes=1)) for row in rows])


def _times(dice: random.Random, rate: float) -> int:
    """How often in this week: whole times plus a coin for the rest, now and then one more or none."""
    return max(0, int(rate) + (dice.random() < rate % 1) + dice.choice((-1, 0, 0, 0, 0, 1)) * (rate >= 1))


def _gatherings(shop: int, week: int, begin: datetime, close: datetime) -> list[tuple[Any, datetime]]:
    held = []
    for kind, title, weekday, hour, every in GATHERINGS:
        at = begin + timedelta(days=weekday, hours=hour)
        if week % every == 0 and at + timedelta(hours=2) <= close:
            key = f"demo-{shop}-{week}-{title}"
            thing = subjects.SubjectIn(
                room="events", key=key, kind=kind, store=shop, type=title, title=title,
                opened_at=at, closed_at=at + timedelta(hours=2), simulated=True,
            )  # fmt: skip
            held.append((subjects.note(thing), at))
    return held


def _deeds(  # noqa: PLR0917 - one call, all of it is needed
    dice: random.Random, one: Neighbour, kind: str, key: str, begin: datetime, close: datetime,
    others: list[int], gatherings: list[tuple[Any, datetime]],
) -> Iterator[DeedIn]:  # fmt: skip
    subject, store = None, None
    at = begin + timedelta(
        minutes=dice.randrange(8 * 60, int((close - begin).total_seconds() // 60) + 8 * 60 + 1)
    )
    if kind in {"checked_in", "co_hosted"}:
        if not gatherings:
            return
        gathering, opens = dice.choice(gatherings)
        subject, store, at = gathering.pk, one.store, opens + timedelta(minutes=dice.randrange(0, 25))
        if kind == "checked_in":
            signed_up = opens - timedelta(days=2, minutes=dice.randrange(0, 600))
            yield DeedIn(one.id, "registered", signed_up, SOURCE, f"{key}-r", subject=subject, store=store)
            if dice.random() < 0.15:
                yield DeedIn(
                    one.id,
                    "no_show",
                    opens + timedelta(hours=2),
                    SOURCE,
                    f"{key}-n",
                    subject=subject,
                    store=store,
                )
                return
    if at >= close:
        return
    counterpart = dice.choice(others) if kind in TOWARDS else None
    yield DeedIn(one.id, kind, at, SOURCE, key, subject=subject, store=store, counterpart=counterpart)


def afterwards(
    now: datetime, neighbours: list[Neighbour], champion: Viewer, headquarters: Viewer
) -> dict[str, str]:
    """What people did with it: companions of two guardians, one member in the inner ring, one with an open invitation.

    Answers the public ids of people worth looking at.
    """
    found: dict[str, str] = {}
    eager = [n for n in neighbours if n.habit.name == "热心"]
    with clock.held(now):
        for guardian, nickname, age in ((neighbours[0], "豆豆", 4), (neighbours[13], "糖糖", 6)):
            people.add_companion(
                viewer=own_viewer(guardian),
                nickname=nickname,
                age_years=age,
                agreed=True,
                notice_version=NOTICE,
            )
        for asker, confirmed in ((champion, True), (headquarters, False)):
            one = _invited(asker, eager)
            if one is None:
                continue
            if confirmed:
                rings.accept(viewer=own_viewer(one[0]), invitation=one[1], seat=True)
                found["inner"] = str(one[0].public_id)
    found["eager"] = str(eager[0].public_id)
    found["member"] = str(next(n for n in neighbours if n.habit.name == "常来").public_id)
    return found


def own_viewer(neighbour: Neighbour) -> Viewer:
    """Somebody acting for themselves."""
    return Viewer(account=None, name="member", person=neighbour.id, grants=(Grant("member"),))


def _invited(asker: Viewer, neighbours: list[Neighbour]) -> tuple[Neighbour, Any] | None:
    """The first neighbour whom this person can invite, with the invitation."""
    for one in neighbours:
        try:
            why = "常来，也常帮新邻居解答"
            return one, rings.invite(viewer=asker, customer=one.public_id, reason=why, seat=True).public_id
        except Refused:  # no candidate, out of reach, or the inner ring of the store is full
            continue
    return None
