"""Bring a backup back beside the living data, and change places only when all is well.

The database is restored into a new one next to the living one, the trees into folders next to the living ones. Whoever
calls settles them there (migrations, erased persons erased again, the audit trail verified) and then asks `exchange` to
rename old and new in one step each. Until then nothing of the living data has been touched.
"""

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tongxin.foundation import backup
from tongxin.foundation.backup import Broken, Manifest

RESTORE_WITHIN = 6 * 3600  # seconds


@dataclass(frozen=True)
class Beside:
    """Restored data waiting beside the living ones."""

    database: str
    url: str
    trees: Mapping[str, Path]


def bring_back(*, folder: Path, manifest: Manifest, url: str, mark: str, trees: Mapping[str, Path]) -> Beside:
    """Restore database and trees beside the living ones, under names ending in `mark`.

    Raises Broken when pg_restore fails or a table has not the number of rows that the manifest says; nothing is left then.
    """
    database = f"{_name(url)}_{mark}"
    beside = Beside(
        database, address(url, database), {name: _near(tree, mark) for name, tree in trees.items()}
    )
    try:
        _administer(url, "CREATE DATABASE {}", database)
        _restore(folder / "database.dump", beside.url, int(manifest.server))
        _compare(beside.url, manifest)
        for name, tree in beside.trees.items():
            tree.mkdir(parents=True)
            if (folder / name).is_dir():
                shutil.copytree(folder / name, tree, dirs_exist_ok=True)
    except BaseException:
        clear_away(url, beside)
        raise
    return beside


def exchange(*, url: str, beside: Beside, trees: Mapping[str, Path], mark: str) -> list[str]:
    """Put the restored data in the living ones' place; answers the names under which the old ones are kept.

    Raises Broken when other programs are connected to the living database.
    """
    others = other_clients(url)
    if others:
        raise Broken(
            f"{others} programs are connected to the database: stop `tongxin serve` and workers first"
        )
    living, old = _name(url), f"{_name(url)}_before_{mark}"
    kept = [old]
    with ExitStack() as undo:  # a step that fails takes the earlier ones back
        _rename(url, living, old, undo)
        _rename(url, beside.database, living, undo)
        for name, tree in trees.items():
            if tree.exists():
                aside = _near(tree, f"before_{mark}")
                tree.rename(aside)
                undo.callback(aside.rename, tree)
                kept.append(str(aside))
            tree.parent.mkdir(parents=True, exist_ok=True)
            beside.trees[name].rename(tree)
            undo.callback(tree.rename, beside.trees[name])
        undo.pop_all()
    return kept


def clear_away(url: str, beside: Beside) -> None:
    """Drop restored data that nobody wants: after a drill, or after a failure."""
    _administer(url, "DROP DATABASE IF EXISTS {} WITH (FORCE)", beside.database)
    for tree in beside.trees.values():
        shutil.rmtree(tree, ignore_errors=True)


def other_clients(url: str) -> int:
    """How many programs are connected to the database of `url`."""
    with psycopg.connect(address(url, "postgres"), autocommit=True) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            [_name(url)],
        ).fetchone()
    return row[0] if row else 0


def address(url: str, database: str) -> str:
    """The address of another database on the server of `url`, as DATABASE_URL spells it."""
    parts = {k: str(v) for k, v in conninfo_to_dict(url).items()}
    host = parts.get("host", "")
    user = _quoted(parts.get("user", "")) + (":" + _quoted(parts["password"]) if "password" in parts else "")
    if host.startswith("/"):
        return f"postgresql://{user}@/{_quoted(database)}?host={_quoted(host)}"
    extra = "&".join(f"{k}={_quoted(v)}" for k, v in parts.items() if k.startswith("ssl"))
    port = parts.get("port", "5432")
    return f"postgresql://{user}@{host}:{port}/{_quoted(database)}" + (f"?{extra}" if extra else "")


def _compare(url: str, manifest: Manifest) -> None:
    with psycopg.connect(url) as connection:
        found = backup.counts(connection)
    faults = [
        f"{table}: {found.get(table, 0)} rows, the manifest says {manifest.tables.get(table, 0)}"
        for table in sorted(found.keys() | manifest.tables.keys())
        if found.get(table) != manifest.tables.get(table)
    ]
    if faults:
        raise Broken(*faults)


def _restore(dump: Path, url: str, server: int) -> None:
    with psycopg.connect(url) as connection:
        here = connection.info.server_version // 10000
    if here < server:
        raise Broken(
            f"the backup comes from PostgreSQL {server}, this server is {here}: upgrade the server first"
        )
    command = [str(backup.tools(server) / "pg_restore"), "--no-owner", "--no-privileges", "--exit-on-error"]
    environment = backup.connection_environment(url)
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell
        [*command, "--dbname", environment["PGDATABASE"], str(dump)],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=RESTORE_WITHIN,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"pg_restore: {(done.stderr.strip().splitlines() or ['no message'])[0][:300]}")


def _administer(url: str, statement: str, *names: str) -> None:
    with psycopg.connect(address(url, "postgres"), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


def _rename(url: str, old: str, new: str, undo: ExitStack) -> None:
    _administer(url, "ALTER DATABASE {} RENAME TO {}", old, new)
    undo.callback(_administer, url, "ALTER DATABASE {} RENAME TO {}", new, old)


def _name(url: str) -> str:
    return str(conninfo_to_dict(make_conninfo(url)).get("dbname") or "postgres")


def _near(tree: Path, mark: str) -> Path:
    return tree.with_name(f"{tree.name}.{mark}")


def _quoted(text: str) -> str:
    return quote(text, safe="")
