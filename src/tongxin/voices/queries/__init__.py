"""What faces read about voices; what could leak begins with the viewer."""

from tongxin.voices.queries.cards import Card, PhotoCard
from tongxin.voices.queries.editing import (
    EntryLine,
    ItemLine,
    Mix,
    calendar,
    content_mix,
    library,
    one_entry,
    peer_answers,
)
from tongxin.voices.queries.feeds import feed, my_feed, public_feed
from tongxin.voices.queries.photos import OwnPhoto, own_photo, photos_of, picture_file
from tongxin.voices.queries.standing import reader, standing, standing_in_mine
from tongxin.voices.queries.threads import (
    Thread,
    TopicLine,
    TopicPage,
    access_post,
    one_card,
    own_post,
    thread,
    topic_page,
    topics,
)

__all__ = [
    "Card",
    "EntryLine",
    "ItemLine",
    "Mix",
    "OwnPhoto",
    "PhotoCard",
    "Thread",
    "TopicLine",
    "TopicPage",
    "access_post",
    "calendar",
    "content_mix",
    "feed",
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
    "thread",
    "topic_page",
    "topics",
]
