"""交换角: things change hands without money; a member may host it."""

from tongxin.events.formats.base import Format

SWAP = Format(
    "swap",
    "交换角",
    "swap",
    card_zh="旧物换新主",
    card_en="things change hands",
    uses=("what", "not_accepted"),
    unit_zh="位",
    unit_en="places",
    fee=False,
    member_hosted=True,
)
