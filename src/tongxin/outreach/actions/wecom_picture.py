"""Our picture of the corp's customers and groups: brought to what the platform says, in any order, with corrections written down.

Each function takes the platform's whole answer about one thing and makes ours equal to it: twice or late changes nothing. With
`corrects`, what no callback had told us is written down as a correction.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Count, Q

from tongxin.foundation import clock
from tongxin.foundation.access import system
from tongxin.foundation.audit.actions import trail
from tongxin.outreach.actions import wecom_touches
from tongxin.outreach.models import (
    WecomCode,
    WecomContact,
    WecomCorrection,
    WecomGroup,
    WecomGroupDay,
    WecomGroupMember,
    WecomOwnerDay,
)
from tongxin.outreach.terms_wecom import Member, TouchKind
from tongxin.people.actions.members import lookup_of
from tongxin.people.models import Customer, Identity
from tongxin.people.terms import IdentityKind
from tongxin.stores.models import Staff

MIRROR = system("wecom.mirror")
LAG = timedelta(seconds=30)
LAGS_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Known:
    """One colleague's customer as the platform says."""

    userid: str
    external: str
    unionid: str
    added_at: datetime
    state: str
    add_way: int


@dataclass(frozen=True)
class Stay:
    """Somebody in a group as the platform says."""

    external: str
    unionid: str
    staff: bool
    joined_at: datetime
    scene: int
    state: str


def instant(seconds: int) -> datetime:
    """The platform's seconds as an instant."""
    return datetime.fromtimestamp(seconds, UTC)


def persons(known: Mapping[str, str]) -> dict[str, int]:
    """Customer id → our (surviving) person, by that id or by the unionid."""
    by_lookup = {lookup_of(IdentityKind.WECOM, external): external for external in known}
    by_lookup |= {
        lookup_of(IdentityKind.UNIONID, union): external for external, union in known.items() if union
    }
    rows = Identity.objects.filter(
        kind__in=[IdentityKind.WECOM, IdentityKind.UNIONID], lookup__in=list(by_lookup)
    ).values_list("lookup", "customer", "customer__survivor")
    return {by_lookup[lookup]: survivor or customer for lookup, customer, survivor in rows}


def correct(what: str, key: str, ours: str, theirs: str) -> WecomCorrection:
    """One line of what the comparison found."""
    return WecomCorrection(at=clock.now(), what=what, key=key[:80], ours=ours[:200], theirs=theirs[:200])


def put_contacts(
    users: Collection[str],
    found: Sequence[Known],
    *,
    externals: Collection[str] | None = None,
    corrects: bool = False,
) -> int:
    """All customers of these colleagues (or, with `externals`, all colleagues of these customers) are these; answers what changed."""
    now = clock.now()
    scope = Q(external__in=externals) if externals is not None else Q(userid__in=users)
    who = persons({one.external: one.unionid for one in found})
    with transaction.atomic():
        ours = {
            (row.userid, row.external): row
            for row in WecomContact.objects.select_for_update(no_key=True).filter(scope).order_by("id")
        }
        fresh, changed, notes = [], [], []
        for one in {(known.userid, known.external): known for known in found}.values():
            row = ours.pop((one.userid, one.external), None)
            if row is None:
                fresh.append(_contact(one, who, now))
                notes.append(correct("contact", f"{one.userid}:{one.external}", "absent", "there"))
                continue
            if row.lost_at is not None or row.added_at != one.added_at:
                notes.append(correct("contact", f"{one.userid}:{one.external}", "gone", "there"))
            if _differs(row, one, who):
                _fill(row, one, who, now)
                changed.append(row)
        gone = [row for row in ours.values() if row.lost_at is None]
        for row in gone:
            row.lost_at = row.synced_at = now
            notes.append(correct("contact", f"{row.userid}:{row.external}", "there", "gone"))
        WecomContact.objects.bulk_create(fresh)
        WecomContact.objects.bulk_update(
            [*changed, *gone],
            ["customer", "state", "add_way", "added_at", "lost_at", "synced_at"],
            batch_size=500,
        )
        if corrects:
            WecomCorrection.objects.bulk_create(notes)
        wecom_touches.note(
            [
                wecom_touches.Step(
                    row.external, row.customer_id, TouchKind.ADDED, row.state, row.userid, row.added_at
                )
                for row in [*fresh, *(row for row in changed if row.lost_at is None)]
            ]
        )
        _friends_made(fresh)
    return len(fresh) + len(changed) + len(gone)


def _friends_made(fresh: Sequence[WecomContact]) -> None:
    """One line a code for who came by it in this run; whom we know is named by their public id, nobody else."""
    by_state: dict[str, list[WecomContact]] = defaultdict(list)
    for row in fresh:
        if row.state:
            by_state[row.state].append(row)
    if not by_state:
        return
    for state, code in (
        WecomCode.objects.filter(state__in=by_state).order_by("id").values_list("state", "public_id")
    ):
        rows = by_state[state]
        trail(
            viewer=MIRROR,
            act="outreach.wecom_friends_made",
            subject=("outreach", "code", str(code)),
            after={"people": len(rows), "customers": _named(row.customer_id for row in rows)},
        )


def _moved(act: str, group: WecomGroup, customers: Sequence[int | None]) -> None:
    """One line for all who came into a group, or left it, in this run."""
    if customers:
        after = {"people": len(customers), "customers": _named(customers)}
        subject = ("outreach", "wecom_group", str(group.public_id))
        trail(viewer=MIRROR, act=act, subject=subject, after=after)


def _named(customers: Iterable[int | None]) -> list[str]:
    known = {one for one in customers if one is not None}
    if not known:
        return []
    rows = Customer.objects.filter(pk__in=known).order_by("id").values_list("public_id", flat=True)
    return [str(public_id) for public_id in rows]


def _contact(one: Known, who: Mapping[str, int], now: datetime) -> WecomContact:
    return WecomContact(
        userid=one.userid,
        external=one.external,
        customer_id=who.get(one.external),
        state=one.state,
        add_way=one.add_way,
        added_at=one.added_at,
        synced_at=now,
    )


def _differs(row: WecomContact, one: Known, who: Mapping[str, int]) -> bool:
    mine = (row.customer_id, row.state, row.add_way, row.added_at, row.lost_at)
    return mine != (who.get(one.external), one.state, one.add_way, one.added_at, None)


def _fill(row: WecomContact, one: Known, who: Mapping[str, int], now: datetime) -> None:
    row.customer_id, row.state, row.add_way = who.get(one.external), one.state, one.add_way
    row.added_at, row.lost_at, row.synced_at = one.added_at, None, now


def lost(userid: str, external: str, at: datetime) -> None:
    """A callback says that they parted then; a friendship that began later is not meant."""
    WecomContact.objects.filter(userid=userid, external=external, lost_at=None, added_at__lte=at).update(
        lost_at=at, synced_at=clock.now()
    )


def touch_group(chat_id: str, *, at: datetime, version: str = "") -> None:
    """Something changed there: it is to be looked at."""
    now = clock.now()
    row, made = WecomGroup.objects.get_or_create(
        chat_id=chat_id, defaults={"opened_at": at, "dirty_at": at, "next_at": now, "wanted_version": version}
    )
    if not made and row.dismissed_at is None:
        later = row.dirty_at is None or at >= row.dirty_at
        values: dict[str, Any] = {"next_at": now, "dirty_at": max(at, row.dirty_at or at)}
        if later:
            values["wanted_version"] = version
        WecomGroup.objects.filter(pk=row.pk).update(**values)


def left(chat_id: str, externals: Collection[str], at: datetime) -> None:
    """A callback says who left and when; a stay that began later is not meant."""
    with transaction.atomic():
        found = WecomGroupMember.objects.select_for_update(no_key=True, of=("self",)).select_related("group")
        gone = list(
            found.filter(
                group__chat_id=chat_id, external__in=list(externals), left_at=None, joined_at__lte=at
            ).order_by("id")
        )
        if not gone:
            return
        WecomGroupMember.objects.filter(id__in=[one.pk for one in gone]).update(left_at=at)
        _moved("outreach.wecom_group_left", gone[0].group, _customers(gone))


def _customers(stays: Iterable[WecomGroupMember]) -> list[int | None]:
    return [one.customer_id for one in stays if one.kind == Member.CUSTOMER]


def dirty_groups(most: int = 100) -> list[str]:
    """Groups that are to be looked at now."""
    rows = WecomGroup.objects.filter(next_at__lte=clock.now(), dismissed_at=None).order_by("next_at", "id")
    return list(rows.values_list("chat_id", flat=True)[:most])


def put_gone(chat_id: str, *, at: datetime | None = None, corrects: bool = False) -> None:
    """The group is no more."""
    now = clock.now()
    with transaction.atomic():
        row = WecomGroup.objects.select_for_update(no_key=True).filter(chat_id=chat_id).first()
        if row is None or row.dismissed_at is not None:
            return
        WecomGroup.objects.filter(pk=row.pk).update(dismissed_at=at or now, next_at=None, synced_at=now)
        WecomGroupMember.objects.filter(group=row, left_at=None).update(left_at=at or now)
        if corrects:
            WecomCorrection.objects.bulk_create([correct("group", chat_id, "there", "gone")])


def put_group(
    chat_id: str,
    *,
    name: str,
    owner: str,
    opened_at: datetime,
    version: str,
    stays: Sequence[Stay],
    corrects: bool = False,
) -> int:
    """The group is this; answers how many stays began or ended. A detail that lags behind its callback is looked at again."""
    now = clock.now()
    who = persons({stay.external: stay.unionid for stay in stays if not stay.staff})
    store = (
        Staff.objects.filter(wecom_userid=owner, active=True).values_list("store", flat=True).first()
        if owner
        else None
    )
    with transaction.atomic():
        WecomGroup.objects.get_or_create(chat_id=chat_id, defaults={"opened_at": opened_at})
        row = WecomGroup.objects.select_for_update(no_key=True).get(chat_id=chat_id)
        ours = {
            one.external: one
            for one in WecomGroupMember.objects.filter(group=row, left_at=None).order_by("id")
        }
        theirs = {stay.external: stay for stay in stays}
        gone = [
            one for key, one in ours.items() if key not in theirs or theirs[key].joined_at > one.joined_at
        ]
        come = [
            stay for key, stay in theirs.items() if key not in ours or stay.joined_at > ours[key].joined_at
        ]
        WecomGroupMember.objects.filter(id__in=[one.pk for one in gone]).update(left_at=now)
        # A detail that lags still shows who has left: their stay is known to have ended.
        ended = set(
            WecomGroupMember.objects.filter(
                group=row, external__in=[stay.external for stay in come], left_at__isnull=False
            ).values_list("external", "joined_at")
        )
        come = [stay for stay in come if (stay.external, stay.joined_at) not in ended]
        WecomGroupMember.objects.bulk_create([_stay(row, stay, who) for stay in come])
        unknown = [one for one in ours.values() if one.customer_id is None and one.external in who]
        for one in unknown:
            one.customer_id = who[one.external]
        WecomGroupMember.objects.bulk_update(unknown, ["customer"])
        if corrects and (gone or come or row.name != name or row.owner != owner):
            told = f"{row.name} · {row.owner} · {len(ours)}", f"{name} · {owner} · {len(theirs)}"
            WecomCorrection.objects.bulk_create([correct("group", chat_id, *told)])
        lags = bool(
            row.wanted_version
            and row.wanted_version != version
            and row.dirty_at
            and now - row.dirty_at < LAGS_FOR
        )
        row.name, row.owner, row.store_id, row.opened_at = name[:120], owner, store, opened_at
        row.member_version, row.synced_at = version, now
        row.next_at = now + LAG if lags else None
        row.save(
            update_fields=["name", "owner", "store", "opened_at", "member_version", "synced_at", "next_at"]
        )
        wecom_touches.note(
            [
                wecom_touches.Step(
                    s.external, who.get(s.external), TouchKind.JOINED, s.state, chat_id, s.joined_at
                )
                for s in come
                if not s.staff
            ]
        )
        joined = [who.get(stay.external) for stay in come if not stay.staff]
        _moved("outreach.wecom_group_joined", row, joined)
        _moved("outreach.wecom_group_left", row, _customers(gone))
    return len(gone) + len(come)


def _stay(row: WecomGroup, stay: Stay, who: Mapping[str, int]) -> WecomGroupMember:
    return WecomGroupMember(
        group=row,
        external=stay.external,
        kind=Member.STAFF if stay.staff else Member.CUSTOMER,
        customer_id=who.get(stay.external),
        joined_at=stay.joined_at,
        scene=stay.scene,
        state=stay.state,
    )


def snapshot(day: date) -> int:
    """Each group's day: its stock, who came and went, and by how much we had been wrong before; answers how many. Once a day."""
    begins, ends, now = clock.day_start(day), clock.day_end(day), clock.now()
    with transaction.atomic():
        groups = list(
            WecomGroup.objects.filter(
                Q(dismissed_at=None) | Q(dismissed_at__gte=begins), opened_at__lt=ends
            ).order_by("id")
        )
        here = Q(joined_at__lt=ends) & (Q(left_at=None) | Q(left_at__gte=ends))
        came, went = Q(joined_at__gte=begins, joined_at__lt=ends), Q(left_at__gte=begins, left_at__lt=ends)
        counted = {
            row["group"]: row
            for row in WecomGroupMember.objects.filter(group__in=groups)
            .values("group")
            .annotate(
                stock=Count("id", filter=here),
                joins=Count("id", filter=came),
                leaves=Count("id", filter=went),
            )
        }
        before = dict(
            WecomGroupDay.objects.filter(group__in=groups, day__lt=day)
            .order_by("group", "-day")
            .distinct("group")
            .values_list("group", "stock")
        )
        rows = []
        for group in groups:
            counts = counted.get(group.pk, {"stock": 0, "joins": 0, "leaves": 0})
            was = before.get(group.pk, 0)
            stock, joins, leaves = counts["stock"], counts["joins"], counts["leaves"]
            rows.append(
                WecomGroupDay(
                    group=group,
                    day=day,
                    stock=stock,
                    joins=joins,
                    leaves=leaves,
                    before=was,
                    corrected=stock - was - joins + leaves,
                    taken_at=now,
                )
            )
        return len(WecomGroupDay.objects.bulk_create(rows, ignore_conflicts=True))


def put_owner_days(day: date, counts: Mapping[str, Mapping[str, int]]) -> None:
    """What the platform counted of each owner's groups that day; the first answer holds."""
    now = clock.now()
    WecomOwnerDay.objects.bulk_create(
        [
            WecomOwnerDay(owner=owner, day=day, counts=dict(data), taken_at=now)
            for owner, data in counts.items()
        ],
        ignore_conflicts=True,
    )
