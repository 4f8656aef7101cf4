"""The starter kits that come with the product: loaded when somebody asks, never by a migration."""

import json
from importlib import resources

from tongxin.foundation.access import Viewer
from tongxin.kits.actions.kits import make_kit, offer, release
from tongxin.kits.models import Kit

STARTERS = ("little-baker", "mums-morning-tea", "swap-corner", "tasting", "weekend-market")


def seed(*, viewer: Viewer, everywhere: bool = True) -> list[Kit]:
    """Make, release and offer the five starter kits; those that are there already stay as they are. Refuses `forbidden`."""
    there = set(Kit.objects.filter(code__in=STARTERS).values_list("code", flat=True))
    made = []
    for code in STARTERS:
        if code in there:
            continue
        file = resources.files("tongxin.kits.starters").joinpath(f"{code}.json")
        kit = make_kit(viewer=viewer, code=code, content=json.loads(file.read_text(encoding="utf-8")))
        release(viewer=viewer, kit_id=kit.public_id, revision=1, note="随产品附带的起步工具包")
        if everywhere:
            offer(viewer=viewer, kit_id=kit.public_id, everywhere=True)
        made.append(kit)
    return made
