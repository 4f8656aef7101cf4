"""What staff read of sequences: which there are, their steps, who is in which arm and how far they are."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.pages import Page, page
from tongxin.outreach.models import Enrolment, Message, Send, Sequence, SequenceStep, Task
from tongxin.outreach.queries.desk import held_posts, held_sends
from tongxin.outreach.terms import PLANNERS, Reason, SendState
from tongxin.outreach.terms_plans import Arm, SequenceState, Target


@dataclass(frozen=True)
class StepLine:
    """A step and what has become of it: sends (or groups' tasks) by state."""

    day: int
    at: str
    arm: str
    mood: str
    title: str
    text: str
    states: dict[SendState, int]
    held: dict[Reason, int]


@dataclass(frozen=True)
class ArmLine:
    """An arm: how many are in it."""

    arm: Arm
    many: int


@dataclass(frozen=True)
class SequenceLine:
    """A sequence in a list."""

    public_id: UUID
    kind: str
    title: str
    target: str
    state: SequenceState
    message_class: str
    store_name: str
    steps: int
    inside: int
    until: datetime


def _rows(viewer: Viewer) -> QuerySet[Sequence]:
    places = viewer.places(PLANNERS)
    rows = Sequence.objects.select_related("store")
    return rows if places is None else rows.filter(store__in=places)


def access_sequence(viewer: Viewer, public_id: UUID | str) -> Sequence:
    """A sequence of a store in reach. Refuses `absent`."""
    try:
        wanted = UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
    found = _rows(viewer).filter(public_id=wanted).first()
    if found is None:
        raise Refused("absent")
    return found


def sequences_for(viewer: Viewer, *, limit: int = 50, cursor: str | None = None) -> Page[SequenceLine]:
    """The sequences of the stores in reach, newest first."""
    found = page(_rows(viewer), by=["-id"], limit=limit, cursor=cursor)
    keys = [row.pk for row in found.items]
    steps = _counted(SequenceStep.objects.filter(sequence__in=keys))
    inside = _counted(Enrolment.objects.filter(sequence__in=keys))
    return Page(
        tuple(
            SequenceLine(
                public_id=row.public_id,
                kind=row.kind,
                title=row.title,
                target=row.target,
                state=SequenceState(row.state),
                message_class=row.message_class,
                store_name=row.store.name if row.store else "",
                steps=steps.get(row.pk, 0),
                inside=inside.get(row.pk, 0),
                until=row.until,
            )
            for row in found.items
        ),
        found.cursor,
    )


def _counted(rows: QuerySet[SequenceStep] | QuerySet[Enrolment]) -> dict[int, int]:
    return dict(rows.order_by().values_list("sequence").annotate(n=Count("id")))


def steps_of(viewer: Viewer, public_id: UUID | str) -> list[StepLine]:
    """The steps of a sequence in reach in their order, with what became of them. Refuses `absent`."""
    found = access_sequence(viewer, public_id)
    plans = {row.step: row.pk for row in Message.objects.filter(sequence=found)}
    model = Task if found.target == Target.GROUPS else Send
    states: dict[int, dict[SendState, int]] = {}
    rows = model.objects.filter(message__in=list(plans.values())).order_by()
    for message, state, n in rows.values_list("message", "state").annotate(n=Count("id")):
        states.setdefault(message, {})[SendState(state)] = n
    held = (held_posts if found.target == Target.GROUPS else held_sends)(plans.values())
    return [
        StepLine(
            day=step.day,
            at=f"{step.at:%H:%M}",
            arm=step.arm,
            mood=step.mood,
            title=step.title,
            text=step.text,
            states=states.get(plans.get(f"seq{step.pk}", 0), {}),
            held=dict(held.get(plans.get(f"seq{step.pk}", 0), {})),
        )
        for step in SequenceStep.objects.filter(sequence=found).order_by("day", "at", "id")
    ]


def arms_in(viewer: Viewer, public_id: UUID | str) -> list[ArmLine]:
    """How many are in each arm of a sequence in reach. Refuses `absent`."""
    found = access_sequence(viewer, public_id)
    rows = Enrolment.objects.filter(sequence=found).order_by().values_list("arm").annotate(n=Count("id"))
    counts = dict(rows)
    return [ArmLine(arm, counts[arm]) for arm in Arm if arm in counts]
