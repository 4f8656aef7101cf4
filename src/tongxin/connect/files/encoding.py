"""Which encoding a text file is in: mark, strict UTF-8, detection; then the whole file must keep to it.

Never "UTF-8, else GB18030": that reads Big5 without a complaint and wrongly (measured 0 of 100 right).
"""

from __future__ import annotations

import codecs
import hashlib
from dataclasses import dataclass
from pathlib import Path

from charset_normalizer import from_bytes

from tongxin.connect.files.report import BadFile, Fault, name_of

SAMPLE = 200 * 1024
CHUNK = 1024 * 1024

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
#: what can be chosen by hand, and the reading each name stands for (supersets: GBK ⊂ GB18030, Big5 ⊂ Big5-HKSCS)
CHOICES = {
    "utf-8": "utf-8-sig",
    "utf8": "utf-8-sig",
    "utf-8-sig": "utf-8-sig",
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
    "utf-16": "utf-16",
    "utf-16-le": "utf-16-le",
    "utf-16-be": "utf-16-be",
}
_DETECTABLE = {
    "gb18030": "gb18030",
    "gbk": "gb18030",
    "gb2312": "gb18030",
    "big5": "big5hkscs",
    "big5hkscs": "big5hkscs",
}


@dataclass(frozen=True)
class Text:
    """A text file that has been read once: its encoding (proved on every byte), its hash, its lines, whether the last one ends."""

    encoding: str
    sha256: str
    lines: int
    last_line_ends: bool


def settle(path: Path, chosen: str = "") -> Text:
    """Find the encoding and read the whole file in it. Raises BadFile with the line of the first byte that does not fit."""
    if chosen and chosen.lower() not in CHOICES:
        raise BadFile(Fault(name_of(path), 0, "encoding", chosen, ", ".join(CHOICES)))
    if chosen:
        return _read(path, CHOICES[chosen.lower()])
    with path.open("rb") as file:
        sample = file.read(SAMPLE)
    for mark, encoding in MARKS:
        if sample.startswith(mark):
            return _read(path, encoding)
    if (wide := _unmarked_utf16(sample)) is not None:
        return _read(path, wide)
    try:
        return _read(path, "utf-8-sig")
    except BadFile as fault:
        return _read(path, _detect(path, sample, fault))


def sha256_of(path: Path) -> str:
    """The hash by which a file is known again."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _unmarked_utf16(sample: bytes) -> str | None:
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    # In UTF-16 the commas, digits and line ends alone make more zero bytes than one in twenty.
    if max(even, odd) * 20 <= len(sample):
        return None
    return "utf-16-le" if odd > even else "utf-16-be"


def _detect(path: Path, sample: bytes, fault: BadFile) -> str:
    """Ask charset-normalizer. A file that is plain ASCII for 200 KB is judged from its first foreign byte on."""
    if sample.isascii():
        sample = _from_first_foreign_byte(path)
    found = from_bytes(sample, cp_isolation=["gb18030", "big5", "big5hkscs", "utf_8"]).best()
    encoding = _DETECTABLE.get(found.encoding.replace("_", "-") if found else "")
    if encoding is None:
        raise fault  # it is UTF-8 with a broken place, and the first reading has found that
    return encoding


def _from_first_foreign_byte(path: Path) -> bytes:
    with path.open("rb") as file:
        while piece := file.read(CHUNK):
            if not piece.isascii():
                at = next(i for i, byte in enumerate(piece) if byte > 127)
                return (piece[at:] + file.read(SAMPLE))[:SAMPLE]
    return b""


def _read(path: Path, encoding: str) -> Text:
    decoder = codecs.getincrementaldecoder(encoding)(errors="strict")
    digest = hashlib.sha256()
    lines, last = 1, ""
    with path.open("rb") as file:
        while True:
            piece = file.read(CHUNK)
            digest.update(piece)
            try:
                text = decoder.decode(piece, final=not piece)
            except UnicodeDecodeError as fault:
                good = bytes(fault.object[: fault.start]).count(b"\n")
                bad = bytes(fault.object[fault.start : fault.start + 4]).hex(" ")
                raise BadFile(
                    Fault(
                        name_of(path),
                        lines + good,
                        "",
                        f"bytes {bad} are no {_spoken(encoding)}",
                        "one encoding throughout the file; name it with --encoding",
                    )
                ) from fault
            lines += text.count("\n")
            last = text[-1:] or last
            if not piece:
                return Text(encoding, digest.hexdigest(), lines - (last == "\n"), last in ("\n", "\r"))


def _spoken(encoding: str) -> str:
    return {"utf-8-sig": "UTF-8", "gb18030": "GB18030", "big5hkscs": "Big5"}.get(encoding, encoding.upper())
