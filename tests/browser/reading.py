"""Reading a page as axe and a ruler do: by day, by night and at every width, loaded once. And its words, without drawing it."""

import re

from axe_playwright_python.base import AXE_SCRIPT

WIDTHS = (360, 390, 1024, 1440)
SURFACE = "getComputedStyle(document.documentElement).backgroundColor"
HAN = re.compile(r"[\u4e00-\u9fff]+")
WORDS = """([html, without]) => { const d = new DOMParser().parseFromString(html, 'text/html');
    d.querySelectorAll('script, style, template, textarea, [hidden]' + without).forEach(e => e.remove());
    return [d.documentElement.lang, d.body.textContent]; }"""
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page, *rules: str) -> list[str]:
    """What axe finds on a page as it stands, by all its rules or by some; axe itself is put into a page once."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
    asked = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("asked => axe.run(asked)", asked)["violations"]
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def faults(page, path: str) -> list[str]:
    """What is wrong with the page that stands at its first width by day; it is left there.

    Night changes colours and nothing else, so then the one rule about colours is asked.
    """
    day, size = page.evaluate(SURFACE), page.viewport_size
    found = [f"{path} by day: {one}" for one in violations(page)]
    page.emulate_media(color_scheme="dark")
    found += [] if page.evaluate(SURFACE) != day else [f"{path}: nothing is dark"]
    found += [f"{path} by night: {one}" for one in violations(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        wider = page.evaluate(WIDER)
        found += [f"{path} at {width}: {wider} px too wide"] if wider > 0 else []
    page.set_viewport_size(size)
    return found


def chinese(page, path: str, *without: str, data=("中文",)) -> list[str]:
    """The Chinese words of a page that should be English, but data: the address, for reading the fault, and the words.

    What `without` selects is left out. A page that does not say that it is English counts as a fault too.
    """
    reply = page.context.request.get(path)
    language, text = page.evaluate(WORDS, [reply.text(), "".join(f", {one}" for one in without)])
    return [f"{path}: {word}" for word in HAN.findall(text) if word not in data] + (
        [] if language == "en" else [f"{path}: {language}"]
    )
