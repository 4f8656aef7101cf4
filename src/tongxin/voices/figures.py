"""How much service members spare us by answering each other, as a sum for the measure of the social side."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import Count, Q

from tongxin.measure.rules_social import SocialFigure
from tongxin.voices.models import Post
from tongxin.voices.terms import MINUTES_AN_ANSWER, PostKind, PostState


def spared(since: datetime, as_of: datetime, stores: Collection[int] | None) -> tuple[SocialFigure, ...]:
    """Questions that a peer answered first, and the minutes that this spared by the stated assumption."""
    rows = Post.objects.filter(
        kind=PostKind.QUESTION, state=PostState.PUBLISHED, root=None, shown_at__gte=since, shown_at__lte=as_of
    )
    if stores is not None:
        rows = rows.filter(community__store__in=stores)
    told = rows.aggregate(asked=Count("id"), peers=Count("id", filter=Q(answered_by_peer=True)))
    return (
        SocialFigure(
            "peer_answers",
            "由邻居先答上的提问",
            "Questions a peer answered first",
            told["peers"],
            told["asked"],
            "期间可见的提问；数的是第一个回答来自会员而不是店员的",
            "questions shown within the period; counted are those whose first answer came from a member",
        ),
        SocialFigure(
            "minutes_saved",
            "省下的客服分钟",
            "Minutes of service spared",
            told["peers"] * MINUTES_AN_ANSWER,
            None,
            f"假定店员每答一问 {MINUTES_AN_ANSWER} 分钟——这是假定，不是量出来的",
            f"{MINUTES_AN_ANSWER} minutes an answer by staff: assumed, not measured",
        ),
    )
