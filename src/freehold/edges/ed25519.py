"""Ed25519 (RFC 8032) by libsodium, for all that is signed here: the algorithm EdDSA of PyJWT, and keys read from a JWK.

The same with and without the package `cryptography`, which PyJWT would take for it. libsodium checks what RFC 8032
leaves open: points of small order, and numbers that are not written in the shortest way, are refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NoReturn

from jwt import InvalidKeyError, PyJWS
from jwt.algorithms import Algorithm
from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

from freehold.edges.jose import from_base64url

EDDSA = "EdDSA"
"""What JOSE calls it (RFC 8037, section 3.1)."""

_POINT = 32  # bytes


class Ed25519(Algorithm):
    """The algorithm as PyJWT asks for it. Its keys are those of PyNaCl, and no bytes or PEM: a text is never a key."""

    def prepare_key(self, key: object) -> SigningKey | VerifyKey:
        """The key itself. Raises `InvalidKeyError` for one of another kind."""
        if not isinstance(key, SigningKey | VerifyKey):
            raise InvalidKeyError("not an Ed25519 key")
        return key

    def sign(self, msg: bytes, key: SigningKey) -> bytes:
        """The 64 bytes of a signature."""
        return key.sign(msg).signature

    def verify(self, msg: bytes, key: VerifyKey, sig: bytes) -> bool:
        """Whether the owner of the key signed this."""
        try:
            key.verify(msg, sig)
        except CryptoError:
            return False
        return True

    @staticmethod
    def from_jwk(jwk: object) -> VerifyKey:
        """The public key in a JSON Web Key (RFC 8037, section 2).

        Raises `ValueError` for anything else, and for a point that nobody's secret leads to.
        """
        if not isinstance(jwk, Mapping) or (jwk.get("kty"), jwk.get("crv")) != ("OKP", "Ed25519"):
            raise ValueError("not an Ed25519 key")
        point = from_base64url(str(jwk.get("x")))
        if len(point) != _POINT or not crypto_core_ed25519_is_valid_point(point):
            raise ValueError("not a point that can be a public key")
        return VerifyKey(point)

    @staticmethod
    def to_jwk(key_obj: object, as_dict: bool = False) -> NoReturn:  # noqa: FBT001, FBT002  # as PyJWT has it
        """Nobody asks: `keys.SigningKey.jwk` is what is published."""
        raise NotImplementedError


def signatures(others: Iterable[str] = ()) -> PyJWS:
    """PyJWT with EdDSA as above, and with these `others` where `cryptography` is installed.

    No other is known to it: neither `none` nor shared secrets.
    """
    jws = PyJWS(algorithms=[name for name in others if name != EDDSA])
    jws.register_algorithm(EDDSA, Ed25519())
    return jws


_JWS = signatures()


def signed(payload: bytes, key: SigningKey, headers: Mapping[str, str]) -> str:
    """A signature in its compact form, with the payload (RFC 7515, section 3.1)."""
    return _JWS.encode(payload, key, EDDSA, headers=dict(headers))  # type: ignore[arg-type]  # PyJWT lists only cryptography's
