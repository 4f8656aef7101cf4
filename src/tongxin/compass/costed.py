"""What the goods cost: the margin of order lines, integer fen from end to end."""

from __future__ import annotations

from typing import Any

import ibis

from tongxin.compass.dataset import Dataset

#: margin is only said where at least this share of the spend on lines has a known cost
ENOUGH_KNOWN = 0.8


def has_costs(dataset: Dataset) -> bool:
    """Say whether any table says what goods cost."""
    return dataset.has("order_lines", "cost_fen") or dataset.has("products", "unit_cost_fen")


def with_cost(dataset: Dataset, lines: Any) -> Any:
    """Return the lines with `cost` in fen; null where nobody knows it.

    Parameters
    ----------
    lines : ibis table
        With `sku`, `qty` and, if the chain gives it, `cost_fen`.

    Notes
    -----
    A line's own cost goes before quantity × the product's unit cost. Quantities below zero (a return in the same file)
    give no cost back: what came back over the counter is not sold again, so its cost stays with the member's margin.
    """
    own = ibis.null("int64")
    if "cost_fen" in lines.columns:
        own = lines.cost_fen.cast("int64")
    if not dataset.has("products", "unit_cost_fen"):
        return lines.mutate(cost=own)
    products = dataset.tables["products"].select("sku", unit_cost="unit_cost_fen")
    joined = lines.left_join(products, "sku")
    pieces = ibis.greatest(joined.qty.cast("float64"), 0.0)
    computed = (pieces * joined.unit_cost.cast("float64") + 0.5).floor().cast("int64")
    own = joined.cost_fen.cast("int64") if "cost_fen" in lines.columns else ibis.null("int64")
    return joined.select(*[lines[name] for name in lines.columns], cost=ibis.coalesce(own, computed))
