"""The world of the matrix, built once a module in one transaction; each request of a test is taken back by itself."""

import pytest

from access.actors import standing_world


@pytest.fixture
def _django_db_helper():
    """pytest-django would wrap every test in a transaction of its own and close the connection that holds the world."""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        yield built
