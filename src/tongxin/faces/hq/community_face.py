"""What a community looks like and where it meets: its emblem, what its people share, its groups, after which events it is offered."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.terms import CONTAINER_LABELS, ContainerKind
from tongxin.events.formats import FORMATS
from tongxin.events.queries.sales import STOCK
from tongxin.faces.asking import Asked
from tongxin.faces.offers import ROOM, offer_after_formats
from tongxin.foundation.errors import Refused
from tongxin.stores import queries as stores

SHARED = {
    "values": ("看重什么", "values"),
    "goals": ("一起想做到什么", "goals"),
    "needs": ("常见的难处", "needs"),
    "interests": ("爱聊什么", "interests"),
}


def choices(viewer: Any, card: Any) -> dict[str, Any]:
    """What these forms show of the community as it is."""
    after = {key for room, kind, key in queries.after_of(viewer, card.id) if (room, kind) == (ROOM, "format")}
    return {
        "shared": [(key, label, "\n".join(card.shared.get(key, ()))) for key, label in SHARED.items()],
        "rituals": "\n".join("｜".join((one["name"], one["when"], one["words"])) for one in card.rituals),
        "kinds": list(CONTAINER_LABELS.items()),
        "groups_of": stores.stores_for(viewer, unsorted=False)[:200],
        "formats": [
            (code, (form.zh, form.en), code in after) for code, form in FORMATS.items() if code not in STOCK
        ],
    }


def emblem(request: Asked, community_id: UUID) -> str:
    """A picture of its own; what is kept is newly painted."""
    sent = request.FILES.get("emblem")
    if sent is None:
        raise Refused("input.bad", field="emblem", reason=_("请选一张图片"))
    actions.set_emblem(viewer=request.viewer, community_id=community_id, data=sent.read())
    return _("徽章换好了。")


def share(request: Asked, community_id: UUID) -> str:
    """What its people share and what comes again, a line each; the rest stays as it was said."""
    card = queries.community_card(request.viewer, community_id)
    form = request.POST
    rituals = [[part.strip() for part in line.split("｜")] for line in form.get("rituals", "").splitlines()]
    actions.change(
        viewer=request.viewer,
        community_id=community_id,
        version=int(form.get("version", "")) if form.get("version", "").isdecimal() else 0,
        community=CommunityIn(
            name=card.name,
            slogan=card.slogan,
            kind=card.kind,
            purpose=card.purpose,
            rituals=[dict(zip(("name", "when", "words"), line, strict=False)) for line in rituals if line[0]],
            simulated=card.simulated,
            **{key: form.get(key, "").splitlines()[:12] for key in SHARED},
        ),
    )
    return _("改好了，成员看得到。")


def container(request: Asked, community_id: UUID) -> str:
    """Connect a group by what its platform calls it, or give one up."""
    viewer, form = request.viewer, request.POST
    try:
        if gone := form.get("gone", ""):
            actions.end_container(viewer=viewer, container_id=UUID(gone))
            return _("已断开，人还在社群里。")
        kind = ContainerKind(form.get("kind", ""))
    except ValueError:
        raise Refused("input.bad", field="container", reason=_("请选一种")) from None
    shop = form.get("store", "")
    actions.add_container(
        viewer=viewer,
        community_id=community_id,
        kind=kind,
        name=form.get("name", ""),
        external_id=form.get("external_id", ""),
        store=stores.access_store(viewer, shop) if shop else None,
    )
    return _("连上了。")


def after(request: Asked, community_id: UUID) -> str:
    """After which kinds of events it is offered."""
    offer_after_formats(request.viewer, community_id, request.POST.getlist("format"))
    return _("记下了，活动页上会推荐它。")
