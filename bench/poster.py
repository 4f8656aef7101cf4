"""Posters: milliseconds of processor each once fonts and grounds are warm, and how many ruined photographs of the code are read.

Small versions stand in tests/kits/test_poster_drawing.py; the camera (tests/kits/photographed.py) is shared.
"""

import json
import statistics
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "src")]

from kits.photographed import photographed, read  # noqa: E402 - after the path
from kits.test_copylint_corpus import corpus, ours, score, substrings  # noqa: E402 - after the path
from kits.test_poster_drawing import LINK, POSTER  # noqa: E402 - after the path
from kits.test_poster_setting import faults, generated, greedy, wide  # noqa: E402 - after the path
from tongxin.kits.poster import drawing  # noqa: E402 - after the path
from tongxin.kits.poster.scenes import PHONE  # noqa: E402 - after the path
from tongxin.kits.poster.setting import fitted  # noqa: E402 - after the path
from tongxin.kits.poster.templates import templates  # noqa: E402 - after the path

OUT = ROOT / "var" / "bench"
POSTERS, PHOTOGRAPHS, TITLES = 10, 50, 700  # of each template


def row(what: str, measured: str, bar: str, *, met: bool | None, note: str = "") -> dict[str, Any]:
    """One line of the table."""
    return {"what": what, "measured": measured, "bar": bar, "met": met, "note": note}


def speed() -> list[dict[str, Any]]:
    """Processor time of a poster, by what it is."""
    rows = []
    for name, draw in (("PNG 1080 × 1920", drawing.png), ("PDF A4, 200 dpi", drawing.pdf)):
        for key in templates():
            draw(POSTER.in_template(key))
        took = []
        for n in range(POSTERS):
            for key in templates():
                facts = replace(POSTER.in_template(key), title=f"第 {n} 次来店里烤星星", link=f"{LINK}&n={n}")
                began = time.process_time()
                draw(facts)
                took.append((time.process_time() - began) * 1000)
        slow = sorted(took)[round(0.95 * len(took)) - 1]
        rows.append(
            row(
                f"a poster, {name}, warm",
                f"{statistics.median(took):.0f} ms median, {slow:.0f} ms p95",
                "≤ 150 ms",
                met=slow <= 150,
                note=f"processor time, {len(took)} posters",
            )
        )
    return rows


def photographs() -> list[dict[str, Any]]:
    """The code on ruined photographs, from a hurried one to a hopeless one."""
    posters = [drawing.draw(POSTER.in_template(key), PHONE) for key in templates()]
    rows = []
    for harm, bar in ((1.0, "all"), (1.4, None), (1.8, None), (3.0, "none (control)")):
        seen = [read(photographed(one, seed, harm)) == LINK for one in posters for seed in range(PHOTOGRAPHS)]
        met = {"all": all(seen), "none (control)": not any(seen)}.get(bar or "")
        rows.append(
            row(
                f"code read from a photograph, harm {harm}",
                f"{sum(seen)} of {len(seen)}",
                bar or "–",
                met=met,
            )
        )
    return rows


def words() -> list[dict[str, Any]]:
    """Titles badly set, and the linter over its corpus; each with its control."""
    titles = generated(TITLES)
    bad = sum(bool(faults(fitted(t, wide, drawing.INSIDE, drawing.TITLE_SIZES[PHONE]), t)) for t in titles)
    naive = sum(bool(faults(greedy(t), t)) for t in titles)
    (recall, precision), (least, plain) = score(ours), score(substrings)
    note = f"{len(corpus())} lines; a list of substrings: {least:.0%} and {plain:.0%}"
    return [
        row(
            "titles badly set",
            f"{bad} of {len(titles)}",
            "0 of 200",
            met=bad == 0,
            note=f"a plain box of text: {naive}",
        ),
        row("statutory words caught", f"{recall:.1%}", "100 %", met=recall == 1.0, note=note),
        row("precision of the linter", f"{precision:.3f}", "≥ 0.85", met=precision >= 0.85),
    ]


def figures() -> list[dict[str, Any]]:
    """One row a figure."""
    return speed() + photographs() + words()


if __name__ == "__main__":
    found = figures()
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "poster.json").write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    for one in found:
        print(
            f"{'·' if one['met'] is None else '✓' if one['met'] else '✕'} {one['what']}: {one['measured']} (bar {one['bar']}) {one['note']}"
        )
