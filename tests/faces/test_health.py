"""Alive says the process answers; ready says what is missing."""

import pytest
from django.db import OperationalError, connection

from tongxin.faces import health


def test_alive_needs_no_database(client):
    assert client.get("/healthz").json() == {"state": "alive"}


@pytest.mark.django_db
def test_ready_with_database_and_disk(client):
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"state": "ready", "database": True, "disk": True})


@pytest.mark.django_db
def test_a_full_disk_is_not_ready(client, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE", 2**62)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["disk"]) == (503, False)


@pytest.mark.django_db
def test_without_its_database_it_is_not_ready(rf, monkeypatch):
    def gone():
        raise OperationalError("gone")

    monkeypatch.setattr(connection, "cursor", gone)
    answer = health.ready(rf.get("/readyz"))
    assert answer.status_code == 503
