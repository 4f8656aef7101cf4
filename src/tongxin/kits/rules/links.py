"""What counts as a link that people may be sent."""

from urllib.parse import urlsplit

LINK_MOST = 300


def is_link(url: str) -> bool:
    """A whole https address without a name or password in it, of plain letters: it is shown as it is."""
    try:
        parts = urlsplit(url)
        named = bool(parts.hostname) and "." in str(parts.hostname) and parts.username is None
        plain = url.isascii() and url.isprintable() and not any(c in url for c in " \"'<>\\")
        return (
            parts.scheme == "https"
            and named
            and plain
            and len(url) <= LINK_MOST
            and parts.port in {None, 443}
        )
    except ValueError:
        return False
