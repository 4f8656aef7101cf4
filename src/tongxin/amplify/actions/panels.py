"""Panels, trials and ideas: who is asked takes a seat and keeps it to themselves; whatever they write is answered, and by whom and when
can be seen. An idea that becomes a product carries its author's name, if they want it to.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from tongxin.amplify.actions import trails
from tongxin.amplify.actions.words import fit, text
from tongxin.amplify.models import Item, ItemStep, Panel, PanelSeat, Trial, TrialAnswer
from tongxin.amplify.rules.panels import due_at, filled, may_step
from tongxin.amplify.terms import DECIDERS, NAME_MOST, PROPOSERS, WHY_MOST
from tongxin.amplify.terms_panels import (
    ABOUT_MOST,
    ANSWER_MOST,
    CONFIDENTIAL,
    IDEAS_OPEN,
    QUESTION_MOST,
    QUESTIONS_MOST,
    SEAT_ASKED_FOR,
    SEAT_FOR,
    SEATS_MOST,
    TRIAL_LONGEST,
    WORDS_MOST,
    ItemKind,
    SeatState,
    Stage,
)
from tongxin.amplify.terms_panels import NAME_MOST as PANEL_NAME_MOST
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.queries import access_customer, cluster
from tongxin.stores.models import Store

LIVE = (SeatState.INVITED, SeatState.TAKEN)


def open_panel(
    *,
    viewer: Viewer,
    name: str,
    about: str,
    confidential: str,
    seats: int,
    store: Store | None = None,
    simulated: bool = False,
) -> Panel:
    """A new panel, of a store or of the whole brand. Refuses `absent`, `amplify.words`, `amplify.panel_full`."""
    if not viewer.reaches(None if store is None else store.pk, DECIDERS):
        raise Refused("absent")
    if not 1 <= seats <= SEATS_MOST:
        raise Refused("amplify.panel_full")
    with transaction.atomic():
        panel = Panel.objects.create(
            name=text(name, PANEL_NAME_MOST),
            about=text(about, ABOUT_MOST),
            confidential=text(confidential, ABOUT_MOST),
            store=store,
            seats=seats,
            opened_by=viewer.name,
            opened_at=clock.now(),
            simulated=simulated,
        )
        trails.note(viewer, "amplify.panel_opened", "panel", panel.public_id, after={"seats": seats})
    return panel


def _panel(viewer: Viewer, panel_id: UUID, roles: frozenset[str]) -> Panel:
    panel = Panel.objects.select_for_update(no_key=True, of=("self",)).filter(public_id=panel_id).first()
    if panel is None or not viewer.reaches(panel.store_id, roles):
        raise Refused("absent")
    return panel


def close_panel(*, viewer: Viewer, panel_id: UUID) -> Panel:
    """It is over; seats end with it, ideas keep waiting for their answers. Refuses `absent`, `amplify.panel_closed`."""
    with transaction.atomic():
        panel = _panel(viewer, panel_id, DECIDERS)
        if panel.closed_at is not None:
            raise Refused("amplify.panel_closed")
        panel.closed_at = clock.now()
        panel.save(update_fields=["closed_at"])
        PanelSeat.objects.filter(panel=panel, state__in=LIVE).update(
            state=SeatState.ENDED, ended_at=clock.now()
        )
        trails.note(viewer, "amplify.panel_closed", "panel", panel.public_id)
    return panel


def offer_seat(*, viewer: Viewer, panel_id: UUID, customer: UUID, why: str) -> PanelSeat:
    """Ask a member to sit on a panel for half a year, and say why. Seats that were offered count as taken until they are answered.

    Refuses `absent`, `amplify.words`, `amplify.panel_closed`, `amplify.panel_full`, `amplify.seat_already`, `amplify.staff`.
    """
    said = text(why, WHY_MOST)
    with transaction.atomic():
        panel = _panel(viewer, panel_id, DECIDERS)
        person = access_customer(viewer, customer)
        if not viewer.reaches(person.home_store_id, PROPOSERS):
            raise Refused("absent")
        if panel.closed_at is not None:
            raise Refused("amplify.panel_closed")
        if person.is_staff:
            raise Refused("amplify.staff")
        live = PanelSeat.objects.filter(panel=panel, state__in=LIVE)
        if live.filter(person__in=cluster(person)).exists():
            raise Refused("amplify.seat_already")
        if live.count() >= panel.seats:
            raise Refused("amplify.panel_full")
        now = clock.now()
        seat = PanelSeat.objects.create(
            panel=panel,
            person=person,
            state=SeatState.INVITED,
            why=said,
            invited_by=viewer.name,
            invited_at=now,
            until=now + SEAT_FOR,
        )
        trails.note(
            viewer, "amplify.seat_offered", "seat", seat.public_id, after={"panel": str(panel.public_id)}
        )
        trails.tell(
            viewer=viewer,
            person=person.pk,
            kind="amplify.seat_offered",
            subject=seat.public_id,
            body={"name": panel.name, "why": said, "path": "/m/cocreate/"},
            store=panel.store_id,
        )
    return seat


def _own(viewer: Viewer, seat_id: UUID) -> PanelSeat:
    people = [] if viewer.person is None else cluster(viewer.person)
    seat = (
        PanelSeat.objects.select_for_update(no_key=True, of=("self",))
        .select_related("panel")
        .filter(public_id=seat_id, person__in=people)
        .first()
    )
    if seat is None:
        raise Refused("absent")
    return seat


def answer_seat(*, viewer: Viewer, seat_id: UUID, yes: bool, keeps: bool = False) -> PanelSeat:
    """The member takes the seat, which needs their word to keep it to themselves, or does not.

    Refuses `absent`, `amplify.seat_state`, `amplify.confidential`.
    """
    with transaction.atomic():
        seat = _own(viewer, seat_id)
        now = clock.now()
        if seat.state != SeatState.INVITED or seat.invited_at + SEAT_ASKED_FOR <= now:
            raise Refused("amplify.seat_state")
        if yes and not keeps:
            raise Refused("amplify.confidential")
        if yes:
            seat.confidential, seat.agreed_at = CONFIDENTIAL, now
            _sit(viewer, seat, SeatState.TAKEN, "amplify.seat_taken")
        else:
            seat.ended_at = now
            _sit(viewer, seat, SeatState.DECLINED, "amplify.seat_declined")
    return seat


def leave_seat(*, viewer: Viewer, seat_id: UUID) -> PanelSeat:
    """The member gets up; at no cost. Refuses `absent`, `amplify.seat_state`."""
    with transaction.atomic():
        seat = _own(viewer, seat_id)
        if seat.state != SeatState.TAKEN:
            raise Refused("amplify.seat_state")
        seat.ended_at = clock.now()
        _sit(viewer, seat, SeatState.ENDED, "amplify.seat_ended")
    return seat


def _sit(viewer: Viewer, seat: PanelSeat, state: SeatState, act: str) -> None:
    before, seat.state = seat.state, state
    seat.save(update_fields=["state", "confidential", "agreed_at", "ended_at"])
    trails.note(
        viewer, act, "seat", seat.public_id, before={"state": str(before)}, after={"state": str(state)}
    )


def end_seats(*, viewer: Viewer) -> int:
    """Offers that nobody answered and terms that are over free their seats; answers how many. A nightly job."""
    now, done = clock.now(), 0
    rows = PanelSeat.objects.filter(state=SeatState.TAKEN, until__lte=now) | PanelSeat.objects.filter(
        state=SeatState.INVITED, invited_at__lte=now - SEAT_ASKED_FOR
    )
    for key in list(rows.order_by("id").values_list("pk", flat=True)):
        with transaction.atomic():
            seat = PanelSeat.objects.select_for_update(no_key=True).get(pk=key)
            if seat.state in LIVE:
                seat.ended_at = now
                _sit(viewer, seat, SeatState.ENDED, "amplify.seat_ended")
                done += 1
    return done


def open_trial(
    *,
    viewer: Viewer,
    panel_id: UUID,
    product: str,
    questions: Sequence[str],
    until: datetime,
    about: str = "",
) -> Trial:
    """A product for a panel to try, with questions to be scored from 0 to 10; everybody seated is told.

    Refuses `absent`, `amplify.words`, `amplify.panel_closed`, `amplify.trial_questions`, `amplify.trial_when`.
    """
    name = text(product, PANEL_NAME_MOST)
    asked = [text(one, QUESTION_MOST) for one in questions if one.strip()]
    if not 1 <= len(asked) <= QUESTIONS_MOST:
        raise Refused("amplify.trial_questions", most=QUESTIONS_MOST)
    with transaction.atomic():
        panel = _panel(viewer, panel_id, DECIDERS)
        if panel.closed_at is not None:
            raise Refused("amplify.panel_closed")
        now = clock.now()
        if not now < until <= now + TRIAL_LONGEST:
            raise Refused("amplify.trial_when")
        trial = Trial.objects.create(
            panel=panel,
            product=name,
            about=about.strip()[:ABOUT_MOST],
            questions=asked,
            opened_by=viewer.name,
            opened_at=now,
            until=until,
        )
        trails.note(
            viewer, "amplify.trial_opened", "trial", trial.public_id, after={"panel": str(panel.public_id)}
        )
        seated = PanelSeat.objects.filter(panel=panel, state=SeatState.TAKEN, until__gt=now)
        for person in seated.order_by("id").values_list("person", flat=True):
            trails.tell(
                viewer=viewer,
                person=person,
                kind="amplify.trial_opened",
                subject=trial.public_id,
                body={"name": name, "path": "/m/cocreate/"},
                store=panel.store_id,
            )
    return trial


def answer_trial(
    *, viewer: Viewer, trial_id: UUID, scores: Mapping[str, int], words: str = ""
) -> TrialAnswer:
    """What somebody seated thinks of a product: every question scored, once; words become an item that must be answered.

    Refuses `absent`, `amplify.trial_over`, `amplify.trial_scores`, `amplify.trial_answered`, `amplify.words`.
    """
    said = text(words, WORDS_MOST) if words.strip() else ""
    with transaction.atomic():
        trial = Trial.objects.select_related("panel").filter(public_id=trial_id).first()
        people = [] if viewer.person is None else cluster(viewer.person)
        seat = (
            None
            if trial is None
            else PanelSeat.objects.select_for_update(no_key=True, of=("self",))
            .filter(panel=trial.panel, person__in=people, state=SeatState.TAKEN, until__gt=clock.now())
            .first()
        )
        if trial is None or seat is None:
            raise Refused("absent")
        now = clock.now()
        if trial.until <= now or trial.panel.closed_at is not None:
            raise Refused("amplify.trial_over")
        if not filled(trial.questions, scores):
            raise Refused("amplify.trial_scores")
        if TrialAnswer.objects.filter(trial=trial, seat=seat).exists():
            raise Refused("amplify.trial_answered")
        answer = TrialAnswer.objects.create(trial=trial, seat=seat, scores=dict(scores), at=now)
        trails.book(
            person=seat.person_id,
            kind="panel_session",
            source=f"trial:{trial.public_id}:{seat.public_id}",
            at=now,
            store=trial.panel.store_id,
        )
        trails.note(viewer, "amplify.trial_answered", "trial", trial.public_id)
        if said:
            _give(viewer, seat.person, said, ItemKind.FEEDBACK, trial)
    return answer


def give_idea(*, viewer: Viewer, words: str) -> Item:
    """A member has an idea; it is answered within a fortnight. Refuses `absent`, `amplify.words`, `amplify.words_unfit`, `amplify.ideas_many`."""
    said = fit(words, WORDS_MOST)
    with transaction.atomic():
        me = Customer.objects.select_for_update(no_key=True).filter(pk=viewer.person or 0).first()
        if me is None:
            raise Refused("absent")
        waiting = Item.objects.filter(person__in=cluster(me), kind=ItemKind.IDEA, stage=Stage.NEW).count()
        if waiting >= IDEAS_OPEN:
            raise Refused("amplify.ideas_many", n=waiting)
        return _give(viewer, me, said, ItemKind.IDEA, None)


def _give(viewer: Viewer, person: Customer, said: str, kind: ItemKind, trial: Trial | None) -> Item:
    now = clock.now()
    item = Item.objects.create(
        kind=kind,
        person=person,
        store=person.home_store,
        trial=trial,
        words=said,
        given_at=now,
        due_at=due_at(now),
    )
    trails.note(viewer, "amplify.idea_given", "item", item.public_id, after={"kind": str(kind)})
    return item


def move_item(*, viewer: Viewer, item_id: UUID, stage: Stage, answer: str, product: str = "") -> Item:
    """Answer an idea and say how far it is; its author is told in the same words. Adopted, it counts for them for a long time.

    Refuses `absent`, `amplify.item_step`, `amplify.words`, `amplify.product_needed`.
    """
    said = text(answer, ANSWER_MOST)
    with transaction.atomic():
        item = Item.objects.select_for_update(no_key=True, of=("self",)).filter(public_id=item_id).first()
        if item is None or not viewer.reaches(item.store_id, DECIDERS):
            raise Refused("absent")
        if not may_step(Stage(item.stage), stage):
            raise Refused("amplify.item_step")
        made = product.strip()[:PANEL_NAME_MOST]
        if stage is Stage.PRODUCT and not made:
            raise Refused("amplify.product_needed")
        before, now = item.stage, clock.now()
        item.stage, item.answer = stage, said
        item.answered_by, item.answered_at, item.product = viewer.name, now, made or item.product
        item.save(update_fields=["stage", "answer", "answered_by", "answered_at", "product"])
        ItemStep.objects.create(item=item, before=before, after=stage, by=viewer.name, at=now)
        trails.note(
            viewer,
            "amplify.item_moved",
            "item",
            item.public_id,
            before={"stage": str(before)},
            after={"stage": str(stage)},
        )
        if item.person_id is not None and item.words:
            _tell_author(viewer, item, now)
    return item


def _tell_author(viewer: Viewer, item: Item, now: datetime) -> None:
    assert item.person_id is not None  # looked at by the caller
    if item.stage == Stage.PRODUCT:
        trails.book(
            person=item.person_id,
            kind="idea_adopted",
            source=f"item:{item.public_id}",
            at=now,
            store=item.store_id,
        )
    trails.tell(
        viewer=viewer,
        person=item.person_id,
        kind="amplify.item_made" if item.stage == Stage.PRODUCT else "amplify.item_answered",
        subject=f"{item.public_id}:{item.stage}:{int(now.timestamp())}",
        body={"answer": item.answer[:80], "product": item.product, "path": "/m/cocreate/"},
        store=item.store_id,
    )


def take_credit(*, viewer: Viewer, item_id: UUID, name: str) -> Item:
    """The author says under which name the product may carry it; an empty name takes that back. Refuses `absent`, `amplify.credit_state`,
    `amplify.words`, `amplify.words_unfit`.
    """
    said = fit(name, NAME_MOST) if name.strip() else ""
    with transaction.atomic():
        people = [] if viewer.person is None else cluster(viewer.person)
        item = (
            Item.objects.select_for_update(no_key=True, of=("self",))
            .filter(public_id=item_id, person__in=people)
            .first()
        )
        if item is None:
            raise Refused("absent")
        if item.stage != Stage.PRODUCT:
            raise Refused("amplify.credit_state")
        item.credit = said
        item.save(update_fields=["credit"])
        trails.note(viewer, "amplify.item_credited", "item", item.public_id, after={"named": bool(said)})
    return item


def forget_panels(ids: list[int]) -> int:
    """Seats end, words and answers go, scores stay as figures. For an erasure."""
    mine = PanelSeat.objects.filter(person__in=ids)
    touched = mine.filter(state__in=LIVE).update(state=SeatState.ENDED, ended_at=clock.now())
    touched += mine.exclude(why="").update(why="")
    said = Item.objects.filter(person__in=ids).exclude(words="", answer="", credit="")
    return touched + said.update(words="", answer="", credit="")
