"""igraph and leidenalg beside our graph measures; runs in its own environment, prints one line of JSON."""

import csv
import json
import resource
import sys
import time
from itertools import combinations
from pathlib import Path

import igraph
import leidenalg
import numpy as np
import scipy.sparse as sp

LARGEST = 60


def davis(path: str) -> dict[str, object]:
    """Sizes of Leiden's communities on Newman weights and on counts of common events."""
    with Path(path).open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    women = sorted({row["woman"] for row in rows})
    events: dict[str, list[int]] = {}
    for row in rows:
        events.setdefault(row["event"], []).append(women.index(row["woman"]))
    weights: dict[str, dict[tuple[int, int], float]] = {"newman": {}, "counts": {}}
    for people in events.values():
        for pair in combinations(sorted(people), 2):
            weights["newman"][pair] = weights["newman"].get(pair, 0.0) + 1 / (len(people) - 1)
            weights["counts"][pair] = weights["counts"].get(pair, 0.0) + 1.0
    out: dict[str, object] = {"ties": len(weights["newman"])}
    for name, ties in weights.items():
        graph = igraph.Graph(n=len(women), edges=list(ties))
        parts = leidenalg.find_partition(
            graph, leidenalg.ModularityVertexPartition, weights=list(ties.values()), seed=1, n_iterations=-1
        )
        out[name] = sorted((len(part) for part in parts), reverse=True)
        out[f"{name}_q"] = round(parts.quality(), 6)
        out[f"{name}_first"] = sorted(women[i] for i in parts[0])
    return out


def chain(path: str) -> dict[str, object]:
    """The same measures: co-attendance must be written down as ties first."""
    rows = np.load(path)
    n, m = len(rows["store"]), int(rows["event"].max()) + 1
    steps: dict[str, float] = {}
    begun = said = time.perf_counter()
    cpu = time.process_time()

    def told(name: str) -> None:
        nonlocal said
        steps[name] = round(time.perf_counter() - said, 2)
        said = time.perf_counter()

    there = sp.csr_array((np.ones(len(rows["who"])), (rows["who"], rows["event"])), shape=(n, m))
    there.data[:] = 1.0
    size = np.bincount(there.indices, minlength=m)
    fits = (size >= 2) & (size <= LARGEST)
    share = np.where(fits, 1.0 / np.maximum(size - 1, 1), 0.0)
    there = sp.csr_array(there @ sp.diags_array(share**0.5))
    there.eliminate_zeros()
    ties = sp.triu(there @ there.T, 1).tocoo()
    met = igraph.Graph(n=n, edges=np.column_stack((ties.row, ties.col)))
    met.es["weight"] = ties.data
    count = ties.nnz
    del ties, there
    told("ties")
    strength = met.strength(weights="weight")
    told("strength")
    parts = met.connected_components()
    told("components, co-attendance")
    met.pagerank(weights="weight")
    told("PageRank, co-attendance")
    del met
    edges = np.column_stack(
        (np.concatenate((rows["doer"], rows["invited"])), np.concatenate((rows["other"], rows["inviter"])))
    )
    edges, times = np.unique(edges[edges[:, 0] != edges[:, 1]], axis=0, return_counts=True)
    answered = igraph.Graph(n=n, edges=edges, directed=True)
    told("build replies")
    value = answered.pagerank(weights=times.tolist())
    told("PageRank, replies and referrals")
    plain = answered.as_undirected(mode="collapse")
    cores = plain.coreness()
    told("k-core")
    return {
        "wall": time.perf_counter() - begun,
        "cpu": time.process_time() - cpu,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "steps": steps,
        "ties": count,
        "strength": round(sum(strength), 3),
        "components": len(parts),
        "largest_core": max(cores),
        "top": np.argsort(-np.array(value), kind="stable")[:5].tolist(),
    }


if __name__ == "__main__":
    print(json.dumps(davis(sys.argv[2]) if sys.argv[1] == "--davis" else chain(sys.argv[2])))
