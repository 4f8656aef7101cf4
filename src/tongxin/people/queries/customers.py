"""Which customer is meant, and may this viewer see them."""

import hashlib
from collections.abc import Iterable
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from tongxin.foundation import prepared
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import blind
from tongxin.people.models import Customer, Identity
from tongxin.people.rules import MAY, OWN, Sight, sight
from tongxin.people.terms import CustomerState, IdentityKind
from tongxin.stores.queries import phone_lookup
from tongxin.stores.rules import e164

LIVE = Q(state=CustomerState.LIVE)


def reached(viewer: Viewer, verb: Verb = Verb.READ) -> QuerySet[Customer]:
    """The live customers a viewer may act on: of their stores, or standing for somebody merged who is of their stores."""
    places = viewer.places(MAY[verb])
    live = Customer.objects.filter(LIVE)
    if places is None:
        return live
    if not places:
        return live.none()
    stood_for = Customer.objects.filter(survivor__isnull=False, home_store__in=places).values("survivor")
    return live.filter(Q(home_store__in=places) | Q(id__in=stood_for))


def access_customer(viewer: Viewer, public_id: UUID | str, verb: Verb = Verb.READ) -> Customer:
    """The person behind a public id, always the surviving entry of a merge.

    Refuses `absent` for the unknown, the erased and the foreign alike.
    """
    survivor = survivor_of(public_id)
    if survivor is None:
        raise Refused("absent")
    if viewer.person is not None and viewer.person == survivor.pk and verb in OWN:
        return survivor
    if not reached(viewer, verb).filter(pk=survivor.pk).exists():
        raise Refused("absent")
    return survivor


def survivor_of(public_id: UUID | str) -> Customer | None:
    """The live entry that stands for this one, None for the unknown and the erased. Looks at nobody's reach."""
    try:
        wanted = public_id if isinstance(public_id, UUID) else UUID(public_id)
    except ValueError:
        return None
    found = (
        Customer.objects.select_related("survivor__home_store", "home_store")
        .filter(public_id=wanted)
        .exclude(state=CustomerState.ERASED)
        .first()
    )
    return found if found is None or found.survivor is None else found.survivor


def sight_of(viewer: Viewer, customer: Customer) -> Sight:
    """How much of this person the viewer sees; members see all of themselves."""
    if viewer.person is not None and viewer.person == customer.pk:
        return Sight.FULL
    return sight(roles_over(viewer, customer))


def roles_over(viewer: Viewer, customer: Customer) -> frozenset[str]:
    """The roles that the viewer holds over a home store of this person (of any entry behind it)."""
    homes = set(Customer.objects.filter(id__in=cluster(customer)).values_list("home_store", flat=True))
    return frozenset(
        grant.role
        for grant in viewer.grants
        if grant.everywhere or any(home in grant.places for home in homes if home is not None)
    )


def cluster(customer: Customer | int) -> list[int]:
    """The ids of all entries that are this person: the survivor first, then those behind it."""
    key = customer if isinstance(customer, int) else customer.pk
    return [key, *Customer.objects.filter(survivor=key).order_by("id").values_list("id", flat=True)]


def behind(persons: Iterable[int]) -> dict[int, int]:
    """Entry → surviving entry, for every entry of these survivors. For joining what is filed under old entries."""
    wanted = set(persons)
    rows = Customer.objects.filter(survivor__in=wanted).values_list("id", "survivor")
    return {person: person for person in wanted} | {
        entry: person for entry, person in rows if person is not None
    }


def person_of(account: Account) -> int | None:
    """The id of the member who signs in with an account (the surviving entry), None when nobody does."""
    found = member_of(account)
    return None if found is None else found[0]


def member_of(account: Account) -> tuple[int, int] | None:
    """The same with the brand that the member belongs to: one question for a request to know who asks."""
    found = prepared.one(_MEMBER, [account.pk, str(CustomerState.ERASED)])
    return None if found is None else (found[0], found[1])


_MEMBER = """
SELECT coalesce(survivor_id, id), brand_id FROM people_customer WHERE account_id = %s AND state <> %s ORDER BY id LIMIT 1
"""


def home_store_of(person: int) -> int | None:
    """The store a person calls home."""
    return Customer.objects.filter(pk=person).values_list("home_store", flat=True).first()


def phone_hash(phone: str) -> str:
    """The keyed hash of a phone, in whatever way it was typed; "" when it is no possible number."""
    return phone_lookup(phone)


def sha256_hash(digest: str) -> str:
    """The keyed hash of a phone that came as a SHA-256: eleven digits are guessed from the bare one in minutes."""
    return blind("phone_sha256", digest.strip().lower())


def phone_lookups(phone: str) -> list[tuple[IdentityKind, str]]:
    """The identities a phone may be kept under: plain, or hashed by a till in one of the usual ways of writing it."""
    number = e164(phone)
    if number is None:
        return []
    ways = {number, number.removeprefix("+"), number.removeprefix("+86")}
    hashes = [
        (IdentityKind.PHONE_SHA256, sha256_hash(hashlib.sha256(way.encode()).hexdigest()))
        for way in sorted(ways)
    ]
    return [(IdentityKind.PHONE, phone_hash(number)), *hashes]


def person_by_phone(viewer: Viewer, phone: str) -> Customer | None:
    """The person a phone belongs to, None when nobody in the viewer's reach has it.

    Two questions to the database whether somebody has it or not: at the door the time tells nothing (promise P24).
    """
    ways = phone_lookups(phone)
    owners = {
        (kind, lookup): owner
        for kind, lookup, owner in Identity.objects.filter(
            kind__in=[kind for kind, _ in ways], lookup__in=[lookup for _, lookup in ways]
        ).values_list("kind", "lookup", Coalesce("customer__survivor_id", "customer_id"))
    }
    # Nobody has the id 0, and without it Django would not ask at all.
    found = reached(viewer).select_related("home_store").in_bulk([0, *owners.values()])
    return next((found[owners[way]] for way in ways if owners.get(way) in found), None)


def people_by_code(codes: Iterable[str], *, source: str) -> dict[str, int]:
    """Member code of an issuer → id of the surviving entry, for importers and studies. Unknown codes are left out."""
    return dict(
        Identity.objects.filter(kind=IdentityKind.MEMBER_CODE, source=source, lookup__in=set(codes))
        .annotate(person=Coalesce(F("customer__survivor_id"), F("customer_id")))
        .values_list("lookup", "person")
    )


def personalised(persons: Iterable[int]) -> frozenset[int]:
    """Which of these (surviving) people let us suggest things by what they did."""
    return frozenset(
        Customer.objects.filter(LIVE, id__in=set(persons), personalise=True).values_list("id", flat=True)
    )
