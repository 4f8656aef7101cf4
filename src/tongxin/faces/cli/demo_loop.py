"""The loop event → group → till in the demo: one neighbour from a poster's code to an order, all of it on her one timeline.

The fake WeCom runs in this process by the held clock; its journal stays in the folder, so the served demo goes on with the same phones.
Everything is done by the actions, the fake and the importer: scanned, welcomed, grouped, warmed up, registered, checked in, thanked,
and what she bought came with a file of the till.
"""

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid5

from tongxin.connect.files import actions as files
from tongxin.connect.wecom import callbacks, greeting
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.carrying import Carrier
from tongxin.connect.wecom.coding import Coder
from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.mirroring import Mirror
from tongxin.connect.wecom.pacing import NoPace
from tongxin.connect.wecom.sandbox import acts, messages
from tongxin.connect.wecom.sandbox.door import FakeDoor
from tongxin.connect.wecom.sandbox.platform import Fake
from tongxin.events import actions as events
from tongxin.events.actions import EventIn, ending
from tongxin.events.queries.member import my_events
from tongxin.events.queries.tickets import ticket_of
from tongxin.faces.cli.demo import WECOM as USERID
from tongxin.faces.cli.demo_life import BUILDER, NOTICE, Neighbour
from tongxin.foundation import clock
from tongxin.foundation.access import Grant, Viewer
from tongxin.outreach import actions as outreach
from tongxin.outreach.actions import wecom_codes
from tongxin.outreach.queries import wecom as codes_of
from tongxin.outreach.terms import MessageClass
from tongxin.outreach.terms_plans import Topic
from tongxin.outreach.terms_wecom import SOURCE_LABELS, CodeKind, Source
from tongxin.people import actions as people
from tongxin.people import queries as members
from tongxin.people.terms import IdentityKind, Purpose

SHE, NAME = "wm-susu", "苏苏"
PHONE, MEMBER_CODE, TILL = "13900009001", "SUSU-001", "demo-till"
GROUP = "翠苑 · 烘焙邻里 1 群"
# Who else comes by which code, and on which day before today.
OTHERS = (
    ("wm-duo", "朵朵", Source.DOUYIN, 8),
    ("wm-kuai", "阿快", Source.KUAISHOU, 7),
    ("wm-hong", "小红", Source.XIAOHONGSHU, 7),
    ("wm-peng", "彭彭", Source.MOMENTS, 6),
    ("wm-men", "门门", Source.STORE, 5),
    ("wm-lin", "邻邻", Source.STORE, 4),
    ("wm-you", "友友", Source.FRIEND, 2),
)
BASKET = (("烘焙课用面粉", 2590), ("黄油", 3280), ("南瓜包", 990))


@dataclass(frozen=True)
class Loop:
    """What it left behind: her, the event, the poster's code."""

    member: str
    event: str
    code: str


class Corp:
    """The fake and our side of it, in one process: no port, nothing waits."""

    def __init__(self, journal: Path | None) -> None:
        self.fake = Fake(journal, ticking=lambda: clock.now().timestamp())
        self._config = configured()
        caller = Caller(self._config, door=FakeDoor(self.fake), pace=NoPace(), pause=lambda _: None)
        self.eyes = Mirror(caller, welcome=greeting.words)
        self.hands, self.pen = Carrier(caller), Coder(caller)

    def told(self) -> None:
        """Callbacks arrive and are applied."""
        self.fake.post.deliver(self._hear)
        self.eyes.round()

    def _hear(self, url: str, body: bytes) -> int:
        callbacks.hear(self._config, dict(parse_qsl(urlsplit(url).query)), body)
        return 200

    def confirm(self) -> None:
        """The champion taps on what is open."""
        for row in self.fake.world.all("messages"):
            messages.tap(self.fake.world, row["msgid"], USERID)


def build(now: datetime, neighbours: Sequence[Neighbour], staff: Any, journal: Path | None = None) -> Loop:
    """Nine days up to yesterday, in the store of a colleague with WeCom; answers what it left behind."""
    store = staff.store
    corp, near = Corp(journal), [one for one in neighbours if one.store == store.pk][:6]
    try:
        with clock.held(_at(now, 9, 10)):
            chat = _corp(corp, staff.name, near)
            event = _event(now, store)
            codes = _codes(corp, store, staff, event)
        poster = codes[Source.XIAOHONGSHU]
        steps: list[tuple[datetime, Callable[[], Any]]] = [
            *_comers(now, corp, codes, chat, near),
            (_at(now, 8, 19, 40), lambda: acts.scan(corp.fake, poster.config_id, SHE)),
            (_at(now, 8, 19, 40) + timedelta(seconds=6), corp.told),
            (_at(now, 8, 19, 46), lambda: _joins(corp, store)),
            (_at(now, 8, 19, 52), lambda: _becomes_member(corp, store, poster)),
            (_at(now, 6, 10), lambda: _say(store, WARM_UP, _whole(store), event, poster.state)),
            (_at(now, 6, 10, 3), corp.hands.round),
            (_at(now, 6, 10, 40), corp.confirm),
            (_at(now, 6, 11), corp.hands.round),
            (_at(now, 6, 12, 10), lambda: _registers(event, poster)),
            (_at(now, 3, 15, 5), lambda: _comes(event)),
            (_at(now, 2, 9), lambda: ending.end_due(viewer=BUILDER)),
            (_at(now, 2, 10), lambda: _say(store, AFTER, _came(event), event)),
            (_at(now, 2, 10, 3), corp.hands.round),
            (_at(now, 2, 10, 30), corp.confirm),
            (_at(now, 2, 11), corp.hands.round),
            *((_at(now, days - 1, 1, 10), _night(corp, _at(now, days, 12))) for days in range(9, 0, -1)),
        ]
        for at, step in sorted(steps, key=lambda one: one[0]):
            with clock.held(min(at, now)):
                step()
    finally:
        corp.fake.world.close()
    with clock.held(now):
        _rings_up(store, _at(now, 1, 18, 20))
    return Loop(str(_her().public_id), str(event.public_id), poster.state)


WARM_UP = "面包课暖场", "周末店里烤面包，面团已经醒上了。想来揉一揉的，点开留个位子，围裙我们备好。"
AFTER = "谢谢你来", "昨天的面包凉透了才好吃，切片冻起来能放一周。照片放在活动页，来看看有没有你。"


def _at(now: datetime, days: int, hour: int, minute: int = 0) -> datetime:
    day = clock.business_day(now) - timedelta(days=days)
    return clock.day_start(day) + timedelta(hours=hour, minutes=minute)


def _whole(store: Any) -> tuple[str, str]:
    return "store", str(store.public_id)


def _came(event: Any) -> tuple[str, str]:
    return "event", f"{event.public_id}:attended"


def _corp(corp: Corp, champion: str, near: Sequence[Neighbour]) -> str:
    """A colleague, a group, and neighbours who have known the colleague for long; all of it seen by the first comparison."""
    fake = corp.fake
    acts.hire(fake, USERID, champion, 2)
    chat = acts.open_group(fake, USERID, GROUP)
    for n, one in enumerate(near):
        external, person = f"wm-n{n}", members.access_customer(BUILDER, one.public_id)
        acts.appear(fake, external, person.nickname)
        acts.befriend(fake, USERID, external)
        people.add_identity(
            viewer=BUILDER, customer=person, kind=IdentityKind.WECOM, value=external, source="wecom"
        )
        if n % 3:
            acts.join(fake, chat, external)
    acts.appear(fake, SHE, NAME)
    for external, name, _source, _days in OTHERS:
        acts.appear(fake, external, name)
    fake.post.queue.clear()
    corp.eyes.compare()
    return chat


def _event(now: datetime, store: Any) -> Any:
    starts = _at(now, 3, 15)
    told = EventIn(
        title="邻里面包课",
        format="class",
        theme="一起揉一炉",
        summary="从一团面开始，带走一条热的。",
        place="二楼烘焙坊",
        places=12,
        starts_at=starts,
        ends_at=starts + timedelta(hours=1.5),
        simulated=True,
    )
    drafted = events.draft(viewer=BUILDER, store=store, event=told)
    return events.publish(viewer=BUILDER, event_id=drafted.public_id)


def _codes(corp: Corp, store: Any, staff: Any, event: Any) -> dict[Source, Any]:
    """The poster's code of the event by channel, a code of the store, one of the champion, one into the group; all live."""
    about: tuple[str, str] = ("events", str(event.public_id))
    made: dict[Source, Any] = {}
    order: dict[str, Any] = {"viewer": BUILDER, "store": store}
    for source in (Source.XIAOHONGSHU, Source.DOUYIN, Source.KUAISHOU, Source.MOMENTS):
        made[source] = wecom_codes.order_code(
            kind=CodeKind.POSTER,
            source=source,
            label=f"面包课海报·{SOURCE_LABELS[source][0]}",
            about=about,
            staff=staff,
            **order,
        )
    made[Source.STORE] = wecom_codes.order_code(
        kind=CodeKind.STORE, source=Source.STORE, label="收银台立牌", **order
    )
    made[Source.FRIEND] = wecom_codes.order_code(
        kind=CodeKind.STAFF, source=Source.FRIEND, label="主理人名片", staff=staff, **order
    )
    made[Source.OTHER] = wecom_codes.order_code(
        kind=CodeKind.GROUP, source=Source.OTHER, label="进群", room_name="翠苑 · 烘焙邻里 ", **order
    )
    corp.pen.round()
    for row in made.values():
        row.refresh_from_db()
    return made


def _comers(
    now: datetime, corp: Corp, codes: dict[Source, Any], chat: str, near: Sequence[Neighbour]
) -> list[tuple[datetime, Callable[[], Any]]]:
    """Others by other channels; one comes while callbacks are lost, one leaves: the night corrects what nobody told us."""
    fake = corp.fake

    def scanned(external: str, source: Source) -> Callable[[], Any]:
        return lambda: acts.scan(fake, codes[source].config_id, external)

    def unheard() -> None:
        fake.world.set("lose", 1000)
        acts.join(fake, chat, "wm-n0")
        fake.world.set("lose", 0)

    rows: list[tuple[datetime, Callable[[], Any]]] = []
    for n, (external, _name, source, days) in enumerate(OTHERS):
        at = _at(now, days, 17, 5 * n)
        rows += [(at, scanned(external, source)), (at + timedelta(seconds=8), corp.told)]
        if n % 2 == 0:
            rows += [
                (at + timedelta(minutes=3), scanned(external, Source.OTHER)),
                (at + timedelta(minutes=4), corp.told),
            ]
    if near:
        rows.append((_at(now, 5, 23, 30), unheard))
        rows += [(_at(now, 4, 21), lambda: acts.leave(fake, chat, "wm-n1")), (_at(now, 4, 21, 1), corp.told)]
    return rows


def _joins(corp: Corp, store: Any) -> None:
    """She scans the code that stood in the welcome."""
    said = next(row["text"] for row in corp.fake.world.all("welcomes") if row["external"] == SHE)
    code = next(one for one in codes_of.codes_for(BUILDER) if one.picture and one.picture in said)
    acts.scan(corp.fake, code.config_id, SHE)
    corp.told()


def _becomes_member(corp: Corp, store: Any, poster: Any) -> None:
    """She follows the link in the welcome and becomes a member; from now on we know whose contact that is."""
    member = people.register_member(
        viewer=BUILDER,
        phone=PHONE,
        nickname=NAME,
        home_store=store,
        member_code=(TILL, MEMBER_CODE),
        source_channel=poster.source,
        consents=dict.fromkeys((Purpose.PERSONALISATION, Purpose.GROUP_MESSAGE, Purpose.MEASUREMENT), True),
        notice_version=NOTICE,
        channel="wecom",
        phone_verified=True,
        simulated=True,
    )
    people.add_identity(viewer=BUILDER, customer=member, kind=IdentityKind.WECOM, value=SHE, source="wecom")
    corp.eyes.compare()


def _her() -> Any:
    return members.person_by_phone(BUILDER, PHONE)


def _self() -> Viewer:
    return Viewer(account=None, name="member", person=_her().pk, grants=(Grant("member"),))


def _say(store: Any, words: tuple[str, str], audience: tuple[str, str], event: Any, code: str = "") -> None:
    """Planned, approved and through the gate; our hands bring it to the champion's phone."""
    title, text = words
    plan = outreach.plan_message(
        viewer=BUILDER,
        message_class=MessageClass.COMMUNITY,
        channel="wecom",
        audience=audience[0],
        audience_key=audience[1],
        title=title,
        text=text,
        topic=Topic.EVENT,
        path=f"/m/events/{event.public_id}/",
        code=code,
        expires_at=clock.now() + timedelta(days=1),
        store=store,
    )
    outreach.approve_message(viewer=BUILDER, public_id=plan.public_id)
    outreach.expand(viewer=BUILDER, public_id=plan.public_id)
    outreach.drain()


def _registers(event: Any, poster: Any) -> None:
    """By the link in the message, which carries the poster's code."""
    events.register(viewer=_self(), event_id=event.public_id, channel=poster.state)


def _comes(event: Any) -> None:
    """At the door: the code on her phone is scanned."""
    place = next(one for one in my_events(_self()) if one.event == event.public_id)
    ticket = ticket_of(_self(), place.public_id)
    nonce = uuid5(place.public_id, "loop")
    events.check_in(viewer=BUILDER, event_id=event.public_id, nonce=nonce, ticket=ticket.code)


def _night(corp: Corp, day: datetime) -> Callable[[], None]:
    def work() -> None:
        corp.eyes.compare()
        corp.eyes.keep_day(clock.business_day(day))

    return work


def _rings_up(store: Any, at: datetime) -> None:
    """Her receipt in a file of the till, through the importer."""
    order = {
        "order_no": f"{TILL}-1",
        "ordered_at": clock.as_utc(at).isoformat(),
        "store_code": store.code,
        "total_paid_fen": sum(fen for _, fen in BASKET),
        "member_code": MEMBER_CODE,
    }
    lines = [
        {"order_no": order["order_no"], "line_no": n, "sku": name, "qty": 1, "paid_amount_fen": fen}
        for n, (name, fen) in enumerate(BASKET, start=1)
    ]
    with TemporaryDirectory(prefix="tongxin-loop-") as folder:
        for table, rows in (("orders", [order]), ("order_lines", lines)):
            with (Path(folder) / f"{table}.csv").open("w", newline="", encoding="utf-8") as out:
                sheet = csv.DictWriter(out, list(rows[0]))
                sheet.writeheader()
                sheet.writerows(rows)
        files.import_files(viewer=BUILDER, paths=[Path(folder)], wish=files.Wish(source=TILL))
