"""Tables of voices, one file a noun."""

from tongxin.voices.models.calendar import CalendarEntry, LibraryItem, MixTarget
from tongxin.voices.models.challenges import Challenge, ChallengeStay, CheckIn, MakeUp
from tongxin.voices.models.contests import Contest, Entry, Vote
from tongxin.voices.models.feedback import Item
from tongxin.voices.models.moderation import Appeal, Case, Evidence, Mute, Report, Strike
from tongxin.voices.models.photos import PostPhoto, PostPhotoAnswer, PostPhotoSeen
from tongxin.voices.models.posts import Post, PostLicence, PostVersion, Reaction
from tongxin.voices.models.topics import Topic
from tongxin.voices.models.wording import BrandWord

__all__ = [
    "Appeal",
    "BrandWord",
    "CalendarEntry",
    "Case",
    "Challenge",
    "ChallengeStay",
    "CheckIn",
    "Contest",
    "Entry",
    "Evidence",
    "Item",
    "LibraryItem",
    "MakeUp",
    "MixTarget",
    "Mute",
    "Post",
    "PostLicence",
    "PostPhoto",
    "PostPhotoAnswer",
    "PostPhotoSeen",
    "PostVersion",
    "Reaction",
    "Report",
    "Strike",
    "Topic",
    "Vote",
]
