"""Tables of events, one file per noun."""

from tongxin.events.models.doors import Attendance, Door, DoorConflict, Scan
from tongxin.events.models.feeds import CalendarFeed
from tongxin.events.models.group_buys import BuyGroup, BuyPlace
from tongxin.events.models.lotteries import Lottery
from tongxin.events.models.occurrences import Booking, Occurrence, Pool, RitualProposal, Series
from tongxin.events.models.photos import Photo, PhotoAnswer, PhotoPlace, PhotoSeen
from tongxin.events.models.registrations import Participant, Pass, Registration, WaitLine
from tongxin.events.models.reviews import FollowUp, Review
from tongxin.events.models.surveys import Survey, SurveyInvite

__all__ = [
    "Attendance",
    "Booking",
    "BuyGroup",
    "BuyPlace",
    "CalendarFeed",
    "Door",
    "DoorConflict",
    "FollowUp",
    "Lottery",
    "Occurrence",
    "Participant",
    "Pass",
    "Photo",
    "PhotoAnswer",
    "PhotoPlace",
    "PhotoSeen",
    "Pool",
    "Registration",
    "Review",
    "RitualProposal",
    "Scan",
    "Series",
    "Survey",
    "SurveyInvite",
    "WaitLine",
]
