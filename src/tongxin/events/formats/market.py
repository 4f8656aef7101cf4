"""市集: stalls of neighbours and makers; whoever holds a place has a stall or comes to look."""

from tongxin.events.formats.base import Format

MARKET = Format(
    "market",
    "市集",
    "market",
    card_zh="摆摊与逛摊",
    card_en="stalls and strolling",
    uses=("stalls", "stall_size", "setup_minutes"),
    unit_zh="个摊位",
    unit_en="stalls",
)
