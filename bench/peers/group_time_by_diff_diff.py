"""Group-time effects by diff-diff: python group_time_by_diff_diff.py FOLDER; prints one line of JSON."""

import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from diff_diff import CallawaySantAnna

folder = Path(sys.argv[1])
table = pd.DataFrame(
    {
        "unit": np.fromfile(folder / "unit.i64", "<i8"),
        "period": np.fromfile(folder / "period.i64", "<i8"),
        "first": np.fromfile(folder / "first.i64", "<i8"),
        "outcome": np.fromfile(folder / "outcome.f64", "<f8"),
    }
)
begun = os.times()
model = CallawaySantAnna(control_group="never_treated", estimation_method="reg", n_bootstrap=0)
found = model.fit(table, outcome="outcome", unit="unit", time="period", first_treat="first")
used = os.times()
print(
    json.dumps(
        {
            "cpu": used.user + used.system - begun.user - begun.system,
            "simple": float(found.overall_att),
            "simple_se": float(found.overall_se),
            "effects": len(found.group_time_effects),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
