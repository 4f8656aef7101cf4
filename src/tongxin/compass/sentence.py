"""One sentence in both languages, and how figures are written in it."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$", "SGD": "S$"}


@dataclass(frozen=True)
class Words:
    """A sentence in Chinese and in English."""

    zh: str
    en: str


def sign_of(currency: str) -> str:
    """Return the sign written before an amount.

    >>> sign_of("CNY"), sign_of("CHF")
    ('¥', 'CHF ')
    """
    return _SIGNS.get(currency, f"{currency} ")


def figure(value: float | None, unit: str, currency: str, *, signed: bool = False) -> str:
    """Write one figure in its unit; the minus is a real minus.

    >>> figure(-1.25, "money/month", "CNY"), figure(0.036, "share", "CNY", signed=True)
    ('−¥1.25', '+3.6%')
    """
    if value is None or not math.isfinite(value):
        return "—"
    lead = "−" if value < 0 else "+" if signed else ""
    size = abs(value)
    if unit == "share":
        return f"{lead}{size * 100:.1f}%"
    if unit in {"money", "money/month"}:
        return (
            f"{lead}{sign_of(currency)}{size:,.0f}"
            if size >= 100
            else f"{lead}{sign_of(currency)}{size:,.2f}"
        )
    return f"{lead}{size:.2f}"


def points(value: float | None, unit: str, currency: str, *, language: str = "zh") -> str:
    """Write a difference: of shares in percentage points, of anything else as a signed figure.

    >>> points(0.036, "share", "CNY"), points(0.036, "share", "CNY", language="en")
    ('+3.6 点', '+3.6 points')
    """
    if unit == "share" and value is not None and math.isfinite(value):
        lead = "−" if value < 0 else "+"
        return f"{lead}{abs(value) * 100:.1f} {'点' if language == 'zh' else 'points'}"
    return figure(value, unit, currency, signed=True)


def difference(value: float, unit: str, currency: str, *, signed: bool = True) -> Words:
    """Write a difference in both languages; without `signed` a leading plus is left out.

    >>> difference(0.036, "share", "CNY"), difference(12.0, "money", "CNY", signed=False)
    (Words(zh='+3.6 点', en='+3.6 points'), Words(zh='¥12.00', en='¥12.00'))
    """
    zh, en = (points(value, unit, currency, language=language) for language in ("zh", "en"))
    return Words(zh, en) if signed else Words(zh.lstrip("+"), en.lstrip("+"))


def span(ci: tuple[float, float] | None, unit: str, currency: str, *, language: str = "zh") -> str:
    """Write an interval.

    >>> span((-1.0, 2.5), "money", "CNY")
    '−¥1.00～+¥2.50'
    """
    if ci is None:
        return "—"
    low, high = (points(end, unit, currency, language=language) for end in ci)
    return f"{low}～{high}" if language == "zh" else f"{low} to {high}"


def per_cent(value: float | None) -> str:
    """Write a relative change.

    >>> per_cent(0.0801)
    '+8.0%'
    """
    return figure(value, "share", "", signed=True)
