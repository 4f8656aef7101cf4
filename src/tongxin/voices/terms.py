"""Words of voices: kinds and states of posts, reactions, types of content, the editorial calendar; what this room refuses and does."""

from datetime import timedelta
from enum import StrEnum

from tongxin.communities.terms import EDITORS, KEEPERS, READERS
from tongxin.foundation.errors import Sentence

__all__ = ["EDITORS", "KEEPERS", "READERS"]  # who runs a community also runs its voices


class PostKind(StrEnum):
    """What somebody said: a post or a question by itself, a comment under a post, an answer under a question."""

    POST = "post"
    QUESTION = "question"
    ANSWER = "answer"
    COMMENT = "comment"

    @property
    def replies(self) -> bool:
        """Does it stand under another?"""
        return self in {PostKind.ANSWER, PostKind.COMMENT}


KIND_LABELS: dict[PostKind, tuple[str, str]] = {
    PostKind.POST: ("分享", "post"),
    PostKind.QUESTION: ("提问", "question"),
    PostKind.ANSWER: ("回答", "answer"),
    PostKind.COMMENT: ("评论", "comment"),
}


class PostState(StrEnum):
    """Is it seen. Hidden is for now, removed is decided; both keep the words as evidence, which withdrawn does for a while only."""

    PUBLISHED = "published"
    WAITING = "waiting"
    HIDDEN = "hidden"
    REMOVED = "removed"
    WITHDRAWN = "withdrawn"


STATE_LABELS: dict[PostState, tuple[str, str]] = {
    PostState.PUBLISHED: ("已发布", "published"),
    PostState.WAITING: ("等版主看一眼", "waits for a moderator"),
    PostState.HIDDEN: ("暂时收起", "hidden for now"),
    PostState.REMOVED: ("已移除", "removed"),
    PostState.WITHDRAWN: ("作者已收回", "taken back by its author"),
}


class Visibility(StrEnum):
    """Who a post is for. Public needs the author's live yes each time it is shown."""

    COMMUNITY = "community"
    PUBLIC = "public"


VISIBILITY_LABELS: dict[Visibility, tuple[str, str]] = {
    Visibility.COMMUNITY: ("只给群里的人看", "for members only"),
    Visibility.PUBLIC: ("群外的人也能看", "for everybody"),
}


class ReactionKind(StrEnum):
    """What one can say with a tap."""

    USEFUL = "useful"
    LIKED = "liked"
    SAME = "same"


REACTION_LABELS: dict[ReactionKind, tuple[str, str]] = {
    ReactionKind.USEFUL: ("有用", "useful"),
    ReactionKind.LIKED: ("喜欢", "like"),
    ReactionKind.SAME: ("我也是", "me too"),
}


class ContentType(StrEnum):
    """What an editor brings: the shelves of the content library."""

    TIP = "tip"
    SCENE = "scene"
    KNOWLEDGE = "knowledge"
    LIFESTYLE = "lifestyle"
    BEHIND = "behind"
    STORY = "story"
    NEWS = "news"


CONTENT_LABELS: dict[ContentType, tuple[str, str]] = {
    ContentType.TIP: ("实用技巧", "tips"),
    ContentType.SCENE: ("搭配与场景", "pairings and occasions"),
    ContentType.KNOWLEDGE: ("行业知识", "knowledge"),
    ContentType.LIFESTYLE: ("生活方式", "lifestyle"),
    ContentType.BEHIND: ("幕后", "behind the scenes"),
    ContentType.STORY: ("成员故事", "members' stories"),
    ContentType.NEWS: ("新品消息", "news of products"),
}

# What a community aims for until it says otherwise, in per cent: mostly what helps people, news of products least.
USUAL_MIX: dict[ContentType, int] = {
    ContentType.TIP: 25,
    ContentType.SCENE: 15,
    ContentType.KNOWLEDGE: 15,
    ContentType.LIFESTYLE: 10,
    ContentType.BEHIND: 10,
    ContentType.STORY: 15,
    ContentType.NEWS: 10,
}


class EntryState(StrEnum):
    """How far an entry of the editorial calendar is."""

    PLANNED = "planned"
    PUBLISHED = "published"
    DROPPED = "dropped"


ENTRY_LABELS: dict[EntryState, tuple[str, str]] = {
    EntryState.PLANNED: ("待发", "planned"),
    EntryState.PUBLISHED: ("已发", "published"),
    EntryState.DROPPED: ("不发了", "dropped"),
}


class TopicState(StrEnum):
    """Can something be said under it."""

    OPEN = "open"
    CLOSED = "closed"


BODY_MOST = 2000
TOPIC_MOST = 24
ABOUT_MOST = 120
TITLE_MOST = 60
PHOTOS_MOST = 9
PHOTO_PURPOSE = "post_photo"
LICENCE_NOTICE = "post/1"

EDITABLE_FOR = timedelta(days=7)  # afterwards answers refer to words that would be gone
WITHDRAWN_KEPT = timedelta(days=30)  # a report may come after a withdrawal; then the words go
VERSIONS_KEPT = timedelta(days=180)
CHILD_PHOTO_KEPT = timedelta(days=30)  # without the guardian's file a photo with a child goes (promise P28)
MIX_OVER = timedelta(days=90)
RATE_OVER = timedelta(days=90)
MINUTES_AN_ANSWER = 6  # what an answer by staff takes: an assumption, said wherever the saved load is shown
FEW_QUESTIONS = 5  # below so many questions a share says nothing

REFUSALS: dict[str, Sentence] = {
    "voices.empty": Sentence("写点什么再发。", "Write something first.", 422),
    "voices.too_long": Sentence("最多 {most} 个字。", "At most {most} characters.", 422),
    "voices.under": Sentence(
        "回答写在问题下面，评论写在分享下面。", "Answers stand under questions, comments under posts.", 422
    ),
    "voices.closed": Sentence("这里现在不能再写了。", "Nothing can be written here now.", 409),
    "voices.state": Sentence("这条内容现在不能这样做。", "Not possible as it stands now.", 409),
    "voices.late": Sentence(
        "发出 {days} 天后就不能改了，可以收回重写。", "After {days} days it cannot be edited; take it back instead.", 409
    ),
    "voices.not_asker": Sentence("由提问的人来采纳。", "Only who asked can accept an answer.", 403),
    "voices.own": Sentence("自己的内容不用给自己点。", "One does not react to oneself.", 422),
    "voices.own_answer": Sentence("自己的回答不能自己采纳。", "One's own answer cannot be accepted.", 422),
    "voices.topic_taken": Sentence("已经有这个话题了。", "There is such a topic already.", 409),
    "voices.photos_many": Sentence("一条最多放 {most} 张照片。", "At most {most} photos.", 409),
    "voices.photo_unseen": Sentence("先说清楚照片里有谁：{why}。", "Say who is seen first: {why_en}.", 409),
    "voices.photo_consent": Sentence(
        "现在还不能放到这一步：{why}。", "It cannot go that far: {why_en}.", 409
    ),
    "voices.mix": Sentence("各类内容的比例加起来要是 100%。", "The shares add up to 100 per cent.", 422),
    "voices.entry_done": Sentence("这一条已经发过或不发了。", "This entry is done.", 409),
}  # fmt: skip

ACTS: dict[str, str] = {
    "voices.topic_opened": "开话题",
    "voices.topic_changed": "修改话题",
    "voices.topic_closed": "结束话题",
    "voices.posted": "发布内容",
    "voices.asked": "提问",
    "voices.answered": "回答问题",
    "voices.commented": "评论",
    "voices.edited": "修改内容",
    "voices.withdrawn": "收回内容",
    "voices.state_changed": "改变内容状态",
    "voices.answer_accepted": "采纳回答",
    "voices.acceptance_taken_back": "取消采纳",
    "voices.reacted": "回应内容",
    "voices.reaction_taken_back": "取消回应",
    "voices.licensed": "同意给群外的人看",
    "voices.licence_ended": "收回给群外的人看",
    "voices.photo_added": "添加内容照片",
    "voices.photo_seen_said": "登记内容照片里有谁",
    "voices.photo_state_changed": "改变内容照片的公开程度",
    "voices.photo_answered": "答复内容照片授权",
    "voices.photo_removed": "删除内容照片",
    "voices.mix_set": "设定内容比例",
    "voices.entry_planned": "安排编辑日历",
    "voices.entry_moved": "修改编辑日历",
    "voices.entry_published": "发布编辑日历的一条",
    "voices.entry_dropped": "取消编辑日历的一条",
    "voices.library_added": "加入内容库",
    "voices.library_retired": "移出内容库",
    "voices.tidied": "到期删除收回的内容",
}
