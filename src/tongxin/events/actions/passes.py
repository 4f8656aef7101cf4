"""A pass: several dates of a series in one act, each seat claimed like any other; all of them or none."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions.registering import CompanionIn, cancel_registration, register
from tongxin.events.messages import spoken
from tongxin.events.models import Occurrence, Pass, Registration
from tongxin.events.queries.passes import access_pass, entries_of, open_dates
from tongxin.events.terms import LIVE, Seat
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

MOST = 60  # dates in one act


def take_pass(
    *,
    viewer: Viewer,
    series_id: UUID,
    events: Sequence[UUID] | None = None,
    person: int | None = None,
    companions: Sequence[CompanionIn] = (),
    channel: str = "member_page",
) -> Pass:
    """Take these dates of a series, or all that can still be joined, in one act.

    Every date is registered as if alone: the same rules, deeds, letters and promise. Refuses what `register` refuses,
    `events.pass_full` and `events.pass_taken` naming the dates, `events.pass_over` when none is left, `absent` for a date of
    another series; then nothing was taken.
    """
    with transaction.atomic():
        series, dates = open_dates(viewer, series_id, events)
        if not 0 < len(dates) <= MOST:
            raise Refused("events.pass_over")
        who = queries.who_registers(viewer, dates[0], person)
        _not_yet(who, dates)
        made = Pass.objects.create(person_id=who, series=series, taken_at=clock.now())
        full = []
        # In the order of their ids: two passes never wait for each other crosswise.
        for event in sorted(dates, key=lambda one: one.pk):
            seat = register(
                viewer=viewer,
                event_id=event.public_id,
                person=person,
                companions=companions,
                channel=channel,
                taken_pass=made.pk,
            )
            if seat.state == Seat.WAITING:
                full.append(event)
        if full:
            raise Refused("events.pass_full", **_which(full))
        trail(
            viewer=viewer,
            act="events.pass_taken",
            subject=("events", "pass", str(made.public_id)),
            after={"dates": len(dates)},
        )
    return made


def give_back_pass(*, viewer: Viewer, pass_id: UUID, reason: str = "") -> int:
    """Give back every date of a pass that has not begun; answers how many. Doing it twice changes nothing. Refuses `absent`."""
    with transaction.atomic():
        found = Pass.objects.select_for_update(no_key=True, of=("self",)).get(
            pk=access_pass(viewer, pass_id).pk
        )
        rest = Registration.objects.filter(
            taken_pass=found, state__in=LIVE, occurrence__starts_at__gt=clock.now()
        ).order_by("occurrence")
        keys = list(rest.values_list("public_id", flat=True))
        for key in keys:
            cancel_registration(viewer=viewer, registration_id=key, reason=reason)
        if found.given_back_at is None:
            found.given_back_at = clock.now()
            found.save(update_fields=["given_back_at"])
            trail(
                viewer=viewer,
                act="events.pass_given_back",
                subject=("events", "pass", str(found.public_id)),
                after={"dates": len(keys)},
                reason=reason,
            )
        return len(keys)


def _not_yet(person: int, dates: Sequence[Occurrence]) -> None:
    by_key = {event.pk: event for event in dates}
    entries = entries_of(person)
    held = Registration.objects.filter(person__in=entries, occurrence__in=by_key, state__in=LIVE)
    taken = sorted(held.values_list("occurrence", flat=True))
    if taken:
        raise Refused("events.pass_taken", **_which([by_key[key] for key in taken]))


def _which(events: Sequence[Occurrence]) -> dict[str, object]:
    rows = sorted(events, key=lambda one: one.starts_at)
    return {
        "which": "、".join(spoken(row.starts_at, row.store.zone)[0] for row in rows),
        "events": [str(row.public_id) for row in rows],
    }
