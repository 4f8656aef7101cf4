"""The envelope of callbacks: a signature and AES, as document 91144 says.

AESKey = base64(EncodingAESKey + "="), 32 bytes; AES-256-CBC with the first half of the key as IV; PKCS#7 to blocks of 32 bytes;
inside: 16 random bytes, the length of the text (4 bytes, big-endian), the text, the id of the receiver. The signature is the SHA-1
of token, timestamp, nonce and the encrypted text, sorted and joined: the format's choice, not ours.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
import struct
from dataclasses import dataclass

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

BLOCK = 32
HEAD = 16


class BadEnvelope(Exception):
    """A callback that is not from the platform, or not for us. `code` is the number the format gives it, `why` a word for the log."""

    def __init__(self, code: int, why: str) -> None:
        super().__init__(why)
        self.code, self.why = code, why


@dataclass(frozen=True)
class Crypt:
    """Opens and seals what goes between the platform and one receiver (a corp, or an app of it)."""

    token: str
    encoding_key: str
    receiver: str

    def __post_init__(self) -> None:
        if len(self._key()) != BLOCK:
            raise BadEnvelope(-40004, "key")

    def __repr__(self) -> str:
        return f"Crypt({self.receiver!r})"  # token and key stay out of tracebacks and logs

    def _key(self) -> bytes:
        try:
            return base64.b64decode(self.encoding_key + "=", validate=True)
        except (binascii.Error, ValueError):
            raise BadEnvelope(-40004, "key") from None

    def _cipher(self) -> Cipher[modes.CBC]:
        key = self._key()
        return Cipher(algorithms.AES(key), modes.CBC(key[:HEAD]))

    def sign(self, timestamp: str, nonce: str, encrypted: str) -> str:
        """The signature over an encrypted text."""
        joined = "".join(sorted((self.token, timestamp, nonce, encrypted)))
        return hashlib.sha1(joined.encode(), usedforsecurity=False).hexdigest()

    def open(self, *, signature: str, timestamp: str, nonce: str, encrypted: str) -> str:
        """The text inside. Raises BadEnvelope: signature −40001, base64 −40010, decryption −40007, its inside −40008, receiver −40005."""
        if not hmac.compare_digest(self.sign(timestamp, nonce, encrypted).encode(), signature.encode()):
            raise BadEnvelope(-40001, "signature")
        try:
            sealed = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise BadEnvelope(-40010, "base64") from None
        if not sealed or len(sealed) % HEAD:
            raise BadEnvelope(-40007, "length")
        worker = self._cipher().decryptor()
        return self._inside(_unpadded(worker.update(sealed) + worker.finalize()))

    def _inside(self, plain: bytes) -> str:
        if len(plain) < HEAD + 4:
            raise BadEnvelope(-40008, "too short")
        (length,) = struct.unpack(">I", plain[HEAD : HEAD + 4])
        text, receiver = plain[HEAD + 4 : HEAD + 4 + length], plain[HEAD + 4 + length :]
        if len(text) != length:
            raise BadEnvelope(-40008, "length inside")
        if not hmac.compare_digest(receiver, self.receiver.encode()):
            raise BadEnvelope(-40005, "receiver")
        try:
            return text.decode()
        except UnicodeDecodeError:
            raise BadEnvelope(-40008, "not UTF-8") from None

    def seal(self, text: str, *, head: bytes | None = None) -> str:
        """The encrypted form of a text. `head` are its 16 random bytes (given only by test vectors)."""
        body = text.encode()
        plain = (
            (head or secrets.token_bytes(HEAD)) + struct.pack(">I", len(body)) + body + self.receiver.encode()
        )
        fill = BLOCK - len(plain) % BLOCK
        worker = self._cipher().encryptor()
        return base64.b64encode(worker.update(plain + bytes([fill]) * fill) + worker.finalize()).decode()


def _unpadded(plain: bytes) -> bytes:
    """Without the PKCS#7 filling. Raises BadEnvelope when it is not whole: a wrong key looks like that."""
    fill = plain[-1]
    if not 1 <= fill <= BLOCK or plain[-fill:] != bytes([fill]) * fill:
        raise BadEnvelope(-40007, "padding")
    return plain[:-fill]
