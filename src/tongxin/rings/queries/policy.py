"""Versions of the ring policy."""

from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.rings.models import Policy
from tongxin.rings.rules import PolicyBody, from_json
from tongxin.stores.models import Brand
from tongxin.stores.queries import the_brand
from tongxin.stores.terms import Role

POLICY_READERS = frozenset(
    {
        "system",
        Role.ADMIN,
        Role.HQ_EDITOR,
        Role.HQ_ANALYST,
        Role.AUDITOR,
        Role.REGION_MANAGER,
        Role.STORE_MANAGER,
    }
)


def current_policy(brand: Brand) -> Policy:
    """The newest version. Refuses `rings.no_policy`."""
    newest = Policy.objects.filter(brand=brand).order_by("-version").first()
    if newest is None:
        raise Refused("rings.no_policy")
    return newest


def body_of(policy: Policy) -> PolicyBody:
    """The policy as the rules read it."""
    return from_json(policy.body)


def policies(viewer: Viewer) -> list[Policy]:
    """All versions, newest first. Refuses `forbidden` for those who work by it without setting it."""
    if not viewer.roles & POLICY_READERS:
        raise Refused("forbidden")
    return list(Policy.objects.filter(brand=the_brand()).order_by("-version"))


def access_policy(viewer: Viewer, version: int | None = None) -> Policy:
    """One version, the newest by default. Refuses `forbidden`, `absent`, `rings.no_policy`."""
    if not viewer.roles & POLICY_READERS:
        raise Refused("forbidden")
    if version is None:
        return current_policy(the_brand())
    found = Policy.objects.filter(brand=the_brand(), version=version).first()
    if found is None:
        raise Refused("absent")
    return found
