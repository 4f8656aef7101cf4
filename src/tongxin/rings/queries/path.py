"""One's own way, in friendly words: what one has done, what would be a good next step, and the evidence for both. No ring is named."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.facts import BY_CODE
from tongxin.people.models import Customer, Deed
from tongxin.rings import rules
from tongxin.rings.models import Invitation
from tongxin.rings.queries.book import personalised
from tongxin.rings.queries.person import evidence_of, my_invitation, placement_of
from tongxin.rings.queries.policy import body_of, current_policy
from tongxin.rings.rules import friendly
from tongxin.rings.rules.proof import plan_to
from tongxin.rings.terms import Ring

SHOWN = 5


@dataclass(frozen=True)
class Seen:
    """A row of one's own book that stands behind a line: what and when."""

    said: tuple[str, str]
    at: datetime
    mine: bool


@dataclass(frozen=True)
class Footing:
    """One line of one's way: in words, how far (None: a yes or no), and what stands behind it."""

    said: tuple[str, str]
    value: float
    bar: float
    met: bool
    rows: tuple[Seen, ...]


@dataclass(frozen=True)
class MyPath:
    """One's own way. `personal` False: personalisation is off, and nothing here speaks of what one did.

    `place` and `next_place` are friendly names of where one is and what comes next ("" when there is nothing next), `step` the next
    step in a sentence, `steps` all of them together.
    """

    personal: bool
    place: tuple[str, str]
    next_place: tuple[str, str]
    step: tuple[str, str]
    steps: tuple[tuple[str, str], ...]
    footing: tuple[Footing, ...]
    invitation: UUID | None
    invitation_state: str
    invitation_reason: str
    seat: bool


NEUTRAL = MyPath(False, friendly.NEUTRAL_PLACE, ("", ""), friendly.NEUTRAL_STEP, (), (), None, "", "", False)


def my_path(viewer: Viewer) -> MyPath:
    """The way of the member who asks; the neutral page when personalisation is off. Refuses `absent` for anybody else."""
    customer = Customer.objects.filter(pk=viewer.person or 0).select_related("brand").first()
    if customer is None:
        raise Refused("absent")
    if not personalised(customer, clock.now()):
        return NEUTRAL
    policy = body_of(current_policy(customer.brand))
    evidence = evidence_of(customer, clock.now(), policy)
    if evidence.staff or evidence.traces is None:
        return NEUTRAL
    row = placement_of(customer)
    ring = Ring.OUTER if row is None else Ring(row.ring)
    told = rules.account(evidence, policy, ring)
    plan = plan_to(evidence.traces, evidence.on, policy, ring)
    lines = told.gates or told.held
    rows = _rows(customer.pk, {key for line in lines for key in line.ids})
    open_one = my_invitation(viewer)
    return MyPath(
        personal=True,
        place=friendly.PLACES[ring],
        next_place=friendly.next_place(ring),
        step=friendly.step(told.nearest),
        steps=() if plan is None else tuple(friendly.planned(one) for one in plan.steps),
        footing=tuple(
            Footing(
                friendly.line(line),
                line.value,
                line.bar,
                line.met,
                tuple(rows[key] for key in line.ids if key in rows),
            )
            for line in lines
            if line.gate in friendly.LINES
        ),
        invitation=None if open_one is None else open_one.public_id,
        invitation_state="" if open_one is None else open_one.state,
        invitation_reason="" if open_one is None else open_one.reason,
        seat=bool(open_one and open_one.seat),
    )


def _rows(person: int, keys: Collection[int]) -> dict[int, Seen]:
    """The rows of the book that lines cite; of what others did only that it happened, never who."""
    found = Deed.objects.filter(id__in=keys).select_related("person")
    return {
        row.pk: Seen(
            (BY_CODE[row.kind].zh, BY_CODE[row.kind].en),
            row.occurred_at,
            (row.person.survivor_id or row.person_id) == person,
        )
        for row in found
    }


def past_invitations(viewer: Viewer, customer: int) -> list[Invitation]:
    """All invitations of a person whom the caller has accessed, newest first."""
    del viewer
    return list(Invitation.objects.filter(customer=customer).order_by("-invited_at", "-id"))
