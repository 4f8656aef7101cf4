"""How people look on the wire: shared by `/members` and `/me`."""

import uuid
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from tongxin.faces.api.shapes import PLAIN, In, Out, Yes
from tongxin.people.terms import CustomerKind, IdentityKind, Purpose

Notice = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=PLAIN)]


class Identity(Out):
    """How an issuer knows the person; a phone is masked, a hash is not shown."""

    kind: IdentityKind
    source: str
    shown: str
    verified: bool


class Tag(Out):
    id: uuid.UUID
    label: str
    at: datetime


class Consent(Out):
    """What holds for one purpose; `granted` null means never asked. `may_ask` false for 90 days after a no."""

    purpose: Purpose
    granted: bool | None
    at: datetime | None
    notice_version: str
    channel: str
    may_ask: bool


class Person(Out):
    """One person, as much as the asking one may see. Analysts get a pseudonym and no identities, tags or birth year."""

    id: uuid.UUID
    name: str
    sight: str
    kind: CustomerKind
    home_store: str | None
    gender: str
    birth_year: int | None
    registered_at: datetime | None
    tier: str
    is_paid: bool
    is_staff: bool
    personalise: bool
    simulated: bool
    identities: list[Identity]
    tags: list[Tag]
    consents: list[Consent]


class Companion(Out):
    """A child of the asking guardian: a nickname and an age in whole years as given. Goes on `delete_on`."""

    id: uuid.UUID
    nickname: str
    age_years: int
    age_given_on: date
    delete_on: date


class Me(Person):
    """`language` is the one that letters are in, "" until the first sign-in on a page."""

    language: str
    companions: list[Companion]


class Moment(Out):
    """One line of a timeline. `net_fen` and `orders` only for the till."""

    at: datetime
    channel: str
    kind: str
    label_zh: str
    label_en: str
    store: str
    subject_kind: str
    subject_title: str
    weight: int
    value: int | None
    reversed: bool
    simulated: bool
    orders: int
    net_fen: int


class Timeline(Out):
    items: list[Moment]
    cursor: str | None


class Answer(In):
    """A yes or a no under one version of the notice."""

    granted: Yes
    notice_version: Notice
    channel: Annotated[str, StringConstraints(min_length=1, max_length=24, pattern=r"^[a-z_]+$")] = "api"


class Given(Out):
    """An answer as it was written down."""

    purpose: Purpose
    granted: bool
    notice_version: str
    channel: str
    at: datetime


class Portrait(Out):
    """Everything we hold about a person, table by table."""

    data: dict[str, Any] = Field(default_factory=dict)


class Erased(Out):
    """How many things of each kind were erased or emptied."""

    erased: dict[str, int] = Field(default_factory=dict)


def person(card: Any) -> dict[str, Any]:
    """The fields of `Person` from a card."""
    return {
        "id": card.public_id,
        "name": card.name,
        "sight": str(card.sight),
        "kind": card.kind,
        "home_store": card.home_store.code if card.home_store else None,
        "gender": card.gender,
        "birth_year": card.birth_year,
        "registered_at": card.registered_at,
        "tier": card.tier,
        "is_paid": card.is_paid,
        "is_staff": card.is_staff,
        "personalise": card.personalise,
        "simulated": card.simulated,
        "identities": [
            Identity(kind=i.kind, source=i.source, shown=i.shown, verified=i.verified)
            for i in card.identities
        ],
        "tags": [Tag(id=t.public_id, label=t.label, at=t.at) for t in card.tags],
        "consents": [consent(line.purpose, line.state) for line in card.consents],
    }


def consent(purpose: Purpose, state: Any) -> Consent:
    """One purpose and what holds for it."""
    return Consent(
        purpose=purpose,
        granted=state.granted,
        at=state.at,
        notice_version=state.notice_version,
        channel=state.channel,
        may_ask=state.asking.allowed,
    )


def companion(card: Any) -> Companion:
    """A child of the asking guardian."""
    return Companion(
        id=card.public_id,
        nickname=card.nickname,
        age_years=int(card.age_years),
        age_given_on=card.age_given_on,
        delete_on=card.delete_on,
    )


def given(row: Any) -> Given:
    """An answer as it was written down."""
    return Given(
        purpose=Purpose(row.purpose),
        granted=row.granted,
        notice_version=row.notice_version,
        channel=row.channel,
        at=row.at,
    )


def timeline(page: Any) -> Timeline:
    """A page of a timeline."""
    items = [
        Moment(
            at=i.at,
            channel=str(i.channel),
            kind=i.kind,
            label_zh=i.zh,
            label_en=i.en,
            store=i.store_name,
            subject_kind=i.subject_kind,
            subject_title=i.subject_title,
            weight=i.weight,
            value=i.value,
            reversed=i.reversed,
            simulated=i.simulated,
            orders=i.orders,
            net_fen=i.net_fen,
        )
        for i in page.items
    ]
    return Timeline(items=items, cursor=page.cursor)
