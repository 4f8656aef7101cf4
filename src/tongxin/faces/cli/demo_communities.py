"""The demo's communities: 新手妈妈辅食群 of the whole brand and 街角读书会 of one store, built through the actions over ten weeks."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.terms import ContainerKind, Part
from tongxin.faces.cli.demo_life import BUILDER, Neighbour
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.stores import queries as stores

WEEKS = 10
FIRST, READERS = 26, 12  # people in each
WEANING = CommunityIn(
    name="新手妈妈辅食群",
    slogan="一口一口来",
    kind="parenting",
    purpose={
        "who": "0～2 岁宝宝的家庭",
        "when": "开始添加辅食、换食材、宝宝不肯吃的时候",
        "wants": "帮助 0～2 岁的宝宝家庭，轻松、科学地解决辅食喂养难题",
        "so_that": "宝宝吃得好，大人不焦虑",
        "proof": "每周一问：这周的辅食难题解决了吗",
    },
    values=("说自己的经验", "不比较"),
    goals=("每家学会十道辅食",),
    needs=("过敏", "不肯吃肉", "上班族备餐"),
    interests=("辅食", "睡眠", "早教", "烘焙"),
    rituals=(
        {"name": "营养师答疑", "when": "周三晚八点", "words": "周医师在线"},
        {"name": "妈妈早茶会", "when": "周五上午", "words": "带宝宝来店里坐坐"},
    ),
    simulated=True,
)
READING = CommunityIn(
    name="街角读书会",
    slogan="一月一本，慢慢聊",
    kind="reading",
    purpose={
        "who": "住在附近、想读书又没人聊的人",
        "when": "下班后和周末",
        "wants": "每月读完一本书，有人一起聊",
        "so_that": "把认识的邻居变成朋友",
        "proof": "每次聚会后：这本书读完了吗",
    },
    interests=("小说", "历史", "绘本"),
    rituals=({"name": "读书夜", "when": "每月第二个周四", "words": "带一页想念的"},),
    simulated=True,
)
RULES = (
    "只聊喂养，不发广告和砍价链接。",
    "说自己的经验，不替别人下诊断。",
    "发照片前想一想：宝宝的脸不必露。",
    "吵起来了先停，找版主，两天内给答复，可申诉。",
)
QUESTIONS = {
    "questions": [
        {
            "name": "months",
            "kind": "choice",
            "zh": "宝宝多大了",
            "en": "how old is your baby",
            "choices": ["0～6 个月", "7～12 个月", "1～2 岁"],
        },
    ]
}
HELLOS = ("刚开始加辅食，来学习。", "两娃妈，爱做南瓜泥。", "上班族，求快手菜。", "爸爸也来学做饭。")


def build(now: datetime, neighbours: Sequence[Neighbour]) -> list[Any]:
    """Two communities with people in them; the last applicant still waits for an answer.

    The reading circle belongs to the store of the first neighbour. Days are counted as they passed, so stage and corrections are those of the simulated time.
    """
    began = now - timedelta(weeks=WEEKS)
    shop = next(one for one in stores.stores_for(BUILDER) if one.pk == neighbours[0].store)
    with clock.held(began):
        weaning = _opened(
            WEANING,
            None,
            gates=[("application", QUESTIONS)],
            rules=RULES,
            after=[("events", "format", "class")],
        )
        reading = _opened(READING, shop, gates=[], rules=("不剧透。", "轮到谁说，别人先听。"), after=[])
    everybody = [one.id for one in neighbours]
    mothers, late = everybody[:FIRST], everybody[FIRST : FIRST + 1]
    readers = [one.id for one in neighbours if one.store == shop.pk][:READERS]
    for n, person in enumerate(mothers):
        with clock.held(began + timedelta(days=1 + 2 * n, hours=2)):
            _comes_in(
                weaning, person, said=("0～6 个月", "7～12 个月", "1～2 岁")[n % 3], hello=HELLOS[n % 4]
            )
    for n, person in enumerate(readers):
        with clock.held(began + timedelta(days=2 + 4 * n, hours=3)):
            _comes_in(reading, person, hello="爱读小说。" if n % 2 else "")
    with clock.held(now - timedelta(days=9)):
        _serve(weaning, mothers[:2], now)
        if len(mothers) > 4:
            actions.leave(viewer=_member(mothers[4]), community_id=weaning.public_id, quit_scene="")
    with clock.held(now):
        for person in late:
            actions.apply(
                viewer=_member(person),
                community_id=weaning.public_id,
                answers={"application": {"months": "0～6 个月"}},
            )
        actions.take_due(viewer=BUILDER)
    return [weaning, reading]


def _opened(
    said: CommunityIn, shop: Any, *, gates: Any, rules: Sequence[str], after: Sequence[tuple[str, str, str]]
) -> Any:
    row = actions.found(viewer=BUILDER, community=said, store=shop)
    given: dict[str, Any] = {"viewer": BUILDER, "community_id": row.public_id}
    actions.set_gates(gates=gates, **given)
    actions.publish_rules(lines=rules, **given)
    actions.offer_after(after=after, **given)
    for kind, name in ((ContainerKind.WECOM, "微信群"), (ContainerKind.H5, "同心 H5")):
        actions.add_container(kind=kind, name=f"{name} · {row.name}", store=shop, **given)
    return actions.open_up(**given)


def _comes_in(row: Any, person: int, *, said: str = "", hello: str = "") -> None:
    viewer, key = _member(person), row.public_id
    asked = actions.apply(
        viewer=viewer,
        community_id=key,
        answers={"application": {"months": said}} if said else None,
        accepts=(1, clock.now()),
    )
    if said:
        actions.decide(viewer=BUILDER, application_id=asked.public_id, gate="application", yes=True)
    if hello:
        actions.say_hello(viewer=viewer, community_id=key, hello=hello, interests=row.shared["interests"][:2])


def _serve(row: Any, persons: Sequence[int], now: datetime) -> None:
    for part, person in zip((Part.MODERATOR, Part.SOUL), persons, strict=False):
        member = queries.open_membership(row, person)
        if member is not None:
            actions.give_part(
                viewer=BUILDER,
                community_id=row.public_id,
                part=part,
                membership=member.public_id,
                until=now + timedelta(days=120),
            )


def _member(person: int) -> Viewer:
    """The member themself, as the builder of the demo lets them act."""
    return Viewer(account=None, name=f"member:{person}", person=person)
