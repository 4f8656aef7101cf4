"""线上分享: the way in is shown only to who has a place, from half an hour before."""

from tongxin.events.formats.base import Format

ONLINE_TALK = Format(
    "online_talk",
    "线上分享",
    "online talk",
    card_zh="在家也能来",
    card_en="come from home",
    online=True,
    uses=("speaker", "topic", "replay"),
    unit_zh="位",
    unit_en="places",
    member_hosted=True,
)
