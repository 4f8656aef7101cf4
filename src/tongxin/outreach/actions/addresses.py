"""Addresses that members give for a channel (an e-mail address): used only when confirmed by a link sent there."""

from uuid import UUID

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from tongxin.foundation import clock
from tongxin.foundation.access import Verb, Viewer
from tongxin.foundation.errors import Refused
from tongxin.foundation.outbox import actions as outbox
from tongxin.foundation.sealing import blind
from tongxin.outreach.actions import trails
from tongxin.outreach.actions.draining import lock_people, wired
from tongxin.outreach.channels import LABELS
from tongxin.outreach.channels.lettered import Lettered, link
from tongxin.outreach.models import Address
from tongxin.people import queries as people
from tongxin.people.models import Customer
from tongxin.stores.queries import the_brand

EMAIL = "email"
SALT = "outreach.address"
CONFIRM_WITHIN = 3 * 24 * 3600
CONFIRM_KIND = "outreach.confirm"


def give_address(*, viewer: Viewer, customer: Customer, value: str, channel: str = EMAIL) -> Address:
    """An address to be confirmed; the link goes there once a day at most. A new one takes the old one's place.

    Refuses `absent`, `outreach.address_bad`, `outreach.unknown_channel`, `outreach.channel_off`.
    """
    way = wired().get(channel)
    if channel != EMAIL or not isinstance(way, Lettered):
        raise Refused("outreach.unknown_channel", channel=channel[:24])
    if not way.ready():
        raise Refused("outreach.channel_off", channel=LABELS[channel][0])
    wanted = value.strip()
    try:
        validate_email(wanted)
    except ValidationError:
        raise Refused("outreach.address_bad") from None
    with transaction.atomic():
        found = people.access_customer(viewer, customer.public_id, Verb.CHANGE)
        lock_people([found.pk], wait=True)
        row = Address.objects.filter(person=found, channel=channel).first()
        fresh = blind(SALT, wanted.lower())
        if row is not None and row.value_hash == fresh and row.confirmed_at is not None:
            return row
        now = clock.now()
        row, _ = Address.objects.update_or_create(
            person=found,
            channel=channel,
            defaults={"value": wanted, "value_hash": fresh, "given_at": now, "confirmed_at": None},
        )
        _ask(viewer, way, row, found.pk)
        trails.of_person(viewer, found, "outreach.address_given", channel=channel)
    return row


def _ask(viewer: Viewer, way: Lettered, row: Address, person: int) -> None:
    token = signing.dumps([str(row.public_id), row.value_hash], salt=SALT)
    day = clock.business_day(clock.now()).isoformat()
    outbox.post(
        viewer=viewer,
        kind=CONFIRM_KIND,
        to=row.value,
        body={
            "sender": the_brand().name,
            "text": "请点链接确认这是你的邮箱。不是你本人填写的话，不用理会。",
            "url": link(f"m/address/{token}/"),
        },
        carrier=way.carrier,
        key=f"outreach:confirm:{row.public_id}:{row.value_hash[:16]}:{day}",
        person=person,
    )


def confirm_address(*, token: str) -> str:
    """The link that was sent to an address, posted; answers its channel. Refuses `outreach.bad_token`."""
    try:
        named, value_hash = signing.loads(token[:600], salt=SALT, max_age=CONFIRM_WITHIN)
        wanted = UUID(str(named))
    except (signing.BadSignature, ValueError, TypeError):
        raise Refused("outreach.bad_token") from None
    with transaction.atomic():
        row = (
            Address.objects.select_for_update(of=("self",))
            .select_related("person")
            .filter(public_id=wanted, value_hash=value_hash)
            .first()
        )
        if row is None:
            raise Refused("outreach.bad_token")
        if row.confirmed_at is None:
            row.confirmed_at = clock.now()
            row.save(update_fields=["confirmed_at"])
            itself = Viewer(account=None, name="address_link", person=row.person_id)
            trails.of_person(itself, row.person, "outreach.address_confirmed", channel=row.channel)
    return row.channel


def drop_address(*, viewer: Viewer, customer: Customer, channel: str = EMAIL) -> bool:
    """The member takes an address back; answers whether there was one. Refuses `absent`."""
    with transaction.atomic():
        found = people.access_customer(viewer, customer.public_id, Verb.CHANGE)
        lock_people([found.pk], wait=True)
        gone, _ = Address.objects.filter(person__in=people.cluster(found), channel=channel).delete()
        if gone:
            trails.of_person(viewer, found, "outreach.address_dropped", channel=channel)
    return bool(gone)
