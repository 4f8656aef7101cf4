"""What every test shares: a held clock on request, an empty queue, and nothing of the outside world."""

import gc
import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import TransactionTestCase

from project import durations, emptied, sessions, template_database
from tongxin.foundation import clock

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # Thursday 5 March 2026, 12:00 in Shanghai


# What the core of the suite leaves out: the engine with its statistics, the command line with its demos and drills, servers that are
# lost and followed, and whatever needs a browser or many seconds.
BESIDE_THE_CORE = (
    *(f"tests/{room}/" for room in ("browser", "compass", "measure", "journeys", "faces/cli")),
    "tests/foundation/test_following.py",
)
TOO_LONG = {"browser", "slow", "nightly"}


def pytest_itemcollected(item):
    """`core` is what all else stands on, in five minutes (`make sure`): `bench/flaky.py` runs it twenty times."""
    if not item.nodeid.startswith(BESIDE_THE_CORE) and not TOO_LONG & {
        mark.name for mark in item.iter_markers()
    }:
        item.add_marker("core")


def pytest_collection_modifyitems(config, items):
    """With several workers only: the longest files first (xdist hands them out in the order in which they were collected)."""
    if hasattr(config, "workerinput"):
        known = durations.known()
        items.sort(
            key=lambda item: durations.place(known.get(item.nodeid.partition("::")[0], durations.UNKNOWN))
        )


def pytest_collection():
    """What is imported now stays until the end: the collector need not look for what could go."""
    gc.disable()


def pytest_collection_finish():
    """Nor later, at seven thousand tests and all that they import."""
    gc.enable()
    gc.freeze()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, django_db_blocker):
    """The tests' database is a copy of one that is migrated already."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"] |= {"TEMPLATE": template_database.ensure(), "MIGRATE": False}


# After a test that commits. Django's own way also writes all permissions again, which nobody here reads.
TransactionTestCase._fixture_teardown = lambda _case: emptied.empty()


@pytest.fixture(scope="module", autouse=True)
def nobody_stays_connected(django_db_blocker):
    """A session that a file leaves in the database would fail, half an hour later, whoever needs the database for himself."""
    yield
    with django_db_blocker.unblock():
        if connection.connection is not None:
            patience = time.monotonic() + 5
            while (left := sessions.others()) and time.monotonic() < patience:
                time.sleep(0.05)
            assert left == []


@pytest.fixture
def noon():
    """The clock held at Thursday noon, 5 March 2026, in Shanghai."""
    with clock.held(NOON) as at:
        yield at


@pytest.fixture
def undrawn(monkeypatch):
    """Studies keep blank pictures: the eight of a study take half of its time, and `measure/test_run.py` looks at them once."""
    from tongxin.measure.actions import studies

    names = ("event_study", "forest", "love_plot", "naive_honest")
    blank = {name: {"svg": "<svg/>", "said": ""} for name in names}
    monkeypatch.setattr(studies, "_pictures", lambda answer, language: blank)
