"""Words of members as they are kept: without blank edges, and fit to be read by others."""

from tongxin.foundation import clock
from tongxin.foundation.errors import Refused
from tongxin.voices.rules.judging import Author, judge, policy_at


def text(words: str, most: int) -> str:
    """Words as they are kept: without blank edges. Refuses `amplify.words`."""
    said = words.replace("\x00", "").strip()
    if not said or len(said) > most:
        raise Refused("amplify.words", most=most)
    return said


def fit(words: str, most: int) -> str:
    """Words of a member that others will read: what moderation would hold back is not taken. Refuses `amplify.words`, `amplify.words_unfit`."""
    said, now = text(words, most), clock.now()
    if judge(said, Author(ring="middle", days=10_000), policy_at(now), now).state != "published":
        raise Refused("amplify.words_unfit")
    return said
