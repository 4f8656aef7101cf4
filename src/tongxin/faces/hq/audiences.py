"""For whom a message can be: what the form offers of stores, rings, segments and communities, and what came back of it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from tongxin.communities import queries as communities
from tongxin.communities.rules.waking import QUIET
from tongxin.connect.wecom.groups import WeComGroups, WeComMoments
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.foundation.errors import Refused
from tongxin.measure.queries.segments import segments
from tongxin.outreach.terms import PLANNERS
from tongxin.outreach.terms_plans import Target
from tongxin.rings.terms import LABELS, Ring
from tongxin.stores import queries as stores

EVERYWHERE = "all"
BY_STORE = frozenset({"store", "wecom", "moments"})  # sources whose keys are stores
STORES_MOST = 200
WHO_OF_THEM = {"active": ("", "")} | {
    quiet.value: (f" · {zh}", f" · {en}") for quiet, (zh, en) in QUIET.items()
}
EVERY_STORE = ("全部门店", "all stores")


@dataclass(frozen=True)
class Choice:
    """What the form sends, and its words."""

    value: str
    words: tuple[str, str]


@dataclass(frozen=True)
class Chosen:
    """Whom a plan is for."""

    target: Target
    audience: str
    key: str


def choices(viewer: Viewer) -> list[tuple[str, list[Choice]]]:
    """Groups of choices: members by store, by ring, by segment, of a community; and the groups of stores."""
    shops = [shop for shop in stores.stores_for(viewer) if not shop.unsorted][:STORES_MOST]
    everywhere = viewer.reaches(None, PLANNERS)
    people = [Choice(f"persons|store|{shop.public_id}", (shop.name, shop.name)) for shop in shops]
    groups = [Choice(f"groups|store|{shop.public_id}", (shop.name, shop.name)) for shop in shops]
    found = []
    if everywhere:
        people.insert(0, Choice(f"persons|store|{EVERYWHERE}", EVERY_STORE))
        groups.insert(0, Choice(f"groups|store|{EVERYWHERE}", EVERY_STORE))
        found.append(
            (
                _("圈层"),
                [Choice(f"persons|ring|{EVERYWHERE}:{ring}", LABELS[ring]) for ring in Ring],
            )
        )
        found.append(
            (
                _("人群"),
                [
                    Choice(f"persons|segment|{one.public_id}", (one.name, one.name))
                    for one in segments(viewer)
                ],
            )
        )
    places = [
        Choice(f"persons|community|{one.id}:{which}", (f"{one.name}{zh}", f"{one.name}{en}"))
        for one in communities.communities_for(viewer)
        for which, (zh, en) in WHO_OF_THEM.items()
    ]
    listed = [
        (_("门店的会员"), people),
        *found,
        (_("社群的成员"), places),
        (_("发到群"), groups),
        *_in_wecom(shops, everywhere=everywhere),
    ]
    return [(label, some) for label, some in listed if some]


def _in_wecom(shops: list[Any], *, everywhere: bool) -> list[tuple[str, list[Choice]]]:
    """The corp's groups and its colleagues' Moments, of the stores that have some: a plan for nobody would be refused later."""
    found, now = [], clock.now()
    for label, source in ((_("企业微信客户群"), WeComGroups()), (_("朋友圈"), WeComMoments())):
        there = {line.store for line in source.groups(EVERYWHERE, at=now)}
        some = [
            Choice(f"groups|{source.id}|{shop.public_id}", (shop.name, shop.name))
            for shop in shops
            if shop.pk in there
        ]
        if some and everywhere:
            some.insert(0, Choice(f"groups|{source.id}|{EVERYWHERE}", EVERY_STORE))
        found.append((label, some))
    return found


def chosen(text: str) -> Chosen:
    """What the form sent. Refuses `outreach.no_audience`."""
    parts = text.split("|")
    if len(parts) != 3 or parts[0] not in set(Target):
        raise Refused("outreach.no_audience")
    return Chosen(Target(parts[0]), parts[1], parts[2])


def store_of(viewer: Viewer, one: Chosen) -> Any:
    """The store that a plan belongs to, none for the whole chain. Refuses `absent`."""
    if one.audience not in BY_STORE or one.key == EVERYWHERE:
        return None
    return stores.access_store(viewer, one.key)
