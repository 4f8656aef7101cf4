"""What the newest kept answer says of one sequence to the long unseen. Nothing here computes."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tongxin.foundation.access import Viewer
from tongxin.measure.queries.studies import access_measurement, newest_measurements
from tongxin.outreach.queries import access_sequence

KIND = "reactivation"


@dataclass(frozen=True)
class SequenceReturn:
    """Sentences (zh, en) about a sequence, and the measurement that they stand in; `told` False: only why nothing can be said."""

    measurement: UUID
    at: datetime | None
    told: bool
    simulated: bool
    said: tuple[tuple[str, str], ...]


def sequence_return(viewer: Viewer, public_id: UUID | str) -> SequenceReturn | None:
    """The return of a sequence in reach as the newest answer has it; None where there is none that the viewer may read.

    Refuses `absent`.
    """
    wanted = str(access_sequence(viewer, public_id).public_id)
    line = newest_measurements(viewer).get(KIND)
    if line is None:
        return None
    answer = access_measurement(viewer, line.public_id).answer or {}
    for row in answer.get("plans", ()):
        if row["plan"] == wanted:
            said = tuple((one["zh"], one["en"]) for one in row["said"])
            return SequenceReturn(line.public_id, line.at, row["back"] is not None, line.simulated, said)
    return None
