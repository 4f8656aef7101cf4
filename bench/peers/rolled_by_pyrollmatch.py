"""Rolling entry by pyrollmatch: python rolled_by_pyrollmatch.py TABLE; prints one line of JSON."""

import json
import os
import resource
import sys

import polars as pl
from pyrollmatch import rollmatch

table = pl.read_parquet(sys.argv[1])
begun = os.times()
found = rollmatch(
    table,
    "treat",
    "tm",
    "entry_time",
    "id",
    [f"x{i}" for i in range(1, 9)],
    lookback=1,
    verbose=False,
    method="matching",
    model_type="logistic",
    replacement="unrestricted",
)
used = os.times()
pairs = found.matched_data
outcome = table.select("id", "tm", "after", change=pl.col("after") - pl.col("before"))
both = pairs.join(outcome, left_on=["treat_id", "tm"], right_on=["id", "tm"]).join(
    outcome, left_on=["control_id", "tm"], right_on=["id", "tm"], suffix="_c"
)
print(
    json.dumps(
        {
            "cpu": used.user + used.system - begun.user - begun.system,
            "levels": float((both["after"] - both["after_c"]).mean()),
            "change": float((both["change"] - both["change_c"]).mean()),
            "matched": both.height,
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
