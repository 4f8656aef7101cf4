"""Counting tries at the door, before they are judged.

A try is written down as failed, in a transaction of its own and under a lock per name and per address; only then the
secret is looked at. So a hundred tries at the same instant count as a hundred, and a refusal cannot roll its count back.
"""

from datetime import datetime

from django.db.models import Count, Min

from tongxin.foundation import clock
from tongxin.foundation.accounts import rules
from tongxin.foundation.accounts.models import Attempt
from tongxin.foundation.accounts.terms import ORIGIN_WINDOW, SUBJECT_WINDOW, Proof
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.foundation.sealing import blind


def claim(proof: Proof, *, subject: str, origin: str) -> Attempt:
    """Count one try of `subject` (a name, a phone's hash) from `origin` (an address). Refuses `accounts.too_many`."""
    named, addressed = blind("attempt", f"{proof}:{subject}"), blind("origin", origin)
    at = clock.now()
    # Always address before name, so that two tries cannot wait for each other.
    with advisory(f"attempt-origin:{addressed}"), advisory(f"attempt-subject:{named}"):
        wait = rules.wait_minutes(_tries(proof, named, addressed, at), at)
        if wait:
            raise Refused("accounts.too_many", minutes=wait)
        return Attempt.objects.create(proof=proof, subject=named, origin=addressed, at=at)


def passed(attempt: Attempt) -> None:
    """The try was right: it no longer counts."""
    Attempt.objects.filter(pk=attempt.pk).update(passed=True)


def _tries(proof: Proof, named: str, addressed: str, at: datetime) -> rules.Tries:
    failed = Attempt.objects.filter(passed=False)
    by_name = failed.filter(proof=proof, subject=named, at__gt=at - SUBJECT_WINDOW).aggregate(
        n=Count("id"), since=Min("at")
    )
    by_address = failed.filter(origin=addressed, at__gt=at - ORIGIN_WINDOW).aggregate(
        n=Count("id"), since=Min("at")
    )
    return rules.Tries(by_name["n"], by_address["n"], by_name["since"], by_address["since"])
