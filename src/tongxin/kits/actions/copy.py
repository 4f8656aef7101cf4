"""The advertising-law linter on the way out of a kit: what is forbidden stops it, unless a person allowed the word and said why."""

from collections.abc import Iterable

from tongxin.foundation.errors import Refused
from tongxin.kits.copylint import lint
from tongxin.kits.models import CopyException, Kit


def check_copy(*, kit: Kit, texts: Iterable[tuple[str, str]]) -> None:
    """Look at each (path, text). Refuses `kits.copy_forbidden` with the first word, its clause and where it stands."""
    allowed = tuple(CopyException.objects.filter(kit=kit).values_list("word", flat=True))
    for path, text in texts:
        for hit in lint(text, allowed=allowed):
            if hit.level == "forbidden":
                raise Refused("kits.copy_forbidden", word=hit.word, clause=hit.clause, path=path)
