"""Money is a whole number of fen. There is no float anywhere near it.

`Fen` is an int by another name; a currency is a property of the brand and only matters when shown.
"""

import re
import unicodedata
from decimal import Decimal
from typing import NewType

Fen = NewType("Fen", int)

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "HKD": "HK$", "TWD": "NT$"}
MINUS = "−"
LARGEST = 10**15  # ten trillion yuan: beyond it a figure is a misread card number, not a sum

_SHAPE = re.compile(r"[+\-−]?\d{1,3}(,\d{3})+(\.\d{1,2})?|[+\-−]?\d+(\.\d{1,2})?")


def parse(text: str) -> Fen:
    """Fen from what people type: `1,234.50`, `¥39`, `39元`, `12.5`.

    Raises ValueError for anything else: three decimals, two points, letters, an empty cell, sums past 10¹⁵ fen.
    """
    plain = unicodedata.normalize("NFKC", text).strip()
    minus = plain[:1] if plain[:1] in {"-", "+", MINUS} else ""
    plain = plain.removeprefix(minus).strip()
    for sign in ("HK$", "NT$", "¥", "$", "€", "元", "CNY", "RMB", "USD"):
        plain = plain.removeprefix(sign).removesuffix(sign).strip()
    plain = minus + plain  # `−¥5` as we show it ourselves, and `¥-5`
    if not _SHAPE.fullmatch(plain):
        raise ValueError(f"not an amount of money: {text!r}")
    fen = int(Decimal(plain.replace(",", "").replace(MINUS, "-")) * 100)
    if abs(fen) > LARGEST:
        raise ValueError(f"not an amount of money: {text!r}")
    return Fen(fen)


def show(fen: int, currency: str = "CNY", *, cents: bool | None = None) -> str:
    """`¥39`, `¥1,234.50`, `−$2.00`. `cents` None shows decimals only when there are some."""
    whole, rest = divmod(abs(fen), 100)
    with_cents = rest != 0 if cents is None else cents
    if not with_cents:
        whole, rest = whole + (rest >= 50), 0
    digits = f"{whole:,}.{rest:02d}" if with_cents else f"{whole:,}"
    minus = MINUS if fen < 0 and (whole or rest) else ""  # what rounds to nothing has no sign
    return f"{minus}{SIGNS.get(currency, currency + ' ')}{digits}"


def plain(fen: int) -> str:
    """`-1234.50`: the form for files, exact, two decimals, ASCII minus."""
    return f"{'-' if fen < 0 else ''}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def share(fen: int, parts: list[int]) -> list[Fen]:
    """Split `fen` in proportion to whole-number `parts`; the pieces add up to the fen (largest remainder).

    Raises ValueError when `parts` is empty, negative or sums to 0.
    """
    total = sum(parts)
    if total <= 0 or min(parts) < 0:
        raise ValueError("parts must be whole numbers of which at least one is above 0")
    floors = [fen * p // total for p in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (-(fen * parts[i] % total), i))
    for i in by_remainder[: fen - sum(floors)]:
        floors[i] += 1
    return [Fen(f) for f in floors]
