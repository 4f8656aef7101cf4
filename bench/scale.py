"""Bar 9: from 10⁸ order lines to member × month in a bounded memory, and what the rest of a report costs after that.

`python bench/scale.py` generates the lines (Parquet, about 1.5 GB, in var/bench, removed at the end), runs every measurement in a
process of its own and prints a table. `python bench/scale.py --lines 1e7` is the small one. Generating takes half an hour and
need not be quiet: `python bench/scale.py prepare` does it ahead. `python bench/scale.py again` measures the first two rows only.
"""

# ruff: noqa: S608 - our own folder names are put into SQL
from __future__ import annotations

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
WORK = ROOT / "var" / "bench"
OUT = WORK / "scale.json"
MONTHS = 24
LINES_PER_ORDER = 2.5
#: of 10⁹ lines of 10⁷ members in 16 parts, the one that is really made and run
BILLION, TEN_MILLION, PARTS, PART = 10**9, 10**7, 16, 3
#: members whose costs give the exponent, with as many lines each
SIZES, LINES_EACH = (125_000, 500_000, 2_000_000), 5


def generate(folder: Path, lines: int, members: int, part: tuple[int, int] | None = None) -> int:
    """Write a chain of `lines` order lines over 24 months; with `part` only the members of that part. Returns the lines written.

    Orders lie in time as tills write them; who buys is a mix of the order's number, so that a month's file names its
    buyers in no order at all. Orders have one to four lines.
    """
    import duckdb  # noqa: PLC0415 - the parent process does without

    from tongxin.compass import partitions  # noqa: PLC0415 - the parent process does without

    folder.mkdir(parents=True, exist_ok=True)
    con = duckdb.connect(
        config={"memory_limit": "2GB", "threads": 2, "temp_directory": str(folder / "spill")}
    )
    con.execute("CREATE MACRO m0(x) AS x % 4294967296 * 1640531527 % 4294967296")
    con.execute("CREATE MACRO m1(x) AS xor(x, x >> 15) * 1540483477 % 4294967296")
    con.execute("CREATE MACRO m2(x) AS xor(x, x >> 13) * 1103515245 % 4294967296")
    con.execute("CREATE MACRO mix(k, s) AS m2(m1(m0(k + s * 2654435769))) >> 4")
    con.execute(
        f"CREATE TABLE who AS SELECT range AS place, 'M' || lpad(range::VARCHAR, 8, '0') AS member_code FROM range({members})"
    )
    orders = int(lines / LINES_PER_ORDER)
    if part is not None:
        con.create_function("digest_of", partitions.digest_of, ["VARCHAR"], "BIGINT")
        con.execute(f"DELETE FROM who WHERE digest_of(member_code) % {part[0]} <> {part[1]}")
        con.execute(
            "CREATE OR REPLACE TABLE who AS SELECT row_number() OVER (ORDER BY place) - 1 AS place, member_code FROM who"
        )
        kept = con.execute("SELECT count(*) FROM who").fetchone()[0]
        orders = orders * kept // members
    people = con.execute("SELECT count(*) FROM who").fetchone()[0]
    for table in ("orders", "order_lines"):
        (folder / table).mkdir(exist_ok=True)
    written = 0
    for month in range(MONTHS):
        begin, end = orders * month // MONTHS, orders * (month + 1) // MONTHS
        con.execute(
            f"""CREATE OR REPLACE TEMP TABLE o AS SELECT k, 'O' || lpad(k::VARCHAR, 10, '0') AS order_no,
            'S' || lpad((mix(k, 2) % 400)::VARCHAR, 4, '0') AS store_code, member_code, mix(k, 3) % 4 + 1 AS n,
            TIMESTAMPTZ '2024-01-01 02:00:00+00' + INTERVAL ({month}) MONTH
            + INTERVAL (((k - {begin}) * 27 * 86400) // {max(1, end - begin)}) SECOND AS ordered_at
            FROM range({begin}, {end}) r(k) JOIN who ON who.place = mix(k, 1) % {people}"""
        )
        con.execute(
            f"""COPY (SELECT order_no, ordered_at, store_code, member_code, (500 * n + mix(k, 4) % 7000)::BIGINT AS total_paid_fen
            FROM o) TO '{folder}/orders/{month:02d}.parquet' (FORMAT parquet, COMPRESSION zstd)"""
        )
        row = con.execute(
            f"""COPY (SELECT order_no, (i + 1)::INTEGER AS line_no, store_code, member_code, ordered_at,
            'K' || lpad((mix(k, i + 10) % 5000)::VARCHAR, 5, '0') AS sku, 1.0 AS qty, (500 + mix(k, i + 20) % 3000)::BIGINT AS paid_amount_fen
            FROM o, unnest(range(n)) u(i))
            TO '{folder}/order_lines/{month:02d}.parquet' (FORMAT parquet, COMPRESSION zstd)"""
        ).fetchone()
        written += row[0]
    small = {
        "stores": "SELECT 'S' || lpad(range::VARCHAR, 4, '0') AS store_code, 'store' AS name, 'R' || (range % 4) AS region FROM range(400)",
        "categories": "SELECT 'C' || range AS category_code, 'category ' || range AS name, "
        "CASE WHEN range < 3 THEN 'high' ELSE 'mid' END AS margin_class FROM range(10)",
        "products": "SELECT 'K' || lpad(range::VARCHAR, 5, '0') AS sku, 'article' AS name, 'C' || (range % 10) AS category_code FROM range(5000)",
        "participation": "SELECT member_code, 'event' AS what, 'e' || (mix(place, 31) % 50) AS what_code, 'checked_in' AS status, "
        "TIMESTAMPTZ '2025-01-15 02:00:00+00' + INTERVAL (mix(place, 32) % 200) DAY AS happened_at FROM who WHERE mix(place, 30) % 50 = 0",
    }
    for name, query in small.items():
        con.execute(f"COPY ({query}) TO '{folder}/{name}.parquet' (FORMAT parquet, COMPRESSION zstd)")
    return written


class Clock:
    """CPU seconds, wall seconds and peak memory of this process, stage by stage."""

    def __init__(self) -> None:
        self.stages: dict[str, dict[str, float]] = {}
        self._cpu, self._wall = self._now()

    @staticmethod
    def _now() -> tuple[float, float]:
        used = os.times()
        return used.user + used.system, time.monotonic()

    def stage(self, name: str) -> None:
        """Note what has been used since the last stage."""
        cpu, wall = self._now()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stages[name] = {"cpu": cpu - self._cpu, "wall": wall - self._wall, "peak_mb": peak}
        self._cpu, self._wall = cpu, wall


def child(
    folder: Path, memory: str, parts: int, only: int | None, *, flat: bool, report: bool
) -> dict[str, Any]:
    """One measurement in this process: open, add up, and the rest of a study."""
    import ibis  # noqa: PLC0415 - the parent process does without
    import pyarrow.parquet as pq  # noqa: PLC0415 - the parent process does without

    from tongxin.compass import design, fingerprint, panel, study  # noqa: PLC0415 - the parent process does without
    from tongxin.compass import report as reports  # noqa: PLC0415 - the parent process does without
    from tongxin.compass.dataset import Room, open_sources  # noqa: PLC0415 - the parent process does without
    from tongxin.compass.periods import calendar_for  # noqa: PLC0415 - the parent process does without

    names = ("stores", "categories", "products", "participation", "orders", "order_lines")
    paths = {
        name: folder / name if (folder / name).is_dir() else folder / f"{name}.parquet" for name in names
    }
    rows = sum(pq.ParquetFile(file).metadata.num_rows for file in (folder / "order_lines").glob("*.parquet"))
    clock = Clock()
    room = Room(memory=memory, temp=folder / "spill", partitions=parts, settled=True)
    dataset = open_sources(paths, room=room)
    if not flat:
        lines = dataset.tables["order_lines"].drop(
            "member_code", "ordered_at", "ordered_at_date", "ordered_at_day"
        )
        dataset.tables["order_lines"] = lines
    clock.stage("open")
    calendar = calendar_for("month", dataset)
    facts = panel.gather(dataset, calendar)
    clock.stage("members")
    if only is not None:
        # the members of one part, numbered from 0 as if they were all: what is added up is what one part costs
        facts = facts.part_of(only)
        numbered = facts.members.mutate(member=ibis.row_number().over(order_by=facts.members.member_code))
        facts = replace(facts, members=dataset.keep(numbered))
        dataset = replace(dataset, room=replace(room, partitions=1))
        sums = panel.build(dataset, calendar, facts)
        clock.stage("sums")
        found = int((sums.values["line_spend"] != 0).sum())
        return {"lines": rows, "members": sums.members, "groups": found, "stages": clock.stages}
    sums = panel.build(dataset, calendar, facts)
    clock.stage("sums")
    groups = int((sums.values["line_spend"] != 0).sum())
    found = {
        "lines": rows,
        "members": sums.members,
        "groups": groups,
        "orders": int(sums.values["orders"].sum()),
    }
    found["spend"] = int(sums.values["spend"].sum())
    if report:
        panel.gather, panel.build = lambda *_: facts, lambda *_: sums  # type: ignore[assignment]  # the sums are there; time what comes after
        chosen, notes = design.default_for(dataset)
        answer = study.run(dataset, chosen, notes=notes)
        reports.render(answer, "zh")
        clock.stage("report")
        found["treated"] = answer.primary.n_treated if hasattr(answer.primary, "n_treated") else None
        found["data"] = answer.fingerprint.data
    else:
        found["data"] = fingerprint.hashlib.sha256(
            b"".join(sums.values[name].tobytes() for name in sorted(sums.values))
        ).hexdigest()
    return found | {"stages": clock.stages}


def run(
    folder: Path,
    memory: str,
    parts: int = 1,
    only: int | None = None,
    *,
    flat: bool = True,
    report: bool = False,
) -> dict[str, Any]:
    """Run `child` in a process of its own."""
    argv = [
        sys.executable,
        __file__,
        "child",
        str(folder),
        memory,
        str(parts),
        str(-1 if only is None else only),
        str(int(flat)),
        str(int(report)),
    ]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, cwd=ROOT)
    if done.returncode:
        sys.exit(done.stderr[-3000:])
    return json.loads(done.stdout.splitlines()[-1])


def made(lines: int, members: int, part: tuple[int, int] | None = None) -> Path:
    """Generate into a folder of var/bench, in a process of its own; what `prepare` made before is taken as it is."""
    folder = WORK / f"scale_{lines}_{members}{'_part' if part else ''}"
    told = json.dumps([lines, members, part])
    if (folder / "whole.json").exists() and (folder / "whole.json").read_text() == told:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    argv = [
        sys.executable,
        __file__,
        "generate",
        str(folder),
        str(lines),
        str(members),
        *(map(str, part) if part else ()),
    ]
    subprocess.run(argv, check=True, cwd=ROOT)
    (folder / "whole.json").write_text(told)
    return folder


def row(
    what: str,
    measured: str,
    bar: str,
    met: bool | None,  # noqa: FBT001 - a row of the table
    note: str = "",
    **numbers: float,
) -> dict[str, Any]:
    """One row of the table."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note} | numbers


def whole(folder: Path, lines: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The whole chain in one process: flat lines to member-months, then the rest of a report."""
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet")) / 1e9
    found = run(folder, "3GB", report=True)
    stages = found["stages"]
    cpu = stages["members"]["cpu"] + stages["sums"]["cpu"]
    peak = stages["sums"]["peak_mb"] / 1000
    rest, wall = stages["report"]["cpu"], stages["report"]["wall"]
    full = lines >= 10**8
    said = f"{found['lines']:,} order lines ({size:.2f} GB Parquet), {found['members']:,} members, {found['orders']:,} orders"
    return found, [
        row(
            f"{said}: to {found['groups']:,} member-months with distinct orders, lines carrying member and time",
            f"{cpu:.1f} CPU-s, {peak:.2f} GB",
            "≤ 45 CPU-s, ≤ 5 GB",
            (cpu <= 45 and peak <= 5) if full else None,
            f"wall {stages['members']['wall'] + stages['sums']['wall']:.0f} s; opening and checking columns {stages['open']['cpu']:.1f} CPU-s more",
            cpu=cpu,
            peak_gb=peak,
        ),
        row(
            "the rest of the report: people, controls, effects, checks, sentences, page",
            f"{rest:.1f} CPU-s, {wall:.0f} s by the clock",
            "≤ 60 s",
            rest <= 60 if full else None,
            f"peak {stages['report']['peak_mb'] / 1000:.2f} GB",
            cpu=rest,
            wall=wall,
        ),
    ]


def again(lines: int) -> list[dict[str, Any]]:
    """The first two rows measured again, on lines that stay for the next time; the others as they were kept."""
    _, rows = whole(made(lines, lines // 100), lines)
    return rows + json.loads(OUT.read_text(encoding="utf-8"))[len(rows) :]


def adding_up(lines: int, members: int) -> list[dict[str, Any]]:
    """The whole chain: flat lines, lines that follow their orders, several parts; then the rest of a report."""
    folder = made(lines, members)
    found, out = whole(folder, lines)
    for name, parts, flat in (
        ("lines that follow their orders", 1, False),
        ("the same flat lines in 4 parts", 4, True),
    ):
        other = run(folder, "3GB", parts, flat=flat)
        cost = other["stages"]["members"]["cpu"] + other["stages"]["sums"]["cpu"]
        peak = other["stages"]["sums"]["peak_mb"] / 1000
        same = all(other[key] == found[key] for key in ("groups", "orders", "spend", "members"))
        out.append(
            row(
                f"{lines:,} order lines, {name}",
                f"{cost:.1f} CPU-s, {peak:.2f} GB, sums {'identical' if same else 'DIFFERENT'}",
                "the same sums",
                same,
                cpu=cost,
                peak_gb=peak,
            )
        )
    shutil.rmtree(folder, ignore_errors=True)
    return out


def growing(sizes: tuple[int, ...]) -> dict[str, Any]:
    """Exponent of CPU over members, from orders to member-months, at the same number of lines a member."""
    costs, lines_each = [], LINES_EACH
    for members in sizes:
        folder = made(members * lines_each, members)
        stages = run(folder, "3GB")["stages"]
        costs.append(stages["members"]["cpu"] + stages["sums"]["cpu"])
        shutil.rmtree(folder, ignore_errors=True)
    spread, rise = math.log(sizes[-1] / sizes[0]), math.log(costs[-1] / costs[0])
    said = ", ".join(f"{members:,}: {cost:.1f}" for members, cost in zip(sizes, costs, strict=True))
    exponent = rise / spread
    what = f"members from {sizes[0]:,} to {sizes[-1]:,} ({lines_each} lines each)"
    return row(
        what,
        f"exponent {exponent:.2f}",
        "≤ 1.05",
        exponent <= 1.05 if sizes[-1] >= 2_000_000 else None,
        f"CPU-s {said}",
        exponent=exponent,
    )


def one_of_sixteen(lines: int, members: int) -> list[dict[str, Any]]:
    """Of `lines` in 16 parts one is made and run, and one of a tenth of it: memory has to stay flat."""
    out, peaks = [], []
    for size, people in ((lines // 10, members // 10), (lines, members)):
        folder = made(size, people, (PARTS, PART))
        found = run(folder, "3GB", PARTS, PART)
        stages = found["stages"]
        cpu = stages["members"]["cpu"] + stages["sums"]["cpu"]
        peaks.append(stages["sums"]["peak_mb"] / 1000)
        out.append(
            row(
                f"{size:,} order lines of {people:,} members in {PARTS} parts: part {PART} made and run, {found['lines']:,} lines",
                f"{cpu:.1f} CPU-s, {peaks[-1]:.2f} GB, {found['groups']:,} member-months",
                "flat memory: ≤ 5 GB",
                peaks[-1] <= 5 if lines >= BILLION else None,
                "only this part's lines were generated: reading past the lines of the other parts is not in the figure",
                cpu=cpu,
                peak_gb=peaks[-1],
            )
        )
        shutil.rmtree(folder, ignore_errors=True)
    return out


def prepare(lines: int = 10**8) -> None:
    """Generate everything that `figures` measures."""
    share = lines / 10**8
    made(lines, int(10**6 * share))
    for size in SIZES:
        made(int(size * share) * LINES_EACH, int(size * share))
    for tenth in (10, 1):
        made(int(BILLION * share) // tenth, int(TEN_MILLION * share) // tenth, (PARTS, PART))


def figures(lines: int = 10**8) -> list[dict[str, Any]]:
    """Every figure of bar 9; with fewer lines everything is smaller in proportion, and the bars do not apply."""
    share = lines / 10**8
    found = adding_up(lines, int(10**6 * share))
    found.append(growing(tuple(int(size * share) for size in SIZES)))
    return found + one_of_sixteen(int(BILLION * share), int(TEN_MILLION * share))


def main() -> None:
    """Print the table and keep it. `--lines 1e6` is a small one."""
    lines = int(float(sys.argv[2])) if len(sys.argv) > 2 else 10**8
    if sys.argv[1:2] == ["prepare"]:
        prepare(lines)
        return
    found = again(lines) if sys.argv[1:2] == ["again"] else figures(lines)
    for one in found:
        sign = {True: "met ", False: "MISS", None: "    "}[one["met"]]
        print(f"{sign} {one['what']}: {one['measured']} [{one['bar']}] {one['note']}")
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1:2] == ["generate"]:
        to, lines_text, members_text, *dealt = sys.argv[2:]
        generate(
            Path(to), int(lines_text), int(members_text), (int(dealt[0]), int(dealt[1])) if dealt else None
        )
    elif sys.argv[1:2] == ["child"]:
        at, memory_text, parts_text, only_text, flat_text, report_text = sys.argv[2:]
        chosen_part = None if only_text == "-1" else int(only_text)
        given = child(
            Path(at),
            memory_text,
            int(parts_text),
            chosen_part,
            flat=flat_text == "1",
            report=report_text == "1",
        )
        print(json.dumps(given))
    else:
        main()
