"""What `make bench` measures, as whole processes, and writes into docs/benchmarks.md.

Every figure is the median of several runs of one command (one for the long ones): wall seconds, processor seconds and peak
memory as the operating system counted them. Nothing here gates: the suite gates on counts and invariants.

`bench/figures.json` keeps every row with its day and machine, so that a part can be measured again without losing the rest.
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
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
BIN = ROOT / ".venv" / "bin"
PAGE = ROOT / "docs" / "benchmarks.md"
KEPT = ROOT / "bench" / "figures.json"
WRITTEN = ROOT / "var" / "bench"
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


# What the demo holds of the Complete Journey; the suite builds it from a part of the lines.
DEMO_HOLDS = {"order_lines": 1_469_307, "members": 2_469, "stores": 457, "days": 132_128, "redeemed": 792}
DEMO_COUNTED = """
import json
from tongxin.faces.cli import answers
answers.platform()
from tongxin.commerce.models import PurchaseDay
from tongxin.people.models import Deed
print(json.dumps({
    "days": PurchaseDay.objects.count(),
    "redeemed": Deed.objects.filter(kind="checked_in", person__simulated=False).count(),
}))
"""


def demo(home: Path) -> list[Figure]:
    """The demo from a prepared environment, and again. Stops when it does not hold every line, member, store and day."""
    env = {"TONGXIN_HOME": str(home), "TONGXIN_DEMO": "1", "DATABASE_URL": ""}
    command = [str(BIN / "tongxin"), "demo", "--no-serve"]
    built = measure("demo built from an empty folder", command, "≤ 4 min with installing", runs=1, env=env)
    reports = json.loads((home / "demo.json").read_text())["reports"]
    *_, code, out = once([sys.executable, "-c", DEMO_COUNTED], os.environ | env)
    if code:
        sys.exit(out.decode(errors="replace")[-3000:])
    found = {one["table"]: one["new"] for one in reports} | json.loads(out)
    if DEMO_HOLDS.items() - found.items():
        sys.exit(f"the demo holds {found}, not {DEMO_HOLDS}")
    return [built, measure("demo called again", command, "≤ 10 s", runs=1, env=env)]


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


#: bars that are measured by a file of their own: its name → what it measures
TOPICS: dict[str, str] = {
    "amplify": "rings of invented friends, planted votes, thanks and pools to the last fen",
    "outside_stop": "when a deal with another's community is stopped, read each week (bench/outside_stop.py)",
    "moderation": "words, judgements, sentiment and kinds of voices (bench/moderation.py)",
    "worlds": "simulated worlds with a known truth: bias, coverage, false positives, refusals, balance",
    "semisynthetic": "an effect injected into real baskets",
    "peers_matching": "published results and peers: matching, coarsening, rolling entry",
    "peers_group_time": "published results and peers: group-time effects",
    "peers_pretix": "registration, check-in and page beside pretix",
    "voices": "feeds, topics, posting and whole pages from a thousand to a million posts",
    "peers_machina": "the same pages beside django-machina",
    "consents": "generated histories of consent: nothing shown without a yes that holds",
    "payloads": "two hundred scripts in every text field, over all pages in a browser",
    "checks": "breakdown, drift and the plan of a study",
    "ltv": "published results and peers: customer value",
    "graph": "a million members: strength, components, PageRank, cores",
    "indices": "indices, payouts, credits, budgets, the experience index",
    "rings_runs": "a million members placed from fifty million rows, slow to let go, explained",
    "segments": "a rule over a million members previewed within a second",
    "scale": "10^8 order lines to member-months",
    "engines": "DuckDB and Spark",
    "mutants": "mutation score of ledger, access and consent",
    "timing": "sign-in takes the same time for known and unknown names",
    "skew": "two machines twenty minutes apart",
    "restore": "backup and restore of a million members",
    "load": "registration, pages and rushes: a whole installation under load",
    "seats": "seats, the waiting list and the draw under races and faults",
    "tickets": "forged, altered, foreign and old tickets",
    "checkin": "random days at three offline doors",
    "series": "a calendar of a hundred thousand occurrences",
    "ledger": "money: a model that predicts every answer, races, faults",
    "messages": "the one gate under generated histories",
    "planner": "a plan for a whole chain, and everybody sending at once",
    "wecom": "hand-overs to WeCom through every fault, a week of lost callbacks, first words, noes",
    "poster": "posters, the codes on them photographed, titles, advertising words",
    "lived": "a simulated chain lives a year, and its draws find what was planted in its till",
    "flaky": "the core of the suite, again and again in other orders",
}


def topic(name: str) -> list[dict[str, Any]]:
    """Run one file of bars in a process of its own; returns its rows."""
    print(f"{name}: {TOPICS[name]}", flush=True)
    done = subprocess.run([sys.executable, str(ROOT / "bench" / f"{name}.py")], cwd=ROOT, check=False)
    file = WRITTEN / f"{name}.json"
    if done.returncode or not file.exists():
        print(f"{name} ended with {done.returncode}: its rows stay as they were")
        return []
    rows: list[dict[str, Any]] = json.loads(file.read_text())
    return rows


def keep(part: str, rows: list[dict[str, Any]]) -> None:
    """Replace the rows of one part, with the day and the machine."""
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    old = {row["what"]: row for row in kept.get(part, {}).get("rows", [])} if part in PARTS else {}
    fresh = old | {row["what"]: row for row in rows}
    kept[part] = {"day": f"{datetime.now(UTC):%Y-%m-%d}", "machine": machine(), "rows": list(fresh.values())}
    KEPT.write_text(json.dumps(kept, ensure_ascii=False, indent=1) + "\n")


def page() -> str:
    """What stands between the marks of docs/benchmarks.md."""
    kept = json.loads(KEPT.read_text())
    parts = []
    for part in (*PARTS, *TOPICS):
        if not kept.get(part, {}).get("rows"):
            continue
        about = kept[part]
        head = "whole processes" if part in PARTS else TOPICS[part]
        parts.append(f"### {part}: {head}\n\n{about['day']}, {about['machine']}.\n")
        parts.append(_processes(about["rows"]) if part in PARTS else _bars(about["rows"]))
    return "\n".join(parts)


def _processes(rows: list[dict[str, Any]]) -> str:
    table = ["| what | wall s | cpu s | peak MB | runs | promised |", "|---|---:|---:|---:|---:|---|"]
    table += [
        f"| {f['what']}<br>`{f['command']}` | {f['wall']:.1f} | {f['cpu']:.1f} | {f['peak_mb']:.0f} | {f['runs']} | {f['promise']} |"
        for f in rows
    ]
    return "\n".join(table) + "\n"


def _bars(rows: list[dict[str, Any]]) -> str:
    said = {True: "yes", False: "**no**", None: "—"}
    table = ["| what | measured | bar | met | note |", "|---|---|---|---|---|"]
    table += [
        "| " + " | ".join(str(cell).replace("|", "\\|").replace("\n", " ") for cell in
            (row["what"], row["measured"], row["bar"], said[row.get("met")], row.get("note", ""))) + " |"
        for row in rows
    ]  # fmt: skip
    return "\n".join(table) + "\n"


def publish() -> None:
    """Put the tables between the marks."""
    head, begin, rest = PAGE.read_text().partition("<!-- figures -->")
    _, end, tail = rest.partition("<!-- end of figures -->")
    PAGE.write_text(f"{head}{begin}\n{page()}{end}{tail}")


PARTS = ("chain", "demo", "suite")


def main() -> None:
    """Measure the parts named on the command line, by default all: whole processes (chain, demo, suite) and every topic.

    `python bench/run.py page` only writes the page again; `python bench/run.py take NAME…` takes the rows that a topic's own
    run has written.
    """
    wanted = sys.argv[1:] or [*PARTS, *TOPICS]
    WRITTEN.mkdir(parents=True, exist_ok=True)
    if wanted[0] == "take":
        for name in wanted[1:]:
            keep(name, json.loads((WRITTEN / f"{name}.json").read_text()))
    elif wanted != ["page"]:
        unknown = set(wanted) - {*PARTS, *TOPICS}
        if unknown:
            sys.exit(f"unknown: {', '.join(sorted(unknown))}; known: {', '.join((*PARTS, *TOPICS))}")
        for name in wanted:
            rows = processes(name) if name in PARTS else topic(name)
            if rows:
                keep(name, rows)
    publish()


def processes(part: str) -> list[dict[str, Any]]:
    """The rows of one part that runs whole processes in an installation of its own."""
    home = Path(tempfile.mkdtemp(prefix="tongxin-bench-", dir=ROOT / "var"))
    try:
        if part == "suite":
            figure = suite_on_debian_postgresql()
            return [] if figure is None else [asdict(figure)]
        return [asdict(figure) for figure in (chain if part == "chain" else demo)(home)]
    finally:
        subprocess.run(
            [sys.executable, "-c", f"from pathlib import Path; from tongxin.foundation import embedded; embedded.stop(Path({str(home)!r}))"],
            check=False, capture_output=True,
        )  # fmt: skip
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
