"""The joining fee of a paid gate: promised when every other gate is passed, taken at a till, earned by joining, given back otherwise."""

from uuid import UUID

from django.db import transaction

from tongxin.commerce import actions as commerce
from tongxin.commerce import queries as promises
from tongxin.commerce.models import Promise
from tongxin.commerce.terms import TILL_ROLES, PromiseState
from tongxin.communities.actions import admitting
from tongxin.communities.actions.trails import ROOM
from tongxin.communities.models import Application
from tongxin.communities.terms import Applied
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.stores.models import Store


def take_fee(*, viewer: Viewer, promise_id: UUID | str, receipt: str, store: Store) -> Promise:
    """A joining fee was taken at a till; who has nothing else before them is in when this returns.

    Refuses `absent` (also for a fee of another room), and what `commerce.mark_paid` refuses. Who is in stays in when the fee is
    written back later: the till asks for it again.
    """
    with transaction.atomic():
        held = promises.access_promise(viewer, promise_id, TILL_ROLES)
        if held.subject_room != ROOM:
            raise Refused("absent")
        row = (
            Application.objects.select_for_update(of=("self",))
            .select_related("community__store", "invitation")
            .filter(public_id=held.subject_key)
            .first()
        )
        if row is None:
            raise Refused("absent")
        if row.state == Applied.UNDERWAY:
            admitting.hold_open(row.community)
        done = commerce.mark_paid(viewer=viewer, promise_id=held.public_id, receipt=receipt, store=store)
        if row.state == Applied.UNDERWAY and done.state == PromiseState.PAID:
            admitting.settle(viewer, row)
            done.refresh_from_db()
    return done
