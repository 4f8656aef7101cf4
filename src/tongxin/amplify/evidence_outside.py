"""Who joined by the code of a deal, and who of them was kept. Counts only; people are looked at and not told."""

from datetime import datetime, timedelta

from django.db.models import Min, Q

from tongxin.amplify.terms_outside import KEPT_AFTER
from tongxin.commerce.models import PurchaseDay
from tongxin.foundation import clock
from tongxin.outreach.models import WecomContact, WecomTouch
from tongxin.people.models import Customer, Deed


def _came(code: str, since: datetime, until: datetime) -> dict[int, datetime]:
    """New members who came by the code within the time, with when: by its live code as their first step, or naming it when they joined."""
    first = dict(
        WecomTouch.objects.filter(external__in=WecomTouch.objects.filter(code__state=code).values("external"))
        .values_list("external")
        .annotate(at=Min("at"))
    )
    steps = WecomTouch.objects.filter(code__state=code, at__gte=since, at__lt=until)
    by_code = [row for row in steps.values_list("external", "customer", "at") if row[2] == first[row[0]]]
    known = dict(
        WecomContact.objects.filter(
            external__in=[row[0] for row in by_code], customer__isnull=False
        ).values_list("external", "customer")
    )
    came = {customer or known.get(external): at for external, customer, at in by_code}
    found = {person: at for person, at in came.items() if person is not None}
    named = Customer.objects.filter(source_channel=code, created_at__gte=since, created_at__lt=until)
    for person, at in named.values_list("pk", "created_at"):
        found.setdefault(person, at)
    live = Customer.objects.filter(pk__in=found, is_staff=False, created_at__gte=since).exclude(
        state="erased"
    )
    roots = {pk: survivor or pk for pk, survivor in live.values_list("pk", "survivor")}
    counted: dict[int, datetime] = {}
    for person, root in sorted(roots.items()):
        counted[root] = min(found[person], counted.get(root, found[person]))
    return counted


def joined_by(code: str, *, since: datetime, until: datetime) -> int:
    """How many new members came by a code."""
    return len(_came(code, since, until))


def kept_by(code: str, *, since: datetime, until: datetime, now: datetime) -> int:
    """How many of them are to be paid for: the time to give things back is over, and they bought for more than they gave back, or came."""
    came = {person: at for person, at in _came(code, since, until).items() if at + KEPT_AFTER <= now}
    return sum(_kept(person, at) for person, at in came.items())


def _kept(person: int, at: datetime) -> bool:
    entries = Customer.objects.filter(Q(pk=person) | Q(survivor=person)).values("pk")
    upto = at + KEPT_AFTER
    deeds = Deed.objects.filter(
        person__in=entries, kind="checked_in", occurred_at__gte=at, occurred_at__lt=upto
    )
    undone = Deed.objects.filter(reverses__in=deeds).values("reverses")
    if deeds.exclude(pk__in=undone).exists():
        return True
    days = PurchaseDay.objects.filter(
        customer__in=entries,
        business_date__gte=clock.business_day(at),
        business_date__lt=clock.business_day(upto) + timedelta(days=1),
    )
    return sum(days.values_list("net_fen", flat=True)) > 0
