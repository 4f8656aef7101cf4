"""Which state of a post may follow which, and what its author may still do."""

from datetime import datetime

from tongxin.voices.terms import EDITABLE_FOR, PostState

NEXT: dict[PostState, frozenset[PostState]] = {
    PostState.WAITING: frozenset(
        {PostState.PUBLISHED, PostState.HIDDEN, PostState.REMOVED, PostState.WITHDRAWN}
    ),
    PostState.PUBLISHED: frozenset(
        {PostState.WAITING, PostState.HIDDEN, PostState.REMOVED, PostState.WITHDRAWN}
    ),
    PostState.HIDDEN: frozenset({PostState.PUBLISHED, PostState.REMOVED, PostState.WITHDRAWN}),
    # an appeal brings it back; its author can no more take the evidence away
    PostState.REMOVED: frozenset({PostState.PUBLISHED}),
    PostState.WITHDRAWN: frozenset(),
}
GONE = frozenset({PostState.REMOVED, PostState.WITHDRAWN})


def may_follow(state: PostState, wanted: PostState) -> bool:
    """May a post go from one state to another?"""
    return wanted in NEXT[state]


def editable(state: PostState, written_at: datetime, now: datetime) -> bool:
    """May its author still change the words? Seen or waiting, and for a week: afterwards answers refer to them."""
    return state in {PostState.PUBLISHED, PostState.WAITING} and now - written_at <= EDITABLE_FOR
