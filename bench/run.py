"""What `make bench` measures, as whole processes, and writes into docs/benchmarks.md.

Every figure is the median of several runs of one command (one for the long ones): wall seconds, processor seconds and peak
memory as the operating system counted them. Nothing here gates: the suite gates on counts and invariants.
"""

import json
import os
import platform
import pwd
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
PAGE = ROOT / "docs" / "benchmarks.md"
DEBIAN_POSTGRESQL = Path("/usr/lib/postgresql/15/bin")


@dataclass(frozen=True)
class Figure:
    """One row: what ran, how it went, what was promised."""

    what: str
    command: str
    wall: float
    cpu: float
    peak_mb: float
    runs: int
    promise: str
    note: str = ""


def once(command: list[str], env: dict[str, str]) -> tuple[float, float, float, int, bytes]:
    """Run a process to its end; wall s, cpu s (with children), peak MB of the largest process, exit code, output."""
    with tempfile.TemporaryFile() as out:
        begun = time.monotonic()
        child = subprocess.Popen(command, env=env, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        out.seek(0)
        return wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, child.returncode, out.read()


def measure(what: str, command: list[str], promise: str, *, runs: int = 3, env: dict[str, str] | None = None,
            before: Callable[[], object] = lambda: None, ok: tuple[int, ...] = (0,)) -> Figure:  # fmt: skip
    """Median of `runs` runs. Stops the whole bench when a run ends with an exit code that is not in `ok`."""
    taken = []
    for _ in range(runs):
        before()
        wall, cpu, peak, code, out = once(command, os.environ | (env or {}))
        if code not in ok:
            sys.exit(f"{' '.join(command)} ended with {code}:\n{out.decode(errors='replace')[-3000:]}")
        taken.append((wall, cpu, peak))
    walls, cpus, peaks = zip(*taken, strict=True)
    shown = " ".join(Path(c).name if c.startswith(str(ROOT)) else c for c in command)
    figure = Figure(what, shown, statistics.median(walls), statistics.median(cpus), max(peaks), runs, promise)
    print(f"{figure.wall:8.1f} s {figure.cpu:8.1f} cpu-s {figure.peak_mb:8.0f} MB  {what}", flush=True)
    return figure


def chain(home: Path) -> list[Figure]:
    """Import, placement and study of the Complete Journey in an installation of its own."""
    env = {"TONGXIN_HOME": str(home), "TONGXIN_DEMO": "1", "DATABASE_URL": ""}
    tongxin = str(BIN / "tongxin")
    first = ["--brand", "Bench", "--currency", "USD", "--admin", "bench-admin"]
    once([tongxin, "init", *first], os.environ | env)
    out = home / "study"
    return [
        measure("import of 1,469,307 order lines", [tongxin, "import", "complete-journey"], "≤ 20 s, ≤ 1 GB", runs=1, env=env),
        measure("the same import again (nothing changes)", [tongxin, "import", "complete-journey"], "", runs=1, env=env),
        measure("ring placement of all members", [tongxin, "rings", "recompute"], "≤ 5 s", env=env),
        measure(
            "study on files: participation, FUEL as negative control",
            [tongxin, "roi", "run", "complete-journey", "--treated", "participation", "--out", str(out)],
            "≤ 15 s, ≤ 1 GB", env=env,
        ),
        measure(
            "simulate 20,000 members, 24 months",
            [tongxin, "simulate", "--regime", "level", "--effect", "25%", "--members", "20000", "--seed", "1",
             "--out", str(home / "world")],
            "", runs=1, env=env,
        ),
        measure(
            "study on the simulated 20,000 members",
            [tongxin, "roi", "run", str(home / "world"), "--out", str(home / "world-study")], "", runs=1, env=env,
        ),
    ]  # fmt: skip


def demo(home: Path) -> list[Figure]:
    """The demo from a prepared environment, and again."""
    env = {"TONGXIN_HOME": str(home), "TONGXIN_DEMO": "1", "DATABASE_URL": ""}
    command = [str(BIN / "tongxin"), "demo", "--no-serve"]
    return [
        measure("demo built from an empty folder", command, "≤ 4 min with installing", runs=1, env=env),
        measure("demo called again", command, "≤ 10 s", runs=1, env=env),
    ]


def suite_on_debian_postgresql() -> Figure | None:
    """The whole suite once against Debian's PostgreSQL 15 through DATABASE_URL."""
    if not (DEBIAN_POSTGRESQL / "initdb").exists():
        print("PostgreSQL 15 of Debian is not installed (apt-get install postgresql-15): not run")
        return None
    home = Path(tempfile.mkdtemp(prefix="tongxin-pg15-"))
    as_user = {"user": pwd.getpwnam("postgres").pw_uid, "extra_groups": []} if os.geteuid() == 0 else {}
    if as_user:
        home.chmod(0o755)
        shutil.chown(home, "postgres", "postgres")
    try:
        for command in (
            [DEBIAN_POSTGRESQL / "initdb", "-D", home / "data", "-U", "tongxin", "--auth=trust", "-E", "UTF8", "--locale=C"],
            [DEBIAN_POSTGRESQL / "pg_ctl", "-D", home / "data", "-w", "-l", home / "log", "-o",
             f"-k {home} -c listen_addresses='' -c fsync=off", "start"],
            [DEBIAN_POSTGRESQL / "createdb", "-h", home, "-U", "tongxin", "tongxin"],
        ):  # fmt: skip
            subprocess.run([str(c) for c in command], check=True, capture_output=True, cwd="/", **as_user)
        env = {"DATABASE_URL": f"postgresql://tongxin@/tongxin?host={home}"}
        return measure(
            "whole suite on Debian's PostgreSQL 15",
            [str(BIN / "pytest"), "-n", "2", "--dist", "loadfile"],
            "green",
            runs=1,
            env=env,
        )
    finally:
        subprocess.run(
            [str(DEBIAN_POSTGRESQL / "pg_ctl"), "-D", str(home / "data"), "-m", "immediate", "stop"],
            check=False, capture_output=True, cwd="/", **as_user,
        )  # fmt: skip
        shutil.rmtree(home, ignore_errors=True)


def machine() -> str:
    """One line about the machine: processor, cores, memory, system."""
    cpu = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        "?",
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{cpu}, {os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def write(measured: list[Figure]) -> None:
    """Put the table between the marks in docs/benchmarks.md; rows that were not measured this time stay as they were."""
    kept = ROOT / "var" / "bench.json"
    rows_by_name = (
        {row["what"]: Figure(**row) for row in json.loads(kept.read_text())} if kept.exists() else {}
    )
    rows_by_name |= {figure.what: figure for figure in measured}
    figures = list(rows_by_name.values())
    rows = ["| what | wall s | cpu s | peak MB | runs | promised |", "|---|---:|---:|---:|---:|---|"]
    rows += [
        f"| {f.what}<br>`{f.command}` | {f.wall:.1f} | {f.cpu:.1f} | {f.peak_mb:.0f} | {f.runs} | {f.promise} |"
        for f in figures
    ]
    text = f"Measured {datetime.now(UTC):%Y-%m-%d} by `make bench` on: {machine()}.\n\n" + "\n".join(rows)
    head, begin, rest = PAGE.read_text().partition("<!-- figures -->")
    _, end, tail = rest.partition("<!-- end of figures -->")
    PAGE.write_text(f"{head}{begin}\n{text}\n{end}{tail}")
    kept.write_text(json.dumps([f.__dict__ for f in figures], ensure_ascii=False, indent=1))


def main() -> None:
    """Measure what is asked for on the command line (chain, demo, suite), by default everything."""
    wanted = set(sys.argv[1:]) or {"chain", "demo", "suite"}
    (ROOT / "var").mkdir(exist_ok=True)
    home = Path(tempfile.mkdtemp(prefix="tongxin-bench-", dir=ROOT / "var"))
    figures: list[Figure] = []
    try:
        if "chain" in wanted:
            figures += chain(home / "chain")
        if "demo" in wanted:
            figures += demo(home / "demo")
        if "suite" in wanted and (suite := suite_on_debian_postgresql()):
            figures.append(suite)
        write(figures)
    finally:
        for folder in ("chain", "demo"):
            subprocess.run(
                [sys.executable, "-c", f"from pathlib import Path; from tongxin.foundation import embedded; embedded.stop(Path({str(home / folder)!r}))"],
                check=False, capture_output=True,
            )  # fmt: skip
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
