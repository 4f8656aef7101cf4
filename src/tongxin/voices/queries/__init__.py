"""What faces read about voices; what could leak begins with the viewer."""

from tongxin.voices.queries.cards import Card, PhotoCard
from tongxin.voices.queries.editing import (
    EntryLine,
    ItemLine,
    Mix,
    calendar,
    content_mix,
    kept,
    library,
    one_entry,
    peer_answers,
)
from tongxin.voices.queries.feeds import feed, my_feed, public_feed
from tongxin.voices.queries.photos import OwnPhoto, own_photo, photos_of, picture_file
from tongxin.voices.queries.standing import reader, standing, standing_in_mine
from tongxin.voices.queries.threads import (
    TalkPage,
    Thread,
    TopicLine,
    TopicPage,
    access_post,
    one_card,
    own_post,
    talk_page,
    thread,
    topic_page,
    topics,
)
from tongxin.voices.queries.wording import WordLine, brand_words

__all__ = [
    "Card",
    "EntryLine",
    "ItemLine",
    "Mix",
    "OwnPhoto",
    "PhotoCard",
    "TalkPage",
    "Thread",
    "TopicLine",
    "TopicPage",
    "WordLine",
    "access_post",
    "brand_words",
    "calendar",
    "content_mix",
    "feed",
    "kept",
    "library",
    "my_feed",
    "one_card",
    "one_entry",
    "own_photo",
    "own_post",
    "peer_answers",
    "photos_of",
    "picture_file",
    "public_feed",
    "reader",
    "standing",
    "standing_in_mine",
    "talk_page",
    "thread",
    "topic_page",
    "topics",
]
