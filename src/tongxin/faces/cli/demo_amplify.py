"""The demo's Stars, panel, friends and polls: each thing at the step where somebody has something to do."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tongxin.amplify import actions
from tongxin.amplify.terms import Scope
from tongxin.amplify.terms_ambassadors import TRAINING, Tier
from tongxin.amplify.terms_demand import PollKind
from tongxin.amplify.terms_panels import Stage
from tongxin.amplify.terms_teachers import Specialty
from tongxin.faces.cli.demo_life import BUILDER, Neighbour
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people import queries as people

WORDS = (
    ("小满妈妈", "回答了三十多个新手妈妈的问题", "南瓜先蒸后打，放凉再喂，宝宝就肯张嘴了。"),
    ("阿禾", "每周三都来帮忙摆早茶的桌子", "一张桌子摆好，就有人坐下来聊。"),
)
TEACHERS = (
    ("面包邻居阿英", Specialty.BAKING, "从一盆面团开始，第一次也能烤出一炉像样的。"),
    ("辅食姐姐小周", Specialty.NUTRITION, "不赶进度，孩子愿意张嘴就是好的开始。"),
)
IDEAS = ("小馒头能不能做月龄小包装？一大袋开了就潮。", "门口想要一张能坐下等孩子的长椅。")


def build(now: datetime, neighbours: Sequence[Neighbour], herself: str) -> None:
    """`herself` is who signs in as a member: they are asked to be a Star, sit on the panel and have a poll to answer."""
    member = next((one.id for one in neighbours if str(one.public_id) == herself), None)
    others = [one.id for one in neighbours if one.id != member]
    me = None if member is None else _as(member)
    with clock.held(now - timedelta(days=21)):
        day = clock.business_day(clock.now())
        actions.set_margin(viewer=BUILDER, since=day, high_permille=420, other_permille=240)
        _stars(others[:2], now)
        actions.publish_agreement(
            viewer=BUILDER,
            body="说清楚自己是大使；只说自己用过的感受；朋友说不，就不再提；不用孩子的照片推荐东西。",
            perks=("新品先试", "每季一次后厨开放日"),
        )
        _ambassador(others[2], now)
        panel = actions.open_panel(
            viewer=BUILDER,
            name="儿童食品共创会",
            about="新的儿童食品先给大家试，说的每一条都有答复",
            confidential="上市前不发到外面",
            seats=8,
            simulated=True,
        )
        seated = [*others[3:6], *([] if member is None else [member])]
        for person in seated:
            seat = actions.offer_seat(
                viewer=BUILDER, panel_id=panel.public_id, customer=_id(person), why="常给大家出主意"
            )
            actions.answer_seat(viewer=_as(person), seat_id=seat.public_id, yes=True, keeps=True)
    with clock.held(now - timedelta(days=10)):
        trial = actions.open_trial(
            viewer=BUILDER,
            panel_id=panel.public_id,
            product="南瓜小馒头",
            about="试吃装 30 克，八个月以上",
            questions=("孩子肯不肯吃", "好不好抓", "还会再买吗"),
            until=now + timedelta(days=6),
        )
        for n, person in enumerate(others[3:6]):
            actions.answer_trial(
                viewer=_as(person),
                trial_id=trial.public_id,
                scores={"0": 9 - n, "1": 7 + n, "2": 8},
                words=("再小一号就好抓了。", "", "袋子开了容易潮。")[n],
            )
        _ideas(others[6:8])
        _teachers(others[8:10])
    _asked(now, others, me)
    if me is not None:
        actions.invite_star(viewer=BUILDER, customer=_id(me.person or 0), why="带着邻居一起做了四次早茶")


def _teachers(persons: Sequence[int]) -> None:
    """Neighbours who teach, each with a page."""
    for person, (name, skill, words) in zip(persons, TEACHERS, strict=False):
        actions.invite_teacher(
            viewer=BUILDER, customer=_id(person), specialties=[skill], why="做得好，也讲得清楚"
        )
        actions.accept_teaching(viewer=_as(person), shown_as=name, words=words)


def _as(person: int) -> Viewer:
    """The member themself, as the builder of the demo lets them act."""
    return Viewer(account=None, name=f"member:{person}", person=person)


def _id(person: int) -> Any:
    return people.me(_as(person)).public_id


def _stars(persons: Sequence[int], now: datetime) -> None:
    for person, (name, why, words) in zip(persons, WORDS, strict=True):
        star = actions.invite_star(viewer=BUILDER, customer=_id(person), why=why)
        actions.accept_star(viewer=_as(person), shown_as=name)
        work = actions.add_work(viewer=_as(person), words=words)
        actions.license_work(
            viewer=_as(person),
            work_id=work.public_id,
            scope=Scope.PUBLIC,
            until=now + timedelta(days=180),
        )
        actions.show_star(viewer=BUILDER, star_id=star.public_id)
    actions.use_work(viewer=BUILDER, work_id=work.public_id, scope=Scope.PUBLIC, place="门口海报")


def _ambassador(person: int, now: datetime) -> None:
    row = actions.invite_ambassador(
        viewer=BUILDER,
        customer=_id(person),
        why="三次带着邻居来上课",
        until=now + timedelta(days=120),
        tier=Tier.TWO,
    )
    actions.agree(viewer=_as(person), number=1)
    for code, _, _ in TRAINING:
        actions.learn(viewer=_as(person), item=code)
    actions.give_task(viewer=BUILDER, ambassador_id=row.public_id, words="周五早茶会帮新来的妈妈认认人")


def _ideas(persons: Sequence[int]) -> None:
    """One that became a product and carries a name, one that still waits."""
    made, _waits = (
        actions.give_idea(viewer=_as(person), words=words)
        for person, words in zip(persons, IDEAS, strict=True)
    )
    actions.move_item(
        viewer=BUILDER,
        item_id=made.public_id,
        stage=Stage.PRODUCT,
        answer="做了，30 克一小袋，下月上架。",
        product="南瓜小馒头小袋装",
    )
    actions.take_credit(viewer=_as(persons[0]), item_id=made.public_id, name="果果妈")


def _asked(now: datetime, others: Sequence[int], me: Viewer | None) -> None:
    """A poll that is open, a pre-order that waits for its answer, a pool, a list; a friend who was brought."""
    with clock.held(now - timedelta(days=9)):
        order = actions.open_poll(
            viewer=BUILDER,
            kind=PollKind.PREORDER,
            title="冬至饺子皮先订",
            options=("荞麦皮", "菠菜皮"),
            closes_at=now - timedelta(days=2),
            price_fen=1290,
            least=30,
            simulated=True,
        )
        for n, person in enumerate(others[:12]):
            actions.vote(viewer=_as(person), poll_id=order.public_id, option=n % 2, count=1 + n % 3)
        actions.publish_pool(
            viewer=BUILDER,
            title="这一季一起分享",
            pool_fen=300_000,
            points={"answer_accepted": 5, "co_hosted": 8, "hosted_ritual": 11},
            since=clock.now(),
            until=now + timedelta(days=60),
        )
    poll = actions.open_poll(
        viewer=BUILDER,
        kind=PollKind.WANT,
        title="小馒头还想要什么味道",
        options=("紫薯", "山药", "原味就好"),
        closes_at=now + timedelta(days=8),
        simulated=True,
    )
    for n, person in enumerate(others[12:30]):
        actions.vote(viewer=_as(person), poll_id=poll.public_id, option=n % 3)
    actions.ask_shortlist(viewer=BUILDER, size=10, per_store=3)
    actions.draw_up_lists(viewer=BUILDER)
    if me is not None:
        code = actions.my_code(viewer=me).code
        for person in reversed(others):
            try:
                actions.name_friend(viewer=_as(person), code=code)
            except Refused:  # not a newcomer, or has bought: look for somebody else
                continue
            break
