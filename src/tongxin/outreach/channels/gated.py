"""The gate in the moment a letter is carried: between queue and network lie seconds or, after failures, hours."""

from contextlib import suppress
from uuid import UUID

from django.db import DatabaseError, transaction

from tongxin.foundation.outbox.ports import Carrier, Outcome, Parcel
from tongxin.outreach.actions import carrying
from tongxin.outreach.channels.lettered import LETTER_KIND


class Gated:
    """`CARRIERS["email"] = Gated("email", Mail())`: a message the gate lets through is carried, other letters just are."""

    def __init__(self, channel: str, carrier: Carrier) -> None:
        self.channel, self.carrier = channel, carrier

    @property
    def dedupes(self) -> bool:
        """As the carrier behind."""
        return self.carrier.dedupes

    def carry(self, letter: Parcel) -> Outcome:
        """Ask, carry, write down. A letter the gate stops has failed for good; what is to become of it stands at the send."""
        if letter.kind != LETTER_KIND:
            return self.carrier.carry(letter)
        send, key = UUID(str(letter.body["send"])), str(letter.body["key"])
        try:
            stopped = carrying.begin(send=send, key=key, channel=self.channel)
        except DatabaseError as fault:  # it has not left: not now, rather than nobody knows
            return Outcome("failed", type(fault).__name__)
        if stopped is not None:
            return Outcome("failed", stopped, final=stopped != carrying.BUSY)
        outcome = self.carrier.carry(letter)
        with (
            suppress(DatabaseError),
            transaction.atomic(),
        ):  # what is not written here, `settle` asks the outbox
            carrying.end(send=send, key=key, outcome=outcome)
        return outcome
