"""What Stars and the shortlisted bring, as sums for the measure of the social side."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from tongxin.amplify.models import Referral, ShortlistPlace, Star
from tongxin.amplify.terms_referrals import ReferralState
from tongxin.measure.rules_social import SocialFigure

RULE = (
    "期间写下介绍人的新朋友；数的是首单过了退货期、已确认的",
    "friends named within the period; counted are those whose first purchase outlived the refund window",
)


def brought(since: datetime, as_of: datetime, stores: Collection[int] | None) -> tuple[SocialFigure, ...]:
    """Friends whom Stars brought while they were shown, and whom the shortlisted brought after they were listed."""
    rows = Referral.objects.filter(named_at__gte=since, named_at__lte=as_of)
    if stores is not None:
        rows = rows.filter(store__in=stores)
    star = Star.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=OuterRef("named_at")),
        person=OuterRef("referrer"),
        shown_at__lte=OuterRef("named_at"),
    )
    listed = ShortlistPlace.objects.filter(
        person=OuterRef("referrer"), shortlist__listed_at__lte=OuterRef("named_at")
    )
    return (
        _figure("star_conversions", "社区之星带来的新客", "New customers by Stars", rows.filter(Exists(star))),
        _figure("koc_conversions", "入围 KOC 带来的新客", "New customers by the shortlisted", rows.filter(Exists(listed))),
    )  # fmt: skip


def _figure(code: str, zh: str, en: str, rows: QuerySet[Referral]) -> SocialFigure:
    kept = list(rows.values_list("state", named=False).annotate(acted=F("invitee__simulated")))
    return SocialFigure(
        code,
        zh,
        en,
        sum(state == ReferralState.CONFIRMED for state, _ in kept),
        len(kept),
        *RULE,
        simulated=any(acted for _, acted in kept),
    )
