"""The log of the embedded database, followed: what was committed a few minutes ago survives the loss of the machine.

A nightly backup may lose a day (promise P41 allows five minutes). So beside the backups there is a folder `log/`: now and
then a `base-…` (pg_basebackup), and after it every segment of the server's write-ahead log, fetched once a minute with a
replication slot, so none can be missed (also while the next base is copied, which may take minutes); and the trees of files
as they were at that minute. `recovered` puts base and log
together on a server of its own; from there an ordinary backup is made, and an ordinary restore goes on.
"""

import fcntl
import json
import shutil
import subprocess
import tarfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from tongxin.foundation import embedded
from tongxin.foundation.backup import PARTIAL, Broken, Tree, connection_environment

FOLDER = "log"
SLOT = "tongxin_following"
BASE_EVERY = timedelta(hours=24)
BASES = 2  # kept: a new one is not trusted alone
LONGEST = 2 * 2**30  # bytes of log after which a new base comes early
# A follower that is away must not fill the disk: beyond this the server lets go, and the next look starts with a new base.
HELD = "4GB"
WITHIN = 3600  # seconds for one program of PostgreSQL's
MIRRORED = "files"


@dataclass(frozen=True)
class Base:
    """A copy of the database's files: when, from which segment the log is needed, under which keys."""

    folder: Path
    made_at: datetime
    first: str
    keys: Mapping[str, str]


@dataclass(frozen=True)
class Followed:
    """What one look found: segments of the log that are here, files that were new."""

    segments: int
    files: int


def follow(*, url: str, to: Path, trees: Mapping[str, Tree]) -> Followed:
    """Bring log and files in the folder `to` up to this instant; meant to be called each minute.

    Goes on while a base is copied. Raises Broken when one of PostgreSQL's programs fails; what was there stays good.
    """
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(to):
        _hold(url, to)
        _fetch(url, to)
        files = sum(_mirror(tree, to / MIRRORED / name) for name, tree in trees.items())
        return Followed(len(_segments(to)), files)


def due(to: Path, at: datetime) -> bool:
    """Is it time for a new base? Once a day, or when the log since the last one has become long."""
    newest = max((base.made_at for base in bases(to)), default=None)
    return newest is None or at - newest >= BASE_EVERY or _length(to) > LONGEST


def rebase(*, url: str, to: Path, at: datetime, keys: Mapping[str, str]) -> None:
    """Copy a new base, and forget what only older ones needed. May take minutes; one caller at a time.

    `keys` are their fingerprints. Raises Broken when one of PostgreSQL's programs fails; what was there stays good.
    """
    to.mkdir(parents=True, exist_ok=True, mode=0o700)
    with _alone(to):
        _hold(url, to)
    half = _copy_base(url, to, at, keys)
    with _alone(to):  # whole only now: a base is worth nothing without the log up to its end
        _fetch(url, to)
        half.rename(half.with_name(half.name.removeprefix(PARTIAL)))
        _forget(to)


def bases(folder: Path) -> list[Base]:
    """The whole bases of a followed folder, oldest first."""
    found = []
    for path in sorted(folder.glob("base-*")):
        with suppress(OSError, ValueError, KeyError):
            told = json.loads((path / "base.json").read_text())
            found.append(Base(path, datetime.fromisoformat(told["made_at"]), told["first"], told["keys"]))
    return found


@contextmanager
def recovered(folder: Path, *, beside: Path) -> Iterator[tuple[str, Base]]:
    """A server of its own with the newest base and all of the log after it; (address, base). Gone afterwards.

    `beside` is the data folder of the embedded server: the copy lies next to it, where its user may go. Raises Broken
    when nothing was followed or the log has a gap.
    """
    found = bases(folder)
    if not found:
        raise Broken(f"{folder}: nothing was followed here")
    base = found[-1]
    data = beside.with_name(f"{beside.name}.recovered")
    shutil.rmtree(data, ignore_errors=True)
    try:
        data.mkdir(mode=0o700)
        with tarfile.open(base.folder / "base.tar.gz") as packed:
            _unpack(packed, data)
        _lay_log(folder, base, data / "pg_wal")
        with embedded.visiting(data) as server:
            yield server.url(), base
    except (OSError, tarfile.TarError) as fault:
        raise Broken(f"{base.folder.name}: {type(fault).__name__}") from fault
    except embedded.NotReady as fault:
        raise Broken(
            f"{base.folder.name}: the log cannot be replayed: {str(fault).splitlines()[-1][:200]}"
        ) from fault
    finally:
        shutil.rmtree(data, ignore_errors=True)


def stop(url: str) -> None:
    """Follow no more: the server need not keep anything for us."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots WHERE slot_name = %s AND NOT active",
            [SLOT],
        )


@contextmanager
def _alone(to: Path) -> Iterator[None]:
    """One at a time fetches from the slot and clears away."""
    with (to / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def _hold(url: str, to: Path) -> None:
    """See that the slot is there and has lost nothing; otherwise the log has a gap, and older bases end before it."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(
            "SELECT wal_status FROM pg_replication_slots WHERE slot_name = %s", [SLOT]
        ).fetchone()
        if row is not None and row[0] not in ("lost", "unreserved"):
            return
        if row is not None:
            connection.execute("SELECT pg_drop_replication_slot(%s)", [SLOT])
        connection.execute(f"ALTER SYSTEM SET max_slot_wal_keep_size = '{HELD}'")  # takes no parameters
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("SELECT pg_create_physical_replication_slot(%s, true)", [SLOT])
    for old in to.glob("base-*"):  # the new log does not join on to theirs; the next base takes their place
        old.rename(old.with_name(f"gap-{old.name}"))
    for half in to.glob(f"{PARTIAL}*"):  # begun before the gap
        shutil.rmtree(half, ignore_errors=True)
    for segment in _segments(to):
        segment.unlink()


def _copy_base(url: str, to: Path, at: datetime, keys: Mapping[str, str]) -> Path:
    half = to / f"{PARTIAL}base-{at:%Y%m%dT%H%M%S}"
    for left in to.glob(f"{PARTIAL}*"):
        shutil.rmtree(left, ignore_errors=True)
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_walfile_name(pg_current_wal_lsn())").fetchone()
    assert row is not None
    # Written down: the segment of now. The base begins at a checkpoint of its own, which cannot be earlier.
    _program(
        url, "pg_basebackup", "--pgdata", str(half), "--format=tar", "--compress=gzip:1", "--wal-method=none", "--checkpoint=fast",
        "--no-manifest",
    )  # fmt: skip
    told = asdict(Base(half, at, row[0], keys)) | {"made_at": at.isoformat(), "folder": half.name}
    (half / "base.json").write_text(json.dumps(told, default=dict))
    return half


def _fetch(url: str, to: Path) -> None:
    """All of the log up to this instant. The mark after it is what tells the program that it has seen enough."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute("SELECT pg_current_wal_insert_lsn()").fetchone()
        connection.execute("SELECT pg_logical_emit_message(true, 'tongxin', 'followed')")
    assert row is not None
    _program(
        url,
        "pg_receivewal",
        "--directory",
        str(to),
        "--slot",
        SLOT,
        "--endpos",
        row[0],
        "--no-loop",
        "--synchronous",
    )


def _unpack(packed: tarfile.TarFile, data: Path) -> None:
    """Files and folders below `data` and nothing else; a filter of tarfile's own is not in every Python 3.11."""
    for member in packed:
        path = data / member.name
        if not path.resolve().is_relative_to(data.resolve()) or not (member.isreg() or member.isdir()):
            raise tarfile.ExtractError(member.name)
        folder = path if member.isdir() else path.parent
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        content = packed.extractfile(member)
        if content is not None:
            with content, path.open("wb") as out:
                shutil.copyfileobj(content, out, 1 << 20)
            path.chmod(0o600)


def _lay_log(folder: Path, base: Base, to: Path) -> None:
    """The segments a base needs, the last one cut short as it is: PostgreSQL replays as far as it can read."""
    to.mkdir(exist_ok=True)
    for segment in _segments(folder):
        name = segment.name.removesuffix(".partial")
        if name >= base.first and not (segment.suffix and (folder / name).exists()):
            shutil.copyfile(segment, to / name)


def _segments(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if len(p.name.removesuffix(".partial")) == 24 and p.is_file())


def _length(folder: Path) -> int:
    found = bases(folder)
    first = found[-1].first if found else ""
    return sum(p.stat().st_size for p in _segments(folder) if p.name >= first)


def _forget(folder: Path) -> None:
    """Older bases, and the log that only they needed."""
    kept = bases(folder)[-BASES:]
    for path in (*folder.glob("base-*"), *folder.glob("gap-*")):
        if path not in {base.folder for base in kept}:
            shutil.rmtree(path, ignore_errors=True)
    for segment in _segments(folder):
        if segment.name < kept[0].first:
            segment.unlink()


def _mirror(tree: Tree, to: Path) -> int:
    """Copy what is new or changed, drop what is gone; answers how many files were copied.

    Files are opened while their owner holds them, and come under their names only when whole.
    """
    to.mkdir(parents=True, exist_ok=True)
    if not tree.folder.is_dir():
        return 0
    copied = 0
    with tree.hold(tree.folder):
        found = {p.relative_to(tree.folder): p for p in _plain(tree.folder)}
        for name, source in found.items():
            copied += _refresh(source, to / name)
    for old in _plain(to):
        if old.relative_to(to) not in found:
            old.unlink()
    return copied


def _refresh(source: Path, target: Path) -> int:
    with suppress(FileNotFoundError):  # gone meanwhile: then no row names it any more
        was, now = target.stat() if target.exists() else None, source.stat()
        if was is not None and (was.st_size, was.st_mtime_ns) == (now.st_size, now.st_mtime_ns):
            return 0
        target.parent.mkdir(parents=True, exist_ok=True)
        half = target.with_name(f".{target.name}.tmp")
        shutil.copy2(source, half)
        half.replace(target)
        return 1
    return 0


def _plain(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not path.is_symlink()
        and path.suffix != ".tmp"
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]


def _program(url: str, name: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program, no shell; the address goes by environment
        [str(embedded.binaries() / name), *arguments, "--no-password"],
        env=connection_environment(url),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    if done.returncode != 0:
        raise Broken(f"{name}: {(done.stderr.strip().splitlines() or ['no message'])[-1][:300]}")
