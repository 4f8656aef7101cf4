"""The operational side under load (bars R1–R6): a whole installation on loopback, sign-in, rules, audit, book and outbox on.

CPU is that of web, worker and database together, from /proc. Everything is bounded in count and time and stops by itself.
`python bench/load.py [--quick]` prints the table and writes var/bench/load.json.
"""

import json
import sys
import threading
import time
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))
from load_client import Call, Tally, closed, opened
from load_house import ROOT, House, house

OUT = ROOT / "var" / "bench"
MEMBERS, SEATS, CROWD = 2000, 500, 100_000


def _as(token: str) -> tuple[tuple[str, str], ...]:
    return (
        ("Authorization", f"Bearer {token}"),
        ("Idempotency-Key", uuid.uuid4().hex),
        ("Accept-Language", "zh-CN"),
    )


def _register(event: str, token: str) -> Call:
    return Call("POST", f"/api/v1/events/{event}/registrations", _as(token), {"channel": "bench"})


def _per_request(at: House, before: dict[str, float], n: int) -> dict[str, float]:
    after = at.cpu()
    return {name: 1000 * (after[name] - before[name]) / n for name in before}


def _row(  # the columns of the table
    what: str,
    measured: str,
    bar: str,
    met: bool | None,  # noqa: FBT001 - a column that may be empty
    note: str = "",
) -> dict[str, Any]:
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def figures(*, quick: bool = False) -> list[dict[str, Any]]:
    """One row a bar."""
    members = 400 if quick else MEMBERS
    seats = 100 if quick else SEATS
    with house() as at:
        world = at.do("build", members=members)
        rows = [*_registration(at, world), *_check_in(at, world), *_sold_out(at, world, seats)]
        rows += [*_steady(at, world, quick=quick), *_steady_door(at, world, quick=quick)]
        rows += _full(at, world, 5000 if quick else CROWD)
        rows += _memory(at)
    return rows


def _registration(at: House, world: Any) -> list[dict[str, Any]]:
    """R1: processor time of one registration and of one page, one after the other."""
    some = world["members"][:300]
    event = at.do("event", places_=10_000, title="单次")
    closed(at.port, [_register(event["id"], t) for t in some[:50]], 1)
    before = at.cpu()
    tally = closed(at.port, [_register(event["id"], t) for t in some[50:]], 1)
    used = _per_request(at, before, len(some) - 50)
    total = sum(used.values())
    rows = [
        _row(
            "R1 registration, CPU", f"{total:.1f} ms ({used['app']:.1f} application, {used['database']:.1f} database)",
            "≤ 15 ms", total <= 15, f"statuses {dict(tally.statuses)}, median {tally.quantile(0.5):.1f} ms",
        )
    ]  # fmt: skip
    page = Call("GET", f"/m/events/{event['id']}/", (("Accept-Language", "zh-CN"),))
    closed(at.port, [page] * 30, 1)
    before = at.cpu()
    tally = closed(at.port, [page] * 300, 1)
    used = _per_request(at, before, 300)
    total = sum(used.values())
    return [
        *rows,
        _row(
            "R1 event page, CPU", f"{total:.1f} ms ({used['app']:.1f} application, {used['database']:.1f} database)",
            "≤ 6.5 ms", total <= 6.5 and tally.statuses[200] == 300, f"statuses {dict(tally.statuses)}, not signed in",
        ),
    ]  # fmt: skip


def _scan(event: str, champion: str, code: str) -> Call:
    return Call("POST", "/api/v1/checkins", (*_as(champion)[:1], *_as(champion)[2:], ("Idempotency-Key", str(uuid.uuid4()))),
                {"event": event, "code": code})  # fmt: skip


def _check_in(at: House, world: Any) -> list[dict[str, Any]]:
    """R1 and R3: processor time of one check-in by a ticket's code; one code at eight doors at once."""
    event = at.do("event", places_=2000, title="门", soon=True)
    at.do("crowd", event_pk=event["pk"], n=400)
    at.rest()
    codes = at.do("codes", event_pk=event["pk"], n=310, rate=60)
    calls = [_scan(event["id"], world["champion"], code) for code in codes]
    closed(at.port, calls[:50], 1)
    before = at.cpu()
    tally = closed(at.port, calls[50:300], 1, keep=True)
    used = _per_request(at, before, 250)
    total = sum(used.values())
    admitted = sum(b'"admitted"' in body for _, body in tally.answers)
    once = []
    for code in at.do("codes", event_pk=event["pk"], n=310, rate=1000)[300:]:
        answers = closed(
            at.port, [_scan(event["id"], world["champion"], code) for _ in range(8)], 8, keep=True
        )
        once.append(sum(b'"admitted"' in body for _, body in answers.answers))
    return [
        _row(
            "R1 check-in, CPU", f"{total:.1f} ms ({used['app']:.1f} application, {used['database']:.1f} database)",
            "≤ 7 ms", total <= 7 and admitted == 250,
            f"statuses {dict(tally.statuses)}, {admitted} admitted, median {tally.quantile(0.5):.1f} ms",
        ),
        _row(
            "R3 one code at eight doors at once, ten times", f"counted {once}", "exactly one each", once == [1] * len(once),
        ),
    ]  # fmt: skip


def _steady_door(at: House, world: Any, *, quick: bool) -> list[dict[str, Any]]:
    """R3: an open loop of check-ins."""
    rate, seconds, bar = 60, 10 if quick else 60, 100.0
    event = at.do("event", places_=2 * rate * seconds, title="稳 门", soon=True)
    at.do("crowd", event_pk=event["pk"], n=rate * seconds)
    at.rest()
    codes = at.do("codes", event_pk=event["pk"], n=rate * seconds, rate=rate)
    tally = opened(at.port, lambda n: _scan(event["id"], world["champion"], codes[n]), rate, seconds)
    p99 = tally.quantile(0.99)
    return [
        _row(
            f"R3 open loop, {rate} check-ins/s for {seconds} s",
            f"p50 {tally.quantile(0.5):.0f}, p99 {p99:.0f} ms, {tally.faults} faults",
            f"p99 ≤ {bar:.0f} ms, 0 faults",
            p99 <= bar and not tally.faults and tally.statuses[201] == rate * seconds,
            f"statuses {dict(tally.statuses)}",
        )
    ]


def _sold_out(at: House, world: Any, seats: int) -> list[dict[str, Any]]:
    """R2: many for few seats."""
    rows = []
    for connections, most_seconds, most_p99 in ((64, 6.0, 1500.0), (512, None, 8000.0)):
        event = at.do("event", places_=seats, title=f"秒光 {connections}")
        tally = closed(at.port, [_register(event["id"], t) for t in world["members"]], connections, keep=True)
        found = at.do("state", event_pk=event["pk"])
        exact = found["taken"] == found["confirmed"] == seats and found["rows"] == found["persons"] == len(
            world["members"]
        )
        held = exact and found["dense"] and not tally.faults
        sold = _sold_after(tally, seats)
        p99 = tally.quantile(0.99)
        rows.append(
            _row(
                f"R2 {seats} seats, {len(world['members'])} members, {connections} connections",
                f"sold out after {sold:.1f} s, p99 {p99:.0f} ms, {tally.faults} faults, over {max(0, found['confirmed'] - seats)}",
                f"0 over, 0 faults, line dense{f', ≤ {most_seconds:.0f} s' if most_seconds else ''}, p99 ≤ {most_p99:.0f} ms",
                held and p99 <= most_p99 and (most_seconds is None or sold <= most_seconds),
                f"all answered in {tally.seconds:.1f} s; {found}",
            )
        )
    return rows


def _sold_after(tally: Tally, seats: int) -> float:
    """Seconds until the last seat went, by the order of the answers and the pace of the run."""
    seen = 0
    for n, (status, body) in enumerate(tally.answers, 1):
        seen += status == 201 and b'"confirmed"' in body
        if seen == seats:
            return tally.seconds * n / len(tally.answers)
    return tally.seconds


def _steady(at: House, world: Any, *, quick: bool) -> list[dict[str, Any]]:
    """R3: an open loop of registrations; each member for another event."""
    seconds = 10 if quick else 60
    rows = []
    for rate, bar in ((60, 250.0), (100, None)):
        events = [
            at.do("event", places_=100_000, title=f"稳 {rate} {n}")
            for n in range(1 + rate * seconds // len(world["members"]))
        ]
        at.rest()
        tally = opened(at.port, _each_another(events, world["members"]), rate, seconds)
        p99 = tally.quantile(0.99)
        rows.append(
            _row(
                f"R3 open loop, {rate} registrations/s for {seconds} s",
                f"p50 {tally.quantile(0.5):.0f}, p99 {p99:.0f} ms, {tally.faults} faults",
                f"p99 ≤ {bar:.0f} ms, 0 faults" if bar else "reported",
                (p99 <= bar and not tally.faults) if bar else None,
                f"statuses {dict(tally.statuses)}",
            )
        )
    return rows


def _each_another(events: list[Any], members: list[str]) -> Callable[[int], Call]:
    """The n-th registration: every member once an event."""
    return lambda n: _register(events[n // len(members)]["id"], members[n % len(members)])


def _full(at: House, world: Any, crowd: int) -> list[dict[str, Any]]:
    """R4 and R5: the database's work per registration in an empty and in a crowded event; the export."""
    members = world["members"][:400]
    empty, full = (at.do("event", places_=crowd * 2, title=title) for title in ("空", "满"))
    at.do("crowd", event_pk=full["pk"], n=crowd)
    used = {"empty": 0.0, "full": 0.0}
    # In turns, so that what else the database does at the time falls on both.
    for some in range(0, len(members), 50):
        for name, event in (("empty", empty), ("full", full)):
            before = at.cpu()["database"]
            closed(at.port, [_register(event["id"], t) for t in members[some : some + 50]], 1)
            if some:  # the first fifty warm up
                used[name] += 1000 * (at.cpu()["database"] - before) / (len(members) - 50)
    ratio = used["full"] / used["empty"]
    return [
        _row(
            f"R4 database CPU per registration, {crowd:,} registered against none",
            f"{ratio:.2f} × ({used['full']:.2f} against {used['empty']:.2f} ms)", "≤ 1.2 ×", ratio <= 1.2,
        ),
        _export(at, world, full, crowd + len(members)),
    ]  # fmt: skip


def _export(at: House, world: Any, event: Any, expected: int) -> dict[str, Any]:
    """R5: everybody's registration as a file, and what the application's memory grows by meanwhile."""
    before, seen, over = at.memory()["all"], [0.0], threading.Event()

    def watch() -> None:
        while not over.wait(0.1):
            seen.append(at.memory()["all"])

    watching = threading.Thread(target=watch)
    watching.start()
    asked = urllib.request.Request(
        f"http://127.0.0.1:{at.port}/api/v1/events/{event['id']}/registrations.csv",
        headers={"Authorization": f"Bearer {world['champion']}"},
    )
    began, lines, size, first = time.perf_counter(), 0, 0, 0.0
    with urllib.request.urlopen(asked, timeout=120) as reply:  # noqa: S310 - our own server on loopback
        while block := reply.read(1 << 16):
            first = first or time.perf_counter() - began
            lines += block.count(b"\n")
            size += len(block)
    took = time.perf_counter() - began
    over.set()
    watching.join()
    extra = max(0.0, max(seen) - before)
    return _row(
        f"R5 {expected:,} registrations exported",
        f"{took:.2f} s, first bytes after {1000 * first:.0f} ms, {extra:.0f} MB extra",
        "≤ 3 s, streamed, ≤ 64 MB extra",
        took <= 3 and extra <= 64 and lines == expected + 1,
        f"{lines - 1:,} rows, {size / 1e6:.1f} MB",
    )


def _memory(at: House) -> list[dict[str, Any]]:
    used = at.memory()
    return [
        _row(
            "R6 memory after all this", f"largest web process {used['web']:.0f} MB, whole product {used['all']:.0f} MB",
            "≤ 130 MB, ≤ 450 MB without PostgreSQL", used["web"] <= 130 and used["all"] <= 450,
            "proportional set size; no Redis, no broker",
        )
    ]  # fmt: skip


if __name__ == "__main__":
    found = figures(quick="--quick" in sys.argv)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "load.json").write_text(json.dumps(found, ensure_ascii=False, indent=1))
    for row in found:
        print(
            f"{'✓' if row['met'] else '·' if row['met'] is None else '✗'} {row['what']}: {row['measured']} (bar {row['bar']}) {row['note']}"
        )
