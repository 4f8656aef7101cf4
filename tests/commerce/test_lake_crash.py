"""Kill -9 and full disks: the old state or the new one, nothing between, and everything works again afterwards."""

import json
import os
import resource
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from commerce.lakes import files, one, order, rows, state
from tongxin.commerce import lake_commit
from tongxin.commerce.lake import Writer, open_lake

TESTS = Path(__file__).parents[1]


def seeded(lake, first=1, months=4, paid=100):
    many = rows(*(order(f"{n}", paid=paid, version=first, ordered_at=_month(1 + n % months)) for n in range(40)))
    with Writer(lake) as writer:
        return writer.merge("orders", many, source="pos", arrival=first)


def _month(number):
    from commerce.lakes import at

    return at(5, month=number)


def child(lake, *, die_at="", body="", limit=0):
    """A process that merges version 2 of all orders and is killed when `die_at` is called the nth time."""
    name, _, nth = die_at.partition(":")
    program = f"""
        import os, signal, resource, sys
        sys.path.insert(0, {str(TESTS)!r})
        from pathlib import Path
        from tongxin.commerce import lake_commit
        from commerce.test_lake_crash import seeded
        calls = 0
        def deadly(original):
            def die(*args, **kwargs):
                global calls
                calls += 1
                if calls == {int(nth or 0)}:
                    os.kill(os.getpid(), signal.SIGKILL)
                return original(*args, **kwargs)
            return die
        if {name!r}:
            owner, attribute = {{"sync": (lake_commit, "_sync"), "write": (lake_commit, "_write"), "replace": (Path, "replace"),
                                 "unlink": (Path, "unlink")}}[{name!r}]
            setattr(owner, attribute, deadly(getattr(owner, attribute)))
        if {limit}:
            resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))
        {body}
        seeded(Path({str(lake)!r}), first=2, paid=77)
        print("alive", calls)
    """
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, timeout=60, check=False
    )


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
    died = child(lake, die_at=point)
    assert died.returncode == -signal.SIGKILL, died.stderr
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
    died = child(lake, die_at="replace:4")
    assert died.returncode == -signal.SIGKILL
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


CATCH = """
        from tongxin.foundation.errors import Refused
        original = seeded
        def seeded(*args, **kwargs):
            try:
                original(*args, **kwargs)
            except Refused as refused:
                print("REFUSED", refused.code)
"""


@pytest.mark.parametrize("limit", [1500, 600])
def test_a_full_disk_is_refused_and_changes_nothing(tmp_path, limit):
    lake = tmp_path / "lake"
    seeded(lake)
    before = files(lake)
    done = child(lake, limit=limit, body=textwrap.dedent(CATCH).replace("\n", "\n        "))
    if "REFUSED" not in done.stdout:
        pytest.skip("the partition is smaller than this limit") if "alive" in done.stdout else pytest.fail(done.stderr)
    assert "REFUSED no_space" in done.stdout
    assert files(lake) == before
    assert seeded(lake, first=2, paid=77).changed == 40  # and works again at once


def test_control_with_room_the_same_child_changes_the_lake(tmp_path):
    lake = tmp_path / "lake"
    seeded(lake)
    before = files(lake)
    assert "alive" in child(lake).stdout
    assert files(lake) != before


def test_a_full_disk_of_a_real_file_system(tmp_path):
    """A tmpfs of 2 MB, where we may mount one."""
    small = tmp_path / "small"
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", small], capture_output=True, check=False
    ).returncode:
        pytest.skip("mounting is not allowed here")
    try:
        lake = small / "lake"
        seeded(lake)
        before = files(lake)
        ballast = small / "ballast"
        with ballast.open("wb") as file:
            try:
                while True:
                    file.write(b"x" * 4096)
                    file.flush()
            except OSError:
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
