"""The template of the tests' databases is migrated in a lighter way than Django's own: the same tables come of it."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from project import template_database
from tongxin.faces.cli import installation
from tongxin.foundation import backup, embedded, restoring


def dumped(url):
    """The schema in words, without what differs from dump to dump."""
    done = subprocess.run(
        [embedded.binaries() / "pg_dump", "--schema-only", "--no-owner"],
        env=backup.connection_environment(url), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@pytest.mark.nightly
@pytest.mark.timeout(300)
def test_the_template_is_what_djangos_own_way_of_migrating_makes(django_db_setup):
    """In the suite every test stands on the template, and the check for missing migrations on Django's own state."""
    name = f"own_way_{os.getpid()}"
    url = restoring.address(installation.here().url, name)
    with psycopg.connect(restoring.address(url, "postgres"), autocommit=True) as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        try:
            subprocess.run(
                [sys.executable, "-m", "django", "migrate", "--verbosity", "0"],
                env=os.environ | {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "tongxin.project.settings_test"},
                cwd=Path(__file__).parent, check=True,
            )  # fmt: skip
            own = dumped(url)
        finally:
            server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
    assert own == dumped(restoring.address(url, template_database.name()))
    assert sum(line.startswith("CREATE TABLE") for line in own) > 100
