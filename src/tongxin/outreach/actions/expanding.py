"""Turning an approved plan into sends, or into tasks for groups: so many thousand a transaction, with its progress written down.

What colleagues send by hand is put before the gate here and now, for a whole part of the audience at once; everything else waits
as a queued send for the drain. Both ask `rules.may_message`, and both leave a decision a person.
"""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.plugs import wiring
from tongxin.kits import queries as kits
from tongxin.outreach import standing
from tongxin.outreach.actions.draining import lock_people
from tongxin.outreach.actions.posting import expand_groups
from tongxin.outreach.channels import MANUAL
from tongxin.outreach.channels.manual import open_tasks
from tongxin.outreach.models import Holdout, Message
from tongxin.outreach.ports import AudienceSource
from tongxin.outreach.queries import access_message
from tongxin.outreach.queries.caps import caps
from tongxin.outreach.standing import Asked, Stand
from tongxin.outreach.terms import Decision, MessageClass, Reason, SendState
from tongxin.outreach.terms_plans import Target

PLAN = "plan"  # the kind of every send of a plan
CHUNK = 5000


def audience(name: str) -> AudienceSource:
    """The source of that name. Refuses `outreach.no_audience`."""
    source: AudienceSource | None = wiring().AUDIENCES.get(name)
    if source is None:
        raise Refused("outreach.no_audience")
    return source


def expand_due(*, viewer: Viewer) -> int:
    """Turn approved plans whose time has come into sends; answers how many sends (or groups' tasks) there are new."""
    now, made = clock.now(), 0
    waiting = Message.objects.filter(state=SendState.APPROVED, due_at__lte=now).order_by("due_at", "id")
    for public_id in list(waiting.values_list("public_id", flat=True)):
        made += expand(viewer=viewer, public_id=public_id)
    return made


def expand(*, viewer: Viewer, public_id: UUID | str) -> int:
    """One send for each person of the audience (one task for each group) as it is now; answers how many are new.

    May be killed and repeated anywhere: a person's send of a plan has one key. Refuses `absent`.
    """
    found = access_message(viewer, public_id)
    if found.target == Target.GROUPS:
        return expand_groups(found)
    people = sorted(set(audience(found.audience).persons(found.audience_key, at=clock.now())))
    persons, made, done = iter(people), 0, 0
    while True:
        chunk = list(islice(persons, CHUNK))
        with transaction.atomic():
            message = Message.objects.select_for_update(no_key=True).get(pk=found.pk)
            if message.state != SendState.APPROVED:  # cancelled meanwhile, or another worker was faster
                return made
            if not chunk:
                message.state, message.expanded_at = SendState.QUEUED, clock.now()
                message.recipients = message.expanded = len(people)
                message.save(update_fields=["state", "expanded_at", "recipients", "expanded"])
                return made
            made += _some(viewer, message, chunk)
            done += len(chunk)
            Message.objects.filter(pk=message.pk).update(expanded=done)


def _some(viewer: Viewer, message: Message, chunk: list[int]) -> int:
    """A part of the audience, in the caller's transaction."""
    if message.channel != MANUAL:
        return _insert(viewer, message, [_Row(person) for person in chunk])
    free = lock_people(chunk, wait=False)
    now = clock.now()  # behind the locks: a withdrawal that came before them is seen
    busy = [_Row(person) for person in chunk if person not in free]  # the drain asks about them
    stands = list(_asked(message, sorted(free), now))
    wanted: dict[tuple[int, int | None], tuple[datetime, datetime | None]] = {}
    for one in stands:
        if one.verdict.outcome is Decision.SENT:
            wanted[message.pk, message.store_id or one.home] = now, message.expires_at
    tasks = open_tasks(wanted) if wanted else {}
    return _insert(viewer, message, [_Row(one.person, one, now, tasks) for one in stands] + busy)


def _asked(message: Message, persons: Sequence[int], now: datetime) -> list[Stand]:
    asked = as_asked(message, (MANUAL,), now)
    places = standing.places(message.store_id)
    return list(standing.standing(persons, asked, caps(now), now, places=places, reached={MANUAL: None}))


def as_asked(message: Message, ways: tuple[str, ...], now: datetime) -> Asked:
    """A plan as the gate is asked about it."""
    rows = Holdout.objects.filter(since__lte=now, until__gt=now)
    about = message.about_room, message.about_key
    return Asked(
        message_class=MessageClass(message.message_class),
        due_at=message.due_at,
        expires_at=message.expires_at,
        ways=ways,
        message=message.pk,
        holdouts=tuple(
            (row.seed, row.share_permille) for row in rows if row.message_id in {None, message.pk}
        ),
        kit_recalled=bool(message.about_room) and about in kits.recalled({about}),
    )


class _Row:
    """A send to be written, asked about already or not."""

    def __init__(
        self,
        person: int,
        stand: Stand | None = None,
        now: datetime | None = None,
        tasks: dict[tuple[int, int | None], int] | None = None,
    ) -> None:
        self.person, self.now, self.tasks = person, now, tasks or {}
        self.home = None if stand is None else stand.home
        self.verdict = None if stand is None else stand.verdict

    def cells(self, message: Message) -> tuple[object, ...]:
        """The columns that `_INSERT` unpacks."""
        verdict = self.verdict
        if verdict is None:
            return (self.person, "queued", "", message.due_at, None, None, None, 0, "", None, None, None)
        said = str(verdict.outcome), str(verdict.why), verdict.until
        if verdict.outcome is Decision.SENT:
            task = self.tasks[message.pk, message.store_id or self.home]
            return (self.person, "awaiting_staff", "", message.due_at, self.now, None, task, 1, MANUAL, *said)
        if verdict.outcome is Decision.HELD:
            return (self.person, "queued", "", verdict.until, None, None, None, 0, "", *said)
        gone = verdict.why in {Reason.EXPIRED, Reason.EXPIRES_FIRST}
        state = str(SendState.EXPIRED if gone else SendState.CANCELLED)
        return (self.person, state, str(verdict.why), message.due_at, None, self.now, None, 0, "", *said)


_INSERT = """
WITH v AS (
    SELECT * FROM unnest(%(person)s::bigint[], %(state)s::text[], %(reason)s::text[], %(next)s::timestamptz[],
        %(handed)s::timestamptz[], %(done)s::timestamptz[], %(task)s::bigint[], %(turn)s::int[], %(channel)s::text[],
        %(outcome)s::text[], %(why)s::text[], %(until)s::timestamptz[])
        AS v(person, state, reason, next_at, handed_at, done_at, task, turn, channel, outcome, why, until)
), s AS (
    INSERT INTO outreach_send (public_id, key, person_id, kind, message_class, message_id, store_id, subject_room, subject_key, body,
        language, due_at, anchor, expires_at, next_at, state, reason, channel, task_id, turn, actor, created_at, handed_at, told_at,
        begun_at, done_at)
    SELECT gen_random_uuid(), %(key)s || v.person, v.person, 'plan', %(class)s, %(message)s, %(store)s, %(room)s, %(subject)s, '',
        'zh', %(due)s, NULL, %(expires)s, v.next_at, v.state, v.reason, v.channel, v.task, v.turn, %(actor)s, %(now)s, v.handed_at,
        v.handed_at, NULL, v.done_at
    FROM v ON CONFLICT DO NOTHING RETURNING id, person_id
), d AS (
    INSERT INTO outreach_decisionrow (send_id, outcome, why, until, channel, at)
    SELECT s.id, v.outcome, v.why, v.until, v.channel, %(now)s FROM s JOIN v ON v.person = s.person_id WHERE v.outcome IS NOT NULL
)
SELECT count(*) FROM s
"""
_CELLS = (
    "person", "state", "reason", "next", "handed", "done", "task", "turn", "channel", "outcome", "why", "until",
)  # fmt: skip


def _insert(viewer: Viewer, message: Message, rows: Sequence[_Row]) -> int:
    """All of them in one statement, with what was said about them; answers how many are new."""
    columns = list(zip(*(row.cells(message) for row in rows), strict=True))
    given = {name: list(columns[n]) for n, name in enumerate(_CELLS)} | {
        "key": f"{PLAN}:{message.public_id}:",
        "class": message.message_class,
        "message": message.pk,
        "store": message.store_id,
        "room": message.about_room or "outreach",
        "subject": message.about_key or str(message.public_id),
        "due": message.due_at,
        "expires": message.expires_at,
        "actor": viewer.name,
        "now": clock.now(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, given)
        return int(cursor.fetchone()[0])


__all__ = ["CHUNK", "PLAN", "as_asked", "audience", "expand", "expand_due"]
