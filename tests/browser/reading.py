"""Reading a page as axe and a ruler do: by day, by night and at every width, loaded once. And its words, without drawing it."""

import re

from axe_playwright_python.base import AXE_SCRIPT

from project import samples

# The narrowest and the widest of what is promised; what lies between is measured by `make nightly`.
WIDTHS = (360, 390, 1024, 1440) if samples.WHOLE else (360, 1440)
SURFACE = "getComputedStyle(document.documentElement).backgroundColor"
HAN = re.compile(r"[\u4e00-\u9fff]+")
WORDS = """([html, without]) => { const d = new DOMParser().parseFromString(html, 'text/html');
    d.querySelectorAll('script, style, template, textarea, [hidden]' + without).forEach(e => e.remove());
    return [d.documentElement.lang, d.body.textContent]; }"""
CONTRAST = "color-contrast"
# The look of a text: its colours, size and weight, and every background, opacity and effect from it outwards. What is drawn or taken
# out of the flow may lie on something else, so it also says by which elements and classes it stands there.
PALE = """async ([before, rule]) => {
    const read = new Set(before), fresh = new Map(), around = new Map();
    const behind = e => {
        if (!e) return ['', false];
        if (!around.has(e)) {
            const s = getComputedStyle(e), [outer, moved] = behind(e.parentElement);
            const own = [s.backgroundColor, s.backgroundImage, s.opacity, s.filter, s.mixBlendMode].join(' ');
            around.set(e, [own === 'rgba(0, 0, 0, 0) none 1 none normal' ? outer : outer + '<' + own, moved
                || !['static', 'relative'].includes(s.position) || s.transform !== 'none' || e instanceof SVGElement]);
        }
        return around.get(e);
    };
    const place = e => e ? place(e.parentElement) + '>' + e.tagName + '.' + e.getAttribute('class') : '';
    const look = e => {
        const s = getComputedStyle(e), [back, moved] = behind(e);
        return [s.color, s.fontSize, s.fontWeight, s.textShadow, back, moved ? place(e) : ''].join('|');
    };
    const seen = e => {  // what is outside the page or a dot is for screen readers only: axe passes it over too
        const r = e.getBoundingClientRect();
        return r.width > 1 && r.height > 1 && r.right + scrollX > 0 && r.bottom + scrollY > 0 && e.checkVisibility({ visibilityProperty: true });
    };
    for (const e of document.body.querySelectorAll('*'))
        if ((e.matches('input, select, textarea') || [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
            && seen(e) && !read.has(look(e)) && !fresh.has(look(e))) fresh.set(look(e), e);
    if (!fresh.size) return [[], []];
    const asked = { runOnly: [rule], elementRef: true, selectors: false, resultTypes: ['passes', 'violations'] };
    const { passes, violations } = await axe.run({ include: [...fresh.values()] }, asked);
    const passed = passes.flatMap(one => one.nodes.map(node => look(node.element)));
    return [passed, violations.map(one => ({ id: one.id, nodes: one.nodes.map(({ html }) => ({ html })) }))];
}"""
PASSED: set[str] = set()
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def violations(page) -> list[str]:
    """What axe finds on a page as it stands, by all its rules."""
    asked = {"resultTypes": ["violations"], "rules": {CONTRAST: {"enabled": False}}}
    rest = with_axe(page).evaluate("async asked => (await axe.run(asked)).violations", asked)
    return told(rest) + too_pale(page)


def too_pale(page) -> list[str]:
    """What axe finds by its rule about contrast, among the texts that look like none that has passed it already.

    Contrast is a matter of colours, size, weight and of what is painted behind: where all of these are the same, so is the
    answer. The rule takes four fifths of axe's time, and most of a page looks like the page before it.
    """
    passed, found = with_axe(page).evaluate(PALE, [sorted(PASSED), CONTRAST])
    PASSED.update(passed)
    return told(found)


def with_axe(page):
    """The page, into which axe is put once; what the same tab opens next has it from the start, and it is sent only once."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE_SCRIPT)
        page.add_init_script(AXE_SCRIPT)
    return page


def told(found) -> list[str]:
    """Axe's answer as one line a rule."""
    return [f"{one['id']}: {[node['html'][:120] for node in one['nodes'][:3]]}" for one in found]


def faults(page, path: str) -> list[str]:
    """What is wrong with the page that stands at its first width by day; it is left there.

    Night changes colours and nothing else, so then the one rule about colours is asked.
    """
    day, size = page.evaluate(SURFACE), page.viewport_size
    found = [f"{path} by day: {one}" for one in violations(page)]
    page.emulate_media(color_scheme="dark")
    found += [] if page.evaluate(SURFACE) != day else [f"{path}: nothing is dark"]
    found += [f"{path} by night: {one}" for one in too_pale(page)]
    page.emulate_media(color_scheme="light")
    for width in sorted(WIDTHS, key=lambda one: one != size["width"]):
        if page.viewport_size["width"] != width:
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
