"""Bar 8 and the CDNOW part of bar 4: BG/NBD on a million made customers beside lifetimes, and the published figures.

Only the fit is timed, from arrays in memory to parameters with standard errors, each time in a process of its own and
turn by turn with the peer. lifetimes stands in an environment of its own (`bench/peers/ltv.txt`), where it is installed.
"""

import json
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
from scipy.special import gammaln

from tongxin.compass.costs import Costs
from tongxin.compass.ltv import bg_nbd, gamma_gamma, histories

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "bench"
PUBLISHED = ROOT / "tests" / "published"
PEER = ROOT / "var" / "peers_ltv" / "bin" / "python"
CUSTOMERS, SEED, RUNS = 1_000_000, 20261122, 5
#: rate and dropout as published for CDNOW, in days
TRUE = (0.243, 4.414 * 7, 0.793, 2.426)


def customers(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw BG/NBD histories on whole days: one to one and a half years of age, same-day repeats merged."""
    r, alpha, a, b = TRUE
    age = rng.integers(182, 547, size=CUSTOMERS)
    rate, leave = rng.gamma(r, 1 / alpha, size=CUSTOMERS), rng.beta(a, b, size=CUSTOMERS)
    x, last = np.zeros(CUSTOMERS, dtype=np.int64), np.zeros(CUSTOMERS, dtype=np.int64)
    clock, here = np.zeros(CUSTOMERS), np.arange(CUSTOMERS)
    while len(here):
        clock[here] += rng.exponential(1.0, size=len(here)) / np.maximum(rate[here], 1e-300)
        here = here[clock[here] <= age[here]]
        day = np.ceil(clock[here]).astype(np.int64)
        new = day > last[here]
        x[here[new]] += 1
        last[here] = day
        here = here[rng.random(len(here)) >= leave[here]]
    return x, last, age


def prepared() -> dict[str, Path]:
    """Write the histories at day and at week resolution; whole weeks rounded up, as weekly exports do."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    paths = {name: FOLDER / f"ltv_{name}.npz" for name in ("day", "week")}
    if not all(path.is_file() for path in paths.values()):
        x, recency, age = customers(np.random.default_rng(SEED))
        np.savez(paths["day"], x=x, recency=recency.astype(float), age=age.astype(float))
        np.savez(paths["week"], x=x, recency=np.ceil(recency / 7), age=np.ceil(age / 7))
    return paths


def ours(path: Path) -> dict[str, object]:
    """Fit once in this process."""
    data = np.load(path)
    x, recency, age = (data[name] for name in ("x", "recency", "age"))
    before = resource.getrusage(resource.RUSAGE_SELF)
    model = bg_nbd.fit(histories.distinct(x, recency, age))
    after = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        "peak_mb": after.ru_maxrss / 1024,
        "parameters": model.parameters,
    }


def log_likelihood(parameters: tuple[float, ...], path: Path) -> float:
    """Mean log-likelihood a customer, written down from the paper (Fader, Hardie & Lee 2005, section 6), not our code."""
    r, alpha, a, b = parameters
    data = np.load(path)
    x, recency, age = (data[name].astype(float) for name in ("x", "recency", "age"))
    first = gammaln(r + x) - gammaln(r) + r * np.log(alpha)
    second = gammaln(a + b) + gammaln(b + x) - gammaln(b) - gammaln(a + b + x)
    stay = -(r + x) * np.log(alpha + age)
    left = np.log(a) - np.log(b + np.maximum(x, 1) - 1) - (r + x) * np.log(alpha + recency)
    return float((first + second + np.where(x > 0, np.logaddexp(stay, left), stay)).mean())


def beside(name: str, path: Path, times: float) -> dict[str, object]:
    """One resolution: turn by turn, CPU seconds of the fits, likelihoods by one outside formula."""
    mine, theirs = [], []
    for _ in range(RUNS):
        mine.append(_run(sys.executable, str(Path(__file__)), "--fit", str(path)))
        if PEER.is_file():
            theirs.append(_run(str(PEER), str(ROOT / "bench" / "peers" / "ltv.py"), str(path)))
    cpu = statistics.median(one["cpu"] for one in mine)
    value = log_likelihood(tuple(mine[0]["parameters"]), path)
    row = {
        "what": f"BG/NBD, {CUSTOMERS:,} customers, {name} resolution",
        "bar": f"same likelihood to 1e-6, ≥ {times:.0f}× lifetimes 0.11.3",
        "cpu": cpu,
        "peak_mb": max(one["peak_mb"] for one in mine),
        "log_likelihood": value,
        "parameters": mine[0]["parameters"],
    }
    if not theirs:
        return row | {"measured": f"{cpu:.2f} CPU-s", "met": None, "note": "lifetimes is not installed"}
    peer = statistics.median(one["cpu"] for one in theirs)
    gap = value - log_likelihood(tuple(theirs[0]["parameters"]), path)
    return row | {
        "measured": f"{cpu:.2f} CPU-s against {peer:.2f}, {peer / cpu:.1f}×; mean log-likelihood {gap:+.1e}",
        "met": peer / cpu >= times and abs(gap) <= 1e-6,
        "note": f"median of {RUNS}; peak {row['peak_mb']:.0f} MB against {theirs[0]['peak_mb']:.0f} MB",
        "peer_cpu": peer,
        "ratio": peer / cpu,
        "gap": gap,
    }


def _run(*command: str) -> dict:
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def cdnow() -> list[dict[str, object]]:
    """The published parameters, to the printed digit."""
    rows = np.genfromtxt(PUBLISHED / "cdnow_summary.csv", delimiter=",", names=True)
    model = bg_nbd.fit(histories.distinct(rows["frequency"], rows["recency"], rows["T"]))
    found = [f"{one:.4f}" for one in model.parameters] + [f"{model.log_likelihood:.2f}"]
    wanted = ["0.2426", "4.4135", "0.7929", "2.4258", "-9582.43"]
    x, mean = repeat_means()
    whole = gamma_gamma.fit(x, mean)
    cents = gamma_gamma.fit(x, np.round(mean + 1e-9, 2))
    exact = [f"{one:.2f}" for one in (whole.p, whole.q, whole.v)]
    rounded = [f"{one:.4f}" for one in (cents.p, cents.q, cents.v)]
    return [
        {
            "what": "CDNOW, BG/NBD (r, α, a, b, log-likelihood)",
            "measured": " ".join(found),
            "bar": " ".join(wanted),
            "met": found == wanted,
            "note": "",
        },
        {
            "what": f"CDNOW, gamma-gamma (p, q, v; n = {len(x)})",
            "measured": f"{' '.join(rounded)} on means rounded to cents; {' '.join(exact)} on exact means",
            "bar": "6.2488 3.7446 15.4477 (lifetimes' file); 6.25 3.74 15.44 (paper)",
            "met": rounded == ["6.2488", "3.7446", "15.4477"]
            and exact == ["6.25", "3.74", "15.44"]
            and len(x) == 946,
            "note": "lifetimes' file holds the means rounded to cents",
        },
    ]


def repeat_means() -> tuple[np.ndarray, np.ndarray]:
    """Repeat purchase days of the sample in the first 39 weeks (to 30 September 1997) and their mean in dollars."""
    table, sample = (pq.read_table(PUBLISHED / f"{name}.parquet") for name in ("cdnow", "cdnow_sample"))
    who, cents = table["customer"].to_numpy(), table["cents"].to_numpy().astype(np.int64)
    day = table["date"].to_numpy().astype("datetime64[D]").astype(np.int64)
    keep = np.isin(who, sample["master"].to_numpy()) & (day <= np.datetime64("1997-09-30").astype(np.int64))
    pairs, of = np.unique(np.stack([who[keep], day[keep]]), axis=1, return_inverse=True)
    spent = np.bincount(of.ravel(), weights=cents[keep])
    repeat = np.concatenate([[False], pairs[0][1:] == pairs[0][:-1]])
    buyers, place = np.unique(pairs[0][repeat], return_inverse=True)
    x = np.bincount(place, minlength=len(buyers))
    return x, np.bincount(place, weights=spent[repeat]) / x / 100


def fen() -> dict[str, object]:
    """Costs add up to the fen, whatever the hours."""
    rng, wrong, drawn = np.random.default_rng(SEED), 0, 100_000
    for _ in range(drawn):
        materials, vouchers, other, hourly = (int(n) for n in rng.integers(0, 10**9, size=4))
        quarters = int(rng.integers(0, 4000))
        made = Costs(materials, vouchers, f"{quarters / 4}", hourly, other)
        exact = (quarters * hourly * 2 + 4) // 8  # half up, in whole numbers
        wrong += made.total_fen != materials + vouchers + other + exact
    return {
        "what": f"costs of {drawn:,} drawn programmes",
        "measured": f"{wrong} off by a fen or more",
        "bar": "exact to the fen",
        "met": wrong == 0,
        "note": "",
    }


def figures() -> list[dict[str, object]]:
    """All rows."""
    paths = prepared()
    return [*cdnow(), beside("day", paths["day"], 3), beside("week", paths["week"], 10), fen()]


def main() -> None:
    """Print the table and keep the figures."""
    if sys.argv[1:2] == ["--fit"]:
        print(json.dumps(ours(Path(sys.argv[2]))))
        return
    rows = figures()
    for row in rows:
        mark = {True: "✓", False: "✗", None: "–"}[row["met"]]
        print(f"{mark} {row['what']}: {row['measured']} (bar: {row['bar']}) {row['note']}")
    (FOLDER / "ltv.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
