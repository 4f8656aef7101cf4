"""Staff and stores matched with the corp: what the platform lists is kept; headquarters confirms who is who."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.outreach.models import WecomColleague, WecomDepartment
from tongxin.outreach.terms_handover import KEEPERS
from tongxin.stores.models import Staff, Store
from tongxin.stores.queries import phone_lookup
from tongxin.stores.rules import e164

LOCK = "outreach.wecom_matching"


@dataclass(frozen=True)
class Place:
    """A department as the platform says."""

    number: int
    name: str
    parent: int


@dataclass(frozen=True)
class Somebody:
    """A colleague as the platform says. The number is only kept as what it is found by."""

    userid: str
    name: str
    departments: list[int]
    phone: str = ""


def put_roster(places: Sequence[Place], people: Sequence[Somebody]) -> None:
    """The corp is this. Who is not in it any more is marked as gone; a number once known stays known."""
    now = clock.now()
    with advisory(LOCK):
        known = dict(WecomColleague.objects.values_list("userid", "phone_lookup"))
        WecomColleague.objects.bulk_create(
            [
                WecomColleague(
                    userid=one.userid,
                    name=one.name[:80],
                    departments=one.departments,
                    phone_lookup=_lookup(one.phone) or known.get(one.userid, ""),
                    synced_at=now,
                )
                for one in people
            ],
            update_conflicts=True,
            unique_fields=["userid"],
            update_fields=["name", "departments", "phone_lookup", "synced_at", "gone_at"],
        )
        here = WecomColleague.objects.filter(gone_at=None)
        here.exclude(userid__in=[one.userid for one in people]).update(gone_at=now)
        WecomDepartment.objects.bulk_create(
            [
                WecomDepartment(number=one.number, name=one.name[:80], parent=one.parent, synced_at=now)
                for one in places
            ],
            update_conflicts=True,
            unique_fields=["number"],
            update_fields=["name", "parent", "synced_at", "gone_at"],
        )
        there = WecomDepartment.objects.filter(gone_at=None)
        there.exclude(number__in=[one.number for one in places]).update(gone_at=now)


def _lookup(phone: str) -> str:
    number = e164(phone) if phone else ""
    return phone_lookup(number) if number else ""


def confirm_staff(*, viewer: Viewer, staff_id: UUID | str, userid: str) -> Staff:
    """This colleague is that account. Refuses `absent`, `wecom.account_taken` when it is somebody else's."""
    with advisory(LOCK):
        row = (
            Staff.objects.select_for_update(no_key=True, of=("self",)).filter(public_id=_id(staff_id)).first()
        )
        if row is None or not viewer.reaches(row.store_id, KEEPERS):
            raise Refused("absent")
        if not WecomColleague.objects.filter(userid=userid, gone_at=None).exists():
            raise Refused("absent")
        if Staff.objects.filter(wecom_userid=userid, active=True).exclude(pk=row.pk).exists():
            raise Refused("wecom.account_taken")
        if row.wecom_userid != userid:
            row.wecom_userid = userid
            row.save(update_fields=["wecom_userid"])
            trail(
                viewer=viewer,
                act="outreach.wecom_staff_matched",
                subject=("stores", "staff", str(row.public_id)),
            )
    return row


def confirm_store(*, viewer: Viewer, store_id: UUID | str, department: int) -> Store:
    """This store is that department. Refuses `absent`, `wecom.account_taken` when it is another store's."""
    with advisory(LOCK):
        row = Store.objects.select_for_update(no_key=True).filter(public_id=_id(store_id)).first()
        if row is None or not viewer.reaches(row.pk, KEEPERS):
            raise Refused("absent")
        if not WecomDepartment.objects.filter(number=department, gone_at=None).exists():
            raise Refused("absent")
        if Store.objects.filter(wecom_department_id=str(department)).exclude(pk=row.pk).exists():
            raise Refused("wecom.account_taken")
        if row.wecom_department_id != str(department):
            row.wecom_department_id = str(department)
            row.save(update_fields=["wecom_department_id"])
            trail(
                viewer=viewer,
                act="outreach.wecom_store_matched",
                subject=("stores", "store", str(row.public_id)),
                after={"department": department},
            )
    return row


def _id(public_id: UUID | str) -> UUID:
    try:
        return public_id if isinstance(public_id, UUID) else UUID(str(public_id))
    except ValueError:
        raise Refused("absent") from None
