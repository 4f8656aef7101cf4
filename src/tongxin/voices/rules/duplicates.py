"""Is it the same text again: a fingerprint of 64 bits that changes little when the text changes little (Charikar's simhash).

Texts of fewer than eight characters have none: 谢谢老师 may be said twice.
"""

from functools import cache
from hashlib import blake2b

from tongxin.foundation.folding import fold

SHORTEST = 8  # characters; a shorter text says nothing about whether it was copied
SHINGLE = 3
LANE = 16  # bits to count in: enough for 65,535 shingles
NEAR_FROM = 16  # characters from which a changed word still makes the same text
NEAR = 9  # of 64 bits; of two unrelated texts fewer than one pair in a hundred million is as near
SIGN = 1 << 63


def fingerprint(text: str) -> int:
    """The fingerprint of a text, signed so that a database keeps it; 0 for none."""
    folded = fold(text)
    if len(folded) < SHORTEST:
        return 0
    shingles = {folded[i : i + SHINGLE] for i in range(len(folded) - SHINGLE + 1)}
    lanes = _lanes()
    sums = [0] * 8
    for shingle in shingles:
        for i, byte in enumerate(blake2b(shingle.encode(), digest_size=8).digest()):
            sums[i] += lanes[byte]
    half, mask = len(shingles) / 2, (1 << LANE) - 1
    mark = 0
    for i, lane in enumerate(sums):
        for bit in range(8):
            if (lane >> (bit * LANE)) & mask > half:
                mark |= 1 << (i * 8 + bit)
    mark = mark or 1
    return mark - (1 << 64) if mark & SIGN else mark


@cache
def _lanes() -> tuple[int, ...]:
    return tuple(sum(1 << (bit * LANE) for bit in range(8) if byte >> bit & 1) for byte in range(256))


def apart(one: int, other: int) -> int:
    """In how many of 64 bits two fingerprints differ."""
    return ((one ^ other) & ((1 << 64) - 1)).bit_count()


def same(text: str, mark: int, others: tuple[int, ...]) -> bool:
    """Whether a text with this fingerprint says what one of the `others` said: exactly when short, nearly when long."""
    if not mark:
        return False
    reach = NEAR if len(fold(text)) >= NEAR_FROM else 0
    return any(apart(mark, other) <= reach for other in others)
