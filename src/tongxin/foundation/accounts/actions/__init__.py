"""Letting people in and out. Everything secret is random, kept as a hash or sealed, and compared in constant time."""

from tongxin.foundation.accounts.actions.accounts import create_account, set_password, switch_account
from tongxin.foundation.accounts.actions.factors import (
    begin_second_factor,
    confirm_second_factor,
    drop_second_factor,
)
from tongxin.foundation.accounts.actions.keys import (
    activate_device,
    enrol_device,
    issue_token,
    revoke_device,
    revoke_token,
)
from tongxin.foundation.accounts.actions.phone_codes import check_code, send_code
from tongxin.foundation.accounts.actions.sign_ins import (
    end_session,
    end_sessions,
    note_seen,
    open_session,
    sign_in_staff,
)

__all__ = [
    "activate_device",
    "begin_second_factor",
    "check_code",
    "confirm_second_factor",
    "create_account",
    "drop_second_factor",
    "end_session",
    "end_sessions",
    "enrol_device",
    "issue_token",
    "note_seen",
    "open_session",
    "revoke_device",
    "revoke_token",
    "send_code",
    "set_password",
    "sign_in_staff",
    "switch_account",
]
