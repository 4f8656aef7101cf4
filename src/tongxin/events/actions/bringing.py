"""A whole family registers in one step: children who are new here, then the place. All or nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction

from tongxin.events import queries
from tongxin.events.actions.registering import CompanionIn, register
from tongxin.events.models import Registration
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people import actions as people


@dataclass(frozen=True)
class NewChild:
    """A child who has not come along before: a nickname and an age in whole years, never a birth date."""

    nickname: str
    age_years: int


def register_family(
    *,
    viewer: Viewer,
    event_id: UUID,
    known: Sequence[UUID] = (),
    fresh: Sequence[NewChild] = (),
    agreed: bool = False,
    notice_version: str = "",
    allergy: str = "",
    answers: Mapping[str, str] | None = None,
    channel: str = "member_page",
    seen: int | None = None,
) -> Registration:
    """The asking member registers, with children they have named before and new ones. `allergy` is of all who come along.

    Refuses what `register` and `add_companion` refuse; then no child was written down either.
    """
    with transaction.atomic():
        needed = clock.business_day(queries.event_to_join(viewer, event_id).ends_at)
        made = [
            people.add_companion(
                viewer=viewer,
                nickname=child.nickname,
                age_years=child.age_years,
                agreed=agreed,
                notice_version=notice_version,
                needed_until=needed,
            ).public_id
            for child in fresh
        ]
        return register(
            viewer=viewer,
            event_id=event_id,
            companions=[CompanionIn(one, allergy) for one in (*known, *made)],
            answers=answers,
            channel=channel,
            seen=seen,
        )
