"""The sandbox world, as for the permission matrix."""

import pytest

from access.actors import standing_world


@pytest.fixture
def _django_db_helper():
    """The world holds its own transaction; see tests/access/conftest.py."""


@pytest.fixture(scope="module")
def world(django_db_setup, django_db_blocker):
    with standing_world(django_db_blocker) as built:
        yield built
