"""What PostgreSQL knows of commerce: purchases and imports; promises, vouchers, the ledger; envelopes and partners."""

from tongxin.commerce.models.envelopes import Commitment, Envelope, StaffHours
from tongxin.commerce.models.ledger import LedgerEntry, LedgerLine
from tongxin.commerce.models.partners import Outcome, Partner, Sponsored
from tongxin.commerce.models.promises import Promise
from tongxin.commerce.models.purchases import ImportRun, Membership, PurchaseDay
from tongxin.commerce.models.vouchers import Voucher

__all__ = [
    "Commitment",
    "Envelope",
    "ImportRun",
    "LedgerEntry",
    "LedgerLine",
    "Membership",
    "Outcome",
    "Partner",
    "Promise",
    "PurchaseDay",
    "Sponsored",
    "StaffHours",
    "Voucher",
]
