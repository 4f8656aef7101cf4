"""Sixty-odd pictures that strangers might send, each with a mark that must not come back out."""

import io
import struct
import zlib

from PIL import Image, ImageCms, PngImagePlugin

MARK = b"PLANTED-MARK-31.2304N"
TEXT = MARK.decode()


def gradient(mode, size=(60, 40)):
    picture = Image.linear_gradient("L").resize(size)
    return picture.convert("RGB").convert(mode) if mode not in {"I;16", "1"} else picture.convert(mode)


def exif(orientation=1):
    data = Image.Exif()
    data[0x0112] = orientation
    data[0x010E] = TEXT
    data.get_ifd(0x8825).update({1: "N", 2: (31.0, 13.0, 49.0), 29: TEXT})
    return data.tobytes()


def saved(picture, kind, **more):
    out = io.BytesIO()
    picture.save(out, kind, **more)
    return out.getvalue()


def png_text():
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", TEXT)
    info.add_itxt("XML:com.adobe.xmp", f"<x>{TEXT}</x>")
    return info


def app1(data, payload):
    """A JPEG with one more segment behind its first two bytes."""
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + data[2:]


def bomb(width, height):
    """A PNG that says it is enormous and holds next to nothing."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def good():
    """(name, bytes) of pictures that must be taken, cleaned."""
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes() + MARK
    xmp = f"<x:xmpmeta xmlns:x='adobe:ns:meta/'>{TEXT}</x:xmpmeta>".encode()
    for kind, modes in {
        "JPEG": ["RGB", "L", "CMYK"], "PNG": ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"],
        "WEBP": ["RGB", "RGBA"], "GIF": ["P", "L"],
    }.items():  # fmt: skip
        for mode in modes:
            picture = gradient(mode)
            yield f"{kind}-{mode}-bare", saved(picture, kind)
            if kind != "GIF":
                yield f"{kind}-{mode}-exif-gps", saved(picture, kind, exif=exif())
                yield f"{kind}-{mode}-icc", saved(picture, kind, icc_profile=srgb)
    for orientation in range(1, 9):
        yield f"JPEG-turned-{orientation}", saved(gradient("RGB"), "JPEG", exif=exif(orientation))
    plain = saved(gradient("RGB"), "JPEG")
    yield "JPEG-comment", saved(gradient("RGB"), "JPEG", comment=MARK)
    yield "JPEG-xmp", saved(gradient("RGB"), "JPEG", xmp=xmp)
    yield (
        "JPEG-iptc",
        plain[:2] + b"\xff\xed" + struct.pack(">H", 16 + len(MARK)) + b"Photoshop 3.0\0" + MARK + plain[2:],
    )
    yield "JPEG-unknown-segment", app1(plain, b"Whatever\0" + MARK)
    yield "JPEG-polyglot-html", plain + b"<script>alert('" + MARK + b"')</script>"
    yield "JPEG-polyglot-zip", plain + b"PK\x03\x04" + MARK
    yield "JPEG-broken-profile", saved(gradient("RGB"), "JPEG", icc_profile=MARK * 20)
    yield "JPEG-progressive", saved(gradient("RGB"), "JPEG", progressive=True, comment=MARK)
    yield "PNG-text", saved(gradient("RGB"), "PNG", pnginfo=png_text())
    yield "PNG-polyglot", saved(gradient("RGB"), "PNG") + MARK
    yield "PNG-palette-transparent", saved(gradient("P"), "PNG", transparency=3)
    yield "WEBP-xmp", saved(gradient("RGB"), "WEBP", xmp=xmp)
    yield "GIF-comment", saved(gradient("P"), "GIF", comment=MARK)
    yield (
        "GIF-animated",
        saved(gradient("P"), "GIF", save_all=True, append_images=[gradient("P")] * 3, comment=MARK),
    )
    yield "large-side", saved(gradient("RGB", (4000, 50)), "PNG")


def bad():
    """(name, bytes, refusal) of what must not be taken."""
    plain = saved(gradient("RGB"), "JPEG")
    yield "nothing", b"", "media.not_an_image"
    yield "text", b"hello", "media.not_an_image"
    yield (
        "svg",
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        "media.not_an_image",
    )
    yield "svg-with-declaration", b'<?xml version="1.0"?><!DOCTYPE svg><svg/>', "media.not_an_image"
    yield "html", b"<html><img src=x onerror=alert(1)>", "media.not_an_image"
    yield "pdf", b"%PDF-1.7", "media.not_an_image"
    yield "zip", b"PK\x03\x04" + b"\0" * 100, "media.not_an_image"
    yield "bmp", saved(gradient("RGB"), "BMP"), "media.not_an_image"
    yield "tiff", saved(gradient("RGB"), "TIFF"), "media.not_an_image"
    yield "ico", saved(gradient("RGB"), "ICO"), "media.not_an_image"
    yield "eps", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n", "media.not_an_image"
    yield "only-a-head", plain[:4], "media.not_an_image"
    yield "cut-off", saved(gradient("RGB"), "PNG")[:-40], "media.unreadable"
    yield "bomb-41-megapixels", bomb(8200, 5000), "media.too_many_pixels"
    yield "bomb-4-gigapixels", bomb(65000, 65000), "media.too_many_pixels"
    yield "bomb-within-bounds", bomb(6000, 6000), "media.unreadable"
