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
# random order, and inside every file the order stays random. By processor seconds; a wrong entry costs time only.
LONGEST_FIRST = (
    "tests/faces/cli/test_demo.py",
    "tests/access/test_page_doors.py",
    "tests/browser/test_pages.py",
    "tests/connect/files/test_import.py",
    "tests/access/test_matrix.py",
    "tests/browser/test_organise_pages.py",
    "tests/browser/test_event_pages.py",
    "tests/compass/test_partitions.py",
    "tests/access/test_harm.py",
    "tests/measure/test_run.py",
    "tests/faces/cli/test_demo_chain.py",
    "tests/journeys/test_little_baker.py",
    "tests/faces/cli/test_followed_log.py",
    "tests/faces/cli/test_care.py",
    "tests/foundation/test_following.py",
    "tests/compass/test_power_plan.py",
    "tests/compass/test_roi_command.py",
    "tests/compass/test_simulated_switches.py",
    "tests/compass/test_study_worlds.py",
    "tests/faces/api/test_schema.py",
    "tests/browser/test_checkin.py",
    "tests/accounts/test_staff_sign_in.py",
    "tests/compass/test_design_other_studies.py",
    "tests/compass/test_study_answer.py",
    "tests/compass/test_ltv_fit.py",
    "tests/compass/test_indices_communities.py",
    "tests/faces/api/test_writing.py",
    "tests/compass/test_charts_gallery.py",
    "tests/connect/wecom/test_wecom_storm.py",
    "tests/events/test_crash_seats.py",
    "tests/events/test_crash_line.py",
    "tests/measure/test_measurement_kinds.py",
    "tests/compass/test_segments.py",
    "tests/faces/cli/test_measures.py",
    "tests/browser/test_kit_pages.py",
    "tests/project/test_web_process.py",
    "tests/compass/test_design_drawn_studies.py",
    "tests/project/test_deploy.py",
    "tests/compass/test_dormancy_hazard.py",
    "tests/measure/test_web_stays_light.py",
    "tests/events/test_seat_model.py",
    "tests/measure/test_kinds_that_answer.py",
    "tests/commerce/test_money_crash.py",
    "tests/faces/pages/test_views.py",
    "tests/commerce/test_money_model.py",
    "tests/events/test_photo_walks.py",
    "tests/communities/test_membership_model.py",
    "tests/faces/test_sentences.py",
    "tests/house/test_docs.py",
    "tests/events/test_door_crash.py",
    "tests/compass/test_circles_command.py",
    "tests/connect/files/test_complete_journey.py",
    "tests/events/test_door_sync.py",
    "tests/compass/test_compass_is_plain.py",
    "tests/compass/test_simulated_semisynthetic.py",
    "tests/commerce/test_lake.py",
    "tests/commerce/test_money_race.py",
    "tests/events/test_race_seats.py",
    "tests/commerce/test_lake_crash.py",
    "tests/project/test_supervisor.py",
    "tests/faces/pages/test_event_views.py",
    "tests/compass/test_checks_interference.py",
    "tests/commerce/test_lake_order_free.py",
    "tests/compass/test_concentration_shares.py",
    "tests/compass/test_ees_stores.py",
    "tests/compass/test_simulated_panels.py",
    "tests/people/test_customers.py",
    "tests/compass/test_study_panel.py",
    "tests/events/test_line.py",
)


def pytest_collection_modifyitems(config, items):
    """With several workers only: files in the order above (xdist hands them out in the order in which they were collected)."""
    if hasattr(config, "workerinput"):
        place = {name: n for n, name in enumerate(LONGEST_FIRST)}
        items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


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
