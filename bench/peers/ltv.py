"""BG/NBD by lifetimes, in an environment of its own: reads arrays, prints parameters and CPU seconds as JSON."""

import json
import resource
import sys
import warnings

import numpy as np
from lifetimes import BetaGeoFitter


def main(path: str) -> None:
    """Fit once; only the fit is timed, imports and reading are not."""
    warnings.filterwarnings("ignore")
    data = np.load(path)
    x, recency, age = (data[name] for name in ("x", "recency", "age"))
    before = resource.getrusage(resource.RUSAGE_SELF)
    model = BetaGeoFitter(penalizer_coef=0.0).fit(x, recency, age)
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "cpu": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                "peak_mb": after.ru_maxrss / 1024,
                "parameters": [float(model.params_[name]) for name in ("r", "alpha", "a", "b")],
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
