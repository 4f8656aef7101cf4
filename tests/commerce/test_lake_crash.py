"""Kill -9 and full disks: the old state or the new one, nothing between, and everything works again afterwards."""

import json
import os
import resource
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from commerce.lakes import at, files, order, rows, state
from tongxin.commerce import lake_commit
from tongxin.commerce.lake import Writer, open_lake
from tongxin.foundation.errors import Refused


def seeded(lake, first=1, months=4, paid=100):
    many = rows(
        *(order(f"{n}", paid=paid, version=first, ordered_at=_month(1 + n % months)) for n in range(40))
    )
    with Writer(lake) as writer:
        return writer.merge("orders", many, source="pos", arrival=first)


def _month(number):
    return at(5, month=number)


OWNERS = {
    "sync": (lake_commit, "_sync"),
    "write": (lake_commit, "_write"),
    "replace": (Path, "replace"),
    "unlink": (Path, "unlink"),
}


def child(lake, *, die_at="", limit=0):
    """A process that merges version 2 of all orders: its exit code, and what it said.

    `die_at` "replace:2" kills it (SIGKILL) at the second call of that function; `limit` is the largest file it may write.
    """
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        said = b"alive"
        try:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            if die_at:
                name, _, nth = die_at.partition(":")
                _arm(*OWNERS[name], int(nth))
            seeded(lake, first=2, paid=77)
        except Refused as refused:
            said = f"REFUSED {refused.code}".encode()
        except BaseException as fault:  # noqa: BLE001 - a forked child of the test must never return into pytest
            said = repr(fault).encode()
        os.write(writing, said)
        os._exit(0)
    os.close(writing)
    _, status = os.waitpid(pid, 0)
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    return (-os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)), said


def _arm(owner, attribute, nth):
    original, calls = getattr(owner, attribute), [0]

    def deadly(*args, **kwargs):
        calls[0] += 1
        if calls[0] == nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return original(*args, **kwargs)

    setattr(owner, attribute, deadly)


@pytest.fixture(scope="module")
def ends(tmp_path_factory):
    """The state before and after the merge that is cut short below."""
    lake = tmp_path_factory.mktemp("ends") / "lake"
    seeded(lake)
    before = repr(state(lake)["orders"])
    seeded(lake, first=2, paid=77)
    return before, repr(state(lake)["orders"])


POINTS = ("write:1", "sync:1", "sync:6", "replace:1", "replace:2", "replace:4", "unlink:1")


@pytest.mark.parametrize("point", POINTS)
def test_killed_at_any_moment_it_is_the_old_state_or_the_new_one(tmp_path, ends, point):
    lake = tmp_path / "lake"
    seeded(lake)
    code, said = child(lake, die_at=point)
    assert code == -signal.SIGKILL, said
    after = repr(state(lake)["orders"])
    assert after in ends
    if (point.startswith("replace") and point != "replace:1") or point == "unlink:1":
        assert after == ends[1]  # past the commit record: whoever opens the lake finishes the renames
    merged = seeded(lake, first=2, paid=77)  # the rerun completes
    assert merged.changed + merged.same == 40
    assert repr(state(lake)["orders"]) == ends[1]
    assert not list((lake / ".staging").glob("*/*.parquet"))


def test_control_without_the_commit_record_a_kill_leaves_a_mixture(tmp_path, ends):
    """Renames alone are not enough: the same kill between two of them, with nobody to finish them, shows both states."""
    lake = tmp_path / "lake"
    seeded(lake)
    assert child(lake, die_at="replace:4")[0] == -signal.SIGKILL
    (lake / lake_commit.RECORD).unlink()
    assert repr(state(lake)["orders"]) not in ends


def test_a_reader_finishes_what_a_dead_writer_began(tmp_path, ends):
    lake = tmp_path / "lake"
    seeded(lake)
    child(lake, die_at="replace:3")
    assert (lake / lake_commit.RECORD).exists()
    open_lake(lake).close()
    assert not (lake / lake_commit.RECORD).exists()
    assert repr(state(lake)["orders"]) == ends[1]


@pytest.mark.parametrize("limit", [1500, 600])
def test_a_full_disk_is_refused_and_changes_nothing(tmp_path, limit):
    lake = tmp_path / "lake"
    seeded(lake)
    before = files(lake)
    assert child(lake, limit=limit) == (0, "REFUSED no_space")
    assert files(lake) == before
    assert seeded(lake, first=2, paid=77).changed == 40  # and works again at once


def test_control_with_room_the_same_child_changes_the_lake(tmp_path):
    lake = tmp_path / "lake"
    seeded(lake)
    before = files(lake)
    assert child(lake) == (0, "alive")
    assert files(lake) != before


def test_a_full_disk_of_a_real_file_system(tmp_path):
    """A tmpfs of 2 MB, where we may mount one."""
    small = tmp_path / "small"
    small.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], capture_output=True, check=False
        ).returncode
    ):
        pytest.skip("mounting is not allowed here")
    try:
        lake = small / "lake"
        seeded(lake)
        before = files(lake)
        ballast = small / "ballast"
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while file.write(b"x" * 4096):
                pass
        with pytest.raises(Exception, match="no_space"):
            seeded(lake, first=2, paid=77)
        assert files(lake) == before
        ballast.unlink()
        assert seeded(lake, first=2, paid=77).changed == 40
    finally:
        subprocess.run(["umount", small], check=False)


def test_a_lake_keeps_its_id(tmp_path):
    first = lake_commit.establish(tmp_path / "lake")
    assert lake_commit.establish(tmp_path / "lake") == first
    assert json.loads((tmp_path / "lake" / "lake.json").read_text())["format"] == 1


def test_other_faults_of_the_file_system_stay_what_they_are():
    with pytest.raises(PermissionError), lake_commit.refusing_when_full():
        raise PermissionError(13, "no")


def test_the_limit_is_not_ours():
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
