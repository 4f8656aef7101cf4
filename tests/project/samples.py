"""Proofs with many alike cases try a sample of them, another one with every random seed; `make nightly` tries them all."""

import os
import random

# Set by `make nightly` (or by hand) for the tests that are marked `sampled`.
WHOLE = os.environ.get("TONGXIN_WHOLE") == "1"


def stride(whole: bool = WHOLE) -> tuple[int, int]:
    """Where to begin and how far to step: from one by one in a whole run, else every third from one of the first three."""
    return (1, 1) if whole else (random.randint(1, 3), 3)


def part(things, of: int, whole: bool = WHOLE) -> list:
    """One of so many parts of a list, in its order; all of it in a whole run."""
    things = list(things)
    return things if whole else things[random.randrange(of) :: of]
