"""Looking at the whole phone of a member: with a reason, a limit, and the trail before the number."""

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.audit.queries import count_acts
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.people import queries
from tongxin.people.actions.members import subject_of
from tongxin.people.models import Customer, Identity
from tongxin.people.rules import REVEALERS, spells_number
from tongxin.people.terms import REVEAL_REASON, REVEALS_A_DAY, IdentityKind

REVEALED = "people.phone_revealed"


def reveal_phone(*, viewer: Viewer, customer: Customer, reason: str) -> str:
    """The whole phone of a member in reach (as people dial it: without +86), the one seen last.

    For a signed-in person whose role over the member's store needs it. The reason is kept in the trail for good, so it
    may hold no number; the trail is written first, and only then the number is unsealed. Refuses `absent`, `forbidden`,
    `people.reveal_reason`, `people.reveal_digits`, `people.no_phone`, `people.too_many_reveals`.
    """
    with advisory(f"{REVEALED}:{viewer.account}"):  # one at a time per account: the count below stays true
        found = queries.access_customer(viewer, customer.public_id, Verb.READ)
        if viewer.account is None or not queries.roles_over(viewer, found) & REVEALERS:
            raise Refused("forbidden")
        why = _checked(reason)
        kept = (
            Identity.objects.filter(customer__in=queries.cluster(found), kind=IdentityKind.PHONE)
            .order_by("-last_seen", "-id")
            .values_list("id", flat=True)
            .first()
        )
        if kept is None:
            raise Refused("people.no_phone")
        today = clock.day_start(clock.business_day(clock.now()))
        if count_acts(account=viewer.account, act=REVEALED, since=today) >= REVEALS_A_DAY:
            raise Refused("people.too_many_reveals", most=REVEALS_A_DAY)
        trail(viewer=viewer, act=REVEALED, subject=subject_of(found), reason=why)
        return Identity.objects.values_list("value", flat=True).get(pk=kept).removeprefix("+86")


def _checked(reason: str) -> str:
    why = " ".join(reason.split())
    least, most = REVEAL_REASON
    if not least <= len(why) <= most:
        raise Refused("people.reveal_reason", least=least, most=most)
    if spells_number(why):
        raise Refused("people.reveal_digits")
    return why
