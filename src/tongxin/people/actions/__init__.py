"""Every write about people: one verb a function, the acting viewer always named."""

from tongxin.people.actions.companions import (
    add_companion,
    change_companion,
    forget_companion,
    keep_companions,
    open_roster,
    tidy_companions,
)
from tongxin.people.actions.consents import set_consent, switch_personalisation
from tongxin.people.actions.erasure import erase, export, reapply_tombstones
from tongxin.people.actions.language import choose_language, note_language
from tongxin.people.actions.members import (
    account_for_phone,
    add_identity,
    change_profile,
    flag_staff,
    note_prospect,
    open_account,
    register_member,
    untag,
)
from tongxin.people.actions.members import tag_member as tag
from tongxin.people.actions.merging import merge, unmerge
from tongxin.people.actions.reveals import reveal_phone
from tongxin.people.actions.upserts import refresh_staff_flags, upsert_members

__all__ = [
    "account_for_phone",
    "add_companion",
    "add_identity",
    "change_companion",
    "change_profile",
    "choose_language",
    "erase",
    "export",
    "flag_staff",
    "forget_companion",
    "keep_companions",
    "merge",
    "note_language",
    "note_prospect",
    "open_account",
    "open_roster",
    "reapply_tombstones",
    "refresh_staff_flags",
    "register_member",
    "reveal_phone",
    "set_consent",
    "switch_personalisation",
    "tag",
    "tidy_companions",
    "unmerge",
    "untag",
    "upsert_members",
]
