"""The migrated database that the test databases are copied from: migrating takes ten seconds, a copy half a one.

It is kept on the tests' server under a name that says which migrations it holds; a changed migration makes a new one.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import psycopg
from django.apps import apps
from django.core.management import call_command
from django.db import connection
from django.db.migrations.state import ProjectState
from psycopg import sql

MIGRATED_BY = ("django", "procrastinate")
OLD_ONES = 6  # other branches and people at work beside us need theirs
EXISTS = "SELECT 1 FROM pg_database WHERE datname = %s"
SUPERFLUOUS = "SELECT datname FROM pg_database WHERE datname LIKE 'migrated\\_%%' ORDER BY oid DESC OFFSET %s"


def name() -> str:
    """The digest of every migration of ours and of the versions of the others'."""
    digest = hashlib.sha256(repr([(who, version(who)) for who in MIGRATED_BY]).encode())
    for app in sorted(apps.get_app_configs(), key=lambda one: one.name):
        if app.name.startswith("tongxin."):
            for file in sorted(Path(app.path, "migrations").glob("*.py")):
                digest.update(app.label.encode() + file.name.encode() + file.read_bytes())
    return f"migrated_{digest.hexdigest()[:16]}"


@contextmanager
def lightly() -> Iterator[None]:
    """Django builds a model and all its relatives anew for each index, constraint and new model; here a list grows by one instead.

    Nobody can point at a model that is new, so nobody else has to be built. The same statements reach the database, in a third
    of the time, and every process waits for it. Every installation migrates
    Django's own way; `test_template_database.py` says that it comes to the same.
    """

    def add(state, model):
        state.models[model.app_label, model.name_lower] = model
        if state._relations is not None:
            state.resolve_model_relations((model.app_label, model.name_lower))
        if "apps" in state.__dict__:
            state.apps.render_multiple([model])

    def reload(state, app_label, model_name, delay=True):
        # only itself and its next of kin: nobody asks the others meanwhile
        before["reload_model"](state, app_label, model_name, delay=True)

    def append(state, app_label, model_name, option, one):
        options = state.models[app_label, model_name].options
        options[option] = [*options[option], one]
        if "apps" in state.__dict__:
            meta = state.apps.get_model(app_label, model_name)._meta
            setattr(meta, option, [*getattr(meta, option), one])

    lighter = {"_append_option": append, "add_model": add, "reload_model": reload}
    before = {name: getattr(ProjectState, name) for name in lighter}
    try:
        for name, one in lighter.items():
            setattr(ProjectState, name, one)
        yield
    finally:
        for name, one in before.items():
            setattr(ProjectState, name, one)


def ensure() -> str:
    """Migrate it if it is not there, one process at a time; answers its name."""
    wanted, settings = name(), connection.settings_dict
    address = connection.get_connection_params() | {"dbname": "postgres"}
    keys = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{k: v for k, v in address.items() if k in keys}, autocommit=True) as server:
        server.execute("SELECT pg_advisory_lock(hashtext('tongxin test template'))")
        if server.execute(EXISTS, [wanted]).fetchone():
            return wanted
        making = sql.Identifier(f"{wanted}_unfinished")
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {}").format(making))
        server.execute(sql.SQL("CREATE DATABASE {}").format(making))
        usual = settings["NAME"]
        connection.close()
        settings["NAME"] = f"{wanted}_unfinished"
        try:
            with lightly():
                call_command("migrate", verbosity=0, interactive=False)
        finally:
            connection.close()
            settings["NAME"] = usual
        server.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(making, sql.Identifier(wanted)))
        for (old,) in server.execute(SUPERFLUOUS, [OLD_ONES]).fetchall():
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(old)))
    return wanted
