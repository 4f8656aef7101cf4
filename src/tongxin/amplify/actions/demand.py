"""Shortlists (nine in ten by what they did, one in ten by lot), polls and pre-orders that end in an answer, pools shared by published points."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from django.db import transaction

from tongxin.amplify import evidence
from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import text
from tongxin.amplify.models import Poll, PollVote, Pool, PoolShare, Shortlist, ShortlistPlace
from tongxin.amplify.terms import DECIDERS, EDITORS
from tongxin.amplify.terms_demand import (
    ABOUT_MOST,
    ANSWER_MOST,
    ANSWER_WITHIN,
    COUNT_MOST,
    LONGEST,
    LOT_SHOWN_FOR,
    OPTION_MOST,
    OPTIONS_LEAST,
    OPTIONS_MOST,
    PER_STORE_MOST,
    POINTS_MOST,
    SIZE_LEAST,
    SIZE_MOST,
    TITLE_MOST,
    ListState,
    PollKind,
    Slot,
)
from tongxin.commerce.actions import ask_second
from tongxin.compass.apportion import hand_out
from tongxin.compass.koc.policy import Policy
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.draw import actions as draws
from tongxin.foundation.draw import queries as drawn
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Customer
from tongxin.people.queries import cluster, iterate_live_deeds
from tongxin.stores.models import Store

BY_LOT = {"zh": "随机名额：从符合条件的会员中抽签产生", "en": "By lot, from all eligible members"}


def ask_shortlist(*, viewer: Viewer, size: int, per_store: int, store: Store | None = None) -> Shortlist:
    """Ask for a list; a job draws it up. Refuses `absent`, `amplify.list_size`."""
    if not viewer.reaches(None if store is None else store.pk, DECIDERS):
        raise Refused("absent")
    if not (SIZE_LEAST <= size <= SIZE_MOST and 1 <= per_store <= PER_STORE_MOST):
        raise Refused("amplify.list_size")
    with transaction.atomic():
        row = Shortlist.objects.create(
            store=store,
            state=ListState.ASKED,
            size=size,
            per_store=per_store,
            asked_by=viewer.name,
            asked_at=clock.now(),
        )
        trails.note(viewer, "amplify.list_asked", "shortlist", row.public_id, after={"size": size})
    return row


def draw_up_lists(*, viewer: Viewer) -> int:
    """Draw up what was asked for; answers how many. A job of each minute, in the worker."""
    keys = list(Shortlist.objects.filter(state=ListState.ASKED).order_by("id").values_list("pk", flat=True))
    for key in keys:
        with transaction.atomic():
            row = Shortlist.objects.select_for_update(no_key=True, of=("self",)).get(pk=key)
            if row.state == ListState.ASKED:
                _draw_up(viewer, row)
    return len(keys)


def _draw_up(viewer: Viewer, row: Shortlist) -> None:
    """By score what is left of the size without the lot; the lot is committed to before anybody can know it."""
    by_lot = Policy(size=row.size).random_slots
    found = evidence.shortlist(
        places=None if row.store_id is None else {row.store_id},
        by_score=row.size - by_lot,
        per_store=row.per_store if row.store_id is None else row.size,
        seed=row.pk,
    )
    row.eligible, row.notes, row.listed_at = found.eligible, list(found.notes), clock.now()
    row.state = ListState.LISTED if found.listed else ListState.NONE
    ShortlistPlace.objects.bulk_create(
        [
            ShortlistPlace(
                shortlist=row,
                person_id=one.person,
                slot=Slot.SCORE,
                rank=rank,
                score=one.score,
                low=one.low,
                high=one.high,
                reasons=list(one.reasons),
                flags=list(one.flags),
            )
            for rank, one in enumerate(found.listed, start=1)
        ]
    )
    if found.listed and found.others:
        # tickets say nothing: which is whose stands here only until the lot is opened
        row.tickets = {secrets.token_hex(8): person for person in found.others}
        row.draw = draws.commit(
            viewer=viewer,
            title=f"shortlist {row.public_id}",
            entrants=list(row.tickets),
            rules={"winners": min(by_lot, len(row.tickets))},
        ).public_id
    elif found.listed:
        row.state, row.drawn_at = ListState.DRAWN, row.listed_at
    row.save()
    trails.note(
        viewer,
        "amplify.list_drawn_up",
        "shortlist",
        row.public_id,
        after={"state": str(row.state), "listed": len(found.listed), "eligible": found.eligible},
    )


def open_lot(*, viewer: Viewer, shortlist_id: UUID) -> Shortlist:
    """Open the lot, an hour after list and commitment stand. Refuses `absent`, `amplify.list_state`, `amplify.lot_early`."""
    with transaction.atomic():
        row = (
            Shortlist.objects.select_for_update(no_key=True, of=("self",))
            .filter(public_id=shortlist_id)
            .first()
        )
        if row is None or not viewer.reaches(row.store_id, DECIDERS):
            raise Refused("absent")
        if row.state != ListState.LISTED or row.draw is None or row.listed_at is None:
            raise Refused("amplify.list_state")
        ready, now = row.listed_at + LOT_SHOWN_FOR, clock.now()
        if now < ready:
            raise Refused("amplify.lot_early", at=ready.isoformat())
        draws.reveal(viewer=viewer, public_id=row.draw)
        won = [row.tickets[ticket] for ticket in drawn.document(row.draw)["winners"]]
        live = set(Customer.objects.filter(pk__in=won, state="live").values_list("pk", flat=True))
        rank = ShortlistPlace.objects.filter(shortlist=row).count()
        ShortlistPlace.objects.bulk_create(
            [
                ShortlistPlace(
                    shortlist=row, person_id=person, slot=Slot.RANDOM, rank=rank + n, reasons=[BY_LOT]
                )
                for n, person in enumerate((one for one in won if one in live), start=1)
            ]
        )
        row.state, row.drawn_at, row.tickets = ListState.DRAWN, now, {}
        row.save(update_fields=["state", "drawn_at", "tickets"])
        trails.note(viewer, "amplify.list_whole", "shortlist", row.public_id, after={"by_lot": len(live)})
    return row


def open_poll(
    *,
    viewer: Viewer,
    kind: PollKind,
    title: str,
    options: Sequence[str],
    closes_at: datetime,
    about: str = "",
    price_fen: int | None = None,
    least: int | None = None,
    store: Store | None = None,
    simulated: bool = False,
) -> Poll:
    """Ask members what they want; a pre-order names its price and from how many on it is made. Nobody pays here.

    Refuses `absent`, `amplify.words`, `amplify.poll_form`.
    """
    if not viewer.reaches(None if store is None else store.pk, DECIDERS):
        raise Refused("absent")
    named = text(title, TITLE_MOST)
    choices = [text(one, OPTION_MOST) for one in options if one.strip()]
    now = clock.now()
    right = OPTIONS_LEAST <= len(choices) <= OPTIONS_MOST and len(set(choices)) == len(choices)
    priced = kind is PollKind.WANT or (price_fen is not None and price_fen > 0 and bool(least))
    if not right or not priced or not now < closes_at <= now + LONGEST:
        raise Refused("amplify.poll_form")
    with transaction.atomic():
        poll = Poll.objects.create(
            kind=kind,
            title=named,
            about=about.strip()[:ABOUT_MOST],
            options=choices,
            store=store,
            price_fen=price_fen if kind is PollKind.PREORDER else None,
            least=least if kind is PollKind.PREORDER else None,
            opened_by=viewer.name,
            opened_at=now,
            closes_at=closes_at,
            answer_by=closes_at + ANSWER_WITHIN,
            simulated=simulated,
        )
        trails.note(viewer, "amplify.poll_opened", "poll", poll.public_id, after={"kind": str(kind)})
    return poll


def vote(*, viewer: Viewer, poll_id: UUID, option: int, count: int = 1) -> PollVote:
    """A member's choice, one each and changeable until it closes. Refuses `absent`, `amplify.poll_closed`, `amplify.poll_choice`."""
    with transaction.atomic():
        me = Customer.objects.select_for_update(no_key=True).filter(pk=viewer.person or 0).first()
        poll = Poll.objects.filter(public_id=poll_id).first()
        if me is None or poll is None:
            raise Refused("absent")
        if poll.closes_at <= clock.now():
            raise Refused("amplify.poll_closed")
        most = COUNT_MOST if poll.kind == PollKind.PREORDER else 1
        if not (0 <= option < len(poll.options) and 1 <= count <= most):
            raise Refused("amplify.poll_choice", most=most)
        mine = PollVote.objects.filter(poll=poll, person__in=cluster(me)).first()
        made = mine or PollVote(poll=poll, person=me)
        made.option, made.count, made.at = option, count, clock.now()
        made.save()
        trails.note(viewer, "amplify.poll_voted", "poll", poll.public_id)
    return made


def answer_poll(*, viewer: Viewer, poll_id: UUID, made: bool, answer: str) -> Poll:
    """Say what comes of it, to everybody who voted. Refuses `absent`, `amplify.words`, `amplify.poll_open`, `amplify.poll_answered`."""
    said = text(answer, ANSWER_MOST)
    with transaction.atomic():
        poll = Poll.objects.select_for_update(no_key=True, of=("self",)).filter(public_id=poll_id).first()
        if poll is None or not viewer.reaches(poll.store_id, DECIDERS):
            raise Refused("absent")
        if poll.answered_at is not None:
            raise Refused("amplify.poll_answered")
        if clock.now() < poll.closes_at:
            raise Refused("amplify.poll_open")
        poll.answer, poll.made, poll.answered_by, poll.answered_at = said, made, viewer.name, clock.now()
        poll.save(update_fields=["answer", "made", "answered_by", "answered_at"])
        trails.note(viewer, "amplify.poll_answered", "poll", poll.public_id, after={"made": made})
        for person in PollVote.objects.filter(poll=poll).order_by("id").values_list("person", flat=True):
            trails.tell(
                viewer=viewer,
                person=person,
                kind="amplify.poll_answered",
                subject=poll.public_id,
                body={"name": poll.title, "answer": said[:80], "path": "/m/cocreate/"},
                store=poll.store_id,
            )
    return poll


def publish_pool(
    *,
    viewer: Viewer,
    title: str,
    pool_fen: int,
    points: Mapping[str, int],
    since: datetime,
    until: datetime,
) -> Pool:
    """Publish what is shared, for which deeds at how many points each, before the first day that counts. Refuses `absent`, `amplify.words`,
    `amplify.pool_form`.
    """
    if not viewer.reaches(None, EDITORS):
        raise Refused("absent")
    named, now = text(title, TITLE_MOST), clock.now()
    known = bool(points) and all(
        code in BY_CODE and type(worth) is int and 0 < worth <= POINTS_MOST for code, worth in points.items()
    )
    if pool_fen <= 0 or not known or not now <= since < until <= now + LONGEST:
        raise Refused("amplify.pool_form")
    with transaction.atomic():
        pool = Pool.objects.create(
            title=named,
            pool_fen=pool_fen,
            points=dict(points),
            since=since,
            until=until,
            published_by=viewer.name,
            published_at=now,
        )
        trails.note(
            viewer,
            "amplify.pool_published",
            "pool",
            pool.public_id,
            after={"fen": pool_fen, "points": dict(points)},
        )
    return pool


def settle_pool(*, viewer: Viewer, pool_id: UUID) -> Pool:
    """Share it out: points for deeds that stand, linearly, in whole fen, largest remainder; nobody earned anything: it stays.

    Refuses `absent`, `amplify.pool_early`, `amplify.pool_settled`, and `commerce.second_person_needed` where one person who published
    much would share it out, too.
    """
    with transaction.atomic():
        pool = Pool.objects.select_for_update(no_key=True).filter(public_id=pool_id).first()
        if pool is None or not viewer.reaches(None, EDITORS):
            raise Refused("absent")
        if pool.settled_at is not None:
            raise Refused("amplify.pool_settled")
        now = clock.now()
        if now < pool.until:
            raise Refused("amplify.pool_early")
        ask_second(viewer=viewer, first=pool.published_by, fen=pool.pool_fen)
        earned = _earned(pool, now)
        # names of one width: ties go by name, and so by the number
        fen = (
            hand_out(pool.pool_fen, {f"{key:020d}": Fraction(n) for key, n in earned.items()})
            if earned
            else {}
        )
        PoolShare.objects.bulk_create(
            [
                PoolShare(pool=pool, person_id=key, points=n, fen=fen[f"{key:020d}"], at=now)
                for key, n in sorted(earned.items())
            ]
        )
        pool.settled_at, pool.settled_by = now, viewer.name
        pool.back_fen = pool.pool_fen - sum(fen.values())
        pool.save(update_fields=["settled_at", "settled_by", "back_fen"])
        trails.note(
            viewer,
            "amplify.pool_settled",
            "pool",
            pool.public_id,
            after={"people": len(earned), "fen": sum(fen.values())},
        )
    return pool


def _earned(pool: Pool, now: datetime) -> dict[int, int]:
    """Points of each person, merged entries together; staff work for wages."""
    found: dict[int, int] = {}
    out = set(Customer.objects.filter(is_staff=True).values_list("pk", flat=True))
    out |= set(Customer.objects.filter(state="erased").values_list("pk", flat=True))
    survivor = dict(Customer.objects.filter(survivor__isnull=False).values_list("pk", "survivor"))
    for deed in iterate_live_deeds(now, pool.since):
        worth = pool.points.get(deed.kind)
        who = survivor.get(deed.person) or deed.person
        if worth and pool.since <= deed.occurred_at < pool.until and who not in out:
            found[who] = found.get(who, 0) + worth
    return found


def forget_demand(ids: list[int]) -> int:
    """Places on lists and votes go, tickets of the lot too; shares stay for the books. For an erasure."""
    touched: int = ShortlistPlace.objects.filter(person__in=ids).delete()[0]
    return touched + PollVote.objects.filter(person__in=ids).delete()[0]
