"""What runs in the demo's first community: a challenge with some weeks behind it, a contest that is voted on, a report, an inbox of voices."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from tongxin.faces.cli.demo_life import BUILDER, Neighbour, own_viewer
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.voices import actions as voices
from tongxin.voices import queries
from tongxin.voices.actions import challenges, contests, feedback, moderating
from tongxin.voices.queries import challenges as reading
from tongxin.voices.queries import moderation
from tongxin.voices.terms import PostState
from tongxin.voices.terms_moderation import ReportKind, Verdict

DAYS = 16
SAID = (
    "周六结账排队等了快四十分钟，只开一个口，抱着孩子实在吃力",
    "宝宝一吃鸡蛋就起疹子，不知道该换什么",
    "要是辅食课周末下午也开一场就好了",
    "老师教得特别耐心，回家一次就做成功了，谢谢",
    "昨天买的米粉勺子少了一把，也不算大事",
)
ADVERT = "代购进口奶粉，包邮，需要的私聊我"


def build(now: datetime, group: Any, neighbours: Sequence[Neighbour]) -> None:
    """Everything by the actions, each at its hour."""
    circle = _circle(group, neighbours)
    _challenge(now, group, circle)
    with clock.held(now - timedelta(hours=30)):
        for who, words in zip(circle[1:], SAID, strict=False):
            _said(who, group, words)
        feedback.annotate(viewer=BUILDER)
    _contest(now, group, circle)
    with clock.held(now - timedelta(hours=26)):
        voices.write_post(
            viewer=circle[2], community_id=group.public_id, body=ADVERT
        )  # waits, and is late by now
    with clock.held(now - timedelta(hours=3)):
        seen = queries.feed(circle[0], group.public_id).items
        told = next(one for one in seen if not one.mine)
        moderating.report(viewer=circle[0], post_id=told.id, kind=ReportKind.WRONG, note="月龄好像不太对")


def _circle(group: Any, neighbours: Sequence[Neighbour]) -> list[Viewer]:
    """Members who may write, the demo's own member first."""
    own = sorted(neighbours, key=lambda one: one.habit.name != "常来")
    found = (own_viewer(one) for one in own)
    return [
        who
        for who in found
        if any(one.active for one in queries.standing_in_mine(who) if one.community == group.pk)
    ]


def _said(who: Viewer, group: Any, words: str) -> Any:
    post = voices.write_post(viewer=who, community_id=group.public_id, body=words)
    if post.state == PostState.WAITING:
        case = next(one for one in moderation.desk(BUILDER) if one.post_id == post.public_id)
        moderating.decide(viewer=BUILDER, case_id=case.id, verdict=Verdict.RELEASE, reason="")
        post.refresh_from_db()
    return post


def _challenge(now: datetime, group: Any, circle: Sequence[Viewer]) -> None:
    first = clock.business_day(now) - timedelta(days=DAYS)
    with clock.held(now - timedelta(days=DAYS)):
        row = challenges.open_challenge(
            viewer=BUILDER,
            community_id=group.public_id,
            title="一周三种新食材",
            about="每次一种，拍不拍照都行，试过就打卡。",
            starts_on=first,
            ends_on=first + timedelta(days=34),
        )
        for who in circle[:6]:
            challenges.join_challenge(viewer=who, challenge_id=row.public_id)
    for back in range(DAYS, 0, -1):
        with clock.held(now - timedelta(days=back)):
            for n, who in enumerate(circle[:6]):
                if (back + n) % 2 == 0:
                    challenges.check_in(viewer=who, challenge_id=row.public_id)


def _contest(now: datetime, group: Any, circle: Sequence[Viewer]) -> None:
    begun, over = now - timedelta(days=6), now - timedelta(days=1)
    with clock.held(begun):
        row = contests.make_contest(
            viewer=BUILDER,
            community_id=group.public_id,
            title="我家最受欢迎的一道辅食",
            prize="亲子烘焙课一席",
            about="说说怎么做的，宝宝吃了多少。",
            winners=1,
            entries_until=over,
            votes_until=now + timedelta(days=5),
        )
        contests.open_contest(viewer=BUILDER, contest_id=row.public_id)
    with clock.held(now - timedelta(days=3)):
        dishes = (
            "三文鱼土豆泥，蒸十二分钟压细，娃吃光还舔碗",
            "西兰花鸡蛋羹，蛋黄先试过三天，一勺一勺都吃完",
            "南瓜小米粥熬到开花，两顿都不剩",
        )
        for who, dish in zip(circle[1:], dishes, strict=False):
            post = _said(who, group, dish)
            contests.enter_contest(viewer=who, contest_id=row.public_id, post_id=post.public_id)
    with clock.held(now - timedelta(hours=20)):
        contests.move_on(viewer=BUILDER, contest_id=row.public_id)
        entries = [one.id for one in reading.contest(circle[0], row.public_id).entries]
        for n, who in enumerate(circle[2:5]):
            try:
                contests.vote(viewer=who, contest_id=row.public_id, entry_id=entries[n % len(entries)])
            except Refused:  # nobody votes for themselves
                continue
