"""The demo's champions: checks of the last weeks with their gaps, people invited, steps ticked, training, one hand-over.

Built only through actions; which days were missed is drawn with a fixed seed, so that the gaps stay visible and the same.
"""

import random
from datetime import datetime, timedelta
from typing import Any

from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.terms import CheckWord, Outcome
from tongxin.faces.cli.demo_life import BUILDER, SHOPS
from tongxin.foundation import clock
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.errors import Refused
from tongxin.stores import actions as stores
from tongxin.stores import queries as places
from tongxin.stores.rules import StaffRow
from tongxin.stores.terms import Role

SEED = 20260309
DAYS = 24
SKIPS = (0.1, 0.3)  # how often a day was missed, in the first shop and in the others
CANNOT = 0.08
INVITED_DAYS = (16, 9, 4, 2)
OPENS = timedelta(hours=8, minutes=48)
REASONS = ("告示板的磁钉掉了，等补货", "下雨，门口没有人", "新告示还没寄到", "今天只有一个人当班")
# Who else is champion: shop, handle, name, how many items they have learnt; the last one left a fortnight ago.
COLLEAGUES = (
    (0, "demo-champion-2", "阿豪", 8),
    (1, "demo-champion-3", "思语", 8),
    (1, "demo-champion-4", "老徐", 5),
)
LEAVER = (1, "demo-champion-5", "乐怡", 8)


def build(now: datetime) -> None:
    """The last weeks of each shop's champions."""
    found = places.stores_by_code(places.the_brand(), [code for code, _ in SHOPS])
    shops = [found[code] for code, _ in SHOPS]
    dice = random.Random(SEED)  # noqa: S311 - a fixed sequence for a demo, no secret
    with clock.held(now - timedelta(days=DAYS + 5)):
        people = [_champion(shops[shop], handle, name) for shop, handle, name, _ in COLLEAGUES]
        leaver = _champion(shops[LEAVER[0]], LEAVER[1], LEAVER[2])
        for account, row in zip([*people, leaver], [*COLLEAGUES, LEAVER], strict=True):
            _learn(account, row[3])
    _learn_first(now)
    for ago in range(DAYS, -1, -1):
        for n, shop in enumerate(shops):
            _day(dice, now, shop, ago, SKIPS[min(n, 1)])
    with clock.held(now - timedelta(days=12)):
        _leaves(leaver, people[1], shops[LEAVER[0]])
    for shop in shops:
        _steps(now, shop)


def _champion(shop: Any, handle: str, name: str) -> Any:
    account = accounts.create_account(viewer=BUILDER, handle=handle, kind=AccountKind.STAFF)
    stores.grant(viewer=BUILDER, account=account, role=Role.CHAMPION, store=shop)
    stores.upsert_staff(viewer=BUILDER, rows=[StaffRow(staff_code=handle, name=name, store_code=shop.code)])
    card = next(one for one in places.staff_for(BUILDER, limit=200).items if one.code == handle)
    stores.link_account(viewer=BUILDER, staff=places.access_staff(BUILDER, card.public_id), account=account)
    return account


def _learn(account: Any, items: int) -> None:
    """So many items of the card; who knows them all is signed for."""
    viewer = places.viewer_for(account)
    lessons = queries.my_training(viewer).version.items
    for item in lessons[:items]:
        actions.read_lesson(viewer=viewer, item=item.key)
    if items >= len(lessons):
        actions.sign_training(viewer=BUILDER, account_id=account.public_id)


def _learn_first(now: datetime) -> None:
    """The champion who is signed in to has learnt and is signed for too."""
    with clock.held(now - timedelta(days=DAYS)):
        for row in queries.champions_for(BUILDER):
            if row.standing.read == 0:
                account = queries.champion_to_train(BUILDER, row.account)
                _learn(account, row.standing.of)


def _day(dice: random.Random, now: datetime, shop: Any, ago: int, skips: float) -> None:
    """One morning: the check, or a gap; on some days people to invite. Today's check is left to who looks."""
    day = clock.business_day(now, shop.zone) - timedelta(days=ago)
    begin = clock.day_start(day, shop.zone, shop.cutoff_hour) + OPENS
    skipped, cannot, why = dice.random() < skips, dice.random() < CANNOT, dice.choice(REASONS)
    if ago == 0:
        return
    with clock.held(begin):
        if not skipped:
            said = AnswerIn(CheckWord.NO, why) if cannot else AnswerIn(CheckWord.YES)
            invited = AnswerIn(CheckWord.NOT_TODAY if dice.random() < 0.2 else CheckWord.YES)
            actions.answer_check(viewer=BUILDER, store=shop, answers={"board": said, "invited": invited})
        if ago in INVITED_DAYS:
            for made in actions.pick_invites(viewer=BUILDER, store=shop):
                outcome = Outcome.NOT_NOW if dice.random() < 0.25 else Outcome.INVITED
                actions.invited(viewer=BUILDER, invite_id=made.public_id, outcome=outcome)


def _leaves(leaver: Any, heir: Any, shop: Any) -> None:
    grant = next(
        row
        for row in queries.champions_for(BUILDER)
        if row.account == leaver.public_id and row.store == shop.public_id
    )
    said = AnswerIn(CheckWord.NO, REASONS[0])
    actions.answer_check(viewer=places.viewer_for(leaver), store=shop, answers={"board": said})
    made = actions.hand_over(viewer=BUILDER, grant_id=grant.grant, successor_id=heir.public_id)
    actions.receive_handover(viewer=places.viewer_for(heir), handover_id=made.public_id)


def _steps(now: datetime, shop: Any) -> None:
    """What is due of the kits is ticked, but the last."""
    with clock.held(now):
        for step in queries.steps_today(BUILDER, shop, now)[:-1]:
            try:
                actions.tick_step(viewer=BUILDER, use_id=step.use, step=step.key)
            except Refused:
                continue  # the day of a step is the store's own
