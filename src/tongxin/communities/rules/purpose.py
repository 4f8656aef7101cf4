"""Is the job to be done written so that somebody could recognise themselves in it?"""

from collections.abc import Mapping

from tongxin.communities.terms import PURPOSE_FIELDS

LONGEST = 200


def missing(purpose: Mapping[str, str]) -> tuple[str, ...]:
    """The parts of the value proposition that are not said yet, in their order: a community without them is only a chat."""
    return tuple(name for name in PURPOSE_FIELDS if not purpose.get(name, "").strip())
