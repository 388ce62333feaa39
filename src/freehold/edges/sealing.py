"""The port `Seal`: short texts that leave the process and come back unread and unchanged, such as cursors.

XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha-03) with a synthetic nonce, the construction of RFC 5297 (SIV): the nonce is
a keyed BLAKE2b of the message and what it is bound to, and is checked again when the text is opened. The same message,
bound to the same things, seals to the same text. So a page keeps its ETag, and a bad random source can do no harm. What
equality could tell, it tells only to the caller it is bound to.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from nacl.exceptions import CryptoError
from nacl.secret import Aead

from freehold.edges.jose import from_base64url, to_base64url
from freehold.edges.keys import KeySource
from freehold.runtime.ports import Clock, SealBroken

LONGEST = 4096
"""Characters in the longest text that is sealed or opened: it has to fit into the address of a page."""

_VERSION = "freehold seal 2"  # bound to it, like all else that must be the same; 1 was AES-SIV


class SivSeal:
    """Seals with the newest key of a ring, and opens with every key that still counts.

    A sealed text is the id of its key, a dot, and base64url without padding: safe in an address as it is.
    """

    def __init__(self, keys: KeySource, clock: Clock) -> None:
        """`keys` says with what, and `clock` which of them count."""
        self._keys = keys
        self._clock = clock

    def seal(self, message: bytes, bound_to: Sequence[str]) -> str:
        """Close `message` into URL-safe text that opens only for the same `bound_to`, in the same order.

        Raises `TypeError` when bound to nothing, and `ValueError` when the text would be longer than `LONGEST`.
        """
        key = self._keys.ring().sealing_key(self._clock.now().timestamp())
        binding = _binding(key.id, bound_to)
        closed = _box(key.secret).encrypt(message, binding, _nonce(key.secret, binding, message))
        sealed = f"{key.id}.{to_base64url(closed)}"
        if len(sealed) > LONGEST:
            raise ValueError(f"a sealed text has at most {LONGEST} characters; this one would have {len(sealed)}")
        return sealed

    def open(self, sealed: str, bound_to: Sequence[str]) -> bytes:
        """The message.

        Raises `SealBroken` for a text altered in any place, cut, spelled in another way, made with a key whose time is
        over, or bound to something else; which of these it was is not told.
        """
        if len(sealed) > LONGEST:
            raise SealBroken
        kid, _, body = sealed.partition(".")
        key = self._keys.ring(kid).opening(kid, self._clock.now().timestamp())
        if key is None:
            raise SealBroken
        binding = _binding(kid, bound_to)
        try:
            closed = from_base64url(body)
            message = _box(key.secret).decrypt(closed, binding)
        except (CryptoError, ValueError):
            raise SealBroken from None
        if not hmac.compare_digest(closed[: Aead.NONCE_SIZE], _nonce(key.secret, binding, message)):
            raise SealBroken
        return message


def _box(secret: bytes) -> Aead:
    return Aead(secret[-Aead.KEY_SIZE :])


def _nonce(secret: bytes, binding: bytes, message: bytes) -> bytes:
    """The synthetic nonce: another one for every other message or binding, and no secret by itself."""
    text = len(binding).to_bytes(8, "big") + binding + message
    return hashlib.blake2b(text, digest_size=Aead.NONCE_SIZE, key=secret[: -Aead.KEY_SIZE]).digest()


def _binding(kid: str, bound_to: Sequence[str]) -> bytes:
    """One text that no other list of texts gives: each is led by its length."""
    if isinstance(bound_to, str) or not bound_to:
        # A text is a sequence of texts, too; and a seal bound to nothing opens for everybody.
        raise TypeError("a seal is bound to a list of texts with at least one in it, such as the tenant")
    parts = [part.encode("utf-8", "surrogatepass") for part in (_VERSION, kid, *bound_to)]
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
