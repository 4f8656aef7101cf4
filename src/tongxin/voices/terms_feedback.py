"""Words of the inbox of voices: 痛点 · 痒点 · 槽点 · 热点, and what becomes of them."""

from datetime import timedelta
from enum import StrEnum

from tongxin.foundation.errors import Sentence


class Label(StrEnum):
    """What a message says, if anything: a problem of one's own life, a wish, a complaint about us, praise, plain talk."""

    PAIN = "pain"
    WISH = "wish"
    GRIPE = "gripe"
    PRAISE = "praise"
    TALK = "talk"


LABEL_WORDS: dict[Label, tuple[str, str]] = {
    Label.PAIN: ("痛点", "pain"),
    Label.WISH: ("痒点", "wish"),
    Label.GRIPE: ("槽点", "gripe"),
    Label.PRAISE: ("夸赞", "praise"),
    Label.TALK: ("闲聊", "talk"),
}
LABEL_MEANS: dict[Label, tuple[str, str]] = {
    Label.PAIN: ("自己生活里一直没解决的事", "a problem of one's own life that stays unsolved"),
    Label.WISH: ("有了更好，没有也行", "nice to have, not needed"),
    Label.GRIPE: ("对我们的商品、服务不满意", "a complaint about our goods or service"),
    Label.PRAISE: ("夸我们做得好", "we did well"),
    Label.TALK: ("和这些都无关", "none of these"),
}


class ItemState(StrEnum):
    """Waits for somebody to say what it is, is sorted, has an owner and a day, is answered, or needs nothing."""

    UNSURE = "unsure"
    SORTED = "sorted"
    TAKEN = "taken"
    ANSWERED = "answered"


ITEM_LABELS: dict[ItemState, tuple[str, str]] = {
    ItemState.UNSURE: ("等人来分", "to be sorted"),
    ItemState.SORTED: ("已分类", "sorted"),
    ItemState.TAKEN: ("有人在办", "being dealt with"),
    ItemState.ANSWERED: ("已回复", "answered"),
}

GRIPE_DUE = timedelta(days=7)  # until when somebody answers for a complaint
OUTCOME_MOST = 200

REFUSALS: dict[str, Sentence] = {
    "voices.item_label": Sentence("先说清楚它是什么。", "Say what it is first.", 422),
    "voices.item_owner": Sentence("负责人要是在职的同事。", "The owner is a colleague who works here.", 422),
    "voices.item_due": Sentence("期限要在将来。", "The day lies ahead.", 422),
    "voices.item_outcome": Sentence("写一句我们做了什么，作者会收到。", "Say what we did; the author is told.", 422),
    "voices.item_state": Sentence("这一条现在不能这样做。", "Not possible as it stands.", 409),
}  # fmt: skip

ACTS: dict[str, str] = {
    "voices.item_sorted": "给声音分类",
    "voices.item_taken": "认领声音",
    "voices.item_answered": "回复声音",
    "voices.annotated": "自动分类新内容",
}
