"""What tests of tokens are made of: a clock that is set, keys that stay the same, and a hand that signs anything."""

import hashlib
import hmac
import json
import os
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm, RSAPSSAlgorithm

from freehold.edges.issuers import EVERY_TENANT, Issuer
from freehold.edges.jose import to_base64url
from freehold.edges.jwks import FixedKeys
from freehold.edges.keys import KeyRing, KeySource, SealingKey, SigningKey
from freehold.edges.tokens import LocalTokens

NOW: Final = 1_800_000_000
MINUTE: Final = 60
OURS: Final = "https://api.example.test"
AUDIENCE: Final = "tasks"
A: Final = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"
B: Final = "0190a1b2-c3d4-7e5f-8a9b-ffffffffffff"
ADA: Final = "0190a1b2-0000-7000-8000-0000000000ad"

ACME: Final = "https://id.acme.test"
"""An issuer of one customer, bound to tenant A."""
GUILD: Final = "https://guild.test"
"""An issuer that names the tenant in its tokens, and may name A."""
POOL: Final = "https://pool.test"
"""An issuer whose tokens have no `typ` and no `aud`, and may name every tenant."""

SIGNING: Final = SigningKey(b"\x01" * 32)
RETIRED: Final = SigningKey(b"\x03" * 32, 0, NOW - MINUTE)
SEALING: Final = SealingKey(b"\x02" * 64)
RING: Final = KeyRing((RETIRED, SIGNING), (SEALING,))
# Theirs and ours in another library than the one that verifies.
OUR_HAND: Final = Ed25519PrivateKey.from_private_bytes(SIGNING.secret)
RETIRED_HAND: Final = Ed25519PrivateKey.from_private_bytes(RETIRED.secret)
GUILD_KEY: Final = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
STRANGER: Final = Ed25519PrivateKey.from_private_bytes(b"\x06" * 32)

SigningHand = Ed25519PrivateKey | RSAPrivateKey | bytes


class SetClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: float = NOW) -> None:
        self.seconds = now

    def now(self) -> datetime:
        return datetime.fromtimestamp(0, UTC) + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds

    def move(self, seconds: float) -> None:
        self.seconds += seconds


class SystemRandom:
    """Real randomness."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


@cache
def acme_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def jwk_of(key: Ed25519PrivateKey | RSAPrivateKey, kid: str, **more: str) -> dict[str, object]:
    if isinstance(key, RSAPrivateKey):
        return {**RSAAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}
    return {**OKPAlgorithm.to_jwk(key.public_key(), as_dict=True), "kid": kid, **more}


def jwks_of(*keys: Mapping[str, object]) -> str:
    return json.dumps({"keys": keys})


@cache
def outside() -> tuple[Issuer, ...]:
    acme = FixedKeys(jwks_of(jwk_of(acme_key(), "acme-1")))
    guild = FixedKeys(jwks_of(jwk_of(GUILD_KEY, "guild-1")))
    eddsa = ("EdDSA",)
    return (
        Issuer(issuer=ACME, audience=AUDIENCE, keys=acme, tenant=A),
        Issuer(
            issuer=GUILD,
            audience=AUDIENCE,
            keys=guild,
            tenant_claim="org",
            tenants=frozenset({A}),
            algorithms=eddsa,
            session_claim="",
        ),
        Issuer(
            issuer=POOL,
            audience=frozenset({"web", "phone"}),
            audience_claim="client_id",
            keys=guild,
            tenant_claim="tid",
            tenants=EVERY_TENANT,
            algorithms=eddsa,
            token_types=frozenset({""}),
            exactly={"token_use": "access"},
        ),
    )


def tokens_of(keys: KeySource = RING, clock: SetClock | None = None) -> LocalTokens:
    return LocalTokens(keys, clock or SetClock(), SystemRandom(), issuer=OURS, audience=AUDIENCE, outside=outside())


class Absent:
    """Stands for a claim that is left out."""


ABSENT: Final = Absent()


def changed(found: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in {**found, **changes}.items() if value is not ABSENT}


def claims(**changes: object) -> dict[str, object]:
    """The claims of a good token of ours, but for the changes."""
    times = {"iat": NOW, "exp": NOW + 10 * MINUTE}
    return changed({"iss": OURS, "aud": AUDIENCE, "sub": ADA, "tid": A, "sid": "s-1", **times}, changes)


def header(**changes: object) -> dict[str, object]:
    """The header of a good token of ours, but for the changes."""
    return changed({"alg": "EdDSA", "typ": "at+jwt", "kid": SIGNING.id}, changes)


def sign(head: object, body: object, key: SigningHand = OUR_HAND) -> str:
    """Sign whatever it is: bytes are taken as they are, all else is written as JSON."""
    parts = [part if isinstance(part, bytes) else json.dumps(part).encode() for part in (head, body)]
    signed = ".".join(to_base64url(part) for part in parts)
    return f"{signed}.{to_base64url(signature(signed.encode(), key, head))}"


def signature(signed: bytes, key: SigningHand, head: object) -> bytes:
    if isinstance(key, bytes):
        return hmac.new(key, signed, hashlib.sha256).digest()
    if isinstance(key, Ed25519PrivateKey):
        return key.sign(signed)
    algorithm = RSAAlgorithm(RSAAlgorithm.SHA256)
    if isinstance(head, dict) and head.get("alg") == "PS256":
        algorithm = RSAPSSAlgorithm(RSAPSSAlgorithm.SHA256)
    return algorithm.sign(signed, key)


def ours(**changes: object) -> str:
    """A good token of ours, but for the changes of its claims, and signed as it should be."""
    return sign(header(), claims(**changes))


def ours_with(**changes: object) -> str:
    """A good token of ours, but for the changes of its header, and signed as it should be."""
    return sign(header(**changes), claims())


def by_acme(**changes: object) -> str:
    return sign(acme_header(), claims(**{"iss": ACME, "tid": ABSENT, **changes}), acme_key())


def acme_header(**changes: object) -> dict[str, object]:
    return header(**{"alg": "RS256", "kid": "acme-1", **changes})


def by_guild(**changes: object) -> str:
    return sign(header(kid="guild-1"), claims(**{"iss": GUILD, "tid": ABSENT, "org": A, **changes}), GUILD_KEY)


def by_pool(**changes: object) -> str:
    purpose = {"iss": POOL, "aud": ABSENT, "client_id": "web", "token_use": "access"}
    return sign(header(kid="guild-1", typ=ABSENT), claims(**{**purpose, **changes}), GUILD_KEY)
