"""The gateway channel: text messages (or what the operator makes of them) to members whose full number is kept."""

from collections.abc import Collection

from django.conf import settings
from django.db.models import F, Q, QuerySet, TextField
from django.db.models.functions import Cast

from tongxin.outreach.channels.lettered import Lettered
from tongxin.outreach.ports import Check
from tongxin.people.models import Identity
from tongxin.people.terms import IdentityKind


class Gateway(Lettered):
    """`CHANNELS = (…, Gateway())`, carried by `CARRIERS["webhook_out"]`, the signed POST of `webhook_out.py` behind the gate."""

    id = "webhook_out"
    carrier = "webhook_out"

    def ready(self) -> bool:
        """Is a gateway configured?"""
        return bool(settings.TONGXIN_SMS_GATEWAY and settings.TONGXIN_SMS_SECRET)

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Whose number is kept."""
        rows = _numbers(persons).values_list("customer", "customer__survivor")
        return frozenset(survivor or entry for entry, survivor in rows)

    def addresses(self, persons: Collection[int]) -> dict[int, str]:
        """Person → number; of several the one seen last."""
        rows = _numbers(persons).select_related("customer").order_by("last_seen", "id")
        return {row.customer.survivor_id or row.customer_id: row.value for row in rows}

    def health(self) -> list[Check]:
        """Configured, half configured or off."""
        url, secret = bool(settings.TONGXIN_SMS_GATEWAY), bool(settings.TONGXIN_SMS_SECRET)
        if url != secret:
            return [
                Check("webhook_out", ok=False, detail="set both TONGXIN_SMS_GATEWAY and TONGXIN_SMS_SECRET")
            ]
        return [Check("webhook_out", ok=True, detail="" if url else "off: TONGXIN_SMS_GATEWAY is not set")]


def _numbers(persons: Collection[int]) -> QuerySet[Identity]:
    mine = Q(customer__in=persons) | Q(customer__survivor__in=persons)
    kept = Identity.objects.annotate(kept_text=Cast(F("value"), TextField())).exclude(kept_text="")
    return kept.filter(mine, kind=IdentityKind.PHONE)
