"""Bar 12: strength, components, PageRank and k-core of a chain of a million members; Davis; dormancy; segments.

A made chain: 3,030 stores, 387,840 events of people of one store, one broadcast with 50,000 viewers, replies and
referrals that follow popularity. Every measurement runs in a process of its own, from arrays on disk to answers in
memory. igraph stands beside it in an environment of its own (`bench/peers/graph.txt`), where it is installed.
"""

import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "bench"
CHAIN = FOLDER / "graph_chain.npz"
PEER = ROOT / "var" / "peers_graph" / "bin" / "python"
MEMBERS, STORES, EVENTS, VIEWERS = 1_000_000, 3_030, 387_840, 50_000
ATTENDANCES, REPLIES, REFERRALS = 3_900_000, 7_500_000, 149_000
SEED = 20261122
PUBLISHED = ROOT / "tests" / "published"
SEGMENT_WORLDS = 200


def chain(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Members by store; a heavy-tailed liveliness decides who comes, who answers and who is answered."""
    store = np.sort(rng.integers(0, STORES, size=MEMBERS))
    first = np.searchsorted(store, np.arange(STORES + 1))
    liveliness = rng.pareto(1.6, size=MEMBERS) + 0.05
    summed = np.concatenate(([0.0], np.cumsum(liveliness)))

    def somebody(of_store: np.ndarray) -> np.ndarray:
        low, high = summed[first[of_store]], summed[first[of_store + 1]]
        found = np.searchsorted(summed, low + rng.random(len(of_store)) * (high - low), side="right") - 1
        return np.clip(found, first[of_store], first[of_store + 1] - 1)

    place = rng.integers(0, STORES, size=EVENTS - 1)
    size = np.minimum(2 + rng.poisson(rng.gamma(2.0, 5.0, size=EVENTS - 1)), 55)
    event = np.repeat(np.arange(EVENTS - 1), size)
    where = np.where(rng.random(len(event)) < 0.03, rng.integers(0, STORES, size=len(event)), place[event])
    met = np.unique(somebody(where) * EVENTS + event)  # who came twice came once
    met = met[rng.permutation(len(met))[: ATTENDANCES - VIEWERS]]
    who, event = met // EVENTS, met % EVENTS
    viewers = rng.choice(MEMBERS, VIEWERS, replace=False)
    doer = np.clip(
        np.searchsorted(summed, rng.random(REPLIES) * summed[-1], side="right") - 1, 0, MEMBERS - 1
    )
    far = rng.random(REPLIES) < 0.1
    other = somebody(np.where(far, rng.integers(0, STORES, size=REPLIES), store[doer]))
    invited = rng.choice(MEMBERS, REFERRALS, replace=False)
    return {
        "store": store,
        "who": np.concatenate((who, viewers)),
        "event": np.concatenate((event, np.full(VIEWERS, EVENTS - 1))),
        "doer": doer,
        "other": other,
        "invited": invited,
        "inviter": somebody(store[invited]),
    }


def ours() -> dict[str, object]:
    """The four measures of bar 12 with our engine; seconds of each, processor seconds and peak of this process."""
    # slow: the parent process must not hold the memory of what it measures
    from tongxin.compass.graph import attendance, components, core, deeds, pagerank, spread  # noqa: PLC0415 - see above

    rows = np.load(CHAIN)
    steps: dict[str, float] = {}
    begun = said = time.perf_counter()
    cpu = time.process_time()

    def told(name: str) -> None:
        nonlocal said
        steps[name] = round(time.perf_counter() - said, 2)
        said = time.perf_counter()

    there = attendance.build(rows["who"], rows["event"], MEMBERS, EVENTS)
    replies = deeds.build(rows["doer"], rows["other"], MEMBERS)
    referrals = deeds.build(rows["invited"], rows["inviter"], MEMBERS)
    both = deeds.together(replies, referrals)
    told("build")
    strength, reach = there.strength, there.reach
    told("strength and reach")
    hangs = components.of(there, both)
    told("components")
    met = pagerank.of_attendance(there)
    told("PageRank, co-attendance")
    answered = pagerank.of_deeds(both)
    told("PageRank, replies and referrals")
    cores = core.numbers(deeds.acquainted(both))
    told("k-core")
    found: dict[str, object] = {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak_mb": _peak(),
        "steps": steps,
        "strength": int(strength.sum()),
        "reach": int(reach.max()),
        "components": len(hangs.sizes),
        "largest": round(hangs.largest_share, 4),
        "iterations": [met.iterations, answered.iterations],
        "largest_core": int(cores.max()),
        "top": np.argsort(-answered.value, kind="stable")[:5].tolist(),
        "top_met": np.argsort(-met.value, kind="stable")[:5].tolist(),
    }
    rng = np.random.default_rng(SEED)
    seeds = np.array(found["top"])
    said = time.perf_counter()
    found["spread"] = spread.estimate(both, seeds, 30_000, rng).people
    told("spread of five, 30,000 sets (beside the bar)")
    return found


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _child(python: Path, file: Path, *words: str) -> dict[str, object]:
    done = subprocess.run(
        [str(python), str(file), *words], capture_output=True, text=True, check=False, cwd=ROOT, timeout=3600
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no word")
    found = json.loads(done.stdout.strip().splitlines()[-1])
    # kept at once: the peer takes minutes, and what was measured before it must not be lost with it
    (FOLDER / f"graph-{words[0].strip('-')}.json").write_text(json.dumps(found), encoding="utf-8")
    return found


def figures() -> list[dict]:
    """All rows of this page; makes the chain if it is not there yet."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    if not CHAIN.exists():
        _child(Path(sys.executable), Path(__file__), "--make")
    rows = [_bar_12(_child(Path(sys.executable), Path(__file__), "--ours"))]
    return [*rows, *_igraph(), davis(), *dormancy(), *segments()]


def davis() -> dict:
    """Our own figures on Davis: nothing projected, PageRank against a written-down matrix."""
    from tongxin.compass.graph import attendance, halves, pagerank, projection  # noqa: PLC0415 - slow

    rows = [
        line.split(",") for line in (PUBLISHED / "davis.csv").read_text(encoding="utf-8").splitlines()[1:]
    ]
    women, events = (sorted({row[i] for row in rows}) for i in (0, 1))
    who, where = (np.array([names.index(row[i]) for row in rows]) for i, names in enumerate((women, events)))
    there = attendance.build(who, where, len(women), len(events))
    weight = np.zeros((18, 18))
    for event in range(len(events)):
        mine = who[where == event]
        weight[np.ix_(mine, mine)] += 1 / (len(mine) - 1)
    np.fill_diagonal(weight, 0)
    value = np.full(18, 1 / 18)
    for _ in range(300):
        value = 0.85 * weight @ (value / weight.sum(axis=1)) + 0.15 / 18
    gap = float(np.abs(pagerank.of_attendance(there, tolerance=1e-16, most=500).value - value).max())
    split = halves.split(there)
    ties = int(projection.degrees(there).sum()) // 2
    exact = bool((there.strength == np.bincount(who)).all())
    sizes = [int((split.side == side).sum()) for side in (0, 1)]
    return {
        "what": "Davis Southern Women, our engine: ties, strength, implicit PageRank, split by modularity",
        "measured": f"{ties} ties; strength exact: {exact}; PageRank within {gap:.0e}; {sizes[0]}/{sizes[1]}",
        "bar": "139 ties, exact, 1e-12, 9/9",
        "met": ties == 139 and exact and gap <= 1e-12 and sizes == [9, 9],
        "note": f"modularity {split.modularity:.6f}, the same as Leiden's",
    }


def dormancy() -> list[dict]:
    """CDNOW, 23,570 customers: our weekly hazard beside BG/NBD on what was kept back."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - slow

    from tongxin.compass.dormancy import days, judge  # noqa: PLC0415 - slow

    rows = pq.read_table(PUBLISHED / "cdnow.parquet")
    who = rows["customer"].to_numpy().astype(np.int64) - 1
    when = rows["date"].cast("int32").to_numpy().astype(np.int64)
    cut = int((np.datetime64("1997-09-30") - np.datetime64("1970-01-01")).astype(int))
    out = []
    for ahead in (39, 13):
        cpu = time.process_time()
        told = judge.trial(
            days.build([(who, when)], int(who.max()) + 1), cut, ahead, np.random.default_rng(SEED)
        )
        cpu = time.process_time() - cpu
        ours, theirs = told.hazard, told.bg_nbd
        out.append(
            {
                "what": f"dormancy: who buys within {ahead} weeks after 1997-09-30, CDNOW",
                "measured": f"Brier {ours.brier:.4f}, BG/NBD {theirs.brier:.4f}; "
                f"expected {ours.expected:.3f}, BG/NBD {theirs.expected:.3f}, happened {ours.happened:.3f}",
                "bar": "Brier and calibration no worse than BG/NBD",
                "met": ours.brier <= theirs.brier
                and abs(ours.expected - ours.happened) <= abs(theirs.expected - theirs.happened),
                "note": f"calibration slope {ours.slope:.2f}, BG/NBD {theirs.slope:.2f}; both fitted in {cpu:.1f} CPU-s",
                "bins": ours.bins,
            }
        )
    return out


def segments() -> list[dict]:
    """Null worlds that must stay silent, and worlds with one planted pair that must be found."""
    from tongxin.compass.segments import find  # noqa: PLC0415 - slow
    from tongxin.compass.segments.conditions import Condition  # noqa: PLC0415 - slow
    from tongxin.compass.segments.outcomes import OUTCOMES  # noqa: PLC0415 - slow
    from tongxin.compass.sentence import Words  # noqa: PLC0415 - slow

    shares = {"weekend": (0.3,), "children": (0.25,), "daypart": (0.2, 0.3, 0.1), "tenure": (0.2, 0.5),
              "paid": (0.3, 0.7), "store": (0.2, 0.2, 0.2, 0.1, 0.05)}  # fmt: skip
    loud = first = 0
    lifts, chosen_on = [], []
    for seed in range(SEGMENT_WORLDS):
        rng = np.random.default_rng(SEED + seed)
        every = []
        for family, parts in shares.items():
            draw, edges = rng.random(3000), np.concatenate(([0.0], np.cumsum(parts)))
            for place in range(len(parts)):
                code = family if len(parts) == 1 else f"{family}:{place}"
                holds = (draw >= edges[place]) & (draw < edges[place + 1])
                every.append(Condition.of(code, family, Words(code, code), holds))
        group = np.isin(np.arange(3000), np.intersect1d(every[0].places, every[1].places))
        null = find.search(every, rng.random(3000) < 0.2, find.Settings(seed=seed), OUTCOMES["events"])
        world = rng.random(3000) < np.where(group, 0.4, 0.2)
        found = find.search(every, world, find.Settings(seed=seed), OUTCOMES["events"])
        loud += bool(null.segments)
        named = [one for one in found.segments if set(one.conditions) == {"weekend", "children"}]
        first += bool(named)
        lifts += [one.lift for one in named]
        chosen_on += [one.discovered for one in named]
    return [
        {
            "what": f"segments: worlds without any group in which one was told ({SEGMENT_WORLDS} worlds)",
            "measured": f"{loud / SEGMENT_WORLDS:.1%}",
            "bar": "≤ 5 %",
            "met": loud <= 0.05 * SEGMENT_WORLDS,
            "note": "found on one half, tested on the other, Holm",
        },
        {
            "what": "segments: 周末带小孩的家庭 planted (225 of 3,000 members, 40 % against 20 %), found by name",
            "measured": f"{first / SEGMENT_WORLDS:.0%}; lift told {np.mean(lifts):.2f}, on the half it was chosen on "
            f"{np.mean(chosen_on):.2f}",
            "bar": "≥ 80 %",
            "met": first >= 0.8 * SEGMENT_WORLDS,
            "note": "the truth is 2.00; lifts are averaged over the worlds in which the group was told",
        },
    ]


def _bar_12(found: dict) -> dict:
    met = found["wall"] <= 90 and found["peak_mb"] <= 2_500
    steps = ", ".join(f"{name} {seconds}" for name, seconds in found["steps"].items())
    return {
        "what": "graph of 1 M members: strength, components, PageRank (two graphs), k-core",
        "measured": f"{found['wall']:.1f} s, {found['cpu']:.1f} CPU-s, {found['peak_mb'] / 1000:.2f} GB",
        "bar": "≤ 90 s, ≤ 2.5 GB, a 50,000-viewer broadcast inside",
        "met": met,
        "note": f"seconds: {steps}; largest core {found['largest_core']}, "
        f"{found['components']:,} components, the largest {found['largest']:.1%}",
        **found,
    }


def _igraph() -> list[dict]:
    peer = Path(__file__).parent / "peers" / "graph.py"
    if not PEER.exists():
        note = "python -m venv var/peers_graph && var/peers_graph/bin/pip install -r bench/peers/graph.txt"
        return [
            {"what": "igraph beside it", "measured": "not installed", "bar": "", "met": None, "note": note}
        ]
    davis = _child(PEER, peer, "--davis", str(ROOT / "tests" / "published" / "davis.csv"))
    chain_ = _child(PEER, peer, "--chain", str(CHAIN))
    steps = ", ".join(f"{name} {seconds}" for name, seconds in chain_["steps"].items())
    return [
        {
            "what": "Davis Southern Women: Leiden on Newman weights",
            "measured": f"{davis['newman'][0]}/{davis['newman'][1]}; on counts {davis['counts'][0]}/{davis['counts'][1]}",
            "bar": "9/9",
            "met": davis["newman"] == [9, 9],
            "note": "optional Leiden (leidenalg), bench only; in the suite our own modularity split is held to 9/9",
            **davis,
        },
        {
            "what": "igraph 1.0 on the same chain, ties written down",
            "measured": f"{chain_['wall']:.1f} s, {chain_['cpu']:.1f} CPU-s, {chain_['peak_mb'] / 1000:.2f} GB",
            "bar": "",
            "met": None,
            "note": f"seconds: {steps}; {chain_['ties']:,} ties; largest core {chain_['largest_core']}; without the broadcast's pairs",
            **chain_,
        },
    ]


def main() -> None:
    """Print the rows and keep them, or do one measurement as a child."""
    if "--make" in sys.argv:
        FOLDER.mkdir(parents=True, exist_ok=True)
        np.savez(CHAIN, **chain(np.random.default_rng(SEED)))
        print("{}")
    elif "--ours" in sys.argv:
        print(json.dumps(ours()))
    else:
        rows = figures()
        for row in rows:
            print(
                f"{row['what']}\n  {row['measured']}  (bar: {row['bar'] or '—'}; met: {row['met']})\n  {row['note']}"
            )
        (FOLDER / "graph.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "2")
    main()
