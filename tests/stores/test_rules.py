"""How far a grant may reach, as a table, and what a phone number is."""

from datetime import UTC, datetime, timedelta

import pytest

from tongxin.foundation.access import Grant
from tongxin.stores.rules import Counts, Wish, e164, may_grant
from tongxin.stores.terms import (
    BREADTHS,
    GRANTABLE,
    HQ_ROLES,
    RESOURCE_LABELS,
    ROLE_LABELS,
    ResourceKind,
    Role,
)

NOW = datetime(2026, 3, 5, 4, tzinfo=UTC)
SOON, LATER, PAST = NOW + timedelta(days=1), NOW + timedelta(days=9), NOW - timedelta(seconds=1)
ADMIN = Grant("admin", everywhere=True)
REGION = Grant("region_manager", places=frozenset({1, 2}))
MANAGER = Grant("store_manager", places=frozenset({1}))
CHAMPION = Grant("champion", places=frozenset({1}))
DATED = Grant("store_manager", places=frozenset({1}), until=SOON)


def wish(role, places=frozenset({1}), until=None, breadth="store"):
    return Wish(Role(role), breadth, places, until)


@pytest.mark.parametrize(
    ("held", "wanted", "fault"),
    [
        ([ADMIN], wish("hq_analyst", None, breadth="brand"), None),
        ([ADMIN], wish("admin", None, breadth="brand"), None),
        ([ADMIN], wish("region_manager", frozenset({1, 2}), breadth="region"), None),
        ([ADMIN], wish("champion"), None),
        ([ADMIN], wish("member"), "breadth"),
        ([ADMIN], wish("champion", None, breadth="brand"), "breadth"),
        ([ADMIN], wish("admin", breadth="store"), "breadth"),
        ([ADMIN], wish("champion", until=PAST), "expiry"),
        ([ADMIN], wish("champion", until=NOW), "expiry"),
        # nobody hands on an HQ role but an admin
        ([REGION], wish("hq_analyst", None, breadth="brand"), "role"),
        ([Grant("hq_editor", everywhere=True)], wish("hq_editor", None, breadth="brand"), "role"),
        ([Grant("hq_editor", everywhere=True)], wish("champion"), "role"),
        ([Grant("auditor", everywhere=True)], wish("door"), "role"),
        # a champion gives the door of their own store and nothing else
        ([CHAMPION], wish("door"), None),
        ([CHAMPION], wish("champion"), "role"),
        ([CHAMPION], wish("door", frozenset({2})), "place"),
        # a manager cannot widen
        ([MANAGER], wish("champion"), None),
        ([MANAGER], wish("store_manager"), "role"),
        ([MANAGER], wish("champion", frozenset({2})), "place"),
        ([MANAGER], wish("champion", frozenset({1, 2})), "place"),
        ([REGION], wish("store_manager", frozenset({2})), None),
        ([REGION], wish("region_manager", frozenset({1}), breadth="region"), "role"),
        # nor lengthen
        ([DATED], wish("champion"), "until"),
        ([DATED], wish("champion", until=LATER), "until"),
        ([DATED], wish("champion", until=SOON), None),
        ([Grant("store_manager", places=frozenset({1}), until=PAST)], wish("champion"), "role"),
        # one good grant is enough, whatever stands before it
        ([DATED, MANAGER], wish("champion"), None),
        ([Grant("admin", everywhere=True, until=PAST), MANAGER], wish("champion"), None),
        ([Grant("door", places=frozenset({1})), MANAGER], wish("champion"), None),
        ([Grant("store_manager", places=frozenset({2})), MANAGER], wish("champion"), None),
        ([Grant("member")], wish("door"), "role"),
        ([], wish("door"), "role"),
        ([Grant("system", everywhere=True)], wish("admin", None, breadth="brand"), None),
    ],
)
def test_a_grant_is_never_wider_than_the_granters_own(held, wanted, fault):
    assert may_grant(held, wanted, NOW) == fault


def test_no_role_hands_on_more_than_itself_or_below():
    """Nobody but an admin gives an HQ role, and nobody but an admin gives their own role on."""
    for role, given in GRANTABLE.items():
        if role is not Role.ADMIN:
            assert not given & HQ_ROLES
            assert role not in given
    assert Role.MEMBER not in set().union(*GRANTABLE.values())


def test_every_word_has_both_labels():
    assert set(ROLE_LABELS) == set(Role)
    assert set(RESOURCE_LABELS) == set(ResourceKind)
    assert all(role.zh and role.en for role in Role)
    assert set(BREADTHS) == set(Role) - {Role.MEMBER}


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("13812341234", "+8613812341234"),
        ("138 1234 1234", "+8613812341234"),
        ("138-1234-1234", "+8613812341234"),
        ("+86 138 1234 1234", "+8613812341234"),
        ("8613812341234", "+8613812341234"),
        ("021-61234567", "+862161234567"),
        ("+85251234567", "+85251234567"),
        ("138****1234", None),
        ("12", None),
        ("9" * 30, None),
        ("桃子", None),
        ("", None),
    ],
)
def test_a_phone_is_one_number_however_it_is_typed(typed, number):
    assert e164(typed) == number


def test_counts_add_up():
    assert Counts(1, 2, 3, 4, 5) + Counts(1, 1, 1, 1, 1) == Counts(2, 3, 4, 5, 6)
