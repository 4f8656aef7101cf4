"""The key that signs heads: ed25519, made from `settings.TONGXIN_AUDIT_KEY`, so an auditor can check without being able to sign."""

from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@lru_cache(maxsize=4)
def _private(secret: str) -> Ed25519PrivateKey:
    seed = HKDF(SHA256(), 32, salt=None, info=b"tongxin audit head").derive(secret.encode())
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key() -> str:
    """The public half, 64 hexadecimal digits: to be kept outside with the noted head."""
    return _private(settings.TONGXIN_AUDIT_KEY).public_key().public_bytes_raw().hex()


def sign(message: bytes) -> str:
    """The signature as hexadecimal digits."""
    return _private(settings.TONGXIN_AUDIT_KEY).sign(message).hex()


def holds(message: bytes, signature: str, key: str) -> bool:
    """Did the owner of `key` (hexadecimal public key) sign `message`?"""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), message)
    except (InvalidSignature, ValueError):
        return False
    return True
