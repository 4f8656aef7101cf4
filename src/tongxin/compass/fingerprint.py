"""What an answer was made from, as digests that do not depend on row order, machine or engine."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from importlib import metadata
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tongxin.compass.answer import Fingerprint
from tongxin.compass.dataset import Dataset
from tongxin.compass.design import Design
from tongxin.compass.panel import Panel
from tongxin.compass.population import Population

#: members whose sums are hashed at once
BLOCK = 2048


def of(dataset: Dataset, design: Design, panel: Panel, population: Population) -> Fingerprint:
    """Return the fingerprint of one study.

    The data digest covers the canonical content that enters the arithmetic: member codes in order, the integer
    member × period sums, entries, strata and exclusions. Row order and repeated rows of the files cannot reach it.
    """
    return Fingerprint(data_digest(panel, population), design_digest(design), code_version(), dataset.engine)


def data_digest(panel: Panel, population: Population) -> str:
    """SHA-256 over the canonical content, little-endian integers."""
    digest = hashlib.sha256()
    digest.update(f"{panel.calendar}\n".encode())
    together = pa.LargeListArray.from_arrays([0, len(panel.codes)], panel.codes.cast(pa.large_string()))
    digest.update(pc.binary_join(together, pa.scalar("\n", pa.large_string()))[0].as_buffer())
    for name in sorted(panel.values):
        digest.update(name.encode())
        values = panel.values[name]
        for begin in range(0, len(values), BLOCK):  # what is turned round stays in the cache
            digest.update(np.ascontiguousarray(values[begin : begin + BLOCK], dtype="<i8").data)
    digest.update("\n".join(population.stores).encode())
    people = population
    for column in (
        people.entry,
        people.no_show,
        people.since_day,
        people.paid_from,
        people.paid_to,
        people.store,
    ):
        digest.update(np.ascontiguousarray(column, dtype="<i8").data)
    digest.update(np.ascontiguousarray(people.usable, dtype="u1").data)
    return f"sha256:{digest.hexdigest()}"


def design_digest(design: Design) -> str:
    """SHA-256 over the design as JSON; the title and the day of registration do not change the question."""
    asked = {key: value for key, value in design.as_json().items() if key not in {"title", "registered_on"}}
    return f"sha256:{hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()}"


@cache
def code_version() -> str:
    """`<version>+<hash>` of this engine's own source."""
    digest = hashlib.sha256()
    here = Path(__file__).parent
    for path in sorted(here.rglob("*.py")):
        digest.update(path.relative_to(here).as_posix().encode() + b"\0" + path.read_bytes())
    try:
        version = metadata.version("tongxin")
    except metadata.PackageNotFoundError:  # run from a source tree
        version = "0"
    return f"{version}+{digest.hexdigest()[:12]}"
