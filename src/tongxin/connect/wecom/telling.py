"""Notices to one colleague as a message of the app (row 22): the platform drops a repeat within four hours, so a lost answer does no harm."""

from tongxin.connect.wecom.api import staff
from tongxin.connect.wecom.calling import Caller
from tongxin.connect.wecom.config import configured
from tongxin.connect.wecom.errors import AGAIN, SETUP, Fault, WeComFault
from tongxin.foundation.outbox.ports import Outcome, Parcel


class AppMessage:
    """`CARRIERS["wecom_app"] = AppMessage()`. A letter's `to` is the colleague's account."""

    dedupes = True

    def __init__(self, corp: Caller | None = None) -> None:
        self._corp = corp

    def carry(self, letter: Parcel) -> Outcome:
        """One message."""
        config = configured()
        corp = self._corp or (Caller(config) if config.ready else None)
        if corp is None:
            return Outcome("failed", "no corp configured", final=True)
        text, url = str(letter.body.get("text") or ""), str(letter.body.get("url") or "")
        try:
            staff.tell(corp, [letter.to], f"{text}\n{url}" if url else text)
        except WeComFault as fault:
            if fault.fault is Fault.UNKNOWN:
                return Outcome("unknown", str(fault.number))
            again = fault.fault in AGAIN or fault.fault in SETUP
            return Outcome("failed", f"{fault.fault.value} {fault.number}", final=not again)
        return Outcome("sent", "0")
