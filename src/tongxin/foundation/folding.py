"""A text as a machine should read it: one spelling for every way of writing the same characters.

Full width, ligatures and styled letters (NFKC), small letters, simplified characters, Latin letters in place of those that
only look like them; blanks, marks, emoji, accents and what has no width are gone. All of it is one `str.translate`
over a table that learns a character when it first meets it. `places` leads back to the text as given.
"""

import unicodedata
from functools import cache
from pathlib import Path

# Letters that look like Latin ones and are not (Unicode's confusables, the ones that text in our languages meets).
LOOK_ALIKES = dict(
    zip(
        "аеорсухіјѕԁһԛԝкмтпгвнзь" + "αβγεικνορτυχω" + "ɑɡıⅼ" + "օսցհո",
        "aeopcyxijsdhqwkmtnrbh3b" + "abyeikvoptuxw" + "agil" + "ougho",
        strict=True,
    )
)
SPOKEN = {"+": "加", "➕": "加", "〇": "0"}
KEPT = ("L", "N")


class _Table(dict[int, str]):
    """What each character reads as; worked out once a character."""

    def __missing__(self, code: int) -> str:
        read = "".join(_letters(chr(code)))
        self[code] = read
        return read


def _letters(char: str) -> list[str]:
    if char in SPOKEN:
        return [SPOKEN[char]]
    pairs = _pairs()
    read = []
    for part in unicodedata.normalize("NFKD", char).casefold():
        if part in SPOKEN:
            read.append(SPOKEN[part])
        elif unicodedata.category(part)[0] in KEPT:
            read.append(LOOK_ALIKES.get(part, pairs.get(part, part)))
    return read


@cache
def _pairs() -> dict[str, str]:
    here = Path(__file__).parent / "folding_pairs.txt"
    lines = [line for line in here.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    chars = "".join(lines)
    return dict(zip(chars[::2], chars[1::2], strict=True))


_TABLE = _Table()


def fold(text: str) -> str:
    """The text as it reads; empty when nothing in it is a letter, a character or a number."""
    return text.translate(_TABLE)


def places(text: str) -> list[int]:
    """For each character of `fold(text)`, where in the text it came from."""
    table = _TABLE
    return [place for place, char in enumerate(text) for _ in table[ord(char)]]


def simplified(char: str) -> str:
    """The simplified form of one character, or itself."""
    return _pairs().get(char, char)
