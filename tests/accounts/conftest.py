"""Accounts to sign in with."""

import pytest

from accounts.proofs import PASSWORD
from tongxin.foundation.access import system
from tongxin.foundation.accounts import actions
from tongxin.foundation.accounts.terms import AccountKind


@pytest.fixture
def job():
    """A job of ours."""
    return system("test")


@pytest.fixture
def chen(db, noon, job):
    """A member of staff with a password."""
    return actions.create_account(viewer=job, handle="chen", kind=AccountKind.STAFF, password=PASSWORD)
