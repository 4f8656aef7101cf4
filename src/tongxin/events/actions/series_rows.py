"""The rows of a series, many at a time: as many statements for one date as for a thousand."""

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from tongxin.events.actions import bookings, kit_links, publishing
from tongxin.events.actions.bookings import Taken
from tongxin.events.actions.freezing import freeze_rules
from tongxin.events.models import Occurrence, Pool, Series
from tongxin.events.queries.series import clock_of
from tongxin.events.rules.recurrence import Clock, Turn
from tongxin.events.rules.rota import Host, host_of, theme_of
from tongxin.events.terms import Admission, State
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.people.models import Customer
from tongxin.people.subjects import SubjectIn, note_many
from tongxin.people.terms import CustomerState
from tongxin.stores.models import Staff, Store

HOUR = timedelta(hours=1)
COPIED = (
    "summary", "place", "online_url", "admission", "party_most", "questions", "fee_fen", "voucher_fen", "voucher_days",
    "details", "kit", "community", "simulated",
)  # fmt: skip


def lay(
    series: Series, store: Store, turns: Sequence[Turn], *, firm_only: bool, viewer: Viewer
) -> tuple[list[Occurrence], list[Taken]]:
    """Occurrences, pools and bookings for those of the turns that take place, lie ahead and are not there yet.

    Five statements at most. Refuses `events.clash` with `firm_only`, `absent` for things that are not the store's.
    """
    hours, now = clock_of(series, store), clock.now()
    there = set(Occurrence.objects.filter(series=series).values_list("original_start", flat=True))
    able = able_hosts(store, hosts_in(series))
    rows = [
        _drafted(series, turn, hours, able, by=viewer.name)
        for turn in turns
        if turn.day is not None and hours.begins(turn.day) > now and hours.begins(turn.ruled) not in there
    ]
    if not rows:
        return [], []
    Occurrence.objects.bulk_create(rows)
    Pool.objects.bulk_create([pool for row in rows for pool in pools_of(row, series.defaults)])
    kit_links.laid(series, rows)
    things = bookings.things_of(store.pk, [UUID(key) for key in series.defaults["resources"]])
    wishes = [
        wish
        for row in rows
        for wish in bookings.wished(row, [t.pk for t in things], [row.host_id] if row.host_id else [])
    ]
    return rows, bookings.put_many(wishes=wishes, firm_only=firm_only)


def _drafted(series: Series, turn: Turn, hours: Clock, able: frozenset[Host], *, by: str) -> Occurrence:
    each, starts = series.defaults, hours.begins(turn.day or turn.ruled)
    host = host_of(hosts_in(series), turn.turn, able)
    return Occurrence(
        store_id=series.store_id,
        series=series,
        original_start=hours.begins(turn.ruled),
        kind=series.kind,
        format=series.format,
        title=series.title,
        theme=theme_of(series.themes, turn.turn),
        starts_at=starts,
        ends_at=starts + timedelta(minutes=series.minutes),
        opens_at=starts - each["opens_hours"] * HOUR if each["opens_hours"] else None,
        closes_at=starts - each["closes_hours"] * HOUR if each["closes_hours"] else None,
        host_id=host.staff,
        member_host_id=host.member,
        made_by=by,
        made_at=clock.now(),
        **{name: each[name] for name in COPIED},
    )


def pools_of(row: Occurrence, each: Mapping[str, Any]) -> list[Pool]:
    """The pools of a date: seats for everyone, and what is kept until some hours before."""
    kept = each["allotments"]
    return [
        Pool(occurrence=row, size=each["places"] - sum(a["size"] for a in kept)),
        *(
            Pool(
                occurrence=row,
                audience=a["audience"],
                size=a["size"],
                release_at=row.starts_at - a["release_hours"] * HOUR if a.get("release_hours") else None,
            )
            for a in kept
        ),
    ]


def hosts_in(series: Series) -> tuple[Host, ...]:
    """The rota of a series."""
    return tuple(Host(staff=one.get("staff"), member=one.get("member")) for one in series.hosts)


def able_hosts(store: Store, hosts: Sequence[Host]) -> frozenset[Host]:
    """Who of a rota still can: staff of the brand who work here, members who have not left."""
    staff = {h.staff for h in hosts if h.staff is not None}
    members = {h.member for h in hosts if h.member is not None}
    here = set(
        Staff.objects.filter(pk__in=staff, active=True, brand=store.brand_id).values_list("pk", flat=True)
        if staff
        else ()
    )
    live = set(
        Customer.objects.filter(pk__in=members, state=CustomerState.LIVE).values_list("pk", flat=True)
        if members
        else ()
    )
    return frozenset(
        h for h in hosts if h.staff in here or h.member in live or (h.staff, h.member) == (None, None)
    )


def check_hosts(store: Store, hosts: Sequence[Host]) -> None:
    """A rota of people who can. Refuses `absent` for somebody who cannot, `input.bad` for a host who is two people."""
    if any(h.staff is not None and h.member is not None for h in hosts):
        raise Refused("input.bad", field="hosts", reason="1")
    if len(able_hosts(store, hosts)) != len(set(hosts)):
        raise Refused("absent")


_PUBLISHED = """
UPDATE events_occurrence o SET state = 'published', published_at = %s, subject_id = v.subject
FROM unnest(%s::bigint[], %s::bigint[]) AS v(id, subject) WHERE o.id = v.id
"""


def publish_rows(rows: Sequence[Occurrence]) -> None:
    """Drafts become visible and their seats can be taken: four statements, however many."""
    if not rows:
        return
    now = clock.now()
    subjects = noted(rows)
    with connection.cursor() as cursor:
        cursor.execute(_PUBLISHED, [now, [r.pk for r in rows], [subjects[str(r.public_id)] for r in rows]])
    Pool.objects.filter(occurrence__in=[row.pk for row in rows]).update(opened=True)
    for row in rows:
        if row.admission == Admission.LOTTERY:
            freeze_rules(occurrence=row)
        row.state, row.published_at, row.subject_id = State.PUBLISHED, now, subjects[str(row.public_id)]


def noted(rows: Sequence[Occurrence]) -> dict[str, int]:
    """What the book calls these occurrences, up to date: public id → subject."""
    found = note_many(
        SubjectIn(
            room=publishing.ROOM,
            key=str(row.public_id),
            kind=str(row.kind),
            store=row.store_id,
            type=row.kit or row.format,
            title=row.title,
            opened_at=row.starts_at,
            closed_at=row.ends_at,
            simulated=row.simulated,
        )
        for row in rows
    )
    return {key: subject.pk for (_, key), subject in found.items()}


_WRITE = """
UPDATE events_occurrence o SET series_id = %(series)s, original_start = v.original, starts_at = v.starts, ends_at = v.ends,
    opens_at = v.opens, closes_at = v.closes, title = v.title, theme = v.theme, host_id = v.host, member_host_id = v.member,
    summary = v.summary, place = v.place, online_url = v.url, party_most = v.party, questions = v.questions::jsonb,
    details = v.details::jsonb, community = v.community, version = v.version, schedule = v.schedule,
    sequence = v.sequence, changed_at = %(now)s
FROM unnest(%(id)s::bigint[], %(original)s::timestamptz[], %(starts)s::timestamptz[], %(ends)s::timestamptz[],
    %(opens)s::timestamptz[], %(closes)s::timestamptz[], %(title)s::text[], %(theme)s::text[], %(host)s::bigint[],
    %(member)s::bigint[], %(summary)s::text[], %(place)s::text[], %(url)s::text[], %(party)s::smallint[], %(questions)s::text[],
    %(details)s::text[], %(community)s::bigint[], %(version)s::int[], %(schedule)s::int[], %(sequence)s::int[])
    AS v(id, original, starts, ends, opens, closes, title, theme, host, member, summary, place, url, party, questions, details,
        community, version, schedule, sequence)
WHERE o.id = v.id
"""


def save_rows(rows: Sequence[Occurrence], series: Series) -> None:
    """All that an edit of a series can change, for many rows: one statement."""
    if not rows:
        return
    columns: dict[str, Any] = {
        "id": [row.pk for row in rows],
        "original": [row.original_start for row in rows],
        "starts": [row.starts_at for row in rows],
        "ends": [row.ends_at for row in rows],
        "opens": [row.opens_at for row in rows],
        "closes": [row.closes_at for row in rows],
        "title": [row.title for row in rows],
        "theme": [row.theme for row in rows],
        "host": [row.host_id for row in rows],
        "member": [row.member_host_id for row in rows],
        "summary": [row.summary for row in rows],
        "place": [row.place for row in rows],
        "url": [row.online_url for row in rows],
        "party": [row.party_most for row in rows],
        "questions": [json.dumps(row.questions, ensure_ascii=False) for row in rows],
        "details": [json.dumps(row.details, ensure_ascii=False) for row in rows],
        "community": [row.community for row in rows],
        "version": [row.version for row in rows],
        "schedule": [row.schedule for row in rows],
        "sequence": [row.sequence for row in rows],
    }
    with connection.cursor() as cursor:
        cursor.execute(_WRITE, {**columns, "series": series.pk, "now": clock.now()})


_NAMED = """
UPDATE events_occurrence o SET series_id = %s, original_start = v.original
FROM unnest(%s::bigint[], %s::timestamptz[]) AS v(id, original) WHERE o.id = v.id
"""


def rename(rows: Sequence[Occurrence], series: Series) -> None:
    """Only what rows are called in their series: which one, and which of its dates."""
    if rows:
        with connection.cursor() as cursor:
            cursor.execute(
                _NAMED, [series.pk, [row.pk for row in rows], [row.original_start for row in rows]]
            )
