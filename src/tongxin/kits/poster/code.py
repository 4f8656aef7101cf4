"""The code on paper: error level M or better, whole pixels a module, four white modules around."""

import segno
from PIL import Image

QUIET = 4
DARK = "#171930"


def code(link: str, side: int) -> Image.Image:
    """A code of at most `side` pixels with its white border, as large as whole modules allow."""
    made = segno.make(link, error="m", micro=False, boost_error=True)
    modules = int(made.symbol_size(scale=1, border=QUIET)[0])
    scale = max(1, side // modules)
    plain = Image.new("1", (modules, modules), 1)
    plain.putdata([0 if dark else 1 for row in made.matrix_iter(border=QUIET) for dark in row])
    return plain.resize((modules * scale, modules * scale), Image.Resampling.NEAREST)
