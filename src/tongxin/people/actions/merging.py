"""Two entries are one person: a link that can be taken off again. Identities, deeds and consents stay where they are."""

from uuid import UUID

from django.db import connection, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.people import queries
from tongxin.people.models import Customer, Merge
from tongxin.people.terms import CustomerState, MergeReason

_BEHIND = """
WITH RECURSIVE behind(id) AS (
    SELECT source_id FROM people_merge WHERE target_id = %s AND undone_at IS NULL
    UNION
    SELECT m.source_id FROM people_merge m JOIN behind b ON m.target_id = b.id WHERE m.undone_at IS NULL
)
SELECT id FROM behind
"""


def merge(
    *, viewer: Viewer, source: Customer, target: Customer, reason: MergeReason, note: str = ""
) -> Merge:
    """Let `target` stand for `source` and for whoever stands behind it.

    If either has switched personalisation off, the merged person has. Refuses `absent` when either is out of reach,
    `people.same_person`, `people.already_merged`.
    """
    with transaction.atomic():
        for one in (source, target):
            queries.access_customer(viewer, one.public_id, Verb.DECIDE)
        locked = _locked(source.pk, target.pk)
        if source.pk == target.pk or _root(locked[source.pk]) == _root(locked[target.pk]):
            raise Refused("people.same_person")
        if any(one.state != CustomerState.LIVE for one in locked.values()):
            raise Refused("people.already_merged")
        giver, taker = locked[source.pk], locked[target.pk]
        link = Merge.objects.create(
            source=giver,
            target=taker,
            reason=reason,
            note=note,
            by=viewer.name,
            at=clock.now(),
            target_personalised=taker.personalise,
        )
        Customer.objects.filter(survivor=giver).update(survivor=taker)
        giver.survivor, giver.state = taker, CustomerState.MERGED
        giver.save(update_fields=["survivor", "state"])
        if taker.personalise and not giver.personalise:
            taker.personalise = False
            taker.save(update_fields=["personalise"])
        trail(
            viewer=viewer,
            act="people.merged",
            subject=("people", "customer", str(taker.public_id)),
            after={"source": str(giver.public_id), "merge": str(link.public_id), "reason": str(reason)},
        )
    return link


def unmerge(*, viewer: Viewer, merge_id: UUID | str) -> Merge:
    """Take a link off: both are as they were, except for what happened to either since.

    Refuses `absent`, `people.not_merged`.
    """
    with transaction.atomic():
        seen = queries.access_merge(viewer, merge_id)
        link = Merge.objects.select_for_update().get(pk=seen.pk)
        if link.undone_at is not None:
            raise Refused("people.not_merged")
        giver = _locked(link.source_id, link.target_id)[link.source_id]
        link.undone_at, link.undone_by = clock.now(), viewer.name
        link.save(update_fields=["undone_at", "undone_by"])
        giver.survivor, giver.state = None, CustomerState.LIVE
        giver.save(update_fields=["survivor", "state"])
        with connection.cursor() as cursor:
            cursor.execute(_BEHIND, [giver.pk])
            followers = [row[0] for row in cursor.fetchall()]
        Customer.objects.filter(id__in=followers).update(survivor=giver)
        _give_switch_back(link)
        trail(
            viewer=viewer,
            act="people.unmerged",
            subject=("people", "customer", str(seen.target.public_id)),
            after={"source": str(seen.source.public_id), "merge": str(link.public_id)},
        )
    return link


def _locked(*ids: int) -> dict[int, Customer]:
    rows = Customer.objects.select_for_update().filter(id__in=ids).order_by("id")
    return {row.pk: row for row in rows}


def _root(customer: Customer) -> int:
    return customer.survivor_id or customer.pk


def _give_switch_back(link: Merge) -> None:
    """Undo what the merge did to the switch, unless the member has turned it since or another merge keeps it off."""
    others_off = Merge.objects.filter(
        target=link.target_id, undone_at=None, source__personalise=False
    ).exists()
    if link.target_personalised and not others_off:
        target = Customer.objects.get(pk=link.target_id)
        if target.personalise_at is None or target.personalise_at <= link.at:
            target.personalise = True
            target.save(update_fields=["personalise"])
