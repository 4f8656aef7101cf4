"""Bars 13 and 14: indices that neither size nor tricks move, payouts exact to the fen, an experience index of the same bits.

    .venv/bin/python bench/indices.py

Simulated communities from `tests/compass/made_communities.py`; every seed is fixed here.
"""

import json
import os
import resource
import subprocess
import sys
import time
from fractions import Fraction
from importlib import import_module
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from tongxin.compass import apportion, attribution, budget, concentration, referral, sharing
from tongxin.compass.ees import compute as ees
from tongxin.compass.ees import versions
from tongxin.compass.indices import compute, reference
from tongxin.compass.indices.listing import INDICES
from tongxin.compass.inequality import Ranking

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "compass"))
made = import_module("made_communities")  # the same simulated communities as in the suite
plain_facts = import_module("ees_facts").plain_facts

PEERS, COMMUNITIES, DRAWS = 240, 8, 50
BAR_SIZE, BAR_TRICK = 5.0, 2.0
EXACT_RUNS = 1500
SAMPLES = 100


def row(what: str, measured: str, bar: str, *, met: bool | None, note: str = "", **numbers: float) -> dict:
    """One figure."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note} | numbers


def points(facts: object, frozen: reference.Reference) -> dict[str, float]:
    """Index points, whether or not the interval would let them be shown."""
    found = {}
    for one in compute.run(facts, frozen, draws=2).indices:
        known = [each for each in one.components if each.percentile is not None]
        placed = [np.array([each.percentile]) for each in known]
        found[one.index] = float(compute.blend(placed, [each.weight for each in known])[0])
    return found


def size_and_tricks() -> list[dict]:
    """Subsampling 400 members to 100, and three attacks, on eight communities against frozen peers; naive arm beside."""
    chain = made.peers(PEERS)
    frozen = reference.freeze(chain, "bench")
    same = [made.naive(each) for each in chain if len(each.eligible) == 400]
    moves = {index: np.zeros((COMMUNITIES, DRAWS)) for index in INDICES}
    rises = {(name, index): [] for name in made.ATTACKS for index in INDICES}
    naive = {(name, index): [] for name in made.ATTACKS for index in INDICES}
    for seed in range(COMMUNITIES):
        big = made.community(f"B{seed}", 400, 5000 + seed)
        before, loud = points(big, frozen), made.naive_percentile(big, same)
        for name, attack in made.ATTACKS.items():
            hit = attack(big)
            after, louder = points(hit, frozen), made.naive_percentile(hit, same)
            for index in INDICES:
                rises[name, index].append(after[index] - before[index])
                naive[name, index].append(louder[index] - loud[index])
        draw = np.random.default_rng(seed)
        for number in range(DRAWS):
            cut = points(big.keeping(draw.choice(big.eligible, 100, replace=False)), frozen)
            for index in INDICES:
                moves[index][seed, number] = cut[index] - before[index]
    return [*_size(moves), *_tricks(rises, naive)]


def _size(moves: dict[str, np.ndarray]) -> list[dict]:
    out = []
    for index, found in moves.items():
        each = np.median(found, axis=1)
        whole, loose = float(np.median(found)), float(np.median(np.abs(found)))
        inside = int((np.abs(each) <= BAR_SIZE).sum())
        out.append(
            row(
                f"{INDICES[index].zh}：400 人抽 100 人",
                f"median |move| {loose:.1f}, median move {whole:+.1f}, over {COMMUNITIES} communities × {DRAWS} draws",
                "moves ≤ 5 points (median of 50)",
                met=loose <= BAR_SIZE,
                note=f"taken one by one, the median of 50 is within ±5 in {inside} of {COMMUNITIES} communities, worst {each[np.argmax(np.abs(each))]:+.1f}: small rates are pulled to their peers, and a draw of 100 people has its own chance",
                median=whole,
                median_absolute=loose,
                communities_within=inside,
            )
        )
    return out


def _tricks(
    rises: dict[tuple[str, str], list[float]], naive: dict[tuple[str, str], list[float]]
) -> list[dict]:
    out = []
    for name in made.ATTACKS:
        worst = max(((max(rises[name, index]), index) for index in INDICES), key=lambda pair: pair[0])
        fall = min(min(rises[name, index]) for index in INDICES)
        lured = max(((max(naive[name, index]), index) for index in INDICES), key=lambda pair: pair[0])
        out.append(
            row(
                f"trick: {name}",
                f"largest rise {worst[0]:+.2f} ({worst[1]}) over {COMMUNITIES} communities × 4 indices",
                "each index rises ≤ 2",
                met=worst[0] <= BAR_TRICK,
                note=f"largest fall {fall:+.1f}; naive totals rise by up to {lured[0]:+.0f} ({lured[1]})",
                rise=worst[0],
                fall=fall,
                naive_rise=lured[0],
            )
        )
    return out


def exact() -> list[dict]:
    """Thousands of random payouts, referrals, credits and budgets: how many are off by a fen, how many by a credit."""
    rng = np.random.default_rng(14)
    wrong = dict.fromkeys(("payouts", "referrals", "credits", "budgets"), 0)
    largest_marginal = 0.0
    for _ in range(EXACT_RUNS):
        names = [f"m{n}" for n in range(rng.integers(1, 40))]
        pool = int(rng.integers(0, 10**9))
        points_ = {name: Fraction(int(rng.integers(0, 10**6)), int(rng.integers(1, 9))) for name in names}
        one = {name: f"p{name[1]}" for name in names}
        paid = sharing.pay(pool, points_, identity=one, cap_fen=int(rng.integers(0, pool + 1)))
        parts = apportion.hand_out(pool, points_) if any(points_.values()) else {"": pool}
        wrong["payouts"] += paid.paid + paid.back_to_pool != pool or sum(parts.values()) != pool
        buy = referral.Purchase(
            "p", "c", ("b", "a", "z")[: rng.integers(0, 4)], int(rng.integers(0, 10**7)), 0
        )
        rules = referral.Rules(
            Fraction(int(rng.integers(0, 101)), 1000), Fraction(int(rng.integers(800, 1001)), 1000)
        )
        lines = referral.reward(buy, rules)
        back = referral.after_refund(lines, buy, 0, rules)
        wrong["referrals"] += sum(each.fen for each in (*lines, *back)) != 0
        wrong["referrals"] += 10 * sum(each.fen for each in lines) > buy.margin_fen
        asked = [
            budget.Response(
                ring, int(rng.integers(1, 50_000)), float(rng.uniform(0.5, 500)), float(rng.uniform(0.5, 200))
            )
            for ring in budget.CONVENTION
        ]
        split = budget.split(pool, asked)
        wrong["budgets"] += sum(split.rings.values()) + split.explore + split.unspent != pool
        free = [
            split.marginal[ring] / (1 + (split.price or 0))
            for ring in split.rings
            if ring not in split.at_floor
        ]
        largest_marginal = max([largest_marginal, *(abs(each - 1) for each in free)])
    for seed in range(EXACT_RUNS // 30):
        found, conversions, money = _credits(seed)
        for model in attribution.MODELS:
            rows = found.of(model).values()
            wrong["credits"] += sum(each.credit for each in rows) != conversions
            wrong["credits"] += sum(each.value_fen for each in rows) != money
    return [
        row(f"{name} exact to the fen", f"{count} wrong", "0 wrong", met=count == 0, note=note, wrong=count)
        for (name, count), note in zip(
            wrong.items(),
            (
                f"{EXACT_RUNS} pools with caps and verified identities",
                f"{EXACT_RUNS} chains, paid and fully reversed; never above 10 % of the margin",
                f"{EXACT_RUNS // 30} sets of about 300 journeys under three models",
                f"{EXACT_RUNS} splits; marginal values of funded rings differ by at most {largest_marginal:.1e}",
            ),
            strict=True,
        )
    ]


def _credits(seed: int) -> tuple[attribution.Attribution, int, int]:
    rng = np.random.default_rng(seed)
    paths = []
    for n in range(300):
        channels = tuple(rng.choice(["活动", "群", "朋友", "小程序"], rng.integers(0, 6)).tolist())
        won = rng.random() < 0.4
        paths.append(
            attribution.Path(
                f"p{n}", channels, f"c{n}" if won else None, int(rng.integers(0, 10**6)) if won else 0
            )
        )
    found = attribution.attribute(paths, rng, draws=2)
    return found, sum(path.code is not None for path in paths), sum(path.value_fen for path in paths)


def same_bits() -> list[dict]:
    """EES of 100 stores in two fresh processes with other hash seeds and thread counts: one digest. CPU and memory in its own process."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT / 'tests' / 'compass')!r})\n"
        "import resource, time\nfrom ees_facts import plain_facts\nfrom tongxin.compass.ees import compute, versions\n"
        "facts = plain_facts(stores=100, members=150)\nbegun = time.process_time()\nfound = compute.run(facts, versions.load())\n"
        "print(found.digest, time.process_time() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    told = []
    for seed, threads in (("1", "1"), ("99", "2")):
        env = os.environ | {
            "PYTHONHASHSEED": seed,
            "OMP_NUM_THREADS": threads,
            "OPENBLAS_NUM_THREADS": threads,
        }
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True
        )
        told.append(done.stdout.split())
    here = ees.run(plain_facts(stores=100, members=150), versions.load()).digest
    same = len({told[0][0], told[1][0], here}) == 1
    cpu, peak = float(told[0][1]), float(told[0][2])
    return [
        row(
            "EES recomputed from its version file",
            f"three processes, {len({told[0][0], told[1][0], here})} digest",
            "bit-identical",
            met=same,
            note=f"EES-1.0, 100 stores, 15,000 members, 400 bootstrap and 1,000 rank draws: {cpu:.1f} CPU-s, peak {peak:.0f} MB",
            cpu_seconds=cpu,
            peak_mb=peak,
        )
    ]


def concentrated() -> list[dict]:
    """CDNOW's published figures, and the coverage of the interval that the verdict stands on."""
    table = pq.read_table(ROOT / "tests" / "published" / "cdnow.parquet")
    who, cents = table["customer"].to_numpy(), table["cents"].to_numpy().astype(np.int64)
    early = table["date"].to_numpy().astype("datetime64[D]") < np.datetime64("1997-01-01") + 273
    size = int(who.max()) + 1
    before, after = (
        np.bincount(who[part], weights=cents[part], minlength=size)[1:] for part in (early, ~early)
    )
    whole = concentration.measure("revenue", before + after, before + after, np.random.default_rng(1))
    second = concentration.measure("revenue", before, after, np.random.default_rng(1))
    got = (whole.ex_post.value, whole.gini.value, second.ex_post.value, second.ex_ante.value)
    met = [round(value, 3) for value in got] == [0.509, 0.635, 0.763, 0.498]
    love = np.random.default_rng(0).gamma(0.5, 5, 40_000)
    one, two = (np.random.default_rng(seed).poisson(love) for seed in (1, 2))
    truth, inside = Ranking.of(one).top_share(two, 0.1), 0
    for seed in range(SAMPLES):
        some = np.random.default_rng(seed).choice(40_000, 400)
        low, high = concentration.measure(
            "x", one[some], two[some], np.random.default_rng(seed), draws=200
        ).ex_ante.ci
        inside += low <= truth <= high
    return [
        row(
            "CDNOW concentration",
            f"top 10 % {got[0]:.3f} [{whole.ex_post.ci[0]:.3f}, {whole.ex_post.ci[1]:.3f}], Gini {got[1]:.3f}, period 2 afterwards {got[2]:.3f}, beforehand {got[3]:.3f}",
            ".509 [.498,.521], .635, .763, .498",
            met=met,
            note=f"verdict on 10 % → 70 %: {second.verdict}; placebo {second.placebo[0]:.3f}",
        ),
        row(
            "interval of the beforehand share",
            f"{inside} of {SAMPLES} samples of 400 members cover the truth",
            "95 % nominal",
            met=inside / SAMPLES >= 0.92,
            coverage=inside / SAMPLES,
        ),
    ]


def figures() -> list[dict]:
    """All rows; called by `make bench`."""
    return [each for part in PARTS for each in part()]


#: in this order
PARTS = (size_and_tricks, same_bits, exact, concentrated)


def main() -> None:
    """Print the table and keep it."""
    begun, cpu = time.monotonic(), time.process_time()
    rows = []
    for part in PARTS:
        for each in part():
            rows.append(each)
            mark = {True: "met", False: "MISSED", None: "—"}[each["met"]]
            print(f"{mark:7}{each['what']} | {each['measured']} | {each['bar']} | {each['note']}", flush=True)
    used = resource.getrusage(resource.RUSAGE_SELF)
    path = ROOT / "var" / "bench" / "indices.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(rows, ensure_ascii=False, indent=1, default=float), encoding="utf-8")
    print(
        f"{time.process_time() - cpu:.0f} CPU-s, {time.monotonic() - begun:.0f} s, peak {used.ru_maxrss / 1024:.0f} MB"
        f" → {path.relative_to(ROOT)}"
    )


if __name__ == "__main__":
    main()
