"""A poster: 1080 × 1920 for a phone, A4 for a wall. The ground is kept, the words are set, the code is pasted; one pass."""

import io
import time
from functools import lru_cache
from math import ceil

from PIL import Image, ImageChops, ImageDraw

from tongxin.kits.poster import words
from tongxin.kits.poster.code import DARK, code
from tongxin.kits.poster.fonts import Face, font
from tongxin.kits.poster.pen import ACROSS, Pen, Point
from tongxin.kits.poster.scenes import A4, PHONE, ground
from tongxin.kits.poster.setting import Block, Measure, fitted, wrapped
from tongxin.kits.poster.templates import Template, template
from tongxin.kits.poster.words import Facts

DPI = 200
REVISION = 1  # goes into the names of kept files: raise it when the drawing changes
MARGIN = 84
INSIDE = ACROSS - 2 * MARGIN
TITLE_TOP, TITLE_LEADING = 190, 1.22
# Lines, largest and smallest size of a title: large on two lines, smaller on three, at last cut. All end above the picture.
TITLE_SIZES = {
    PHONE: ((1, 156, 132), (2, 150, 104), (3, 104, 84), (4, 80, 66)),
    A4: ((1, 144, 120), (2, 126, 92), (3, 86, 72), (4, 64, 54)),
}
LINE_SIZES = ((1, 40, 34), (2, 36, 32))
CARD, CARD_GAP = 296, 44
COLUMN = INSIDE - CARD - CARD_GAP
REFERENCE = 100  # fonts are measured at this size; type without hinting is proportional
PNG_EFFORT = 2


def png(facts: Facts) -> bytes:
    """The poster for a phone."""
    out = io.BytesIO()
    draw(facts, PHONE).save(out, "PNG", compress_level=PNG_EFFORT)
    return out.getvalue()


def pdf(facts: Facts) -> bytes:
    """The poster for a wall, A4."""
    return as_pdf([draw(facts, A4)])


def as_pdf(pages: list[Image.Image]) -> bytes:
    """Pages of A4 at 200 dots an inch, without a date or a name in the file: the same content gives the same bytes."""
    out = io.BytesIO()
    epoch = time.gmtime(0)
    pages[0].save(
        out,
        "PDF",
        resolution=DPI,
        quality=90,
        save_all=True,
        append_images=pages[1:],
        creationDate=epoch,
        modDate=epoch,
    )
    return out.getvalue()


@lru_cache(maxsize=4096)
def _wide(face: Face, text: str) -> float:
    return font(face, REFERENCE).getlength(text) / REFERENCE


def measure(face: Face) -> Measure:
    """Width of a text in a face at size 1."""
    return lambda text: _wide(face, text)


class Sheet:
    """A picture with type on it, measured in units."""

    def __init__(self, picture: Image.Image) -> None:
        self.picture = picture
        self.scale = picture.width / ACROSS
        self.high = picture.height / self.scale
        self.on = ImageDraw.Draw(picture)

    def type(self, at: Point, text: str, *, face: Face, size: float, ink: str, anchor: str = "ls") -> None:
        """A line of type; `y` is its base line."""
        s = self.scale
        self.on.text((at[0] * s, at[1] * s), text, font=font(face, round(size * s)), fill=ink, anchor=anchor)

    def block(self, at: Point, block: Block, *, face: Face, ink: str, leading: float) -> float:
        """Lines under one another; answers where the block ends."""
        x, top = at
        for i, line in enumerate(block.lines):
            self.type(
                (x, top + block.size * (leading * (i + 0.5) + 0.36)),
                line,
                face=face,
                size=block.size,
                ink=ink,
            )
        return top + block.size * leading * len(block.lines)


def title_block(title: str, size: tuple[int, int] = PHONE) -> Block:
    """How a title is set on a poster."""
    return fitted(title, measure("song"), INSIDE, TITLE_SIZES[size])


def draw(facts: Facts, size: tuple[int, int]) -> Image.Image:
    """The whole poster at a size. Refuses `poster.no_fonts`."""
    one = template(facts.template)
    sheet = Sheet(ground(one.key, size).copy())
    _head(sheet, facts, one)
    end = sheet.block(
        (MARGIN - 4, TITLE_TOP),
        title_block(facts.title, size),
        face="song",
        ink=one.ink,
        leading=TITLE_LEADING,
    )
    if facts.line:
        line = fitted(facts.line, measure("sans"), INSIDE, LINE_SIZES)
        sheet.block((MARGIN, end + 26), line, face="sans", ink=one.second, leading=1.45)
    _foot(sheet, facts, one, paper=size != PHONE)
    return sheet.picture


def _head(sheet: Sheet, facts: Facts, one: Template) -> None:
    stamp(sheet, (MARGIN, 84), side=60, ink=one.ink, fire=one.pill)
    x = MARGIN + 60 + 18
    right: float = ACROSS - MARGIN
    if facts.mark:
        right = _badge(sheet, right, facts.mark, one) - 20
    room: float = right - x
    tag = wrapped(facts.tag, measure("sans"), room * 0.45 / 30, 1) if facts.tag else ()
    if tag:
        sheet.type((right, 125), tag[0], face="sans", size=30, ink=one.second, anchor="rs")
        room -= measure("sans")(tag[0]) * 30 + 24
    name = f"{facts.store} · {facts.brand}" if facts.brand else facts.store
    if measure("bold")(name) * 34 > room:
        name = facts.store
    told = wrapped(name, measure("bold"), room / 34, 1)
    sheet.type((x, 126), told[0] if told else "", face="bold", size=34, ink=one.ink)


def stamp(sheet: Sheet, at: Point, *, side: float, ink: str, fire: str) -> None:
    """The brand mark, drawn large and made small."""
    pixels = ceil(side * sheet.scale)
    left, top = round(at[0] * sheet.scale), round(at[1] * sheet.scale)
    behind = sheet.picture.crop((left, top, left + pixels, top + pixels))
    large = behind.resize((pixels * 4, pixels * 4), Image.Resampling.BILINEAR)
    Pen(large, 4 * sheet.scale).mark(0, 0, side, ink, fire)
    sheet.picture.paste(large.reduce(4), (left, top))


def _badge(sheet: Sheet, right: float, text: str, one: Template) -> float:
    """A framed word for what is not real; answers where it begins."""
    wide = measure("sans")(text) * 26 + 32
    s = sheet.scale
    box = ((right - wide) * s, 94 * s, right * s, 136 * s)
    sheet.on.rounded_rectangle(box, 8 * s, outline=one.second, width=max(1, round(2 * s)))
    sheet.type((right - wide / 2, 115), text, face="sans", size=26, ink=one.second, anchor="mm")
    return right - wide


def _foot(sheet: Sheet, facts: Facts, one: Template, *, paper: bool) -> None:
    bottom = sheet.high - MARGIN
    _card(sheet, bottom, facts, paper=paper)
    told = words.price(facts)
    size = 36
    while size > 24 and measure("bold")(told) * size + 60 > COLUMN:
        size -= 2
    wide = measure("bold")(told) * size + 60
    s = sheet.scale
    pill = Image.new("L", (round(wide * s) * 2, round(68 * s) * 2))
    ImageDraw.Draw(pill).rounded_rectangle(
        (0, 0, pill.width - 1, pill.height - 1), pill.height // 2, fill=255
    )
    sheet.picture.paste(one.pill, (round(MARGIN * s), round((bottom - 68) * s)), pill.reduce(2))
    sheet.type((MARGIN + wide / 2, bottom - 34), told, face="bold", size=size, ink=one.pill_ink, anchor="mm")
    place = wrapped(words.where(facts), measure("sans"), COLUMN / 38, 2)
    high = 38 * 1.42 * len(place)
    sheet.block((MARGIN, bottom - 68 - 26 - high), Block(place, 38), face="sans", ink=one.ink, leading=1.42)
    base = bottom - 68 - 26 - high - 30
    date = words.day(facts.starts, facts.language)
    span = words.hours(facts.starts, facts.ends, facts.language)
    for line in (span, date) if len(place) == 1 else (f"{date} {span}",):  # the foot keeps its height
        size = 60
        while size > 34 and measure("bold")(line) * size > COLUMN:
            size -= 2
        sheet.type((MARGIN, base), line, face="bold", size=size, ink=one.ink)
        base -= 78


def _card(sheet: Sheet, bottom: float, facts: Facts, *, paper: bool) -> None:
    """The code on white, with what to do under it."""
    s = sheet.scale
    made = code(facts.link, round(CARD * s))
    left, high = ACROSS - MARGIN - CARD, CARD + 44
    card = Image.new("L", (round(CARD * s) * 2, round(high * s) * 2))
    ImageDraw.Draw(card).rounded_rectangle((0, 0, card.width - 1, card.height - 1), round(52 * s), fill=255)
    top = bottom - high
    sheet.picture.paste("#ffffff", (round(left * s), round(top * s)), card.reduce(2))
    spare = (CARD * s - made.width) / 2
    # The code's own white border is the card: pasting it too would square the card's corners.
    dark = ImageChops.invert(made.convert("L"))
    sheet.picture.paste(DARK, (round(left * s + spare), round(top * s + spare)), dark)
    told = words.scan(facts.language, paper=paper)
    sheet.type((left + CARD / 2, bottom - 36), told, face="bold", size=30, ink=DARK, anchor="mm")
