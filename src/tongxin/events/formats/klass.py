"""小课堂: people learn something together, by hand."""

from tongxin.events.formats.base import Format

CLASS = Format(
    "class",
    "小课堂",
    "class",
    card_zh="动手学一样",
    card_en="learn by hand",
    uses=("materials", "level", "take_home"),
)
