"""Communities for tests, made through the actions. Any room's tests may use them."""

from typing import Any

from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS, BrandFactory
from tongxin.communities import actions, queries
from tongxin.communities.actions import CommunityIn
from tongxin.communities.models import Community, Membership, RuleSet
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people.models import Customer

PURPOSE = {
    "who": "0–2 岁宝宝的家庭",
    "when": "开始添加辅食的时候",
    "wants": "轻松、科学地解决辅食喂养难题",
    "so_that": "宝宝吃得好，大人不焦虑",
    "proof": "每周一问：这周的辅食难题解决了吗",
}
QUESTIONS = {
    "questions": [
        {
            "name": "months",
            "kind": "choice",
            "zh": "宝宝多大了",
            "choices": ["0–6 个月", "7–12 个月", "1–2 岁"],
        },
        {"name": "shop", "kind": "text", "zh": "常去哪家店", "required": False},
    ]
}
RULES = ("只聊喂养，不发广告。", "说自己的经验，不替别人下诊断。")
_names = iter(range(10_000))


def community_in(**more: Any) -> CommunityIn:
    """The community of the first source text, unless said otherwise."""
    given = {
        "name": f"辅食群{next(_names)}",
        "slogan": "一口一口来",
        "kind": "parenting",
        "purpose": PURPOSE,
        "interests": ("辅食", "睡眠", "早教"),
    }
    return CommunityIn(**(given | more))


def founded(store: Any = None, *, gates: Any = (), rules: Any = RULES, **more: Any) -> Community:
    """A draft with gates and rules."""
    BrandFactory()
    row = actions.found(viewer=TESTS, community=community_in(**more), store=store)
    if gates:
        actions.set_gates(viewer=TESTS, community_id=row.public_id, gates=gates)
    if rules:
        actions.publish_rules(viewer=TESTS, community_id=row.public_id, lines=rules)
    return row


def opened(store: Any = None, **more: Any) -> Community:
    """A community that people can join."""
    return actions.open_up(viewer=TESTS, community_id=founded(store, **more).public_id)


def accept(viewer: Viewer, community: Community) -> None:
    """Read the newest rules and say yes."""
    newest = RuleSet.objects.filter(community=community).latest("number")
    actions.accept_rules(
        viewer=viewer, community_id=community.public_id, number=newest.number, shown_at=clock.now()
    )


def comes_in(community: Community, customer: Customer | None = None, **more: Any) -> Membership:
    """Somebody passes an open way in."""
    customer = customer or CustomerFactory()
    viewer = member_viewer(customer)
    accept(viewer, community)
    actions.apply(viewer=viewer, community_id=community.public_id, **more)
    found = queries.open_membership(community, customer.pk)
    assert found is not None
    return found
