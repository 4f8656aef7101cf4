"""A sheet of A4 that is written from the top down, and begins another page when it is full."""

from PIL import Image

from tongxin.kits.poster.code import code
from tongxin.kits.poster.drawing import ACROSS, MARGIN, Sheet, as_pdf, measure, stamp
from tongxin.kits.poster.fonts import Face
from tongxin.kits.poster.scenes import A4
from tongxin.kits.poster.setting import Block, fitted, wrapped

INK, SECOND, LINE, EMBER = "#1b1d2c", "#4a4d5f", "#bcbcb6", "#be3d0a"
INSIDE = ACROSS - 2 * MARGIN
FOOT = 96.0  # kept free for the note at the foot
TITLE = ((1, 64, 44), (2, 48, 36))


class Writer:
    """Pages under one head. `down` is where the next line goes."""

    def __init__(self, head: str, title: str, under: str, mark: str = "") -> None:
        self.head, self.title, self.under, self.mark = head, title, under, mark
        self.pages: list[Sheet] = []
        self.down = 0.0
        self.turn()

    @property
    def sheet(self) -> Sheet:
        """The page that is written on."""
        return self.pages[-1]

    def turn(self) -> None:
        """A new page with the same head; the title stands large on the first."""
        sheet = Sheet(Image.new("RGB", A4, "#ffffff"))
        self.pages.append(sheet)
        stamp(sheet, (MARGIN, 64), side=52, ink=INK, fire=EMBER)
        named = wrapped(self.head, measure("bold"), INSIDE * 0.7 / 28, 1)[0]
        sheet.type((MARGIN + 68, 100), named, face="bold", size=28, ink=INK)
        if self.mark:
            sheet.type((ACROSS - MARGIN, 100), self.mark, face="sans", size=24, ink=EMBER, anchor="rs")
        if len(self.pages) > 1:
            self.down = 160.0
            return
        end = sheet.block(
            (MARGIN, 146),
            fitted(self.title, measure("song"), INSIDE, TITLE),
            face="song",
            ink=INK,
            leading=1.25,
        )
        sheet.type((MARGIN, end + 38), self.under, face="sans", size=26, ink=SECOND)
        self.down = end + 70

    def room(self, need: float) -> None:
        """Turn the page where so much does not fit any more."""
        if self.down + need > self.sheet.high - FOOT:
            self.turn()

    def heading(self, text: str) -> None:
        """A heading in the colour of the fire, kept together with a line after it."""
        self.room(130)
        self.down += 34
        self.sheet.type((MARGIN, self.down + 30), text, face="bold", size=30, ink=EMBER)
        self.down += 50

    def line(
        self,
        text: str,
        *,
        left: float = 0,
        face: Face = "sans",
        size: int = 26,
        ink: str = INK,
        tick: bool = False,
    ) -> None:
        """A line that is broken where it has to be; `tick` puts a box before it."""
        at = left + (44 if tick else 0)
        block = Block(wrapped(text, measure(face), (INSIDE - at) / size, 6), size)
        self.room(size * 1.5 * len(block.lines))
        if tick:
            s = self.sheet.scale
            box = ((MARGIN + left) * s, (self.down + 9) * s, (MARGIN + left + 24) * s, (self.down + 33) * s)
            self.sheet.on.rounded_rectangle(box, 4 * s, outline=SECOND, width=round(2 * s))
        self.down = self.sheet.block((MARGIN + at, self.down), block, face=face, ink=ink, leading=1.5) + 6

    def rule(self, left: float = 0, right: float = 0) -> None:
        """A hairline across, or across a part."""
        s, y = self.sheet.scale, self.down * self.sheet.scale
        ends = ((MARGIN + left) * s, y, (ACROSS - MARGIN - right) * s, y)
        self.sheet.on.line(ends, fill=LINE, width=max(1, round(1.4 * s)))

    def code(self, link: str, side: float, *, right: float, top: float) -> None:
        """A code to scan."""
        s = self.sheet.scale
        drawn = code(link, round(side * s)).convert("RGB")
        left = round((ACROSS - MARGIN - right) * s) - drawn.width
        self.sheet.picture.paste(drawn, (left, round(top * s)))

    def pdf(self, note: str, counted: str) -> bytes:
        """The bytes, with a note and the page's number at every foot; `counted` has `{n}` and `{of}`."""
        for n, sheet in enumerate(self.pages, 1):
            sheet.type((MARGIN, sheet.high - 48), note, face="sans", size=20, ink=SECOND)
            sheet.type(
                (ACROSS - MARGIN, sheet.high - 48),
                counted.format(n=n, of=len(self.pages)),
                face="sans",
                size=20,
                ink=SECOND,
                anchor="rs",
            )
        return as_pdf([sheet.picture for sheet in self.pages])
