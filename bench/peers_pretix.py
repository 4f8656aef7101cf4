"""pretix 2026.8.0 beside us: one order, one check-in, the event page, an export; the same machine, the same counting, one after the other.

A free registration, a ticket's code at the door and the page that anybody reads, each asked through what a user would use: its REST
API with a team's token and its public page, ours the same way. CPU is that of web, workers and database together, from /proc;
statements are those that the database wrote down, BEGIN and COMMIT not counted. Both sides run alone, two web processes each.

`python bench/peers_pretix.py --install` puts pretix into `var/peers/pretix` (some 400 MB); without it this says so and measures nothing.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent / "peers"))
sys.path.insert(0, str(Path(__file__).parent))
import pretix_house as peer
from load import _as, _register, _scan
from load_client import Call, closed
from load_house import ROOT, house, told

from tongxin.foundation import embedded

OUT = ROOT / "var" / "bench"
WARM, COUNTED, PAGES = 20, 100, 100
Used = dict[str, float]
MISSING = 3  # exit code: the peer is not there


def one_by_one(
    cpu: Callable[[], Used], port: int, calls: Sequence[Call], expect: int
) -> tuple[Used, list[bytes]]:
    """CPU-ms a request after some to warm up, and all answers. Ends the run when one is refused."""
    answers = closed(port, calls[:WARM], 1, keep=True).answers
    before = cpu()
    answers += closed(port, calls[WARM:], 1, keep=True).answers
    after = cpu()
    wrong = [body for status, body in answers if status != expect]
    if wrong:
        sys.exit(f"{len(wrong)} of {len(answers)} refused: {wrong[0][:300]!r}")
    return {name: 1000 * (after[name] - before[name]) / (len(calls) - WARM) for name in before}, [
        b for _, b in answers
    ]


def theirs() -> dict[str, Any]:
    """pretix: (CPU, statements) of each act, megabytes, seconds of an export of so many."""
    found: dict[str, Any] = {}
    with peer.pretix() as at:
        orders = [peer.order(at, n) for n in range(WARM + COUNTED + 1)]
        found["order"], made = one_by_one(at.cpu, at.port, orders[:-1], 201)
        with told(at.server) as said:
            closed(at.port, orders[-1:], 1)
        found["order statements"] = len(said)
        secrets = [json.loads(body)["positions"][0]["secret"] for body in made]
        scans = [peer.redeem(at, secret) for secret in secrets]
        found["check-in"], _ = one_by_one(at.cpu, at.port, scans[:-1], 201)
        with told(at.server) as said:
            closed(at.port, scans[-1:], 1)
        found["check-in statements"] = len(said)
        page = Call("GET", f"/{peer.ORGANISER}/{peer.EVENT}/")
        found["page"], _ = one_by_one(at.cpu, at.port, [page] * (WARM + PAGES), 200)
        with told(at.server) as said:
            closed(at.port, [page], 1)
        found["page statements"] = len(said)
        found["export"] = _exported(at)
        found["rows"] = len(orders)
        found["memory"] = at.memory()
    return found


def _exported(at: peer.Pretix) -> Used:
    """CPU-ms and wall-ms of its order list as CSV, as often as its API has to be asked for it."""
    before, began = at.cpu(), time.perf_counter()
    asked = at.api(
        "POST",
        f"events/{peer.EVENT}/exporters/orderlist/run/",
        {"_format": "orders:default", "paid_only": False},
    )
    where = asked["download"].partition(f"/organizers/{peer.ORGANISER}/")[2]
    for _ in range(600):
        answer = at.api("GET", where)
        if isinstance(answer, tuple) and answer[0] == 200:
            break
        time.sleep(0.2)
    after = at.cpu()
    return {"wall": 1000 * (time.perf_counter() - began)} | {n: 1000 * (after[n] - before[n]) for n in before}


def ours() -> dict[str, Any]:
    """The same of a whole installation of ours."""
    found: dict[str, Any] = {}
    with house(peer.WEB) as at:
        server = embedded.ensure(at.home)
        world = at.do("build", members=WARM + COUNTED + 1)
        event = at.do("event", places_=10_000, title="单次", soon=True)
        at.rest()
        orders = [_register(event["id"], token) for token in world["members"]]
        found["order"], _ = one_by_one(at.cpu, at.port, orders[:-1], 201)
        with told(server, event["id"]) as said:
            closed(at.port, orders[-1:], 1)
        found["order statements"] = len(said)
        at.rest()
        codes = at.do("codes", event_pk=event["pk"], n=WARM + COUNTED, rate=30)
        scans = [_scan(event["id"], world["champion"], code) for code in codes]
        found["check-in"], _ = one_by_one(at.cpu, at.port, scans[:-1], 201)
        with told(server, event["id"]) as said:
            closed(at.port, scans[-1:], 1)
        found["check-in statements"] = len(said)
        page = Call("GET", f"/m/events/{event['id']}/", (("Accept-Language", "zh-CN"),))
        found["page"], _ = one_by_one(at.cpu, at.port, [page] * (WARM + PAGES), 200)
        with told(server, event["id"]) as said:
            closed(at.port, [page], 1)
        found["page statements"] = len(said)
        before, began = at.cpu(), time.perf_counter()
        asked = Call("GET", f"/api/v1/events/{event['id']}/registrations.csv", _as(world["champion"])[:1])
        closed(at.port, [asked], 1)
        after = at.cpu()
        found["export"] = {"wall": 1000 * (time.perf_counter() - began)} | {
            n: 1000 * (after[n] - before[n]) for n in before
        }
        found["memory"] = at.memory()["all"]
    return found


def figures() -> list[dict[str, Any]]:
    """One row an act: ours, theirs and how many times less."""
    we, they = ours(), theirs()
    rows = []
    for what, name, bar in (
        ("registration", "order", 15.0),
        ("check-in", "check-in", 7.0),
        ("event page", "page", 6.5),
    ):
        a, b = sum(we[name].values()), sum(they[name].values())
        rows.append(
            {
                "what": f"{what}: processor time of web, workers and database",
                "measured": f"{a:.1f} ms against {b:.1f} ms ({b / a:.0f} ×); {we[f'{name} statements']} statements against {they[f'{name} statements']}",
                "bar": f"≤ {bar:g} ms; pretix {peer.VERSION} in the same run",
                "met": a <= bar,
                "note": f"application + database: ours {we[name]['app']:.1f} + {we[name]['database']:.1f}, pretix {they[name]['app']:.1f} + {they[name]['database']:.1f}",
            }
        )
    a, b = we["export"], they["export"]
    rows += [
        {
            "what": f"list of {they['rows']} registrations as CSV",
            "measured": f"{a['app'] + a['database']:.0f} ms of processor time against {b['app'] + b['database']:.0f} ms",
            "bar": "reported",
            "met": None,
            "note": f"wall {a['wall']:.0f} and {b['wall']:.0f} ms; pretix writes a file that is then fetched",
        },
        {
            "what": "memory after that, without the database",
            "measured": f"{we['memory']:.0f} MB against {they['memory']:.0f} MB",
            "bar": "reported",
            "met": None,
            "note": "two web processes each; ours with its worker, pretix without one: no Redis, its tasks run inside the web process",
        },
    ]
    return rows


def main() -> int:
    """Print the table and keep it."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--install", action="store_true")
    if arguments.parse_args().install and not peer.installed():
        peer.install()
    if not peer.installed():
        print("pretix is not installed (python bench/peers_pretix.py --install): not measured")
        return MISSING
    rows = figures()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "peers_pretix.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n")
    for row in rows:
        print(
            f"{'✓' if row['met'] else '·' if row['met'] is None else '✗'} {row['what']}: {row['measured']} (bar {row['bar']}) {row['note']}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())
