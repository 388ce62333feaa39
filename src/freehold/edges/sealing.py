"""The port `Seal`: short texts that leave the process and come back unread and unchanged, such as cursors.

AES-SIV (RFC 5297) without a nonce: the same message, bound to the same things, seals to the same text. So a page keeps
its ETag, and a bad random source can do no harm. What equality could tell, it tells only to the caller it is bound to.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from freehold.edges.jose import from_base64url, to_base64url
from freehold.edges.keys import KeySource
from freehold.runtime.ports import Clock, SealBroken

LONGEST = 4096
"""Characters in the longest text that is sealed or opened: it has to fit into the address of a page."""

_VERSION = b"\x01"  # inside the seal, where nobody can change it; and no message is empty, which AES-SIV may refuse


class AesSivSeal:
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
        closed = AESSIV(key.secret).encrypt(_VERSION + message, [_binding(key.id, bound_to)])
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
        key = self._keys.ring().opening(kid, self._clock.now().timestamp())
        if key is None:
            raise SealBroken
        try:
            opened = AESSIV(key.secret).decrypt(from_base64url(body), [_binding(kid, bound_to)])
        except (InvalidTag, ValueError):
            raise SealBroken from None
        if not opened.startswith(_VERSION):
            raise SealBroken
        return opened[len(_VERSION) :]


def _binding(kid: str, bound_to: Sequence[str]) -> bytes:
    """One text that no other list of texts gives: each is led by its length.

    One and never empty, though AES-SIV takes a list: some builds of OpenSSL leave empty members of that list
    unauthenticated (CVE-2023-2975).
    """
    if isinstance(bound_to, str) or not bound_to:
        # A text is a sequence of texts, too; and a seal bound to nothing opens for everybody.
        raise TypeError("a seal is bound to a list of texts with at least one in it, such as the tenant")
    parts = [part.encode("utf-8", "surrogatepass") for part in ("freehold seal 1", kid, *bound_to)]
    return b"".join(len(part).to_bytes(8, "big") + part for part in parts)
