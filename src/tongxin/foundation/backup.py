"""Backups: one folder each, complete or not there at all.

A backup is `database.dump` (pg_dump, custom format), the trees of files (`lake/`, `media/`) and `manifest.json`, which
names every file with its size and SHA-256 and every table with its number of rows. Database and counts come from one
snapshot while the server goes on working; files are copied after it, so whatever a row of the snapshot names is there.
The folder is built under a name beginning with `.partial-` and renamed last: half a backup never looks like one.
Keys are not inside. They are added only on request, sealed with a passphrase.
"""

import hashlib
import hmac
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext, suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from psycopg import sql

from tongxin.foundation import embedded

SCHEMA = "tongxin.backup/1"
PARTIAL = ".partial-"
CHUNK = 1 << 20
PASSES = 3  # looks at a tree that changes while it is copied
DUMP_WITHIN = 6 * 3600  # seconds
WORK = {"n": 2**15, "r": 8, "p": 1}  # scrypt: 32 MB and about a tenth of a second a guess


class Broken(Exception):
    """A backup that cannot be trusted or could not be made; `faults` says why, one line each."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class File:
    """One file of a backup, by its path inside."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True)
class Tree:
    """A folder to keep. `hold` keeps its files from being exchanged while they are opened, if its owner offers that."""

    folder: Path
    hold: Callable[[Path], AbstractContextManager[None]] = lambda _folder: nullcontext()


@dataclass(frozen=True)
class Manifest:
    """What is inside, and from which program and state it came."""

    made_at: str
    version: str
    server: str
    migrations: tuple[str, ...]
    keys: Mapping[str, str]
    tables: Mapping[str, int]
    files: tuple[File, ...]
    with_keys: bool = False
    schema: str = SCHEMA

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(f.size for f in self.files)

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(self.tables.values())


def write(
    *,
    url: str,
    to: Path,
    trees: Mapping[str, Tree],
    version: str,
    at: datetime,
    keys: Sequence[str],
    sealed_keys: bytes | None = None,
    advance: Callable[[int], None] = lambda _bytes: None,
) -> tuple[Path, Manifest]:
    """Make a backup below `to`; answers its folder and its manifest.

    `advance` hears of bytes copied. Raises Broken when
    pg_dump fails, OSError when the disk is full; in both cases nothing is left behind.
    """
    to.mkdir(parents=True, exist_ok=True)
    name = at.strftime("tongxin-%Y%m%dT%H%M%S.%fZ")
    partial = to / f"{PARTIAL}{name}"
    partial.mkdir(mode=0o700)
    try:
        manifest = _fill(
            partial,
            url=url,
            trees=trees,
            version=version,
            at=at,
            keys=keys,
            sealed_keys=sealed_keys,
            advance=advance,
        )
        _write_durably(
            partial / "manifest.json", json.dumps(asdict(manifest), ensure_ascii=False, indent=1).encode()
        )
        partial.rename(to / name)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    _sync(to)
    return to / name, manifest


def check(folder: Path) -> Manifest:
    """Read every byte of a backup and compare it with its manifest. Raises Broken with one line per fault."""
    manifest = read(folder)
    faults = []
    for file in manifest.files:
        path = folder / file.path
        if not path.is_file():
            faults.append(f"{file.path}: missing")
        elif path.stat().st_size != file.size or digest(path) != file.sha256:
            faults.append(f"{file.path}: changed")
    named = {f.path for f in manifest.files} | {"manifest.json"}
    found = {str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file()}
    faults += [f"{extra}: not in the manifest" for extra in sorted(found - named)]
    if faults:
        raise Broken(*faults)
    return manifest


def read(folder: Path) -> Manifest:
    """The manifest of a backup. Raises Broken when there is none that we understand."""
    if folder.name.startswith(PARTIAL):
        raise Broken(f"{folder.name}: an unfinished backup")
    try:
        stored = json.loads((folder / "manifest.json").read_text())
        files = tuple(File(**f) for f in stored.pop("files"))
        manifest = Manifest(files=files, migrations=tuple(stored.pop("migrations")), **stored)
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise Broken(f"{folder}: no readable manifest.json ({type(fault).__name__})") from fault
    if manifest.schema != SCHEMA:
        raise Broken(f"{folder}: schema {manifest.schema}, this version reads {SCHEMA}")
    if any(Path(f.path).is_absolute() or ".." in Path(f.path).parts for f in manifest.files):
        raise Broken(f"{folder}: the manifest names files outside of it")
    return manifest


def newest(folder: Path) -> Path | None:
    """The backup in `folder`: the folder itself, or the newest complete one inside it."""
    if (folder / "manifest.json").is_file():
        return folder
    if not folder.is_dir():
        return None
    complete = [
        p for p in folder.iterdir() if p.name.startswith("tongxin-") and (p / "manifest.json").is_file()
    ]
    return max(complete, key=lambda p: p.name, default=None)


def prune(folder: Path, keep: int) -> int:
    """Keep the newest `keep` backups and no unfinished ones; answers how many folders went."""
    complete = sorted(p for p in folder.glob("tongxin-*") if (p / "manifest.json").is_file())
    old = complete[:-keep] if keep else complete
    gone = [*old, *folder.glob(f"{PARTIAL}*")]
    for path in gone:
        shutil.rmtree(path, ignore_errors=True)
    return len(gone)


def tools(server: int) -> Path:
    """The folder of a pg_dump that can read server version `server` (its major number): the nearest not older one.

    A dump of a newer pg_dump carries settings that an older server does not know, hence the nearest. Raises Broken.
    """
    places = [Path(p).parent for p in (shutil.which("pg_dump"),) if p]
    places += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    with suppress(embedded.NotReady):  # a machine with a server of its own needs no embedded one
        places.append(embedded.binaries())
    majors = {place: major for place in places if (major := _major(place / "pg_dump"))}
    fitting = [place for place, major in majors.items() if major >= server]
    if not fitting:
        raise Broken(f"no pg_dump for PostgreSQL {server}: install postgresql-client-{server}")
    return min(fitting, key=lambda place: majors[place])


def fingerprints(keys: Sequence[str]) -> dict[str, str]:
    """`{"k1": "…"}`: says whether two installations hold the same key, and nothing of the key."""
    parts = [key.partition(":") for key in keys]
    return {
        name: hmac.digest(bytes.fromhex(value), b"tongxin backup", "sha256").hex()[:16]
        for name, _, value in parts
    }


def seal(secret: bytes, passphrase: str) -> bytes:
    """`secret` under a passphrase: scrypt, then AES-256-GCM."""
    salt, nonce = os.urandom(16), os.urandom(12)
    return salt + nonce + AESGCM(_stretched(passphrase, salt)).encrypt(nonce, secret, SCHEMA.encode())


def unseal(sealed: bytes, passphrase: str) -> bytes:
    """The inverse of `seal`. Raises Broken when the passphrase is wrong or a byte was changed."""
    try:
        return AESGCM(_stretched(passphrase, sealed[:16])).decrypt(
            sealed[16:28], sealed[28:], SCHEMA.encode()
        )
    except InvalidTag as fault:
        raise Broken("keys.sealed: wrong passphrase, or the file was changed") from fault


def digest(path: Path) -> str:
    """SHA-256 of a file, in hex."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def counts(connection: psycopg.Connection) -> dict[str, int]:
    """Rows of every table of ours, sorted by name. Queue tables change by themselves and are left out."""
    named = connection.execute(
        "SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename NOT LIKE 'procrastinate%' ORDER BY 1"
    ).fetchall()
    found = {}
    for (name,) in named:
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(name))).fetchone()
        found[name] = row[0] if row else 0
    return found


def _fill(
    partial: Path,
    *,
    url: str,
    trees: Mapping[str, Tree],
    version: str,
    at: datetime,
    keys: Sequence[str],
    sealed_keys: bytes | None,
    advance: Callable[[int], None],
) -> Manifest:
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        snapshot = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert snapshot is not None
        major = connection.info.server_version // 10000
        _dump(url, major, snapshot[0], partial / "database.dump")
        tables = counts(connection)
        migrations = connection.execute(
            "SELECT app || '.' || name FROM django_migrations ORDER BY 1"
        ).fetchall()
    files = [_noted(partial, partial / "database.dump")]
    for name, tree in trees.items():
        files += _copy_tree(tree, partial, name, advance)
    if sealed_keys is not None:
        _write_durably(partial / "keys.sealed", sealed_keys)
        files.append(_noted(partial, partial / "keys.sealed"))
    return Manifest(
        made_at=at.isoformat(),
        version=version,
        server=str(major),
        migrations=tuple(m for (m,) in migrations),
        keys=fingerprints(keys),
        tables=tables,
        files=tuple(files),
        with_keys=sealed_keys is not None,
    )


def _dump(url: str, major: int, snapshot: str, to: Path) -> None:
    command = [
        tools(major) / "pg_dump",
        "--format=custom",
        "--no-owner",
        "--no-privileges",
        f"--snapshot={snapshot}",
    ]
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell; the address goes by environment, not by `ps`
        [*map(str, command), "--file", str(to)],
        env=connection_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=DUMP_WITHIN,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"pg_dump: {_last_line(done.stderr)}")
    with to.open("rb") as stream:
        os.fsync(stream.fileno())


def connection_environment(url: str) -> dict[str, str]:
    """The environment in which PostgreSQL's programs reach the database of `url`: no password on a command line."""
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
             "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    parts = psycopg.conninfo.conninfo_to_dict(url)
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PG")}
    return kept | {names[k]: str(v) for k, v in parts.items() if k in names} | {"LC_ALL": "C"}


def _copy_tree(tree: Tree, partial: Path, name: str, advance: Callable[[int], None]) -> list[File]:
    """Copy a tree as it stood at one moment: files are opened while it is held, and an open file stays what it was.

    Without a hold files may come meanwhile (they are not in the snapshot either) and go (then a newer one took their
    place, and another look finds that one).
    """
    copied: dict[str, File] = {}
    for _ in range(PASSES):
        with ExitStack() as held:
            with tree.hold(tree.folder) if tree.folder.is_dir() else nullcontext():
                found = {f"{name}/{p.relative_to(tree.folder)}": p for p in _wanted(tree.folder)}
                fresh = {path: source for path, source in found.items() if path not in copied}
                opened, gone = _open_all(fresh, held)
            for path, stream in opened.items():
                copied[path] = _copy(stream, partial, path, advance)
                stream.close()
        if not gone:
            break
    return list(copied.values())


def _open_all(sources: Mapping[str, Path], held: ExitStack) -> tuple[dict[str, BinaryIO], int]:
    _allow_open_files(len(sources))
    opened: dict[str, BinaryIO] = {}
    for path, source in sources.items():
        with suppress(FileNotFoundError):
            opened[path] = held.enter_context(source.open("rb"))
    return opened, len(sources) - len(opened)


def _allow_open_files(count: int) -> None:
    """A lake of twenty years is five hundred files; a media folder may be more than a process may open by default."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 256
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))


def _wanted(folder: Path) -> list[Path]:
    """Plain files; links could lead out, and names beginning with a dot or ending in .tmp are work in progress."""
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.suffix != ".tmp"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _copy(stream: BinaryIO, partial: Path, path: str, advance: Callable[[int], None]) -> File:
    target = partial / path
    target.parent.mkdir(parents=True, exist_ok=True)
    sha, size = hashlib.sha256(), 0
    with target.open("wb") as going:
        while chunk := stream.read(CHUNK):
            going.write(chunk)
            sha.update(chunk)
            size += len(chunk)
            advance(len(chunk))
        going.flush()
        os.fsync(going.fileno())
    return File(path, size, sha.hexdigest())


def _noted(partial: Path, path: Path) -> File:
    return File(str(path.relative_to(partial)), path.stat().st_size, digest(path))


def _write_durably(path: Path, data: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, **WORK).derive(passphrase.encode())


def _major(program: Path) -> int:
    try:
        said = subprocess.run(  # noqa: S603 - a program found on PATH or in the wheel, no shell
            [str(program), "--version"], capture_output=True, text=True, timeout=10, check=True
        ).stdout
        return int(said.split()[2].split(".")[0])
    except (OSError, ValueError, IndexError, subprocess.SubprocessError):
        return 0


def _last_line(text: str) -> str:
    lines = [line for line in text.strip().splitlines() if line]
    return lines[-1][:300] if lines else "no message"
