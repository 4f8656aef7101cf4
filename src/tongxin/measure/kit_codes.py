"""Which kit each event was made from, as the table `participation` calls it. Job worker only."""

from datetime import datetime

from tongxin.kits.models import Use
from tongxin.measure.models import Measurement, Study
from tongxin.measure.rules import treated_by


def kit_codes(asked: Study | Measurement) -> dict[tuple[str, str], str]:
    """(room, key) of an event → the code of its kit.

    In a study that a publication registered, the dates it is about have a code of their own: `kit:…@…` of its design.
    """
    rows = Use.objects.values_list("room", "key", "instance__kit__code")
    found = {(room, key): code for room, key, code in rows}
    if isinstance(asked, Study) and asked.key:
        own = Use.objects.filter(instance__room=asked.room, instance__key=asked.key).values_list(
            "room", "key", "instance__kit__code", "instance__public_id"
        )
        if asked.protocol["thing"][1] == "series":
            own = own.filter(starts_at__lte=datetime.fromisoformat(asked.protocol["counts_until"]))
        for room, key, code, instance in own:
            found[room, key] = treated_by(code, str(instance)).removeprefix("kit:")
    return found
