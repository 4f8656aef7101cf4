"""Consent at full length: 5,000 histories of two mothers, what of theirs is used and whether they had said yes at that moment.

The small version stands in tests/voices/test_consent_histories.py, with the control arms, and shares every line of
tests/voices/consents.py with this. `--histories N` shortens it; what was done is what is said.

    .venv/bin/python bench/consents.py
"""

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
OUT = ROOT / "var" / "bench"
SEED, HISTORIES, STEPS, PROCESSES = 20261123, 5000, 12, 2
NOON = datetime(2026, 3, 5, 4, 0, tzinfo=UTC)


@contextmanager
def database() -> Iterator[None]:
    """A database and a folder of pictures of our own, gone afterwards."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongxin.project.settings_test")
    os.environ["TONGXIN_TEST_DB"] = "consents_bench"
    sys.path[:0] = [str(ROOT / "tests")]
    import django  # noqa: PLC0415 - after setup
    from django.test.utils import setup_databases, teardown_databases  # noqa: PLC0415 - after setup

    django.setup()
    # A copy a process: what one of them has not committed would keep the other waiting at the first unique column.
    kept = setup_databases(verbosity=0, interactive=False, parallel=PROCESSES)
    try:
        yield
    finally:
        teardown_databases(kept, verbosity=0, parallel=PROCESSES)


def played(task: tuple[int, int, int]) -> dict[str, Any]:
    """A share of the histories in a process and a copy of its own, in one transaction that is never committed."""
    copy, seed, many = task
    from django.conf import settings  # noqa: PLC0415 - after setup
    from django.db import connection, transaction  # noqa: PLC0415 - after setup

    from tongxin.foundation import clock  # noqa: PLC0415 - after setup
    from voices import consents  # noqa: PLC0415 - after setup

    connection.close()
    connection.settings_dict.update(connection.creation.get_test_db_clone_settings(str(copy)))
    dice = random.Random(seed)  # noqa: S311 - dice, no secret
    uses, faults, begun = 0, [], time.monotonic()
    pictures = tempfile.mkdtemp(prefix="tongxin-consents-")
    settings.TONGXIN_MEDIA = pictures
    try:
        with transaction.atomic(), clock.held(NOON):
            town = consents.build()
            for n in range(many):
                with transaction.atomic():
                    judge = consents.play(town, consents.generate(dice.randrange, STEPS))
                    transaction.set_rollback(True)
                uses += judge.uses
                faults += [(n, *fault) for fault in judge.faults]
                if n % 100 == 99:
                    print(
                        f"seed {seed}: {n + 1} histories, {uses} uses, {time.monotonic() - begun:.0f} s",
                        flush=True,
                    )
            transaction.set_rollback(True)
    finally:
        connection.close()
        shutil.rmtree(pictures, ignore_errors=True)
    return {"histories": many, "uses": uses, "faults": faults[:20], "broken": len(faults)}


def figures(many: int = HISTORIES) -> list[dict[str, Any]]:
    """One row."""
    with database():
        from django.db import connection  # noqa: PLC0415 - after setup

        connection.close()
        shares = [many // PROCESSES + (n < many % PROCESSES) for n in range(PROCESSES)]
        with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
            parts = pool.map(
                played, [(n + 1, SEED + n, share) for n, share in enumerate(shares)], chunksize=1
            )
    ran, uses, broken = (sum(part[key] for part in parts) for key in ("histories", "uses", "broken"))
    faults = [fault for part in parts for fault in part["faults"]]
    return [
        {
            "what": "photos, posts, works of Stars, tags and messages used without a yes that held at that moment",
            "measured": f"{broken} of {uses:,} uses in {ran:,} histories of {STEPS} steps",
            "bar": f"0 in {HISTORIES:,} histories",
            "met": broken == 0 and ran >= HISTORIES,
            "note": f"seed {SEED}; {faults[:3] or 'the judge keeps books of its own'}; control arms in test_consent_histories.py",
        }
    ]


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--histories", type=int, default=HISTORIES)
    rows = figures(asked.parse_args().histories)
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "consents.json").write_text(json.dumps(rows, ensure_ascii=False, indent=1), encoding="utf-8")
    for row in rows:
        print(f"{row['what']}: {row['measured']} (bar: {row['bar']}, met: {row['met']})")
