"""Tables of kits, one file per noun."""

from tongxin.kits.models.instances import Actual, Instance, RecallWarning, StepReport, Use
from tongxin.kits.models.kits import CopyException, Draft, Kit, Offer, Recall, Version

__all__ = [
    "Actual",
    "CopyException",
    "Draft",
    "Instance",
    "Kit",
    "Offer",
    "Recall",
    "RecallWarning",
    "StepReport",
    "Use",
    "Version",
]
