"""The round of the sequences: who has entered is let in, what is due is written down, what is over ends."""

from collections import defaultdict
from collections.abc import Sequence as Listed
from datetime import datetime

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.outreach import sequencing, standing
from tongxin.outreach.actions.expanding import audience as audience_source
from tongxin.outreach.actions.notices import stop
from tongxin.outreach.actions.posting import source as group_source
from tongxin.outreach.actions.posting import task_in
from tongxin.outreach.models import Enrolment, Message, Send, Sequence, SequenceStep, Task
from tongxin.outreach.ports import GroupLine
from tongxin.outreach.sequencing import StepFacts
from tongxin.outreach.terms import Reason, SendState
from tongxin.outreach.terms_plans import STEP_LASTS, Arm, SequenceState, Target
from tongxin.people.models import Customer

CHUNK = 5000
ALIVE = (SequenceState.RUNNING, SequenceState.PAUSED)


def run_sequences(*, viewer: Viewer) -> int:
    """For each running sequence let in who has entered and write down what is due; answers how many sends and tasks are new.

    May be killed and repeated anywhere: an entry is unique, and so is a step's send to a person and its task for a group.
    """
    now, made = clock.now(), 0
    for found in Sequence.objects.filter(state__in=ALIVE).order_by("id"):
        if found.until <= now or _dropped(found):
            _over(viewer, found)
        elif found.state == SequenceState.RUNNING:
            made += (
                _step_groups(found, now)
                if found.target == Target.GROUPS
                else _step_people(viewer, found, now)
            )
    return made


def _dropped(found: Sequence) -> bool:
    """Was what it is about called off? Then its plans were cancelled with everything else that hangs on the subject."""
    plans = Message.objects.filter(sequence=found)
    return not plans.exclude(state=SendState.CANCELLED).exists()


def _over(viewer: Viewer, found: Sequence) -> None:
    with transaction.atomic():
        row = Sequence.objects.select_for_update(no_key=True).get(pk=found.pk)
        if row.state not in ALIVE:
            return
        now = clock.now()
        row.state, row.ended_at = SequenceState.ENDED, now
        row.reason = row.reason or ("over" if row.until <= now else "subject_dropped")
        row.save(update_fields=["state", "ended_at", "reason"])
        plans = Message.objects.filter(sequence=row)
        plans.filter(state=SendState.QUEUED).update(state=SendState.SENT, done_at=now)
        stop(Send.objects.filter(message__in=plans, state=SendState.QUEUED), Reason.CANCELLED)
        Task.objects.filter(message__in=plans, state=SendState.QUEUED).update(
            state=SendState.CANCELLED, done_at=now
        )
        subject = ("outreach", "sequence", str(row.public_id))
        trail(
            viewer=viewer,
            act="outreach.sequence_ended",
            subject=subject,
            after={"state": row.state},
            reason=row.reason,
        )


# ---- people


def _step_people(viewer: Viewer, found: Sequence, now: datetime) -> int:
    _enrol_people(found, now)
    plans = {row.step: row for row in Message.objects.filter(sequence=found, state=SendState.QUEUED)}
    places, made = standing.places(found.store_id), 0
    for step in SequenceStep.objects.filter(sequence=found).order_by("day", "at", "id"):
        message = plans.get(f"seq{step.pk}")
        if message is not None:
            made += _due_people(viewer, found, message, step, places, now)
    return made


_ENROL = """
INSERT INTO outreach_enrolment (sequence_id, person_id, group_key, arm, entered_at)
SELECT %s, v.person, '', v.arm, %s FROM unnest(%s::bigint[], %s::text[]) AS v(person, arm) ON CONFLICT DO NOTHING
"""


def _enrol_people(found: Sequence, now: datetime) -> None:
    """Who is in the audience now and was never let in before, under any of their entries."""
    people = set(audience_source(found.audience).persons(found.audience_key, at=now))
    inside = Enrolment.objects.filter(sequence=found, person__isnull=False)
    for person, survivor in inside.values_list("person", "person__survivor"):
        people -= {person, survivor}
    fresh = sorted(one for one in people if one is not None)
    for begin in range(0, len(fresh), CHUNK):
        names = dict(
            Customer.objects.filter(id__in=fresh[begin : begin + CHUNK]).values_list("id", "public_id")
        )
        arms = {
            person: sequencing.arm_of(
                found.seed, str(name), arms=found.arms, held_permille=found.held_permille
            )
            for person, name in names.items()
        }
        with connection.cursor() as cursor:
            cursor.execute(_ENROL, [found.pk, now, list(arms), [str(arm) for arm in arms.values()]])


_WRITE = """
INSERT INTO outreach_send (public_id, key, person_id, kind, message_class, message_id, store_id, subject_room, subject_key, body, language,
    due_at, anchor, expires_at, next_at, state, reason, channel, turn, actor, created_at)
SELECT gen_random_uuid(), %s || v.person, v.person, 'plan', %s, %s, %s, %s, %s, '', 'zh', v.due, NULL, v.due + make_interval(secs => %s), v.due, 'queued', '', '',
    0, %s, %s
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(person, due) ON CONFLICT DO NOTHING
"""


def _due_people(  # noqa: PLR0917 - what a round has looked up once for all steps
    viewer: Viewer,
    found: Sequence,
    message: Message,
    step: SequenceStep,
    places: standing.Places,
    now: datetime,
) -> int:
    facts = facts_of(step)
    first, last = sequencing.entered_between(facts, now, STEP_LASTS)
    rows = Enrolment.objects.filter(
        sequence=found, person__isnull=False, entered_at__date__gte=first, entered_at__date__lte=last
    ).values_list("person", "person__home_store", "arm", "entered_at")
    due: dict[int, datetime] = {}
    for person, home, arm, entered in rows:
        at = sequencing.due_at(facts, entered, places.zone(home))
        if person is not None and at <= now < at + STEP_LASTS and sequencing.suits(facts, Arm(arm)):
            due[person] = at
    if not due:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            _WRITE,
            [
                f"seq:{step.public_id}:",
                message.message_class,
                message.pk,
                message.store_id,
                message.about_room,
                message.about_key,
                int(STEP_LASTS.total_seconds()),
                viewer.name,
                now,
                list(due),
                list(due.values()),
            ],
        )
        return int(cursor.rowcount)


def facts_of(step: SequenceStep) -> StepFacts:
    """A step as the rule needs it."""
    return StepFacts(step.day, step.at, step.arm, step.mood)


# ---- groups


def enrol_groups(found: Sequence, lines: Listed[GroupLine], *, together: bool) -> None:
    """Let groups in: those that are there at the start are drawn together, who comes later by their own ticket."""
    inside = set(Enrolment.objects.filter(sequence=found).values_list("group_key", flat=True))
    fresh = [one for one in lines if one.key not in inside]
    more = {"arms": found.arms, "held_permille": found.held_permille}
    if together:
        arms = sequencing.arms_of_groups(found.seed, [one.key for one in fresh], **more)
    else:
        arms = {one.key: sequencing.arm_of(found.seed, one.key, **more) for one in fresh}
    now = clock.now()
    Enrolment.objects.bulk_create(
        [
            Enrolment(
                sequence=found,
                group_key=one.key,
                arm=arms[one.key],
                entered_at=max(one.since, now) if together else now,
            )
            for one in fresh
        ],
        ignore_conflicts=True,
    )


def _step_groups(found: Sequence, now: datetime) -> int:
    lines = {one.key: one for one in group_source(found.audience).groups(found.audience_key, at=now)}
    enrol_groups(found, list(lines.values()), together=False)
    places = standing.places()
    plans = {row.step: row for row in Message.objects.filter(sequence=found, state=SendState.QUEUED)}
    inside = list(Enrolment.objects.filter(sequence=found).exclude(group_key=""))
    there: dict[int, set[str]] = defaultdict(set)
    for plan, key in Task.objects.filter(message__sequence=found).values_list("message", "group_key"):
        there[plan].add(key)
    fresh = []
    for step in SequenceStep.objects.filter(sequence=found).order_by("day", "at", "id"):
        message, facts = plans.get(f"seq{step.pk}"), facts_of(step)
        if message is None:
            continue
        for one in inside:
            line = lines.get(one.group_key)
            if (
                line is None
                or line.key in there[message.pk]
                or not sequencing.suits(facts, Arm(one.arm), line.mood)
            ):
                continue
            at = sequencing.due_at(facts, one.entered_at, places.zone(line.store))
            if at <= now < at + STEP_LASTS:
                fresh.append(task_in(message, line, due=at, expires_at=at + STEP_LASTS))
    Task.objects.bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


__all__ = ["enrol_groups", "facts_of", "run_sequences"]
