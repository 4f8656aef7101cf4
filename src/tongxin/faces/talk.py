"""What people wrote, as a page shows it: plain text, escaped letter by letter, with web addresses as links and nothing else."""

import re

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

# Only the two schemes of the web, only ASCII: Chinese punctuation after an address is not part of it.
ADDRESS = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9\-._~:/?#\[\]@!$*+,;=%&]*", re.IGNORECASE)
TAIL = ".,;:!?*"


def linked(text: str) -> SafeString:
    """The text for a page. A link tells search engines and the other side nothing about where it stood."""
    parts: list[SafeString | str] = []
    at = 0
    for found in ADDRESS.finditer(text):
        url = found.group().rstrip(TAIL)
        parts.append(text[at : found.start()])
        parts.append(format_html('<a href="{}" rel="nofollow ugc noopener noreferrer">{}</a>', url, url))
        at = found.start() + len(url)
    parts.append(text[at:])
    return format_html_join("", "{}", ((part,) for part in parts))
