"""What is said in the demo's two communities over the last weeks: posts, questions, answers of peers and of the nutritionist, taps.

Built through the actions only; what waits for a look is looked at, but for the last one, which still waits.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tongxin.communities import actions as communities
from tongxin.communities import queries as community_queries
from tongxin.communities.terms import Part
from tongxin.events.terms_after import PhotoState
from tongxin.faces.cli.demo_after import drawn
from tongxin.faces.cli.demo_life import BUILDER, Neighbour, own_viewer
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.stores import queries as stores
from tongxin.voices import actions
from tongxin.voices.actions import moderating
from tongxin.voices.queries import moderation
from tongxin.voices.terms import ContentType, PostKind, PostState, ReactionKind
from tongxin.voices.terms_moderation import Verdict

EXPERT = -1  # who answers: the nutritionist instead of a neighbour
CHAMPION = "demo-champion"
ALLERGY, FIRST_BITE, WORKDAYS = "过敏与排敏", "第一口肉泥", "上班族备餐"


@dataclass(frozen=True)
class Said:
    """One thread: days ago, who (a number in the circle), what kind, under which topic, the words; who replied what; taps."""

    days: float
    who: int
    body: str
    kind: PostKind = PostKind.POST
    topic: str = ""
    replies: tuple[tuple[int, str], ...] = ()
    accepted: int | None = None
    taps: tuple[tuple[ReactionKind, int], ...] = ()
    public: bool = False
    photo: bool = False


Q = PostKind.QUESTION
USEFUL, LIKED, SAME = ReactionKind.USEFUL, ReactionKind.LIKED, ReactionKind.SAME
WEANING: tuple[Said, ...] = (
    Said(
        20, 0, "宝宝六个月，第一口辅食选米粉还是肉泥？", Q, FIRST_BITE,
        ((1, "我家第一口是高铁米粉，三天后加的肉泥，一次一小勺。"), (2, "先看会不会坐稳、会不会张嘴找勺子，不用卡着日子。")),
        0, ((USEFUL, 4), (SAME, 3)),
    ),
    Said(
        17, 3, "南瓜蒸透再压，不加水也很细。豆豆今天吃了小半碗。", PostKind.POST, FIRST_BITE,
        ((0, "蒸多久呀？"), (3, "切小块，水开后十五分钟。")), None, ((LIKED, 7), (USEFUL, 3)), True, True,
    ),
    Said(
        14, 5, "吃了鸡蛋黄，嘴边起了一圈小红点，还要继续吗？", Q, ALLERGY,
        (
            (EXPERT, "先停三天，看红点退不退。退了再从四分之一勺试，同一时间只加一样新食材；有呕吐或喘要马上去医院。"),
            (1, "我家也这样，停了一周再试就好了。"),
        ),
        0, ((USEFUL, 9), (SAME, 2)),
    ),
    Said(
        12, 6, "上班前二十分钟能做完的三样：蒸蛋羹、西葫芦碎面、牛油果拌饭。周日把高汤冻成小格，省一半时间。", PostKind.POST,
        WORKDAYS, ((7, "高汤冻格这招太好用了。"),), None, ((LIKED, 6), (USEFUL, 8)), True,
    ),
    Said(
        9, 7, "宝宝不肯吃肉泥，一喂就吐，怎么办？", Q, FIRST_BITE,
        ((3, "先把肉打到酸奶那么细，混一勺南瓜泥。我家也是第 4 次才肯吃，别急。"), (8, "换成鱼肉试试，鳕鱼细，没有颗粒感。")),
        0, ((USEFUL, 5), (SAME, 6)),
    ),
    Said(6, 2, "奶奶总想加盐，各家是怎么说的？", Q, "", ((9, "我给奶奶看了体检单，比我说十遍管用。"),), None, ((SAME, 8),)),
    Said(4, 8, "周三答疑记了三条：一岁前不加盐；新食材连吃三天；颗粒从细到粗两周一档。", PostKind.POST, "", (), None, ((USEFUL, 11),)),
    Said(2, 1, "一岁两个月，只肯吃白粥，怎么加点花样？", Q, "", (), None, ((SAME, 2),)),
    Said(
        0.4, 0, "今天第一次自己拿勺子，一半进嘴一半上墙，还是很高兴。", PostKind.POST, "",
        ((3, "上墙那一半也算进步！"),), None, ((LIKED, 5),), False, True,
    ),
)  # fmt: skip
READING: tuple[Said, ...] = (
    Said(15, 0, "这个月读《城南旧事》，从哪一篇开始聊？", Q, "", ((1, "从惠安馆开始，人物最全。"),), 0, ((SAME, 2),)),
    Said(8, 2, "读到骆驼队那几页，想起小时候的巷子。", PostKind.POST, "", ((0, "我也划了那一段。"),), None, ((LIKED, 4),)),
    Said(1, 1, "下个月想换一本轻一点的，大家有想读的吗？", Q),
)  # fmt: skip
# Days ago, type, title, words: what the community itself brought, and what is still planned.
BROUGHT: tuple[tuple[int, ContentType, str, str], ...] = (
    (
        19,
        ContentType.TIP,
        "三种稠度",
        "三种稠度，看一眼就懂：能滑下勺子是第一档，能挂住是第二档，能成堆是第三档。两周换一档。",
    ),
    (13, ContentType.KNOWLEDGE, "高铁食材清单", "六个月后铁最要紧：红肉、肝、高铁米粉，一周三次以上。"),
    (7, ContentType.BEHIND, "试吃间的一天", "昨天试了九锅南瓜泥，留下的是不加水蒸十五分钟的那一锅。"),
    (3, ContentType.TIP, "冷冻的三条规矩", "小格冻、写日期、两周内吃完；解冻一次就不再冻。"),
)
PLANNED: tuple[tuple[int, ContentType, str], ...] = (
    (-1, ContentType.STORY, "一位爸爸的周末备餐"),
    (-3, ContentType.SCENE, "出门一天带什么"),
    (-5, ContentType.LIFESTYLE, "和宝宝一起逛菜场"),
)


def build(now: datetime, groups: Sequence[Any], neighbours: Sequence[Neighbour], champion: Viewer) -> None:
    """Both communities, each thread at its hour."""
    weaning, reading = groups
    with clock.held(now - timedelta(days=22)):
        nutritionist = _nutritionist(weaning, champion, now)
        topics = {
            name: actions.open_topic(
                viewer=BUILDER, community_id=weaning.public_id, name=name, about=about, pinned=pinned
            ).public_id
            for name, about, pinned in (
                (FIRST_BITE, "怎么开始，怎么不吐", True),
                (ALLERGY, "一样一样来，先记三天", False),
                (WORKDAYS, "二十分钟做得完的", False),
            )
        }
    _talk(now, weaning, WEANING, _circle(weaning, neighbours), topics=topics, expert=nutritionist)
    _talk(now, reading, READING, _circle(reading, neighbours), topics={}, expert=champion)
    _calendar(now, weaning)


def _circle(group: Any, neighbours: Sequence[Neighbour]) -> list[Viewer]:
    """Its members in the order in which they live in the demo, the demo's own member first."""
    own = sorted(neighbours, key=lambda one: one.habit.name != "常来")
    found = (own_viewer(one) for one in own)
    return [one for one in found if community_queries.open_membership(group, one.person or 0) is not None][
        :12
    ]


def _nutritionist(group: Any, champion: Viewer, now: datetime) -> Viewer:
    """A colleague who answers as who they are here."""
    card = next(one for one in stores.staff_for(BUILDER).items if one.code == CHAMPION)
    communities.give_part(
        viewer=BUILDER,
        community_id=group.public_id,
        part=Part.EXPERT,
        staff=UUID(str(card.public_id)),
        until=now + timedelta(days=120),
        shown_as="周医师",
        specialty="婴幼儿营养",
    )
    return champion


def _talk(
    now: datetime,
    group: Any,
    script: Sequence[Said],
    circle: Sequence[Viewer],
    *,
    topics: dict[str, Any],
    expert: Viewer,
) -> None:
    for said in script:
        who = circle[said.who % len(circle)]
        at = now - timedelta(days=said.days)
        with clock.held(at):
            post = _seen(
                actions.write_post(
                    viewer=who,
                    community_id=group.public_id,
                    body=said.body,
                    kind=said.kind,
                    topic=topics.get(said.topic),
                    public=said.public,
                )
            )
            if said.photo:
                made = actions.add_photo(
                    viewer=who, post_id=post.public_id, data=drawn("#f3e3cf", "#be3d0a"), show=True
                )
                if said.public:
                    actions.show_photo(viewer=who, photo_id=made.public_id, state=PhotoState.PUBLIC)
        answers = []
        for n, (by, words) in enumerate(said.replies):
            with clock.held(min(at + timedelta(minutes=18 + 47 * n), now)):
                speaker = expert if by == EXPERT else circle[by % len(circle)]
                answers.append(_seen(actions.reply(viewer=speaker, post_id=post.public_id, body=words)))
        with clock.held(min(at + timedelta(hours=5), now)):
            if said.accepted is not None and answers[said.accepted].person_id != post.person_id:
                actions.accept_answer(viewer=who, answer_id=answers[said.accepted].public_id)
            for kind, n in said.taps:
                for one in [v for v in circle if v.person != post.person_id][:n]:
                    actions.react(viewer=one, post_id=post.public_id, kind=kind)


def _seen(post: Any) -> Any:
    """A moderator has looked at what waits."""
    if post.state == PostState.WAITING:
        case = next(one for one in moderation.desk(BUILDER) if one.post_id == post.public_id)
        moderating.decide(viewer=BUILDER, case_id=case.id, verdict=Verdict.RELEASE, reason="")
        post.refresh_from_db()
    return post


def _calendar(now: datetime, group: Any) -> None:
    given: dict[str, Any] = {"viewer": BUILDER, "community_id": group.public_id}
    for days, content, title, words in BROUGHT:
        with clock.held(now - timedelta(days=days)):
            item = actions.add_item(viewer=BUILDER, content=content, title=title, body=words)
            entry = actions.plan_entry(
                on=clock.business_day(clock.now()), title="", item_id=item.public_id, **given
            )
            actions.publish_entry(viewer=BUILDER, entry_id=entry.public_id, public=True)
    for days, content, title in PLANNED:
        actions.plan_entry(
            on=clock.business_day(now - timedelta(days=days)), title=title, content=content, **given
        )
