"""The guard of `tests/conftest.py` sees a session that somebody leaves, and none when nobody did."""

import psycopg
import pytest
from django.db import connection

from project import sessions


@pytest.mark.django_db
def test_a_session_of_somebody_else_is_seen_until_it_ends():
    assert sessions.others() == []
    with psycopg.connect(**connection.get_connection_params() | {"cursor_factory": None}) as other:
        other.execute("SELECT 42")
        assert sessions.others() == ["SELECT 42"]
