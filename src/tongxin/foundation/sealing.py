"""Values nobody should read in a stolen table: sealed with AES-256-GCM, looked up by a keyed hash.

Keys come from `settings.TONGXIN_PII_KEYS`, newest first, each `id:hex`. New values are sealed with the first key and name it,
so keys rotate without a pause: put a new one in front, run `rotate` on every field, then drop the old one. The keyed hash
uses the *last* key of the list and therefore survives a rotation; dropping the last key needs `rotate(…, lookup=…)`.
"""

import base64
import hmac
import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.core.exceptions import FieldError
from django.db import models
from django.db.models import F
from django.db.models.functions import Cast

NONCE = 12  # bytes, NIST SP 800-38D §8.2.1
LOOKUPS = frozenset({"isnull"})


class Unreadable(Exception):
    """A sealed value that no key of this installation opens: a lost key or a changed value. Carries no content."""


@lru_cache(maxsize=8)
def _ring(keys: tuple[str, ...]) -> dict[str, bytes]:
    ring = {name: bytes.fromhex(digits) for name, _, digits in (key.partition(":") for key in keys)}
    if not ring or any(len(key) != 32 or not name for name, key in ring.items()):
        raise ValueError("TONGXIN_PII_KEYS: one or more of id:64 hexadecimal digits, newest first")
    return ring


def _keys() -> dict[str, bytes]:
    return _ring(tuple(settings.TONGXIN_PII_KEYS))


@lru_cache(maxsize=64)
def _derived(key: bytes, purpose: str) -> bytes:
    return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(key)


@lru_cache(maxsize=8)
def _cipher(key: bytes) -> AESGCM:
    return AESGCM(_derived(key, "seal"))


def seal(text: str, context: str = "") -> str:
    """`k1:…`: `text` sealed with the newest key; `context` must be the same when it is opened."""
    name, key = next(iter(_keys().items()))
    nonce = secrets.token_bytes(NONCE)
    body = _cipher(key).encrypt(nonce, text.encode(), f"{name}|{context}".encode())
    return f"{name}:{base64.b64encode(nonce + body).decode()}"


def unseal(value: str, context: str = "") -> str:
    """The text in a sealed value. Raises Unreadable for a foreign key or one flipped bit."""
    name, _, body = value.partition(":")
    key = _keys().get(name)
    if key is None:
        raise Unreadable(f"sealed with a key that is not here: {name[:16]!r}")
    try:
        raw = _decoded(body)
        return _cipher(key).decrypt(raw[:NONCE], raw[NONCE:], f"{name}|{context}".encode()).decode()
    except (ValueError, InvalidTag):
        raise Unreadable("a sealed value was changed") from None


def _decoded(body: str) -> bytes:
    raw = base64.b64decode(body, validate=True)
    if base64.b64encode(raw).decode() != body:
        raise ValueError("spare bits in the last character: another spelling, not ours")
    return raw


def blind(purpose: str, value: str) -> str:
    """A keyed hash (64 hexadecimal digits) to find `value` by; another purpose gives another hash."""
    key = list(_keys().values())[-1]
    return hmac.digest(_derived(key, f"blind:{purpose}"), value.encode(), "sha256").hex()


def mask_phone(phone: str) -> str:
    """`138****1234`: enough to recognise one's own number."""
    if len(phone) >= 11:
        return f"{phone[:-8]}****{phone[-4:]}"
    return f"{phone[:2]}****{phone[-2:]}" if len(phone) >= 7 else "****"


class EncryptedText(models.TextField):
    """A text sealed at rest, plain in Python. Empty stays empty. Never in WHERE: look up by a `blind` column.

    Raises FieldError for any look-up but `isnull`, and for an index, a unique or a primary key on it.
    """

    sealed = True

    def __init__(self, *args: Any, context: str = "", **kwargs: Any) -> None:
        if any(kwargs.get(option) for option in ("db_index", "unique", "primary_key")):
            raise FieldError("a sealed field cannot be indexed or unique: add a blind column")
        self.context = context
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """For migrations."""
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | ({"context": self.context} if self.context else {})

    def get_prep_value(self, value: Any) -> Any:
        """Seals on the way in."""
        plain = super().get_prep_value(value)
        return seal(plain, self.context) if plain else plain

    def from_db_value(self, value: str | None, *_: Any) -> str | None:
        """Opens on the way out."""
        return unseal(value, self.context) if value else value

    def get_lookup(self, lookup_name: str) -> Any:
        """Refuses to compare sealed values: two sealings of one text differ, so a WHERE would silently find nothing."""
        if lookup_name not in LOOKUPS:
            raise FieldError(f"{self.name} is sealed; look it up by its blind column")
        return super().get_lookup(lookup_name)

    def get_transform(self, lookup_name: str) -> Any:
        """No transforms either."""
        raise FieldError(f"{self.name} is sealed; look it up by its blind column ({lookup_name})")


def rotate(
    model: type[models.Model], field: str, *, lookup: tuple[str, str] | None = None, batch: int = 500
) -> int:
    """Seal every value of `model.field` again with the newest key; answers how many. May be stopped and run again.

    `lookup` = (purpose, column) also renews that blind column, for replacing the last key. A value changed meanwhile
    by somebody else is left alone: it carries the newest key already.
    """
    newest = next(iter(_keys()))
    sealed = (
        model._default_manager.annotate(  # noqa: SLF001 (Django's public name for it)
            kept_text=Cast(F(field), models.TextField())
        )
        .exclude(kept_text="")
        .exclude(kept_text=None)
    )
    if lookup is None:
        sealed = sealed.exclude(kept_text__startswith=f"{newest}:")
    done, last = 0, None
    while True:
        rows = sealed if last is None else sealed.filter(pk__gt=last)
        found = list(rows.order_by("pk").values_list("pk", field, "kept_text")[:batch])
        for key, plain, kept in found:
            values = {field: plain} | ({lookup[1]: blind(lookup[0], plain)} if lookup else {})
            done += sealed.filter(pk=key, kept_text=kept).update(**values)
        if len(found) < batch:
            return done
        last = found[-1][0]
