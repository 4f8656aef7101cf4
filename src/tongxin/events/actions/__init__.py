"""Every write about events: one verb a function, the acting viewer always named."""

from tongxin.events.actions.allotments import allot, release_due
from tongxin.events.actions.bookings import reserve, settle
from tongxin.events.actions.checkins import Answer, annul, check_in
from tongxin.events.actions.conflicts import resolve
from tongxin.events.actions.doors import (
    AtDoor,
    ChildAtDoor,
    find,
    open_door,
    open_roster,
    read_list,
    revoke_door,
)
from tongxin.events.actions.ending import end_due, mend_no_shows
from tongxin.events.actions.exporting import export_registrations
from tongxin.events.actions.feeds import open_feed, revoke_feed
from tongxin.events.actions.from_kits import (
    FromKit,
    Round,
    SeriesFromKit,
    adapt_kit,
    draft_from_kit,
    open_series_from_kit,
    upgrade_kit,
)
from tongxin.events.actions.group_buys import join_group, open_group
from tongxin.events.actions.lottery import commit as commit_draw
from tongxin.events.actions.lottery import commit_due, draw_due
from tongxin.events.actions.lottery import draw as draw_seats
from tongxin.events.actions.offers import accept, leave, pick
from tongxin.events.actions.passes import give_back_pass, take_pass
from tongxin.events.actions.photo_places import hide_photo, show_photo
from tongxin.events.actions.photo_states import (
    answer_photo,
    move_photos_due,
    set_photo_state,
    settle_photos,
    withdraw_photos,
)
from tongxin.events.actions.photos import add_photo, remove_photo, say_seen, tidy_photos
from tongxin.events.actions.publishing import Allotment, EventIn, cancel, change, draft, move, publish, resize
from tongxin.events.actions.registering import CompanionIn, approve, cancel_registration, decline, register
from tongxin.events.actions.reviews import offer_group, submit_review, thank_guests
from tongxin.events.actions.rituals import (
    ProposalIn,
    approve_ritual,
    book_hosted,
    decline_ritual,
    propose_ritual,
)
from tongxin.events.actions.series import SeriesIn, end_series, extend_all, open_series, publish_series, skip
from tongxin.events.actions.series_edits import Edited, change_one, change_series
from tongxin.events.actions.surveys import answer_survey, draw_survey, reveal_survey, survey_due, tidy_words
from tongxin.events.actions.syncing import EntryIn, Taken, sync
from tongxin.events.actions.tidying import one_place_each, tidy_answers, tidy_draws, tidy_participants
from tongxin.events.actions.waiting import lapse, pass_on
from tongxin.events.actions.walkins import WalkIn, walk_in

__all__ = [
    "Allotment",
    "Answer",
    "AtDoor",
    "ChildAtDoor",
    "CompanionIn",
    "Edited",
    "EntryIn",
    "EventIn",
    "FromKit",
    "ProposalIn",
    "Round",
    "SeriesFromKit",
    "SeriesIn",
    "Taken",
    "WalkIn",
    "accept",
    "adapt_kit",
    "add_photo",
    "allot",
    "annul",
    "answer_photo",
    "answer_survey",
    "approve",
    "approve_ritual",
    "book_hosted",
    "cancel",
    "cancel_registration",
    "change",
    "change_one",
    "change_series",
    "check_in",
    "commit_draw",
    "commit_due",
    "decline",
    "decline_ritual",
    "draft",
    "draft_from_kit",
    "draw_due",
    "draw_seats",
    "draw_survey",
    "end_due",
    "end_series",
    "export_registrations",
    "extend_all",
    "find",
    "give_back_pass",
    "hide_photo",
    "join_group",
    "lapse",
    "leave",
    "mend_no_shows",
    "move",
    "move_photos_due",
    "offer_group",
    "one_place_each",
    "open_door",
    "open_feed",
    "open_group",
    "open_roster",
    "open_series",
    "open_series_from_kit",
    "pass_on",
    "pick",
    "propose_ritual",
    "publish",
    "publish_series",
    "read_list",
    "register",
    "release_due",
    "remove_photo",
    "reserve",
    "resize",
    "resolve",
    "reveal_survey",
    "revoke_door",
    "revoke_feed",
    "say_seen",
    "set_photo_state",
    "settle",
    "settle_photos",
    "show_photo",
    "skip",
    "submit_review",
    "survey_due",
    "sync",
    "take_pass",
    "thank_guests",
    "tidy_answers",
    "tidy_draws",
    "tidy_participants",
    "tidy_photos",
    "tidy_words",
    "upgrade_kit",
    "walk_in",
    "withdraw_photos",
]
