"""`/champions`: a store's day. Daily health check, its list, what came back to headquarters, whom to invite today, results."""

import uuid
from datetime import date, datetime
from typing import Annotated

from ninja import Router
from pydantic import Field, StringConstraints

from tongxin.champions import actions, queries
from tongxin.champions.actions import AnswerIn
from tongxin.champions.queries import CheckDay, Concern, InviteLine
from tongxin.champions.rules.checks import Listed
from tongxin.champions.terms import CheckWord, DayState, InviteReason, Outcome
from tongxin.faces.api.shapes import PLAIN, Cursor, Done, In, Limit, Out, Reason
from tongxin.faces.api.writing import matched, write
from tongxin.faces.asking import Asked
from tongxin.foundation import clock
from tongxin.stores import queries as stores

router = Router(tags=["champions"])

ItemKey = Annotated[str, StringConstraints(max_length=24, pattern=r"^[a-z0-9-]+$")]
ItemWords = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40, pattern=PLAIN)
]
ItemEnglish = Annotated[str, StringConstraints(strip_whitespace=True, max_length=80, pattern=PLAIN)]
OneSentence = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=PLAIN)]
Days = Annotated[int, Field(ge=1, le=62)]


class CheckItem(Out):
    key: str
    zh: str
    en: str


class CheckList(Out):
    """The items that hold from a day on; `version` 0 is the one that every brand starts with."""

    version: int
    since: date | None
    items: list[CheckItem]


class CheckLists(Out):
    """The list that holds today, and all that were published."""

    today: CheckList
    published: list[CheckList]


class CheckItemIn(In):
    zh: ItemWords
    en: ItemEnglish = ""


class CheckListIn(In):
    """One to five items, from tomorrow at the earliest."""

    items: Annotated[list[CheckItemIn], Field(min_length=1, max_length=5)]
    since: date


class CheckedItem(CheckItem):
    """An item of a day; `answer` null while nothing was said."""

    id: uuid.UUID | None
    answer: CheckWord | None
    sentence: str
    photo: bool
    at: datetime | None


class CheckedDay(Out):
    """A business day of a store. A skipped one is there, without answers."""

    day: date
    version: int
    state: DayState
    items: list[CheckedItem]


class CheckedDays(Out):
    items: list[CheckedDay]


class CheckAnswerIn(In):
    item: ItemKey
    answer: CheckWord
    sentence: OneSentence = ""


class CheckAnswersIn(In):
    answers: Annotated[list[CheckAnswerIn], Field(min_length=1, max_length=5)]


class CheckConcern(Out):
    """A no with a sentence, and what headquarters said to it."""

    id: uuid.UUID
    store: uuid.UUID
    store_name: str
    day: date
    item: str
    sentence: str
    photo: bool
    at: datetime
    reply: str
    replied_at: datetime | None


class CheckConcerns(Out):
    items: list[CheckConcern]
    cursor: str | None


class ConcernReply(In):
    reply: Reason


class ToInvite(Out):
    """One person to invite today, and why."""

    id: uuid.UUID
    member: uuid.UUID
    name: str
    why: InviteReason
    said: str
    outcome: Outcome
    done_at: datetime | None


class ToInvites(Out):
    items: list[ToInvite]


class InviteOutcome(In):
    outcome: Annotated[str, StringConstraints(pattern=r"^(invited|not_now)$")] = "invited"


class BesideFigure(Out):
    """A figure of the last four weeks beside the median of like stores (null: too few of them). Never a ranking."""

    what: str
    own: int
    like: float | None
    stores: int


class BesideFigures(Out):
    items: list[BesideFigure]


def _list(listed: Listed) -> CheckList:
    return CheckList(
        version=listed.number,
        since=listed.since if listed.number else None,
        items=[CheckItem(key=one.key, zh=one.zh, en=one.en) for one in listed.items],
    )


def _day(found: CheckDay) -> CheckedDay:
    return CheckedDay(
        day=found.day,
        version=found.list,
        state=found.state,
        items=[CheckedItem.model_validate(line) for line in found.lines],
    )


def _concern(one: Concern, language: str) -> CheckConcern:
    return CheckConcern(
        id=one.id,
        store=one.store,
        store_name=one.store_name,
        day=one.day,
        item=one.item_en if language == "en" else one.item_zh,
        sentence=one.sentence,
        photo=one.photo,
        at=one.at,
        reply=one.reply,
        replied_at=one.replied_at,
    )


def _invite(line: InviteLine) -> ToInvite:
    return ToInvite(
        id=line.id,
        member=line.person,
        name=line.name,
        why=line.why,
        said=line.said,
        outcome=line.outcome,
        done_at=line.done_at,
    )


@router.get("/champions/checklist", url_name="checklist", operation_id="checklist.read", response=CheckLists)
def read_lists(request: Asked) -> CheckLists:
    """What stores are asked today, and every list that was published."""
    brand = stores.the_brand()
    return CheckLists(
        today=_list(queries.list_for(brand, clock.business_day(clock.now(), brand.zone))),
        published=[_list(one) for one in queries.lists_for(brand)],
    )


@router.post(
    "/champions/checklist", url_name="checklist", operation_id="checklist.publish", response={201: CheckList}
)
@write(201, matching=True)
def publish_list(request: Asked, body: CheckListIn) -> CheckList:
    """A new list from a day on. `If-Match` names the newest version that was read (0 when none was published)."""
    made = actions.publish_list(
        viewer=request.viewer,
        items=[(item.zh, item.en) for item in body.items],
        since=body.since,
        expected=matched(request),
    )
    return CheckList(version=made.number, since=made.since, items=[CheckItem(**item) for item in made.items])


@router.get(
    "/champions/stores/{uuid:store_id}/checks",
    url_name="store.checks",
    operation_id="checks.read",
    response=CheckedDays,
)
def read_days(request: Asked, store_id: uuid.UUID, days: Days = 14) -> CheckedDays:
    """The last days of a store, oldest first, today last; skipped ones among them."""
    store = queries.access_check_store(request.viewer, store_id)
    return CheckedDays(items=[_day(one) for one in queries.days_of(request.viewer, store, days)])


@router.post(
    "/champions/stores/{uuid:store_id}/checks",
    url_name="store.checks",
    operation_id="checks.answer",
    response=CheckedDay,
)
@write()
def answer_check(request: Asked, store_id: uuid.UUID, body: CheckAnswersIn) -> CheckedDay:
    """Answers to today's items, some or all; said otherwise on the same day it is a correction beside the first."""
    store = queries.access_check_store(request.viewer, store_id)
    said = {one.item: AnswerIn(one.answer, one.sentence) for one in body.answers}
    actions.answer_check(viewer=request.viewer, store=store, answers=said)
    return _day(queries.day_of(request.viewer, store))


@router.get("/champions/concerns", url_name="concerns", operation_id="concerns.list", response=CheckConcerns)
def list_concerns(
    request: Asked, *, open_only: bool = True, limit: Limit = 50, cursor: Cursor | None = None
) -> CheckConcerns:
    """What stores could not do and said so, newest first."""
    found = queries.concerns_for(request.viewer, open_only=open_only, limit=limit, cursor=cursor)
    return CheckConcerns(
        items=[_concern(one, request.viewer.language) for one in found.items], cursor=found.cursor
    )


@router.post(
    "/champions/concerns/{uuid:answer_id}/reply",
    url_name="concern.reply",
    operation_id="concerns.reply",
    response=Done,
)
@write()
def reply_concern(request: Asked, answer_id: uuid.UUID, body: ConcernReply) -> Done:
    """What headquarters says to it, once."""
    actions.settle_concern(viewer=request.viewer, answer_id=answer_id, reply=body.reply)
    return Done()


@router.get(
    "/champions/stores/{uuid:store_id}/invites",
    url_name="store.invites",
    operation_id="invites.list",
    response=ToInvites,
)
def list_invites(request: Asked, store_id: uuid.UUID) -> ToInvites:
    """Today's people of a store, without those who said no since they were chosen."""
    store = queries.access_check_store(request.viewer, store_id)
    found = queries.invites_of(request.viewer, store, queries.today_in(store))
    return ToInvites(items=[_invite(line) for line in found])


@router.post(
    "/champions/stores/{uuid:store_id}/invites",
    url_name="store.invites",
    operation_id="invites.pick",
    response=ToInvites,
)
@write()
def pick_invites(request: Asked, store_id: uuid.UUID) -> ToInvites:
    """Choose today's people, at most three, nobody twice in four weeks; a second time answers the same."""
    store = queries.access_check_store(request.viewer, store_id)
    actions.pick_invites(viewer=request.viewer, store=store)
    return list_invites(request, store_id)


@router.post(
    "/champions/invites/{uuid:invite_id}", url_name="invite", operation_id="invites.mark", response=Done
)
@write()
def mark_invite(request: Asked, invite_id: uuid.UUID, body: InviteOutcome) -> Done:
    """Invited, or not now."""
    actions.invited(viewer=request.viewer, invite_id=invite_id, outcome=Outcome(body.outcome))
    return Done()


@router.get(
    "/champions/stores/{uuid:store_id}/beside",
    url_name="store.beside",
    operation_id="champions.beside",
    response=BesideFigures,
)
def read_beside(request: Asked, store_id: uuid.UUID) -> BesideFigures:
    """The store's last four weeks beside the median of like stores."""
    store = queries.access_check_store(request.viewer, store_id)
    found = queries.beside_like_stores(request.viewer, store, queries.today_in(store))
    return BesideFigures(
        items=[BesideFigure(what=one.what, own=one.own, like=one.like, stores=one.stores) for one in found]
    )
