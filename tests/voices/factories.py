"""Voices for tests: people who have been here for a while, and what they say. Any room's tests may use them."""

from datetime import datetime, timedelta
from typing import Any

from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from communities.factories import comes_in, opened
from people.factories import CustomerFactory, member_viewer
from stores.factories import TESTS
from tongxin.communities.models import Community
from tongxin.foundation import clock
from tongxin.foundation.access import Viewer
from tongxin.people.models import Customer
from tongxin.rings.models import Placement, Policy
from tongxin.rings.terms import Cause, Ring
from tongxin.voices import actions
from tongxin.voices.models import Post
from tongxin.voices.terms import PostKind

LONG_AGO = timedelta(days=60)
_texts = iter(range(1_000_000))
DISHES = ("南瓜泥", "胡萝卜碎", "三文鱼粥", "牛油果拌饭", "豌豆糊", "鳕鱼面", "山药羹", "番茄烩饭")


def place(customer: Customer, ring: Ring, since: datetime) -> None:
    """Put somebody into a ring, as a run of the rings would."""
    policy, _ = Policy.objects.get_or_create(
        brand=customer.brand, version=1, defaults={"body": {}, "author_name": "test", "created_at": since}
    )
    Placement.objects.create(
        customer=customer,
        ring=ring,
        period=DateTimeTZRange(since, None),
        cause=next(iter(Cause)),
        policy=policy,
    )


def settled(
    community: Community, customer: Customer | None = None, *, ring: Ring | None = Ring.INNER, **more: Any
) -> Viewer:
    """A member for sixty days whose posts are seen at once."""
    now = clock.now()
    with clock.held(now - LONG_AGO):
        customer = customer or CustomerFactory()
        comes_in(community, customer, **more)
    if ring is not None:  # else they stand where they stood
        place(customer, ring, now - LONG_AGO)
    return member_viewer(customer)


def old_community(store: Any = None, **more: Any) -> Community:
    """A community that has been open for sixty days."""
    with clock.held(clock.now() - LONG_AGO):
        return opened(store, **more)


def text() -> str:
    """Words that nobody has said before."""
    n = next(_texts)
    return f"{DISHES[n % len(DISHES)]}第{n}次，{DISHES[(n // 8) % len(DISHES)]}配{DISHES[(n * 5 + 3) % len(DISHES)]}，{n * 7919 % 1000}克"


def says(viewer: Viewer, community: Community, body: str | None = None, **more: Any) -> Post:
    """A post."""
    return actions.write_post(viewer=viewer, community_id=community.public_id, body=body or text(), **more)


def asks(viewer: Viewer, community: Community, body: str | None = None, **more: Any) -> Post:
    """A question."""
    return says(viewer, community, body, kind=PostKind.QUESTION, **more)


def replies(viewer: Viewer, post: Post, body: str | None = None) -> Post:
    """An answer or a comment."""
    return actions.reply(viewer=viewer, post_id=post.public_id, body=body or text())


def by_the_community(community: Community, body: str | None = None, **more: Any) -> Post:
    """What the community says itself."""
    return says(TESTS, community, body, **more)
