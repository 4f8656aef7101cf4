"""What a ticket's code says, and whether it is ours.

The text of a code is `TX1.<static>.<moving>`, letters that a QR code packs tightly. The static part names the ticket and the event
and carries a signature (ECDSA P-256), so a phone without network can check it with the public key and nobody can make one.
The moving part changes every thirty seconds: a mark that only the server and the holder's own page can make. Online both parts
must hold, so an old screenshot is worth nothing; offline the static part has to do, and the scan says that it was offline.
Keys and the time are handed in. Whatever is wrong with a code, the answer is the same `None`.
"""

import base64
import hashlib
import hmac
import re
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, lru_cache
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    derive_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tongxin.events.terms import TOKEN_STEP

MARK = "TX1"
STEPS_OFF = (
    1  # one step to either side: then no code is accepted that was shown 60 s ago, far inside TOKEN_OLDEST
)
EVENT_BYTES = 8  # of the event's id: enough to say "not this event" without the network
_NUMBER, _STEP, _MAC = 32, 4, 10  # bytes of half a signature, of the step's number, of the moving mark
_STATIC = 16 + EVENT_BYTES + 2 * _NUMBER
_MOVING = _STEP + _MAC
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"  # of base32 (RFC 4648); Python counts from 0 to v in that base
_DIGITS = str.maketrans(_LETTERS, "0123456789abcdefghijklmnopqrstuv")
_OTHER = re.compile(f"[^{_LETTERS}]")
# The order of P-256 (FIPS 186-5): of the two spellings of each signature we accept the low one only, or anybody could respell it.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class TicketKey:
    """The installation's key: signs static parts, and every ticket's moving secret is derived from it."""

    private: EllipticCurvePrivateKey
    secret: bytes

    @cached_property
    def public(self) -> EllipticCurvePublicKey:
        """What a phone needs to check codes."""
        return self.private.public_key()


@dataclass(frozen=True)
class Shown:
    """What a code that holds says."""

    ticket: UUID
    event: bytes
    step: int | None


@lru_cache(maxsize=4)
def key_from(secret: str) -> TicketKey:
    """The key that follows from an installation's secret text: always the same."""
    raw = HKDF(SHA256(), 48, salt=None, info=b"tongxin ticket signature").derive(secret.encode())
    scalar = int.from_bytes(raw, "big") % (ORDER - 1) + 1
    moving = HKDF(SHA256(), 32, salt=None, info=b"tongxin ticket moving").derive(secret.encode())
    return TicketKey(derive_private_key(scalar, SECP256R1()), moving)


def public_point(key: TicketKey) -> str:
    """The public key as WebCrypto imports it raw: an uncompressed point, hexadecimal."""
    return key.public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()


def event_mark(event: UUID) -> bytes:
    """How a code names its event."""
    return event.bytes[:EVENT_BYTES]


def static_part(key: TicketKey, ticket: UUID, event: UUID) -> str:
    """The part that stays: the same text for one ticket always."""
    said = ticket.bytes + event_mark(event)
    return _text(said + sign(key, _domain(said)))


def sign(key: TicketKey, message: bytes) -> bytes:
    """64 bytes r‖s as WebCrypto reads them, in the low spelling."""
    der = key.private.sign(message, ECDSA(SHA256(), deterministic_signing=True))
    r, s = decode_dss_signature(der)
    return r.to_bytes(_NUMBER, "big") + min(s, ORDER - s).to_bytes(_NUMBER, "big")


def signed(key: TicketKey, message: bytes, signature: bytes) -> bool:
    """Did this installation sign `message`, in the low spelling?"""
    r, s = (int.from_bytes(signature[at : at + _NUMBER], "big") for at in (0, _NUMBER))
    if len(signature) != 2 * _NUMBER or s > ORDER // 2:
        return False
    try:
        key.public.verify(encode_dss_signature(r, s), message, ECDSA(SHA256()))
    except InvalidSignature:
        return False
    return True


def moving_secret(key: TicketKey, ticket: UUID) -> bytes:
    """What the holder's page makes moving parts from; of this one ticket alone."""
    return HKDF(SHA256(), 32, salt=None, info=b"tongxin moving " + ticket.bytes).derive(key.secret)


def step_at(now: datetime) -> int:
    """The number of the thirty seconds that `now` is in."""
    return int(now.timestamp()) // TOKEN_STEP


def moving_part(secret: bytes, ticket: UUID, step: int) -> str:
    """The part that changes: step and mark."""
    number = step.to_bytes(_STEP, "big")
    return _text(number + _mac(secret, ticket, number))


def code(key: TicketKey, ticket: UUID, event: UUID, now: datetime) -> str:
    """The whole text of a code as it is at `now`."""
    moving = moving_part(moving_secret(key, ticket), ticket, step_at(now))
    return f"{MARK}.{static_part(key, ticket, event)}.{moving}"


def read(key: TicketKey, text: str, event: UUID, now: datetime, *, online: bool) -> Shown | None:
    """What a code says, None for everything that is not a code of ours for this event (and, online, of this minute).

    Forged, altered, another event's, another installation's, too old, from the future, spelled otherwise: one None for all.
    """
    parts = text.split(".")
    if len(parts) not in {2, 3} or parts[0] != MARK:
        return None
    static = _bytes(parts[1], _STATIC)
    if static is None:
        return None
    said, signature = static[: -2 * _NUMBER], static[-2 * _NUMBER :]
    if not signed(key, _domain(said), signature) or said[16:] != event_mark(event):
        return None
    ticket = UUID(bytes=said[:16])
    if len(parts) == 2:
        return None if online else Shown(ticket, said[16:], None)
    step = _step(key, ticket, parts[2])
    if step is None or (online and abs(step - step_at(now)) > STEPS_OFF):
        return None
    return Shown(ticket, said[16:], step)


def short_code(ticket: UUID) -> str:
    """Six letters to tell two tickets apart by eye (`7K4M 2Q`); they open nothing."""
    text = base64.b32encode(hashlib.sha256(ticket.bytes).digest()[:4]).decode()[:6]
    return f"{text[:4]} {text[4:]}"


def door_hash(door: bytes, word: str) -> str:
    """How a door's list names a ticket, a phone's tail or a name: keyed for this door, so that two lists cannot be joined."""
    return hmac.digest(door, word.encode(), "sha256")[:8].hex()


def door_key(key: TicketKey, door: UUID) -> bytes:
    """The key of one door's list."""
    return HKDF(SHA256(), 32, salt=None, info=b"tongxin door " + door.bytes).derive(key.secret)


def _step(key: TicketKey, ticket: UUID, part: str) -> int | None:
    moving = _bytes(part, _MOVING)
    if moving is None:
        return None
    number, mac = moving[:_STEP], moving[_STEP:]
    if not hmac.compare_digest(mac, _mac(moving_secret(key, ticket), ticket, number)):
        return None
    return int.from_bytes(number, "big")


def _mac(secret: bytes, ticket: UUID, number: bytes) -> bytes:
    return hmac.digest(secret, ticket.bytes + number, hashlib.sha256)[:_MAC]


def _domain(said: bytes) -> bytes:
    # A signature of this key over anything else (a door's list) can never be shown as a ticket.
    return b"tongxin ticket 1\0" + said


def _text(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=")


def _bytes(text: str, size: int) -> bytes | None:
    """The bytes of one part in its one spelling; spare bits, small letters and padding are other spellings."""
    if len(text) != -(-size * 8 // 5) or _OTHER.search(text):
        return None
    number, spare = int(text.translate(_DIGITS), 32), 5 * len(text) - 8 * size
    if number & ((1 << spare) - 1):
        return None
    return (number >> spare).to_bytes(size, "big")
