"""Forgetting a member in what was bought."""

from collections.abc import Callable, Iterable
from typing import Any

from django.db import transaction
from django.db.models import CharField, Value
from django.db.models.functions import Cast, Concat

from tongxin.commerce.actions.lake import lake_digests
from tongxin.commerce.models import Membership, PurchaseDay, Voucher
from tongxin.people.models import Identity
from tongxin.people.ports import Person
from tongxin.people.terms import IdentityKind


def erase_customer(*, person: Person, forget: Callable[[list[str]], Any]) -> int:
    """Delete what was bought and blank what names the till's code; paid periods, promises and vouchers stay for the books,
    without the person. A voucher that was not spent can be found by nobody any more and runs out.

    `forget` gets keyed hashes of the codes and takes them out of the lake, now or in a job. Answers the number of rows touched.
    """
    with transaction.atomic():
        touched, _ = PurchaseDay.objects.filter(customer__in=person.ids).delete()
        touched += (
            Membership.objects.filter(customer__in=person.ids).exclude(source_id="").update(source_id="")
        )
        touched += _forget_codes(person)
        digests = [digest for pair in person.member_codes for digest in _digests_to_forget(person, *pair)]
        if digests:
            forget(digests)
    return touched


def _forget_codes(person: Person) -> int:
    kept = Voucher.objects.filter(person__in=person.ids).exclude(code_hash__startswith="~")
    return kept.update(code="", code_hash=Concat(Value("~"), Cast("id", CharField())))


def _digests_to_forget(person: Person, source: str, code: str) -> Iterable[str]:
    """A code that means this person only is forgotten whichever till wrote it; one that another issuer gave to somebody
    else, only where its own issuer wrote it.
    """
    own, anywhere = lake_digests(source, code)
    shared = Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, lookup=code).exclude(
        customer__in=person.ids
    )
    return (own,) if shared.exists() else (own, anywhere)
