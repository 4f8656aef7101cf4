"""Nightly: what applicants said goes when its time is over; two entries of one person keep one membership; terms end."""

from collections import defaultdict

from django.db import transaction
from django.db.models.functions import Coalesce

from tongxin.communities.actions import joining, leaving, trails
from tongxin.communities.models import Application, Community, Decision, Membership, PartTerm
from tongxin.communities.terms import Applied, Ended
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused

BATCH = 500


def forget_answers(*, viewer: Viewer) -> int:
    """Empty the answers and reasons of applications decided thirty days ago; answers how many."""
    with transaction.atomic():
        due = list(
            Application.objects.select_for_update()
            .filter(answers_until__lte=clock.now().date())
            .values_list("pk", flat=True)
        )
        Decision.objects.filter(application__in=due).exclude(reason="").update(reason="")
        Application.objects.filter(pk__in=due).update(answers="", reason="", answers_until=None)
        if due:
            trail(
                viewer=viewer,
                act="communities.answers_tidied",
                subject=(trails.ROOM, "applications", "due"),
                after={"applications": len(due)},
            )
    return len(due)


def one_membership_each(*, viewer: Viewer) -> int:
    """Where two entries were merged into one person who is a member twice, the older period stays; answers how many ended."""
    open_rows = (
        Membership.objects.filter(ended_at=None, person__survivor__isnull=False)
        | Membership.objects.filter(
            ended_at=None,
            person__in=Membership.objects.filter(ended_at=None, person__survivor__isnull=False).values(
                "person__survivor"
            ),
        )
    ).annotate(root=Coalesce("person__survivor", "person"))
    groups: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for pk, community, root in open_rows.order_by("joined_at", "id").values_list("pk", "community", "root"):
        groups[community, root].append(pk)
    ended = 0
    for later in (keys[1:] for keys in groups.values()):
        for pk in later:
            with transaction.atomic():
                row = (
                    Membership.objects.select_for_update(of=("self",)).select_related("community").get(pk=pk)
                )
                if row.ended_at is None:
                    # Nobody left: the book is not told of a leave.
                    leaving.end(viewer, row, Ended.MERGED, clock.now(), booked=False)
                    trails.of_membership(viewer, row, "communities.memberships_tidied")
                    ended += 1
    return ended


def look_at_the_waiting(*, viewer: Viewer) -> int:
    """Applications that wait for the outside world (a paid membership, a visit) are looked at again; answers how many came in."""
    admitted = 0
    waiting = Application.objects.filter(state=Applied.UNDERWAY, waiting_for_us=False).order_by("id")
    for public_id in waiting.values_list("public_id", flat=True).iterator(chunk_size=BATCH):
        try:
            row = joining.look_again(viewer=viewer, application_id=public_id)
        except Refused:  # decided or closed in the meantime: nothing to do
            continue
        admitted += row.state == Applied.ADMITTED
    return admitted


def end_terms(*, viewer: Viewer) -> int:
    """Terms whose day has passed end; answers how many."""
    now = clock.now()
    with transaction.atomic():
        due = list(
            PartTerm.objects.select_for_update(of=("self",))
            .select_related("community")
            .filter(ended_at=None, until__lte=now)
            .order_by("id")
        )
        communities: dict[int, Community] = {}
        for row in due:
            row.ended_at, row.ended_by = row.until, viewer.name
            communities[row.community_id] = row.community
        PartTerm.objects.bulk_update(due, ["ended_at", "ended_by"])
        for community in communities.values():
            trails.of_community(viewer, community, "communities.part_ended", reason="term")
    return len(due)
