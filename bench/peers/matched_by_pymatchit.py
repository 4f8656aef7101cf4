"""One matching by pymatchit-causal: python matched_by_pymatchit.py FOLDER METHOD; prints one line of JSON."""

import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from pymatchit import MatchIt

folder = Path(sys.argv[1])
names = (folder / "columns.txt").read_text().split()
table = pd.DataFrame({name: np.fromfile(folder / f"{name}.f64", "<f8") for name in names})
table[["treat", "store", "tenure"]] = table[["treat", "store", "tenure"]].astype(int)
method = sys.argv[2]
begun = os.times()
model = MatchIt(
    table,
    method="nearest",
    distance="glm" if method == "propensity" else "mahalanobis",
    replace=True,
    exact=["store", "tenure"],
)
model.fit("treat ~ " + " + ".join(f"x{i}" for i in range(1, 9)))
used = os.times()
weight = model.weights if hasattr(model, "weights") else model.matched_data["weights"]
one = table["treat"] == 1
change = table["after"] - table["before"]


def difference(y: pd.Series) -> float:
    w = (
        pd.Series(weight, index=table.index)
        if len(weight) == len(table)
        else weight.reindex(table.index).fillna(0)
    )
    return float((y[one] * w[one]).sum() / w[one].sum() - (y[~one] * w[~one]).sum() / w[~one].sum())


print(
    json.dumps(
        {
            "cpu": used.user + used.system - begun.user - begun.system,
            "levels": difference(table["after"]),
            "change": difference(change),
            "matched": int(one.sum()),
            "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }
    )
)
