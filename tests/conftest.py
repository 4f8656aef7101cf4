"""What every test shares: a held clock on request, an empty queue, and nothing of the outside world."""

import gc
import time
from datetime import UTC, datetime

import pytest
from django.db import connection
from django.test import TransactionTestCase

from project import emptied, sessions, template_database
from tongxin.foundation import clock

NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)  # Thursday 5 March 2026, 12:00 in Shanghai

# What takes longest goes out first, so that no worker is left alone with a long file at the end. The others follow in
# random order, and inside every file the order stays random. From --durations; a wrong entry costs time only.
LONGEST_FIRST = (
    "tests/browser/test_event_pages.py",
    "tests/browser/test_pages.py",
    "tests/faces/cli/test_demo.py",
    "tests/faces/cli/test_followed_log.py",
    "tests/browser/test_checkin.py",
    "tests/faces/cli/test_care.py",
    "tests/access/test_matrix.py",
    "tests/compass/test_partitions.py",
    "tests/connect/files/test_import.py",
    "tests/faces/api/test_schema.py",
    "tests/access/test_harm.py",
    "tests/access/test_page_doors.py",
    "tests/foundation/test_following.py",
    "tests/measure/test_run.py",
    "tests/compass/test_roi_command.py",
    "tests/compass/test_design_other_studies.py",
    "tests/faces/cli/test_measures.py",
    "tests/compass/test_ltv_fit.py",
    "tests/foundation/outbox/test_outbox.py",
    "tests/compass/test_study_worlds.py",
    "tests/commerce/test_money_model.py",
    "tests/project/test_supervisor.py",
    "tests/compass/test_study_answer.py",
    "tests/foundation/media/test_media.py",
    "tests/faces/pages/test_event_views.py",
    "tests/events/test_race_seats.py",
    "tests/compass/test_simulated_switches.py",
    "tests/compass/test_power_plan.py",
    "tests/rings/test_people.py",
    "tests/events/test_line.py",
    "tests/foundation/test_backup.py",
    "tests/foundation/idempotency/test_once.py",
    "tests/events/test_crash_seats.py",
    "tests/foundation/audit/test_audit.py",
    "tests/compass/test_circles_command.py",
    "tests/faces/api/test_writing.py",
    "tests/outreach/test_history.py",
    "tests/events/test_crash_line.py",
    "tests/measure/test_measurement_kinds.py",
    "tests/commerce/test_lake_crash.py",
    "tests/people/test_customers.py",
    "tests/commerce/test_lake_order_free.py",
    "tests/project/test_tasks.py",
    "tests/accounts/test_staff_sign_in.py",
)


def pytest_collection_modifyitems(config, items):
    """With several workers only: files in the order above (xdist hands them out in the order in which they were collected)."""
    if hasattr(config, "workerinput"):
        place = {name: n for n, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


def pytest_collection_finish():
    """Six thousand tests and what they import stay until the end: the collector need not look at them each time."""
    gc.collect()
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
