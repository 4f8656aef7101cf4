"""The doors that write."""

from tongxin.voices.actions.calendar import (
    add_item,
    change_entry,
    drop_entry,
    plan_entry,
    publish_entry,
    retire_item,
    set_mix,
)
from tongxin.voices.actions.editing import edit_post, set_public, withdraw_post
from tongxin.voices.actions.photos import add_photo, remove_photo, show_photo
from tongxin.voices.actions.reacting import accept_answer, react, take_acceptance_back, unreact
from tongxin.voices.actions.topics import change_topic, close_topic, open_topic
from tongxin.voices.actions.wording import add_word, end_word
from tongxin.voices.actions.writing import reply, write_post

__all__ = [
    "accept_answer",
    "add_item",
    "add_photo",
    "add_word",
    "change_entry",
    "change_topic",
    "close_topic",
    "drop_entry",
    "edit_post",
    "end_word",
    "open_topic",
    "plan_entry",
    "publish_entry",
    "react",
    "remove_photo",
    "reply",
    "retire_item",
    "set_mix",
    "set_public",
    "show_photo",
    "take_acceptance_back",
    "unreact",
    "withdraw_post",
    "write_post",
]
