"""The numbers behind a shortlist, all in one place, so that a chain can publish and change them."""

from __future__ import annotations

from dataclasses import dataclass

from tongxin.compass.errors import BadInput, Fault


@dataclass(frozen=True)
class Policy:
    """How a shortlist is drawn up.

    Attributes
    ----------
    size : int
        Places on the list, random ones included.
    per_store : int
        Most places for one store: without it the largest store takes them all.
    random_share : float
        Places given to eligible members by lot; they keep the list learning and resist "the rich get richer".
    window_days : int
        How far back deeds count.
    tenure_days : int
        Members must have been in for so long.
    credit_days, refund_days : int
        A first purchase counts for its inviter within `credit_days`, once `refund_days` have passed after it.
    pull : float
        Pieces of evidence at which a percentile stands half-way between "nothing known" and what was seen.
    largest_meeting : int
        Events with more people are an audience, not a meeting.
    draws : int
        Resamples behind an interval.
    level : float
        Coverage of the interval.
    seed : int
    """

    size: int = 30
    per_store: int = 3
    random_share: float = 0.10
    window_days: int = 182
    tenure_days: int = 28
    credit_days: int = 30
    refund_days: int = 14
    pull: float = 5.0
    largest_meeting: int = 60
    draws: int = 400
    level: float = 0.80
    seed: int = 20260101

    def __post_init__(self) -> None:
        """Raise BadInput naming every number that makes no sense."""
        faults = [
            Fault(f"koc.{name}", str(getattr(self, name)), (f"{least} or more",))
            for name, least in (("size", 1), ("per_store", 1), ("window_days", 1), ("draws", 20))
            if getattr(self, name) < least
        ]
        if not 0 <= self.random_share <= 1:
            faults.append(Fault("koc.random_share", str(self.random_share), ("0 to 1",)))
        if not 0 < self.level < 1:
            faults.append(Fault("koc.level", str(self.level), ("between 0 and 1",)))
        if faults:
            raise BadInput(faults)

    @property
    def random_slots(self) -> int:
        """Places given by lot: the share, rounded, and at least one on a list of five or more.

        >>> Policy(size=30).random_slots, Policy(size=8).random_slots, Policy(size=3).random_slots
        (3, 1, 0)
        """
        if self.random_share == 0 or self.size < 5:
            return 0
        return max(1, round(self.size * self.random_share))
