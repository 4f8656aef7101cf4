"""试吃: new things to taste before anybody else."""

from tongxin.events.formats.base import Format

TASTING = Format(
    "tasting",
    "试吃",
    "tasting",
    card_zh="先尝为快",
    card_en="taste it first",
    uses=("menu", "allergens"),
)
