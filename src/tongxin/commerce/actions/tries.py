"""Tries of a voucher's code at a till. The code is the secret, so wrong ones are counted as wrong passwords are."""

from collections.abc import Iterator
from contextlib import contextmanager

from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import guard
from tongxin.foundation.accounts.terms import Proof
from tongxin.foundation.errors import Refused

UNKNOWN = "commerce.voucher_unknown"


@contextmanager
def one_try(*, viewer: Viewer, store: object) -> Iterator[None]:
    """Whoever is asked for a voucher by its code asks inside. Five unknown codes in half an hour of one person at one till, or
    thirty in an hour of everybody there, and nobody looks again for a while. Refuses `accounts.too_many`.

    Stands outside of the transaction of what is tried, or a refusal would take its count back.
    """
    attempt = guard.claim(
        Proof.CODE,
        subject=f"till:{store}:{viewer.account}:{viewer.device}:{viewer.person}",
        origin=f"till:{store}",
    )
    try:
        yield
    except Refused as refused:
        if refused.code != UNKNOWN:
            guard.passed(attempt)
        raise
    guard.passed(attempt)
