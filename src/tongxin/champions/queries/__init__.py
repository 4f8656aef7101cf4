"""Reading the champion's day. What could leak begins with the viewer; foreign stores answer as absent ones."""

from tongxin.champions.queries.checks import (
    CheckDay,
    CheckLine,
    Concern,
    Execution,
    access_answer,
    access_check_store,
    access_concern,
    concerns_for,
    day_of,
    days_of,
    execution,
    list_for,
    lists_for,
    photo_of,
    today_in,
)
from tongxin.champions.queries.desk import Beside, Desk, beside_like_stores, desk
from tongxin.champions.queries.invites import InviteLine, access_invite, addressable, invites_of

__all__ = [
    "Beside",
    "CheckDay",
    "CheckLine",
    "Concern",
    "Desk",
    "Execution",
    "InviteLine",
    "access_answer",
    "access_check_store",
    "access_concern",
    "access_invite",
    "addressable",
    "beside_like_stores",
    "concerns_for",
    "day_of",
    "days_of",
    "desk",
    "execution",
    "invites_of",
    "list_for",
    "lists_for",
    "photo_of",
    "today_in",
]
