"""What a phone makes of a poster: seen from the side, out of focus, noisy, unevenly lit, pressed into a JPEG.

Shared by the test (a few) and the bench (many). Everything comes from a seeded generator.
"""

import io

import numpy as np
import zxingcpp
from PIL import Image, ImageFilter

WIDE, HIGH = 810, 1440  # a frame of a phone's camera, not its full resolution


def photographed(poster: Image.Image, seed: int, harm: float = 1.0) -> Image.Image:
    """`poster` as a photograph; `harm` 1 is a hurried one in a shop, 3 is hopeless."""
    chance = np.random.default_rng(seed)
    small = poster.convert("RGB").resize((WIDE, round(WIDE * poster.height / poster.width)))
    seen = _from_the_side(small, chance, 0.06 * harm)
    light = _uneven(seen.size, chance, 0.35 * harm)
    pixels = (
        np.asarray(seen.filter(ImageFilter.GaussianBlur(0.9 * harm)), dtype=np.float32) * light[..., None]
    )
    pixels += chance.normal(0, 9 * harm, pixels.shape).astype(np.float32)
    dull = Image.fromarray(np.clip(pixels * 0.9 + 12, 0, 255).astype(np.uint8))
    pressed = io.BytesIO()
    dull.save(pressed, "JPEG", quality=max(4, round(60 / harm**2)))
    return Image.open(io.BytesIO(pressed.getvalue())).convert("RGB")


def read(picture: Image.Image) -> str | None:
    """What the decoder reads."""
    found = zxingcpp.read_barcodes(picture, formats=zxingcpp.BarcodeFormat.QRCode)
    return found[0].text if found else None


def _from_the_side(picture: Image.Image, chance: np.random.Generator, much: float) -> Image.Image:
    wide, high = picture.size
    moved = chance.uniform(-much, much, (4, 2)) * (wide, high)
    corners = np.array([(0, 0), (wide, 0), (wide, high), (0, high)], dtype=np.float64)
    return picture.transform(
        (wide, high),
        Image.Transform.PERSPECTIVE,
        _projection(corners, corners + moved - moved.mean(axis=0)),
        Image.Resampling.BILINEAR,
        fillcolor=(120, 116, 110),
    )


def _projection(to: np.ndarray, source: np.ndarray) -> list[float]:
    rows, values = [], []
    for (x, y), (u, v) in zip(to, source, strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        values += [u, v]
    return list(np.linalg.solve(np.array(rows), np.array(values)))


def _uneven(size: tuple[int, int], chance: np.random.Generator, much: float) -> np.ndarray:
    """A lamp somewhere: bright near it, dark far from it."""
    down, across = np.mgrid[0 : size[1], 0 : size[0]].astype(np.float32)
    x, y = chance.uniform(0, size[0]), chance.uniform(0, size[1])
    far = np.hypot(across - x, down - y) / np.hypot(*size)
    return 1.0 - much * far
