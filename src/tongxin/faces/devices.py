"""Taking a device in: its account and key from the accounts, its role at a store from the grants. Pages and API share it."""

from typing import Any
from uuid import UUID

from django.db import transaction

from tongxin.foundation.access import Viewer
from tongxin.foundation.accounts import actions
from tongxin.stores import actions as stores
from tongxin.stores import queries
from tongxin.stores.terms import Role


def enrol(*, viewer: Viewer, store: UUID, name: str) -> tuple[Any, str]:
    """(device, enrolment code to type on it within a day). Refuses `absent` for a store out of reach."""
    place = queries.access_store(viewer, store)
    with transaction.atomic():
        device, code = actions.enrol_device(viewer=viewer, place=place.pk, name=name)
        stores.grant(viewer=viewer, account=device.account, role=Role.DEVICE, store=place)
    return device, code
