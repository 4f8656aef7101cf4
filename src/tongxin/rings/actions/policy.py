"""Publishing the ring policy: each edit is a new version with its author; old placements keep the version they were made by."""

from collections.abc import Mapping
from typing import Any

from tongxin.foundation import clock
from tongxin.foundation.access import SYSTEM, Viewer
from tongxin.foundation.audit.actions import trail
from tongxin.foundation.errors import Refused
from tongxin.foundation.locks import advisory
from tongxin.rings import rules
from tongxin.rings.models import Policy
from tongxin.stores.models import Brand
from tongxin.stores.queries import the_brand
from tongxin.stores.terms import Role

LOCK = "rings"
EDITORS = frozenset({SYSTEM, Role.ADMIN, Role.HQ_EDITOR})


def set_policy(
    *, viewer: Viewer, body: Mapping[str, Any], note: str = "", expected: int | None = None
) -> Policy:
    """Publish a version. `expected` is the version that was on the editor's screen.

    Refuses `forbidden`, `rings.policy_bad`, `rings.policy_stale`.
    """
    if not viewer.roles & EDITORS:
        raise Refused("forbidden")
    wanted = rules.from_json(body)
    with advisory(LOCK):
        brand = the_brand()
        newest = _newest(brand)
        version = 0 if newest is None else newest.version
        if expected is not None and expected != version:
            raise Refused("rings.policy_stale", version=version)
        if newest is not None and rules.from_json(newest.body) == wanted:
            return newest
        return _publish(
            viewer,
            brand,
            wanted,
            version=version + 1,
            note=note,
            before={} if newest is None else newest.body,
        )


def ensure_policy(*, viewer: Viewer) -> Policy:
    """The newest version; the defaults of the design become version 1 where nobody has published any."""
    with advisory(LOCK):
        brand = the_brand()
        return _newest(brand) or _publish(viewer, brand, rules.DEFAULT, version=1, note="出厂设定", before={})


def _newest(brand: Brand) -> Policy | None:
    return Policy.objects.filter(brand=brand).order_by("-version").first()


def _publish(
    viewer: Viewer, brand: Brand, body: rules.PolicyBody, *, version: int, note: str, before: dict[str, Any]
) -> Policy:
    plain = rules.to_json(body)
    policy = Policy.objects.create(
        brand=brand,
        version=version,
        body=plain,
        note=note.strip()[:400],
        author_id=viewer.account,
        author_name=viewer.name,
        created_at=clock.now(),
    )
    trail(
        viewer=viewer,
        act="rings.policy_published",
        subject=("rings", "policy", version),
        before={part: before.get(part) for part in plain if before and before.get(part) != plain[part]},
        after={part: plain[part] for part in plain if before.get(part) != plain[part]} | {"version": version},
    )
    return policy
