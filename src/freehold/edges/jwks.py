"""The public keys of token issuers outside: written in the configuration, or fetched from the address it names.

A token never says where its key is: `jku`, `x5u` and `jwk` in a header are how forged keys come in.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from jwt import PyJWK, PyJWTError
from jwt.algorithms import has_crypto

from freehold.edges.ed25519 import EDDSA, Ed25519
from freehold.edges.jose import read_object, thumbprint
from freehold.runtime.ports import Clock

ALGORITHMS = (EDDSA, "ES256", "ES384", "PS256", "RS256")
"""The signature algorithms (RFC 7518, RFC 8037) that an issuer may be allowed."""

INSTALLED = ALGORITHMS if has_crypto else (EDDSA,)
"""Those that can be checked here: all but EdDSA need the package `cryptography`, the extra `oidc`."""

Fetch = Callable[[str], bytes]
"""Get the body at an https address; raise whatever fits when that fails. Must have a time limit of its own, a limit
of size, and follow no redirects."""

_LOG = logging.getLogger("freehold.tokens")
_SMALLEST_RSA, _LARGEST_RSA = 2048, 8192  # bits; NIST SP 800-131A, and what is still cheap to verify
_CURVES = {"ES256": "secp256r1", "ES384": "secp384r1"}
_MADE_FOR = {"RSA": ("PS256", "RS256"), "EC": ("ES256", "ES384"), "OKP": (EDDSA,)}
_MEMBERS = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}
_PATIENCE = 2.0  # seconds that a call with an unknown key waits for a fetch that another call began


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key that checks signatures made by one algorithm."""

    id: str
    algorithm: str
    thumbprint: str
    """Which key it really is (RFC 7638): two sets may give one id to two keys."""
    key: Any = field(compare=False, repr=False)
    """What the algorithm verifies with: of PyNaCl for EdDSA, of `cryptography` for all others."""


class IssuerKeys(Protocol):
    """The keys of one issuer."""

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id that is made for this algorithm, if the issuer has one now."""
        ...


class FixedKeys:
    """Keys from a JSON Web Key Set (RFC 7517) in the configuration."""

    def __init__(self, jwks: str | bytes) -> None:
        """Read the set. Keys of a kind that is not used here are passed over.

        Raises `ValueError` when no key is left, when two share an id, or when the set holds a secret.
        """
        self._keys = read_keys(jwks)

    @classmethod
    def from_file(cls, path: Path) -> FixedKeys:
        """Read the set in this file. Raises `OSError`, and `ValueError` as above."""
        return cls(path.read_bytes())

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id that is made for this algorithm."""
        return self._keys.get((kid, algorithm))


class FetchedKeys:
    """Keys from an https address, kept, and fetched again when they are old or a token names one that is unknown.

    Nobody can make it fetch more often than once in `gap` seconds. While the address does not answer, the last keys
    known go on counting for `outage` seconds since they were got; then none does, since one may have been revoked.
    """

    def __init__(
        self, url: str, fetch: Fetch, clock: Clock, *, fresh: float = 3600, gap: float = 60, outage: float = 86400
    ) -> None:
        """All times are in seconds. Nothing is fetched before the first token. Raises `ValueError` unless https."""
        address = urlsplit(url)
        if address.scheme != "https" or not address.hostname:
            raise ValueError("keys are fetched from an https address only")
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._fresh = fresh
        self._gap = gap
        self._outage = outage
        self._fetching = threading.Lock()
        self._tried: float | None = None
        self._known: tuple[float, Mapping[tuple[str, str], PublicKey]] | None = None

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """The key of this id that is made for this algorithm, as far as is known now."""
        key, age = self._look_up(kid, algorithm)
        if key is None or age >= self._fresh:
            # Whoever has a key goes on with it while another call fetches; whoever has none waits a little.
            self._refresh(_PATIENCE if key is None else 0.0)
            key, age = self._look_up(kid, algorithm)
        return key if age < self._outage else None

    def _look_up(self, kid: str, algorithm: str) -> tuple[PublicKey | None, float]:
        if (known := self._known) is None:
            return None, 0.0
        got, keys = known
        return keys.get((kid, algorithm)), self._clock.monotonic() - got

    def _refresh(self, patience: float) -> None:
        if not (self._fetching.acquire(timeout=patience) if patience else self._fetching.acquire(blocking=False)):
            return
        try:
            now = self._clock.monotonic()
            if self._tried is not None and now - self._tried < self._gap:
                return
            self._tried = now
            self._known = now, read_keys(self._fetch(self._url))
        except Exception:  # noqa: BLE001  # a fetch may raise anything, and an issuer that is down takes nobody down
            _LOG.warning("keys of a token issuer could not be fetched from %s", self._url, exc_info=True)
        finally:
            self._fetching.release()


def read_keys(jwks: str | bytes) -> Mapping[tuple[str, str], PublicKey]:
    """The keys of a JSON Web Key Set by id and algorithm. Raises `ValueError` as `FixedKeys` does."""
    found = read_object(jwks.encode("utf-8") if isinstance(jwks, str) else jwks).get("keys")
    if not isinstance(found, list):
        raise ValueError("not a JSON Web Key Set (RFC 7517)")  # noqa: TRY004  # the text is wrong, not a type
    keys: dict[tuple[str, str], PublicKey] = {}
    for key in (key for jwk in found if isinstance(jwk, dict) for key in _read_key(jwk)):
        if keys.setdefault((key.id, key.algorithm), key) is not key:
            raise ValueError("two keys of a set have the same id")
    if not keys:
        raise ValueError("a key set without a key that could be used")
    return keys


def _read_key(jwk: dict[str, object]) -> Iterator[PublicKey]:
    """The key, once for each algorithm that it is made for."""
    if {"d", "k"} & set(jwk):
        raise ValueError("a key set of an issuer holds public keys only: this one holds a secret, which is now known")
    kid, kind, operations = jwk.get("kid"), jwk.get("kty"), jwk.get("key_ops", ["verify"])
    if not isinstance(kid, str) or not kid or not isinstance(kind, str) or kind not in _MEMBERS:
        return
    if jwk.get("use", "sig") != "sig" or not isinstance(operations, list) or "verify" not in operations:
        return
    members = {name: value for name in _MEMBERS[kind] if isinstance(value := jwk.get(name), str)}
    for algorithm in _MADE_FOR[kind]:
        if jwk.get("alg", algorithm) != algorithm:
            continue
        try:
            key = Ed25519.from_jwk(members) if algorithm == EDDSA else PyJWK.from_dict(members, algorithm).key
        except (PyJWTError, KeyError, TypeError, ValueError):
            continue
        if _fits(key, algorithm):
            yield PublicKey(kid, algorithm, thumbprint(members), key)


def _fits(key: Any, algorithm: str) -> bool:  # noqa: ANN401  # as in `PublicKey`
    """What PyJWT does not look at: an elliptic curve belongs to one algorithm, and an RSA key must be of some size."""
    match algorithm:
        case "PS256" | "RS256":
            return _SMALLEST_RSA <= key.key_size <= _LARGEST_RSA
        case "ES256" | "ES384":
            return key.curve.name == _CURVES[algorithm]
        case _:
            return True
