"""Where an application leads now: on, in, or out. Called by every act that could change it, inside its transaction."""

from django.db import IntegrityError, connection, transaction

from tongxin.commerce import actions as commerce
from tongxin.commerce import queries as promises
from tongxin.commerce.terms import PromiseState
from tongxin.communities.actions import letters, trails, welcoming
from tongxin.communities.gates.paid import USUAL_DAYS
from tongxin.communities.models import Application, Community, GateRow, Membership
from tongxin.communities.queries.standing import way_of
from tongxin.communities.rules.standing import RULES, Way
from tongxin.communities.terms import ANSWERS_KEPT, Applied, Standing, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.queries import home_store_of
from tongxin.stores.models import Store


def hold_open(community: Community) -> None:
    """Nobody closes the community until this transaction is over. Refuses `communities.not_open`."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state FROM communities_community WHERE id = %s FOR SHARE", [community.pk])
        state = cursor.fetchone()[0]
    if state != State.OPEN:
        raise Refused("communities.not_open")


def settle(viewer: Viewer, row: Application) -> Way:
    """Look at all gates again: a no ends it, all done lets in, otherwise it is somebody's turn."""
    way = way_of(row)
    if _fee_falls_due(way):
        _ask_fee(viewer, row)
        way = way_of(row)
    if way.refused is not None:
        end(viewer, row, Applied.DECLINED, reason=row.reason or way.refused.code)
    elif way.ready:
        admit(viewer, row)
    else:
        # a fee is theirs to pay and ours to take: it stands in the list of who keeps the community too
        waits = any(step.standing is Standing.OURS or step.code == "fee_due" for step in way.steps)
        if waits != row.waiting_for_us:
            row.waiting_for_us = waits
            row.save(update_fields=["waiting_for_us"])
    return way


def _fee_falls_due(way: Way) -> bool:
    """Is the joining fee the only gate that is left?"""
    left = [step for step in way.steps if step.gate != RULES and step.standing is not Standing.DONE]
    return [step.code for step in left] == ["fee_later"]


def _ask_fee(viewer: Viewer, row: Application) -> None:
    """Promise the joining fee, with what comes back for it; any till may take it, that of the own store lists it."""
    terms = GateRow.objects.get(community=row.community_id, gate="paid").settings
    commerce.promise(
        viewer=viewer,
        person=row.person_id,
        store=row.store_id
        or Store.objects.filter(closed_on=None).order_by("unsorted", "id").values_list("id", flat=True)[0],
        subject=(trails.ROOM, str(row.public_id)),
        under=(trails.ROOM, str(row.community.public_id)),
        fee_fen=terms["fee_fen"],
        voucher_fen=terms.get("voucher_fen", 0),
        terms={"title": row.community.name, "days": terms.get("days", USUAL_DAYS)},
        valid_days=terms.get("days", USUAL_DAYS),
    )


def close_fee(viewer: Viewer, row: Application, *, earned: bool) -> None:
    """What becomes of a joining fee with the application: joining earns it and gives the voucher, all else gives it back."""
    subject = (trails.ROOM, str(row.public_id))
    held = promises.promise_for(subject)
    if held is None:
        return
    if earned and held.state is PromiseState.PAID:
        commerce.attended(viewer=viewer, subject=subject, at=clock.now())
    elif held.state in {PromiseState.OPEN, PromiseState.PAID}:
        commerce.refund_subject(viewer=viewer, subject=subject, reason="not joined")


def end(viewer: Viewer, row: Application, state: Applied, *, reason: str = "") -> None:
    """The application is over; what was said at the gates goes thirty days from now."""
    now = clock.now()
    row.state, row.ended_at, row.ended_by, row.waiting_for_us = state, now, viewer.name, False
    row.reason = reason[:120]
    row.answers_until = (now + ANSWERS_KEPT).date() if row.answers or row.reason else None
    row.save(update_fields=["state", "ended_at", "ended_by", "waiting_for_us", "reason", "answers_until"])
    act = {
        Applied.ADMITTED: "communities.admitted",
        Applied.DECLINED: "communities.declined",
        Applied.WITHDRAWN: "communities.withdrawn",
    }[state]
    trails.of_application(viewer, row, act)
    close_fee(viewer, row, earned=state is Applied.ADMITTED)
    if state is Applied.DECLINED:
        letters.tell(
            viewer=viewer,
            community=row.community,
            kind="communities.declined",
            persons=[row.person_id],
            key=str(row.public_id),
            reason=row.reason,
        )


def admit(viewer: Viewer, row: Application) -> Membership:
    """A new period of membership begins. Refuses `communities.member` when one is open already."""
    now = clock.now()
    try:
        with transaction.atomic():
            made = Membership.objects.create(
                community=row.community,
                person_id=row.person_id,
                store_id=row.store_id,
                application=row,
                inviter_id=None if row.invitation is None else row.invitation.inviter_id,
                container_id=row.container_id,
                scene=row.scene,
                channel=row.channel,
                joined_at=now,
            )
    except IntegrityError as clash:
        if "membership_open_once" in str(clash) or "community_periods_apart" in str(clash):
            raise Refused("communities.member") from None
        raise
    end(viewer, row, Applied.ADMITTED)
    trails.book(trails.deed(made, "joined", now))
    trails.of_membership(
        viewer, made, "communities.joined", after={"community": made.community_id, "scene": str(made.scene)}
    )
    welcoming.begin(viewer, made)
    letters.tell(
        viewer=viewer,
        community=row.community,
        kind="communities.admitted",
        persons=[row.person_id],
        key=str(made.public_id),
    )
    return made


def store_for(community: Community, person: int) -> int | None:
    """Which store a membership counts for: the community's own, otherwise the one that the person calls home."""
    return community.store_id if community.store_id is not None else home_store_of(person)
