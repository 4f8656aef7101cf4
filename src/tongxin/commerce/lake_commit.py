"""All or nothing on a file system: stage, write the commit record, rename, forget the record.

New partitions are written and synced in `.staging`. The commit record is the one point of no return: before it a crash
leaves the old state (and litter), after it the renames are finished by whoever opens the lake next. So `kill -9` at any
moment leaves either the old or the new state of every partition of a merge, never a mixture.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tongxin.foundation.errors import Refused

STAGING = ".staging"
RECORD = ".commit.json"
READERS = ".readers.lock"
WRITER = ".writer.lock"
MARK = "lake.json"

#: what a full disk is called: no space, a quota, a size limit of the process
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def establish(lake: Path) -> str:
    """Make the folder if need be; give the lake's own id, by which an import knows that it is still the same lake."""
    lake.mkdir(parents=True, exist_ok=True)
    mark = lake / MARK
    if not mark.exists():
        fresh = lake / f"{MARK}.{uuid.uuid4().hex}"
        with refusing_when_full():
            _write(fresh, json.dumps({"format": 1, "id": str(uuid.uuid4())}))
        # link() instead of rename(): of two processes that start together the first one's id stays
        with suppress(FileExistsError):
            os.link(fresh, mark)
        fresh.unlink()
    return str(json.loads(mark.read_text())["id"])


@contextmanager
def writing(lake: Path, patience: float = 60.0) -> Iterator[None]:
    """One writer at a time. Refuses `busy` when another one does not finish within `patience` seconds."""
    with _locked(lake / WRITER, fcntl.LOCK_EX, patience):
        with _locked(lake / READERS, fcntl.LOCK_EX, patience):
            roll_forward(lake)
        shutil.rmtree(lake / STAGING, ignore_errors=True)
        yield


@contextmanager
def listing(lake: Path, patience: float = 60.0) -> Iterator[None]:
    """Hold partitions still while their files are listed or linked; finishes a commit that was cut short."""
    if (lake / RECORD).exists():
        with _locked(lake / READERS, fcntl.LOCK_EX, patience):
            roll_forward(lake)
    with _locked(lake / READERS, fcntl.LOCK_SH, patience):
        yield


class Stage:
    """The new files of one merge, beside the lake until they are committed."""

    def __init__(self, lake: Path) -> None:
        self.lake = lake
        self._folder = lake / STAGING / uuid.uuid4().hex
        self._folder.mkdir(parents=True)
        self._moves: list[tuple[str, str]] = []
        self._gone: list[str] = []

    def fresh(self, suffix: str = ".parquet") -> Path:
        """A name to write new content under."""
        return self._folder / f"{uuid.uuid4().hex}{suffix}"

    def put(self, staged: Path, final: Path) -> None:
        """Let the content of `staged` take the place of `final`."""
        self._moves.append((str(staged.relative_to(self.lake)), str(final.relative_to(self.lake))))

    def remove(self, final: Path) -> None:
        """Take a partition away that has become empty."""
        self._gone.append(str(final.relative_to(self.lake)))

    def commit(self, patience: float = 60.0) -> None:
        """Make the staged files the lake's, all of them or none. Refuses `no_space` and `busy`; then nothing changed."""
        if not self._moves and not self._gone:
            self.drop()
            return
        with refusing_when_full():
            for staged, _ in self._moves:
                _sync(self.lake / staged)
            _sync(self._folder)
            fresh = self._folder / RECORD
            _write(fresh, json.dumps({"moves": self._moves, "gone": self._gone}))
        with _locked(self.lake / READERS, fcntl.LOCK_EX, patience):
            fresh.replace(self.lake / RECORD)
            _sync(self.lake)
            roll_forward(self.lake)
        self.drop()

    def drop(self) -> None:
        """Forget what was staged."""
        shutil.rmtree(self._folder, ignore_errors=True)


def roll_forward(lake: Path) -> None:
    """Finish the renames of a commit record, if there is one. Can be cut short and run again."""
    record = lake / RECORD
    if not record.exists():
        return
    plan = json.loads(record.read_text())
    for staged, final in plan["moves"]:
        if (lake / staged).exists():  # otherwise an earlier try has moved it
            (lake / final).parent.mkdir(parents=True, exist_ok=True)
            (lake / staged).replace(lake / final)
            _sync((lake / final).parent)
    for final in plan["gone"]:
        (lake / final).unlink(missing_ok=True)
        if (lake / final).parent != lake:
            with suppress(OSError):
                (lake / final).parent.rmdir()
    record.unlink()
    _sync(lake)


@contextmanager
def refusing_when_full() -> Iterator[None]:
    """A full disk becomes `Refused("no_space")`; every other fault of the file system stays what it is."""
    try:
        yield
    except OSError as fault:
        if fault.errno in FULL:
            raise Refused("no_space") from fault
        raise


@contextmanager
def _locked(file: Path, kind: int, patience: float) -> Iterator[None]:
    with file.open("a") as held:
        until = time.monotonic() + patience
        while True:
            try:
                fcntl.flock(held, kind | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise Refused("busy") from None
                time.sleep(0.02)
        yield


def _write(file: Path, text: str) -> None:
    with file.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
