"""One person at a time: registering, identities, profile, tags, prospects, the account to sign in with."""

import uuid
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.accounts import actions as accounts
from tongxin.foundation.accounts.models import Account
from tongxin.foundation.accounts.terms import AccountKind
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.sealing import blind
from tongxin.people import ledger, queries
from tongxin.people.actions.consents import write
from tongxin.people.models import Customer, Identity, Tag
from tongxin.people.queries.cards import tail_hash
from tongxin.people.queries.customers import phone_lookups, sha256_hash
from tongxin.people.rules import MAY, kept_birth_year, spelled
from tongxin.people.terms import IDENTITY_LABELS, CustomerKind, IdentityKind, Purpose
from tongxin.stores.models import Store
from tongxin.stores.queries import staff_phone_lookups, the_brand
from tongxin.stores.rules import e164


def subject_of(customer: Customer) -> tuple[str, str, str | int]:
    """How the trail names a customer."""
    return ("people", "customer", str(customer.public_id))


def register_member(
    *,
    viewer: Viewer,
    phone: str | None = None,
    nickname: str = "",
    home_store: Store | None = None,
    member_code: tuple[str, str] | None = None,
    gender: str = "",
    birth_year: int | None = None,
    source_channel: str = "",
    consents: Mapping[Purpose, bool] | None = None,
    notice_version: str = "",
    channel: str = "member_page",
    phone_verified: bool = False,
    simulated: bool = False,
) -> Customer:
    """A new member. `member_code` is (source, code); consents are written one by one under `notice_version`.

    Refuses `absent` for staff outside the home store, `people.phone_bad`, `people.identity_taken`.
    """
    if not viewer.reaches(home_store.pk if home_store else None, MAY[Verb.CREATE]):
        raise Refused("absent")
    number = None if phone is None else _number(phone)
    now = clock.now()
    full, initials = spelled(nickname)
    with transaction.atomic():
        customer = Customer.objects.create(
            brand=the_brand(),
            home_store=home_store,
            nickname=nickname,
            nickname_pinyin=full,
            nickname_initials=initials,
            gender=gender,
            birth_year=kept_birth_year(birth_year, clock.business_day(now)),
            registered_at=now,
            created_at=now,
            source_channel=source_channel,
            simulated=simulated,
            is_staff=number is not None and bool(staff_phone_lookups([queries.phone_hash(number)])),
        )
        if member_code is not None:
            add(customer, IdentityKind.MEMBER_CODE, member_code[1], source=member_code[0])
        if number is not None:
            add(customer, IdentityKind.PHONE, number, verified=phone_verified)
        for purpose, granted in (consents or {}).items():
            write(
                viewer=viewer,
                customer=customer,
                purpose=purpose,
                granted=granted,
                notice_version=notice_version,
                channel=channel,
            )
        ledger.record(
            viewer=viewer,
            person=customer,
            kind="became_member",
            occurred_at=now,
            store=home_store,
            source=("people", f"became_member:{customer.pk}"),
        )
        trail(
            viewer=viewer, act="people.registered", subject=subject_of(customer), after={"channel": channel}
        )
    return customer


def note_prospect(*, viewer: Viewer, store: Store, known_by: IdentityKind, key: str) -> Customer:
    """Somebody known only by a visit or a place, under an opaque key of the counter. The same key is the same person.

    Refuses `absent` outside one's stores; ValueError for another kind of identity.
    """
    if known_by not in {IdentityKind.VISIT, IdentityKind.PLACE}:
        raise ValueError("a prospect is known by a visit or a place")
    if not viewer.reaches(store.pk, MAY[Verb.CREATE]):
        raise Refused("absent")
    now = clock.now()
    lookup = lookup_of(known_by, key)
    with transaction.atomic():
        known = (
            Identity.objects.select_for_update()
            .select_related("customer")
            .filter(kind=known_by, source=store.code, lookup=lookup)
            .first()
        )
        if known is not None:
            known.last_seen = now
            known.save(update_fields=["last_seen"])
            return known.customer
        customer = Customer.objects.create(
            brand=the_brand(), home_store=store, kind=CustomerKind.PROSPECT, created_at=now
        )
        add(customer, known_by, key, source=store.code)
        trail(
            viewer=viewer, act="people.prospect_noted", subject=subject_of(customer), after={"by": known_by}
        )
    return customer


# ---- identities


# Codes and hashes need no sealed value beside their look-up; a phone is kept to be called.
UNSEALED = frozenset({IdentityKind.MEMBER_CODE, IdentityKind.PHONE_SHA256})


def lookup_of(kind: IdentityKind, value: str) -> str:
    """What an identity is found by. Member codes are plain: they are the chain's own numbers and name nobody."""
    if kind is IdentityKind.MEMBER_CODE:
        return value
    if kind is IdentityKind.PHONE:
        return queries.phone_hash(value)
    if kind is IdentityKind.PHONE_SHA256:
        return sha256_hash(value)
    return blind(f"identity:{kind}", value)


def add(
    customer: Customer, kind: IdentityKind, value: str, *, source: str = "", verified: bool = False
) -> Identity:
    """Write an identity, in the caller's transaction. Refuses `people.identity_taken` when it is anybody's already."""
    try:
        with transaction.atomic():
            now = clock.now()
            row = Identity.objects.create(
                customer=customer,
                kind=kind,
                source=source,
                lookup=lookup_of(kind, value),
                value="" if kind in UNSEALED else value,
                tail=tail_hash(customer.home_store_id, value) if kind is IdentityKind.PHONE else "",
                verified=verified,
                first_seen=now,
                last_seen=now,
            )
    except IntegrityError:
        raise Refused("people.identity_taken", kind=IDENTITY_LABELS[kind][0]) from None
    return row


def add_identity(
    *,
    viewer: Viewer,
    customer: Customer,
    kind: IdentityKind,
    value: str,
    source: str = "",
    verified: bool = False,
) -> Identity:
    """A further identity of a member in reach. Refuses `absent`, `people.phone_bad`, `people.identity_taken`."""
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.CHANGE)
        plain = _number(value) if kind is IdentityKind.PHONE else value
        row = add(found, kind, plain, source=source, verified=verified)
        trail(
            viewer=viewer, act="people.identity_added", subject=subject_of(found), after={"kind": str(kind)}
        )
    return row


def _number(phone: str) -> str:
    number = e164(phone)
    if number is None:
        raise Refused("people.phone_bad")
    return number


# ---- the account a member signs in with


def account_for_phone(*, viewer: Viewer, phone: str) -> Account:
    """The account of the member with a phone that was just proved; made at the first sign-in. Refuses `absent`."""
    with transaction.atomic():
        found = queries.person_by_phone(viewer, phone)
        if found is None:
            raise Refused("absent")
        customer = Customer.objects.select_for_update().get(pk=found.pk)
        _prove(customer, phone)
        return open_account(viewer=viewer, customer=customer)


def open_account(*, viewer: Viewer, customer: Customer, handle: str = "") -> Account:
    """The account of a (locked) customer; its handle says nothing about the person, so one is made up unless given."""
    if customer.account is None:
        customer.account = accounts.create_account(
            viewer=viewer, handle=handle or f"m-{uuid.uuid4().hex}", kind=AccountKind.MEMBER
        )
        customer.save(update_fields=["account"])
        trail(viewer=viewer, act="people.account_opened", subject=subject_of(customer))
    return customer.account


def _prove(customer: Customer, phone: str) -> None:
    """The code came back, so the phone is theirs: mark it, or keep it if only a till's hash of it was known."""
    kind, lookup = phone_lookups(phone)[0]
    if not Identity.objects.filter(kind=kind, lookup=lookup).update(verified=True, last_seen=clock.now()):
        add(customer, IdentityKind.PHONE, _number(phone), verified=True)


# ---- profile, flags, tags


def change_profile(
    *,
    viewer: Viewer,
    customer: Customer,
    nickname: str | None = None,
    gender: str | None = None,
    birth_year: int | None = None,
    home_store: Store | None = None,
) -> Customer:
    """Correct what is known of a person in reach; None leaves a value. The trail names fields, not values. Refuses `absent`."""
    with transaction.atomic():
        seen = queries.access_customer(viewer, customer.public_id, Verb.CHANGE)
        found = Customer.objects.select_for_update().get(pk=seen.pk)
        values: dict[str, Any] = {}
        if nickname is not None:
            full, initials = spelled(nickname)
            values |= {"nickname": nickname, "nickname_pinyin": full, "nickname_initials": initials}
        if gender is not None:
            values["gender"] = gender
        if birth_year is not None:
            values["birth_year"] = kept_birth_year(birth_year, clock.business_day(clock.now()))
        if home_store is not None:
            values["home_store"] = home_store
        for name, value in values.items():
            setattr(found, name, value)
        found.save(update_fields=list(values))
        if home_store is not None:
            rekey_tails([found])
        trail(
            viewer=viewer,
            act="people.profile_changed",
            subject=subject_of(found),
            after={"fields": sorted(values)},
        )
    return found


def rekey_tails(customers: list[Customer]) -> None:
    """Key the last digits of these people's phones for the store they now belong to."""
    homes = {one.pk: one.home_store_id for one in customers}
    rows = list(Identity.objects.filter(customer__in=homes, kind=IdentityKind.PHONE))
    for row in rows:
        row.tail = tail_hash(homes[row.customer_id], row.value)
    Identity.objects.bulk_create(
        rows, batch_size=2000, update_conflicts=True, unique_fields=["id"], update_fields=["tail"]
    )


def flag_staff(*, viewer: Viewer, customer: Customer, is_staff: bool) -> None:
    """Say by hand that a member works here (or no longer does): their deeds leave, or enter, all member figures. Refuses `absent`."""
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.DECIDE)
        Customer.objects.filter(id__in=queries.cluster(found)).update(is_staff=is_staff)
        trail(
            viewer=viewer,
            act="people.staff_flagged",
            subject=subject_of(found),
            before={"is_staff": found.is_staff},
            after={"is_staff": is_staff},
        )


def tag_member(*, viewer: Viewer, customer: Customer, label: str) -> Tag:
    """Keep a word about a person in reach; they see it and can delete it. Refuses `absent`, `people.tag_taken`."""
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.CHANGE)
        try:
            with transaction.atomic():
                row = Tag.objects.create(customer=found, label=label, by=viewer.name, at=clock.now())
        except IntegrityError:
            raise Refused("people.tag_taken") from None
        trail(
            viewer=viewer, act="people.tagged", subject=subject_of(found), after={"tag": str(row.public_id)}
        )
    return row


def untag(*, viewer: Viewer, customer: Customer, tag_id: UUID | str) -> None:
    """Delete a word, as staff or as the member it is about. Refuses `absent`."""
    with transaction.atomic():
        found = queries.access_customer(viewer, customer.public_id, Verb.CHANGE)
        gone, _ = Tag.objects.filter(public_id=tag_id, customer__in=queries.cluster(found)).delete()
        if not gone:
            raise Refused("absent")
        trail(viewer=viewer, act="people.untagged", subject=subject_of(found), before={"tag": str(tag_id)})
