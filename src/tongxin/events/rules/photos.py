"""How far out a photo may stand. The one rule: whoever moves, edits, schedules, reposts or serves a photo asks here."""

from dataclasses import dataclass
from itertools import pairwise

from tongxin.events.terms_after import LADDER, PhotoState, Unfit


@dataclass(frozen=True)
class SeenOne:
    """Somebody seen in a photo. `record`: their live yes to photos at all; of a child it is the guardian's file.

    `uses` are those of this photo that they (or the guardian) last said yes to.
    """

    child: bool
    record: bool
    uses: frozenset[PhotoState]


@dataclass(frozen=True)
class Sight:
    """What is known of who is seen. `said` is False until somebody has said it."""

    said: bool
    child_visible: bool
    strangers: bool
    seen: tuple[SeenOne, ...] = ()


@dataclass(frozen=True)
class Standing:
    """The furthest state a photo may be in, and why not further (None when nothing is in the way)."""

    furthest: PhotoState
    why: Unfit | None = None
    missing: int = 0


def standing(sight: Sight) -> Standing:
    """Walk outwards for as long as everybody seen agrees; a child needs the guardian's file, and to be named."""
    if not sight.said:
        return Standing(PhotoState.PRIVATE, Unfit.UNSEEN)
    if sight.strangers:
        return Standing(PhotoState.PRIVATE, Unfit.STRANGERS)
    if sight.child_visible != any(one.child for one in sight.seen):
        return Standing(PhotoState.PRIVATE, Unfit.CHILD_UNNAMED)
    for inner, use in pairwise(LADDER):
        without = [one for one in sight.seen if not (one.record and use in one.uses)]
        if without:
            why = Unfit.NO_FILE if any(one.child for one in without) else Unfit.NO_CONSENT
            return Standing(inner, why, len(without))
    return Standing(PhotoState.ADVERT)


def allowed(sight: Sight, state: PhotoState) -> bool:
    """May a photo stand there?"""
    return state.reach <= standing(sight).furthest.reach


def covers(use: PhotoState, *, granted: bool) -> tuple[PhotoState, ...]:
    """The uses an answer speaks of: a yes includes what is further in, a no takes along what is further out."""
    return tuple(one for one in LADDER[1:] if (one.reach <= use.reach if granted else one.reach >= use.reach))
