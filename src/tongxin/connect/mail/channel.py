"""The e-mail channel: to members who gave and confirmed an address."""

from collections.abc import Collection

from django.db.models import Q, QuerySet

from tongxin.connect.mail import sending
from tongxin.outreach.channels.lettered import Lettered
from tongxin.outreach.models import Address
from tongxin.outreach.ports import Check


class Email(Lettered):
    """`CHANNELS = (…, Email())`, carried by `CARRIERS["email"]`."""

    id = "email"
    carrier = "email"

    def ready(self) -> bool:
        """Is a mail server configured?"""
        return sending.configured()

    def reaches(self, persons: Collection[int]) -> frozenset[int]:
        """Who has a confirmed address."""
        return frozenset(
            survivor or entry
            for entry, survivor in _confirmed(persons).values_list("person", "person__survivor")
        )

    def addresses(self, persons: Collection[int]) -> dict[int, str]:
        """Person → confirmed address; of two entries of one person the one confirmed last."""
        rows = _confirmed(persons).select_related("person").order_by("confirmed_at", "id")
        return {row.person.survivor_id or row.person_id: row.value for row in rows}

    def health(self) -> list[Check]:
        """Can one sign in to the mail server?"""
        if not self.ready():
            return [
                Check("email", ok=True, detail="off: TONGXIN_SMTP_HOST and TONGXIN_SMTP_FROM are not set")
            ]
        try:
            sending.connect().quit()
        except Exception as fault:  # noqa: BLE001 (whatever it is, it is the finding)
            return [Check("email", ok=False, detail=f"{type(fault).__name__}: check TONGXIN_SMTP_*")]
        return [Check("email", ok=True)]


def _confirmed(persons: Collection[int]) -> QuerySet[Address]:
    mine = Q(person__in=persons) | Q(person__survivor__in=persons)
    return Address.objects.filter(mine, channel="email", confirmed_at__isnull=False)
