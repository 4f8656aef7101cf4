"""What the fields of a design that only some kinds read may say. The kinds themselves are listed in `designs`."""

from __future__ import annotations

CHOICES: dict[str, tuple[str, ...]] = {
    "kind": ("two_control", "lottery", "holdout", "group_time", "nearest", "coarsened", "balancing"),
    "unit": ("member", "store", "community"),
    "interval": ("fixed", "always_valid"),
    "nearness": ("propensity", "mahalanobis"),
    "comparison": ("never", "not_yet"),
    "estimator": ("none", "or", "ipw", "dr"),
}
