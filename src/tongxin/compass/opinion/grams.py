"""Characters and pairs of characters: what a Chinese text is made of without cutting it into words."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from operator import add

import numpy as np
from scipy import optimize, sparse

DROPPED = re.compile(r"[^\w!?！？]+")


def plain(text: str) -> str:
    """The text without blanks and most marks, in small letters."""
    return DROPPED.sub("", text.lower())


def grams(text: str) -> set[str]:
    """Every character and every pair of neighbours, once each."""
    kept = plain(text)
    found = set(kept)
    found.update(map(add, kept, kept[1:]))
    return found


def vocabulary(texts: Iterable[set[str]], least: int) -> dict[str, int]:
    """Grams that stand in at least so many texts, numbered in their order."""
    seen: Counter[str] = Counter()
    for one in texts:
        seen.update(one)
    return {gram: n for n, gram in enumerate(sorted(g for g, count in seen.items() if count >= least))}


def matrix(texts: Sequence[set[str]], words: dict[str, int]) -> sparse.csr_matrix:
    """One row a text: 1/√n for each of its n known grams."""
    rows, columns, values = [0], [], []
    for one in texts:
        known = sorted(words[gram] for gram in one if gram in words)
        columns.extend(known)
        values.extend([1 / np.sqrt(max(len(known), 1))] * len(known))
        rows.append(len(columns))
    return sparse.csr_matrix(
        (np.array(values), np.array(columns, dtype=np.int32), np.array(rows)), shape=(len(texts), len(words))
    )


def ratios(x: sparse.csr_matrix, y: np.ndarray) -> np.ndarray:
    """How much oftener a gram stands in texts of class 1, as a logarithm (Wang and Manning 2012)."""
    here = np.asarray(x[y == 1].sum(axis=0)).ravel() + 1
    there = np.asarray(x[y == 0].sum(axis=0)).ravel() + 1
    return np.log((here / here.sum()) / (there / there.sum()))


def logistic(x: sparse.csr_matrix, y: np.ndarray, penalty: float, most: int = 150) -> np.ndarray:
    """Weights of a logistic regression with a squared penalty; the last one is the constant, which is not penalised."""
    signs = np.where(y == 1, 1.0, -1.0)

    def loss(w: np.ndarray) -> tuple[float, np.ndarray]:
        margin = signs * (x @ w[:-1] + w[-1])
        worth = np.logaddexp(0, -margin)
        pull = -signs / (1 + np.exp(np.clip(margin, -35, 35)))
        slope = np.append(x.T @ pull + penalty * w[:-1], pull.sum())
        return float(worth.sum() + penalty * (w[:-1] @ w[:-1]) / 2), slope

    start = np.zeros(x.shape[1] + 1)
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": most})
    return np.asarray(found.x)


def fingerprint(lines: Iterable[str]) -> str:
    """Sixteen signs that change with any line."""
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
